//! What the entitlement server remembers of its tokens.

use crate::cli::clock;
use crate::cli::http::Problem;
use axum::http::StatusCode;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Opaque tokens that are kept at once.
const OPAQUE_LIMIT: usize = 100_000;

/// Opaque tokens with their claims, and all tokens that were revoked.
#[derive(Default)]
pub(super) struct IssuedTokens(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    opaque: HashMap<String, Value>,
    revoked: HashSet<String>,
}

impl IssuedTokens {
    /// Remembers an opaque token. Expired ones are forgotten first where there are too many.
    pub(super) fn keep(&self, token: &str, claims: Value) -> Result<(), Problem> {
        let mut entries = self.entries();
        if entries.opaque.len() >= OPAQUE_LIMIT {
            entries.opaque.retain(|_, claims| is_current(claims));
        }
        if entries.opaque.len() >= OPAQUE_LIMIT {
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too many opaque tokens are valid"));
        }
        entries.opaque.insert(token.to_owned(), claims);
        Ok(())
    }

    /// The claims of an opaque token.
    pub(super) fn opaque(&self, token: &str) -> Option<Value> {
        self.entries().opaque.get(token).cloned()
    }

    /// From now on, the token is revoked.
    pub(super) fn revoke(&self, token: String) {
        self.entries().revoked.insert(token);
    }

    /// Whether the token was revoked.
    pub(super) fn is_revoked(&self, token: &str) -> bool {
        self.entries().revoked.contains(token)
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether `exp` and `nbf` allow it now.
pub(super) fn is_current(claims: &Value) -> bool {
    let now = clock::now() as f64;
    let time = |name| claims.get(name).and_then(Value::as_f64);
    time("exp").is_some_and(|expires| now < expires) && time("nbf").is_none_or(|begins| begins <= now)
}

//! What the entitlement server remembers of its tokens.

use super::Entitlement;
use crate::cli::clock;
use crate::cli::http::{Input, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Opaque tokens that are kept at once.
const OPAQUE_LIMIT: usize = 100_000;

/// Opaque tokens with their claims, and all tokens that were revoked.
#[derive(Default)]
pub(super) struct Ledger(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    opaque: HashMap<String, Value>,
    revoked: HashSet<String>,
}

impl Ledger {
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

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entitlement {
    /// The claims of a token that is ours, not revoked, and within its times.
    pub(super) fn active(&self, token: &str) -> Option<Value> {
        let claims = self.issued(token)?;
        let revoked = self.ledger().entries().revoked.contains(token);
        (!revoked && is_current(&claims)).then_some(claims)
    }

    fn issued(&self, token: &str) -> Option<Value> {
        let opaque = self.ledger().entries().opaque.get(token).cloned();
        opaque.or_else(|| self.key().verify(token))
    }
}

fn is_current(claims: &Value) -> bool {
    let now = clock::now() as f64;
    let time = |name| claims.get(name).and_then(Value::as_f64);
    time("exp").is_some_and(|expires| now < expires) && time("nbf").is_none_or(|begins| begins <= now)
}

/// The parameters of RFC 7009, section 2.1.
#[derive(Deserialize)]
pub(super) struct Revocation {
    token: String,
}

/// `POST /revoke` (RFC 7009): 200 whether or not the token is known.
pub(super) async fn revoke(
    State(entitlement): State<Arc<Entitlement>>,
    Input(request): Input<Revocation>,
) -> StatusCode {
    // Only our own: strangers' texts would fill the memory.
    if entitlement.issued(&request.token).is_some() {
        entitlement.ledger().entries().revoked.insert(request.token);
    }
    StatusCode::OK
}

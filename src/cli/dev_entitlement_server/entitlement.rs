//! What the entitlement server is and keeps.

use super::client::Client;
use super::faults::Faults;
use super::issued_tokens::{IssuedTokens, is_current};
use crate::cli::failure::Failure;
use crate::cli::signing_key::{Algorithm, SigningKey};
use serde_json::Value;
use std::sync::{Arc, PoisonError, RwLock};

/// An entitlement server: a name, a key, and its defaults.
pub(crate) struct Entitlement {
    issuer: String,
    /// The first signs; the others are in the set, too.
    keys: RwLock<Vec<Arc<SigningKey>>>,
    signer: SigningKey,
    default_audience: Vec<String>,
    default_lifetime: i64,
    client: Option<Client>,
    issued_tokens: IssuedTokens,
    faults: Faults,
}

impl Entitlement {
    /// A server named `issuer` with a fresh key. Lifetime in seconds.
    pub(crate) fn new(
        issuer: String,
        default_audience: Vec<String>,
        default_lifetime: i64,
    ) -> Result<Entitlement, Failure> {
        Ok(Entitlement {
            issuer,
            keys: RwLock::new(vec![Arc::new(SigningKey::generate(Algorithm::EdDsa)?)]),
            signer: SigningKey::generate(Algorithm::EdDsa)?,
            default_audience,
            default_lifetime,
            client: None,
            issued_tokens: IssuedTokens::default(),
            faults: Faults::default(),
        })
    }

    /// The same, answering questions of `client` only.
    pub(super) fn asked_by(self, client: Client) -> Entitlement {
        Entitlement { client: Some(client), ..self }
    }

    /// Whose questions are answered; everybody's, if `None`.
    pub(super) fn client(&self) -> Option<&Client> {
        self.client.as_ref()
    }

    /// What it remembers of its tokens.
    pub(super) fn issued_tokens(&self) -> &IssuedTokens {
        &self.issued_tokens
    }

    /// The fault that was ordered.
    pub(super) fn faults(&self) -> &Faults {
        &self.faults
    }

    /// `iss` of its tokens.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The key that signs its tokens.
    pub(crate) fn key(&self) -> Arc<SigningKey> {
        // There is always one.
        self.keys().swap_remove(0)
    }

    /// All keys in its set, that one first.
    pub(super) fn keys(&self) -> Vec<Arc<SigningKey>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The key that signs its set.
    pub(super) fn signer(&self) -> &SigningKey {
        &self.signer
    }

    /// Signs with a new key from now on; `keep` leaves the others in the set.
    pub(super) fn rotate(&self, keep: bool) -> Result<(), Failure> {
        let new = Arc::new(SigningKey::generate(Algorithm::EdDsa)?);
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        keys.insert(0, new);
        // As many as a filter takes.
        keys.truncate(if keep { 64 } else { 1 });
        Ok(())
    }

    /// `aud` where the request names none.
    pub(super) fn default_audience(&self) -> &[String] {
        &self.default_audience
    }

    /// Seconds, where the request says nothing.
    pub(super) fn default_lifetime(&self) -> i64 {
        self.default_lifetime
    }

    /// The claims of a token that is ours, not revoked, and within its times.
    pub(super) fn active(&self, token: &str) -> Option<Value> {
        let claims = self.issued(token)?;
        let revoked = self.issued_tokens.is_revoked(token);
        (!revoked && is_current(&claims)).then_some(claims)
    }

    /// The claims of a token that is ours.
    pub(super) fn issued(&self, token: &str) -> Option<Value> {
        let opaque = self.issued_tokens.opaque(token);
        opaque.or_else(|| self.keys().iter().find_map(|key| key.verify(token)))
    }
}

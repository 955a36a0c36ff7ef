//! What the entitlement server is and keeps.

use crate::cli::failure::Failure;
use crate::cli::signing_key::SigningKey;

/// An entitlement server: a name, a key, and its defaults.
pub(crate) struct Entitlement {
    issuer: String,
    key: SigningKey,
    default_audience: Vec<String>,
    default_lifetime: i64,
}

impl Entitlement {
    /// A server named `issuer` with a fresh key. Lifetime in seconds.
    pub(crate) fn new(
        issuer: String,
        default_audience: Vec<String>,
        default_lifetime: i64,
    ) -> Result<Entitlement, Failure> {
        Ok(Entitlement { issuer, key: SigningKey::generate()?, default_audience, default_lifetime })
    }

    /// `iss` of its tokens.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The key that signs its tokens.
    pub(crate) fn key(&self) -> &SigningKey {
        &self.key
    }

    /// `aud` where the request names none.
    pub(super) fn default_audience(&self) -> &[String] {
        &self.default_audience
    }

    /// Seconds, where the request says nothing.
    pub(super) fn default_lifetime(&self) -> i64 {
        self.default_lifetime
    }
}

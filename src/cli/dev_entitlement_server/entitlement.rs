//! What the entitlement server is and keeps.

use super::authority::Authority;
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
    keys: RwLock<Vec<PublishedKey>>,
    /// Who vouches for them.
    authority: Authority,
    signer: SigningKey,
    default_audience: Vec<String>,
    default_lifetime: i64,
    client: Option<Client>,
    issued_tokens: IssuedTokens,
    faults: Faults,
}

/// A key of the set.
#[derive(Clone)]
pub(super) struct PublishedKey {
    /// The key.
    pub(super) key: Arc<SigningKey>,
    /// Its chain, in the base64 of `x5c`; made once, so that the key is the same one in each set.
    pub(super) chain: [String; 2],
}

impl PublishedKey {
    fn generate(issuer: &str, authority: &Authority) -> Result<PublishedKey, Failure> {
        let key = Arc::new(SigningKey::generate(Algorithm::EdDsa)?);
        Ok(PublishedKey { chain: authority.chain(&key, issuer)?, key })
    }
}

impl Entitlement {
    /// A server named `issuer` with a fresh key. Lifetime in seconds.
    pub(crate) fn new(
        issuer: String,
        default_audience: Vec<String>,
        default_lifetime: i64,
    ) -> Result<Entitlement, Failure> {
        let authority = Authority::new()?;
        Ok(Entitlement {
            keys: RwLock::new(vec![PublishedKey::generate(&issuer, &authority)?]),
            issuer,
            authority,
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
        self.keys().swap_remove(0).key
    }

    /// All keys in its set, that one first.
    pub(super) fn keys(&self) -> Vec<PublishedKey> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The certificate of the authority that vouches for its keys.
    pub(super) fn anchor_pem(&self) -> String {
        self.authority.root_pem()
    }

    /// The key that signs its set.
    pub(super) fn signer(&self) -> &SigningKey {
        &self.signer
    }

    /// Signs with a new key from now on; `keep` leaves the others in the set.
    pub(super) fn rotate(&self, keep: bool) -> Result<(), Failure> {
        let new = PublishedKey::generate(&self.issuer, &self.authority)?;
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        keys.insert(0, new);
        // As many as a filter takes.
        keys.truncate(if keep { 64 } else { 1 });
        Ok(())
    }

    /// Takes all keys out of the set but the one that signs.
    pub(super) fn retire(&self) {
        self.keys.write().unwrap_or_else(PoisonError::into_inner).truncate(1);
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
        opaque.or_else(|| self.keys().iter().find_map(|published| published.key.verify(token)))
    }
}

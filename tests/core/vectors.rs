//! Signatures and keys that others have published, and what the verifiers make of them.

mod ed25519_rules;
mod es256_rules;
mod rfc;
mod wycheproof_sets;

use eec_authn::json;
use eec_authn::keys::{KeyErrors, PublicKey};

/// The key in a JWK's text.
fn key(jwk: &str) -> Result<PublicKey, KeyErrors> {
    PublicKey::from_jwk(&json::parse(jwk.as_bytes()).expect("JSON"))
}

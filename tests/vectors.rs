//! Signatures and keys that others have published, and what the verifiers make of them.

#![cfg(not(target_family = "wasm"))]

#[path = "vectors/ed25519_rules.rs"]
mod ed25519_rules;
#[path = "vectors/rfc.rs"]
mod rfc;
#[path = "vectors/wycheproof_sets.rs"]
mod wycheproof_sets;

use eec_authn::json;
use eec_authn::keys::{KeyErrors, PublicKey};

/// The key in a JWK's text.
fn key(jwk: &str) -> Result<PublicKey, KeyErrors> {
    PublicKey::from_jwk(&json::parse(jwk.as_bytes()).expect("JSON"))
}

//! Reads tokens with nothing of the code under test.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_compact::{PublicKey, Signature};
use serde_json::Value;
use std::time::{SystemTime, UNIX_EPOCH};

/// Header and claims, unverified.
pub(crate) fn parts(token: &str) -> (Value, Value) {
    let json = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(parts.len(), 3, "{token}");
    (json(parts[0]), json(parts[1]))
}

/// Whether the first key of `jwks` signed `token`.
pub(crate) fn signed_by(token: &str, jwks: &Value) -> bool {
    let x = URL_SAFE_NO_PAD.decode(jwks["keys"][0]["x"].as_str().unwrap()).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    PublicKey::from_slice(&x).unwrap().verify(signed, &signature).is_ok()
}

/// The clock, in seconds since 1970.
#[allow(clippy::disallowed_methods)]
pub(crate) fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64
}

//! The claims of a DPoP proof (RFC 9449, section 4.2).

use super::clock;
use super::failure::Failure;
use super::random::random_name;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// Claims for a request of `method` to `url`, with `token` if it brings one.
pub(crate) fn claims(method: &str, url: &str, token: Option<&str>) -> Result<Value, Failure> {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let mut claims = json!({"jti": random_name()?, "htm": method, "htu": url, "iat": clock::now()});
    if let Some(token) = token {
        claims["ath"] = json!(URL_SAFE_NO_PAD.encode(Sha256::digest(token)));
    }
    Ok(claims)
}

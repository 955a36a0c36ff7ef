//! The client's key: proofs by it (RFC 9449), and the nonces that servers want in them.

use super::url::{Origin, Url};
use crate::cli::failure::Failure;
use crate::cli::proof;
use crate::cli::signing_key::{Algorithm, SigningKey};
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

const NONCE: &str = "dpop-nonce";

/// A key, and the last nonce of each server.
pub(crate) struct Possession {
    key: SigningKey,
    nonces: Mutex<BTreeMap<Origin, String>>,
}

impl Possession {
    /// With the key in a file of `keygen`, or a fresh one.
    pub(crate) fn new(key: Option<&Path>) -> Result<Possession, Failure> {
        let key = match key {
            Some(path) => SigningKey::read(path)?,
            None => SigningKey::generate(Algorithm::Es256)?,
        };
        Ok(Possession { key, nonces: Mutex::default() })
    }

    /// A proof for one request, with `token` if it brings one.
    pub(super) fn proof(&self, method: &str, url: &Url, token: Option<&str>) -> Result<String, Failure> {
        let mut claims = proof::claims(method, &url.to_string(), token)?;
        let nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(nonce) = nonces.get(url.origin()) {
            claims["nonce"] = json!(nonce);
        }
        Ok(self.key.sign(&self.key.proof_header(), &claims))
    }

    /// Keeps the nonce of an answer, whatever its status (RFC 9449, section 8.2).
    pub(super) fn learn(&self, url: &Url, headers: &HeaderMap) {
        if let Some(nonce) = headers.get(NONCE).and_then(|nonce| nonce.to_str().ok()) {
            let mut nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
            nonces.insert(url.origin().clone(), nonce.to_owned());
        }
    }
}

/// Whether an answer asks for a proof with the nonce that it brings: by its challenge (RFC 9449, section 9), or, at an authorization
/// server, by its body (section 8).
pub(super) fn asks_for_nonce(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> bool {
    const ERROR: &str = "use_dpop_nonce";
    let challenged = headers.get_all("www-authenticate").iter().filter_map(|value| value.to_str().ok());
    let in_challenge = || challenged.into_iter().any(|text| text.contains(&format!("error=\"{ERROR}\"")));
    let in_body = || serde_json::from_slice::<Value>(body).is_ok_and(|body| body["error"] == ERROR);
    headers.contains_key(NONCE)
        && match status {
            StatusCode::UNAUTHORIZED => in_challenge() || in_body(),
            StatusCode::BAD_REQUEST => in_body(),
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn who_asks_for_a_nonce() {
        // The examples of RFC 9449, sections 8 and 9.
        let challenge = r#"DPoP error="use_dpop_nonce", error_description="Resource server requires nonce in DPoP proof""#;
        let body = br#"{"error": "use_dpop_nonce", "error_description": "Authorization server requires nonce in DPoP proof"}"#;
        let headers = |challenge: Option<&'static str>, nonce: bool| {
            let mut headers = HeaderMap::new();
            if let Some(text) = challenge {
                headers.insert("www-authenticate", HeaderValue::from_static(text));
            }
            if nonce {
                headers.insert(NONCE, HeaderValue::from_static("n"));
            }
            headers
        };
        let asks = |status: u16, challenge, nonce, body: &[u8]| {
            asks_for_nonce(StatusCode::from_u16(status).unwrap(), &headers(challenge, nonce), body)
        };
        assert!(asks(401, Some(challenge), true, b""));
        assert!(asks(400, None, true, body));
        assert!(asks(401, None, true, body));
        assert!(!asks(401, Some(challenge), false, b""), "no nonce, so asking again would change nothing");
        assert!(!asks(401, Some("DPoP error=\"invalid_dpop_proof\""), true, b""));
        assert!(!asks(200, Some(challenge), true, body));
        assert!(!asks(400, Some(challenge), true, b"{}"));
    }
}

//! DPoP proofs (RFC 9449) of a test's own client: good ones, and any other.

use super::names::FQDN;
use super::request::Request;
use super::token::{Key, base64url, claims_with, now};
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::sync::atomic::{AtomicU64, Ordering};

/// The RFC 7638 thumbprint of an Ed25519 key.
pub fn thumbprint(key: &Key) -> String {
    base64url(Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, key.x())))
}

/// A nonce of this time in milliseconds, as `docs/contract.md#proof` defines it, made without the code under test.
pub fn nonce(secret: &[u8], milliseconds: u64) -> String {
    let time = milliseconds.to_be_bytes();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length");
    for part in [&b"eec_authn nonce 1"[..], &time] {
        mac.update(&u32::try_from(part.len()).expect("short").to_be_bytes());
        mac.update(part);
    }
    base64url([&time[..], &mac.finalize().into_bytes()[..16]].concat())
}

/// A proof before it is signed.
#[derive(Debug, Clone)]
pub struct Proof {
    /// Its header.
    pub header: Value,
    /// Its payload.
    pub claims: Value,
}

impl Proof {
    /// A good one by `key`, for this request with this token. Each has a `jti` of its own.
    pub fn new(key: &Key, method: &str, path: &str, token: &str) -> Proof {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let jti = format!("jti-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Proof {
            header: json!({"typ": "dpop+jwt", "alg": "EdDSA", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": key.x()}}),
            claims: json!({
                "jti": jti, "htm": method, "htu": format!("https://{FQDN}{path}"), "iat": now(),
                "ath": base64url(Sha256::digest(token)),
            }),
        }
    }

    /// The same with this claim; null takes it away.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Proof {
        self.claims[name] = value.into();
        if self.claims[name].is_null() {
            self.claims.as_object_mut().expect("claims").remove(name);
        }
        self
    }

    /// The same with this in the header; null takes it away.
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Proof {
        self.header[name] = value.into();
        if self.header[name].is_null() {
            self.header.as_object_mut().expect("a header").remove(name);
        }
        self
    }

    /// Signed by `key`.
    pub fn by(&self, key: &Key) -> String {
        key.token_with(&self.header, &self.claims)
    }
}

/// A client with a key of its own, and a token that is bound to it.
pub struct Client {
    /// Its key.
    pub key: Key,
    /// Its token.
    pub token: String,
}

impl Client {
    /// A client with the key of `seed`, and a token of `issuer` for `eec-1` with these claims changed.
    pub fn new(issuer: &Key, seed: u8, changes: Value) -> Client {
        let key = Key::new(seed);
        let mut claims = claims_with(json!({"cnf": {"jkt": thumbprint(&key)}}));
        for (name, value) in changes.as_object().expect("changes") {
            claims[name] = value.clone();
        }
        Client { token: issuer.token(&claims), key }
    }

    /// A good proof for `request`.
    pub fn proof(&self, request: &Request) -> Proof {
        let path = String::from_utf8_lossy(&request.path).into_owned();
        let path = path.split('?').next().expect("a path");
        Proof::new(&self.key, &request.method, path, &self.token)
    }

    /// `request` with the token under `DPoP` and a good proof.
    pub fn sends(&self, request: Request) -> Request {
        let proof = self.proof(&request);
        self.sends_with(request, &proof)
    }

    /// `request` with the token under `DPoP` and this proof, signed by the client's key.
    pub fn sends_with(&self, request: Request, proof: &Proof) -> Request {
        request.dpop(&self.token, proof.by(&self.key))
    }
}

//! Tokens of a test's own entitlement server: good ones, and any header and payload text with any signature.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_compact::{KeyPair, Seed};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_secs()).expect("before the end of time")
}

/// Base64url without padding.
pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// An Ed25519 key of an entitlement server.
pub struct Key {
    pair: KeyPair,
    /// The `kid` in its JWK and in the headers of its tokens.
    pub kid: Option<String>,
}

impl Key {
    /// A key made from `seed`: the same seed gives the same key. `kid` is `k<seed>`.
    pub fn new(seed: u8) -> Self {
        Self { pair: KeyPair::from_seed(Seed::new([seed; 32])), kid: Some(format!("k{seed}")) }
    }

    /// The same key without `kid`.
    pub fn anonymous(seed: u8) -> Self {
        Self { kid: None, ..Self::new(seed) }
    }

    /// `x` of its JWK.
    pub fn x(&self) -> String {
        base64url(self.pair.pk.as_ref())
    }

    /// Its public JWK.
    pub fn jwk(&self) -> Value {
        let mut jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": self.x()});
        if let Some(kid) = &self.kid {
            jwk["kid"] = json!(kid);
        }
        jwk
    }

    /// The header of its tokens.
    pub fn header(&self) -> Value {
        let mut header = json!({"alg": "EdDSA", "typ": "JWT"});
        if let Some(kid) = &self.kid {
            header["kid"] = json!(kid);
        }
        header
    }

    /// A signed token with its usual header.
    pub fn token(&self, claims: &Value) -> String {
        self.token_with(&self.header(), claims)
    }

    /// A signed token with another header.
    pub fn token_with(&self, header: &Value, claims: &Value) -> String {
        self.token_of(header.to_string(), claims.to_string())
    }

    /// A signed token of any bytes as header and payload.
    pub fn token_of(&self, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
        self.sign(&format!("{}.{}", base64url(header), base64url(payload)))
    }

    /// Signs what stands before the second dot, whatever it is.
    pub fn sign(&self, signing_input: &str) -> String {
        let signature = self.pair.sk.sign(signing_input, None);
        format!("{signing_input}.{}", base64url(signature.as_ref()))
    }
}

/// Claims that pass: EEC `eec-1` for [`super::names::FQDN`], valid for ten minutes.
pub fn claims() -> Value {
    json!({
        "iss": super::names::ISSUER,
        "sub": "eec-1",
        "aud": super::names::FQDN,
        "iat": now(),
        "exp": now() + 600,
    })
}

/// [`claims`] with some of them replaced; a null takes a claim away.
pub fn claims_with(changes: Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().expect("an object of changes") {
        match value {
            Value::Null => drop(claims.as_object_mut().expect("claims").remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

/// The text of [`claims`] with `member` (`"name": value`) put in as it stands, for JSON that serde would not write.
pub fn claims_text_with(without: &str, member: &str) -> String {
    let rest = claims_with(json!({without: null})).to_string();
    format!("{},{member}}}", rest.trim_end_matches('}'))
}

//! Keys for tests: made out of random bytes of the page's, and good for signing what the page mints.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_compact::{KeyPair, Seed};
use p256::ecdsa::signature::Signer as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::pretty::pretty;

/// A private key of the page's.
pub(crate) enum TestKey {
    Ed25519(KeyPair),
    P256(p256::ecdsa::SigningKey),
}

impl TestKey {
    /// From 32 bytes.
    pub(crate) fn new(alg: &str, bytes: &[u8]) -> Option<TestKey> {
        match alg {
            "EdDSA" => Some(TestKey::Ed25519(KeyPair::from_seed(Seed::from_slice(bytes).ok()?))),
            "ES256" => p256::ecdsa::SigningKey::from_slice(bytes).ok().map(TestKey::P256),
            _ => None,
        }
    }

    /// From `{"alg", "d"}`.
    pub(crate) fn read(key: &Value) -> Option<TestKey> {
        TestKey::new(key["alg"].as_str()?, &URL_SAFE_NO_PAD.decode(key["d"].as_str()?).ok()?)
    }

    /// The members of the public JWK, as RFC 7638 wants them.
    fn members(&self) -> Vec<(&'static str, String)> {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            TestKey::Ed25519(pair) => {
                vec![("crv", "Ed25519".into()), ("kty", "OKP".into()), ("x", text(pair.pk.as_ref()))]
            }
            TestKey::P256(key) => {
                let point = key.verifying_key().to_encoded_point(false);
                let [x, y] =
                    [point.x(), point.y()].map(|half| half.map(|half| text(half)).unwrap_or_default());
                vec![("crv", "P-256".into()), ("kty", "EC".into()), ("x", x), ("y", y)]
            }
        }
    }

    /// The public JWK.
    pub(crate) fn jwk(&self) -> Value {
        let mut members = self.members();
        members.sort_by_key(|(name, _)| *name != "kty");
        members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }

    /// RFC 7638.
    pub(crate) fn thumbprint(&self) -> String {
        let members: Vec<String> =
            self.members().iter().map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
        URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{{{}}}", members.join(","))))
    }

    /// A compact JWS of these texts, as they stand.
    pub(crate) fn sign(&self, header: &str, claims: &str) -> String {
        let input = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        let signature = match self {
            TestKey::Ed25519(pair) => pair.sk.sign(&input, None).to_vec(),
            TestKey::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(input.as_bytes());
                signature.to_bytes().to_vec()
            }
        };
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// `{"alg", "random"}`: the private key, and its public part.
pub(crate) fn make(question: &Value) -> Value {
    let alg = question["alg"].as_str().unwrap_or("EdDSA");
    let random = URL_SAFE_NO_PAD.decode(question["random"].as_str().unwrap_or_default()).unwrap_or_default();
    match TestKey::new(alg, &random) {
        Some(key) => json!({
            "key": {"alg": alg, "d": URL_SAFE_NO_PAD.encode(&random)}, "jwk": key.jwk(), "thumbprint": key.thumbprint(),
        }),
        None => Value::Null,
    }
}

/// `{"config", "key", "kid", "claims"}`: the configuration with this key, null if it is no JSON or has no servers.
pub(crate) fn pin(question: &Value) -> Value {
    pinned(question).map_or(Value::Null, |config| json!({"config": config}))
}

fn pinned(question: &Value) -> Option<String> {
    let mut config: Value = serde_json::from_str(question["config"].as_str()?).ok()?;
    let mut jwk = TestKey::read(&question["key"])?.jwk();
    if let Some(kid) = question["kid"].as_str() {
        jwk["kid"] = json!(kid);
    }
    let claims: Value =
        serde_json::from_str(question["claims"].as_str().unwrap_or_default()).unwrap_or_default();
    let iss = claims["iss"].as_str().unwrap_or_default();
    let servers = config["entitlement_servers"].as_array_mut()?;
    let named = |server: &Value| {
        let fqdn = server["fqdn"].as_str().unwrap_or_default();
        server["issuer"] == iss
            || iss == fqdn
            || iss.strip_prefix("https://").is_some_and(|rest| rest.trim_end_matches('/') == fqdn)
    };
    let at = servers.iter().position(named).unwrap_or(0);
    let server = servers.get_mut(at)?.as_object_mut()?;
    server.insert("keys".into(), json!([{"jwk": jwk}]));
    Some(pretty(&config))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn key(alg: &str) -> TestKey {
        TestKey::new(alg, &[7; 32]).expect("a key")
    }

    #[test]
    fn a_key_signs_what_the_core_verifies() {
        for alg in ["EdDSA", "ES256"] {
            let key = key(alg);
            let jwk = eec_authn::json::parse(key.jwk().to_string().as_bytes()).expect("JSON");
            let public = eec_authn::keys::PublicKey::from_jwk(&jwk).expect("a key");
            assert_eq!(public.thumbprint(), key.thumbprint(), "{alg}");
            let token = key.sign("{}", "{}");
            let (input, signature) = token.rsplit_once('.').expect("three parts");
            let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
            assert!(public.verify(input.as_bytes(), &signature, &eec_authn::keys::NoHost), "{alg}");
        }
        assert!(TestKey::new("ES256", &[0; 32]).is_none() && TestKey::new("none", &[7; 32]).is_none());
    }

    #[test]
    fn a_key_is_pinned_at_the_server_that_the_token_names() {
        let config =
            r#"{"entitlement_servers": [{"fqdn": "a.example.org", "keys": []}, {"fqdn": "b.example.org"}]}"#;
        let pinned = |iss: &str| -> Value {
            let claims = json!({"iss": iss}).to_string();
            let key = json!({"alg": "EdDSA", "d": URL_SAFE_NO_PAD.encode([7; 32])});
            let pinned = pin(&json!({"config": config, "key": key, "kid": "t", "claims": claims}));
            serde_json::from_str(pinned["config"].as_str().expect("a configuration")).expect("JSON")
        };
        assert_eq!(pinned("https://b.example.org/")["entitlement_servers"][1]["keys"][0]["jwk"]["kid"], "t");
        assert_eq!(pinned("x")["entitlement_servers"][0]["keys"][0]["jwk"]["kid"], "t");
        assert_eq!(pin(&json!({"config": "{"})), Value::Null);
    }
}

//! A push that pins 256 keys of each algorithm: tokens of any of them are good at once, before there are tables for their keys, while
//! those grow, after it, and after the next push, which finds them; and none that another key has signed ever is.

use crate::support::bootstrap::{Configuration, Setup};
use crate::support::envoy::{Envoy, Push};
use crate::support::fixture::config;
use crate::support::h1;
use crate::support::request::Request;
use crate::support::token::{Key, base64url, claims_with};
use crate::support::upstream::Upstream;
use p256::ecdsa::signature::Signer as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256, Sha384};

/// More than the rows of a key's table and of its curve's together.
const MANY: usize = 70;

fn jwk(alg: &str, kty: &str, n: usize, members: Value) -> Value {
    let mut jwk = members;
    (jwk["alg"], jwk["kty"], jwk["kid"]) = (json!(alg), json!(kty), json!(format!("{alg} {n}")));
    jwk
}

fn p256_key(n: usize) -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_bytes(&Sha256::digest(format!("key {n}"))).expect("a key")
}

fn p256_jwk(n: usize) -> Value {
    let point = p256_key(n).verifying_key().to_encoded_point(false);
    let [x, y] = [point.x(), point.y()].map(|number| base64url(number.expect("a point")));
    jwk("ES256", "EC", n, json!({"crv": "P-256", "x": x, "y": y}))
}

fn p384_jwk(n: usize) -> Value {
    let key = p384::ecdsa::SigningKey::from_bytes(&Sha384::digest(format!("key {n}"))).expect("a key");
    let point = key.verifying_key().to_encoded_point(false);
    let [x, y] = [point.x(), point.y()].map(|number| base64url(number.expect("a point")));
    jwk("ES384", "EC", n, json!({"crv": "P-384", "x": x, "y": y}))
}

/// Moduli that nobody knows the factors of, and that have no small ones.
fn rsa_jwks() -> impl Iterator<Item = Value> {
    let modulus = |n: usize| {
        let mut bytes: Vec<u8> = (0..8).flat_map(|i| Sha256::digest(format!("modulus {n} {i}"))).collect();
        bytes[0] |= 0x80;
        bytes[255] |= 1;
        bytes
    };
    let is_prime = |n: &u64| (2..).take_while(|d| d * d <= *n).all(|d| !n.is_multiple_of(d));
    let primes: Vec<u64> = (3..65_536).filter(is_prime).collect();
    let sound = move |bytes: &Vec<u8>| {
        let words: Vec<u64> =
            bytes.as_chunks().0.iter().map(|word| u64::from(u32::from_be_bytes(*word))).collect();
        primes.iter().all(|prime| words.iter().fold(0, |rest, word| ((rest << 32) | word) % prime) != 0)
    };
    let moduli = (0..).map(modulus).filter(sound);
    moduli.zip(0..).map(|(n, i)| jwk("RS256", "RSA", i, json!({"n": base64url(n), "e": "AQAB"})))
}

/// A token of the P-256 key `n`, signed by the key `signer`.
fn es256_token(n: usize, signer: usize, jti: &str) -> String {
    let header = json!({"alg": "ES256", "typ": "JWT", "kid": format!("ES256 {n}")});
    let claims = claims_with(json!({"jti": jti}));
    let input = format!("{}.{}", base64url(header.to_string()), base64url(claims.to_string()));
    let signature: p256::ecdsa::Signature = p256_key(signer).sign(input.as_bytes());
    format!("{input}.{}", base64url(signature.to_bytes()))
}

/// The same of an Ed25519 key.
fn eddsa_token(n: u8, signer: u8, jti: &str) -> String {
    Key::new(signer).token_with(&Key::new(n).header(), &claims_with(json!({"jti": jti})))
}

fn ask(envoy: &Envoy, token: &str) -> u16 {
    let request = Request::new("DELETE", "/eees-eecregistration/v1/registrations/r1").bearer(token);
    h1::exchange(envoy.address(), &request).expect("an answer").status
}

#[test]
fn a_push_with_256_keys_of_each_algorithm() {
    let upstream = Upstream::start();
    let setup = |filter: &Value| {
        Setup::new(Some(Configuration::Text(filter.to_string())), upstream.address).concurrency(1).ecds()
    };
    let mut envoy = Envoy::start(&setup(&config(&[&Key::new(1)])));
    // Of RFC 8037, appendix A; no seed is 0.
    let rfc = json!({"crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    let eddsa = (1..=255_u8).map(|seed| Key::new(seed).jwk()).chain([jwk("EdDSA", "OKP", 0, rfc)]);
    let others = (0..256).map(p256_jwk).chain((0..256).map(p384_jwk)).chain(rsa_jwks().take(256));
    let keys: Vec<Value> = eddsa.chain(others).map(|jwk| json!({ "jwk": jwk })).collect();
    assert_eq!(keys.len(), 1_024);
    let mut filter = config(&[]);
    filter["entitlement_servers"][0]["keys"] = json!(keys);
    for push in 0..3 {
        filter["rules"] = json!([{"match": {"path": format!("/push/{push}")}}]);
        assert!(matches!(envoy.push(&setup(&filter)), Push::Live), "push {push}: {}", envoy.log());
        for n in 0..MANY {
            // One key alone gets a table in the first round, others are used now and then.
            let jti = format!("{push} {n}");
            let (one, any) = (200_u8, u8::try_from(n + 1).expect("small"));
            for (n, signer, status) in [(one, one, 201), (any, any, 201), (one, 99, 401), (any, 98, 401)] {
                if n == signer && status == 401 {
                    continue;
                }
                assert_eq!(
                    ask(&envoy, &eddsa_token(n, signer, &jti)),
                    status,
                    "EdDSA {n} by {signer}, {jti}"
                );
                let (n, signer) = (usize::from(n), usize::from(signer));
                assert_eq!(
                    ask(&envoy, &es256_token(n, signer, &jti)),
                    status,
                    "ES256 {n} by {signer}, {jti}"
                );
            }
        }
    }
}

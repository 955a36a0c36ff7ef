//! Keys, names and proofs with which tokens are slow to verify, or pass where they should not.

use super::{quiet, says_only, warnings, with};
use crate::support::fixture::config;
use crate::support::token::{Key, base64url};
use serde_json::{Value, json};

#[test]
fn a_long_key_for_pss_is_warned_of_with_its_cost() {
    // 2^bits - k, without a factor below 2^16.
    let rsa = |alg: &str, bits: usize, k: u8| {
        let mut n = vec![0xff; bits / 8];
        n[bits / 8 - 1] -= k - 1;
        json!({"kty": "RSA", "alg": alg, "kid": format!("{alg}-{bits}"), "n": base64url(n), "e": "AQAB"})
    };
    let pem = include_str!("../vectors/pem/rsa8192.pub");
    let mut filter = config(&[]);
    filter["entitlement_servers"][0]["keys"] = json!([
        {"jwk": rsa("PS256", 4096, 5)},
        {"jwk": rsa("RS512", 8192, 45)},
        {"jwk": rsa("PS384", 8192, 45)},
        {"jwks": {"keys": [Key::new(1).jwk(), rsa("PS512", 4104, 33)]}},
        {"public_key_pem": pem, "alg": "PS256", "kid": "pem"},
        {"public_key_pem": pem, "kid": "pem-rs256"},
    ]);
    let slow: Vec<String> =
        warnings(&filter).into_iter().filter(|warning| warning.contains("is slow")).collect();
    let warning = |member: &str, alg: &str, bits: usize| {
        format!(
            "entitlement_servers[0].keys{member}: is slow: \"{alg}\" is verified in WebAssembly, and \
             with {bits} bits each forged token costs a worker some milliseconds (13 with 8192); use at most 4096 bits, \
             or \"RS256\""
        )
    };
    let expected = [
        warning("[2].jwk", "PS384", 8192),
        warning("[3].jwks.keys[1]", "PS512", 4104),
        warning("[4].public_key_pem", "PS256", 8192),
    ];
    assert_eq!(slow, expected);
}

#[test]
fn a_name_without_a_dot_is_warned_of() {
    let mut filter = config(&[&Key::new(1)]);
    let full = filter["protects"]["fqdns"][0].clone();
    filter["protects"]["fqdns"] = json!([full, "ees1", "localhost."]);
    let found = warnings(&filter);
    let warned = |number| {
        let beginning = format!("protects.fqdns[{number}]: has no dot: ");
        found.iter().any(|warning| warning.starts_with(&beginning))
    };
    assert_eq!([0, 1, 2].map(warned), [false, true, true], "{found:?}");
}

#[test]
fn bound_tokens_without_nonces_should_be_short_lived_and_unbound_ones_are_named() {
    let warned = |proof: Value, lifetime: u32| {
        let mut filter = config(&[&Key::new(1)]);
        filter["proof"] = proof;
        filter["token"] = json!({"max_lifetime_seconds": lifetime});
        let found = warnings(&filter);
        ["token.max_lifetime_seconds: ", "proof.required: "]
            .map(|path| found.iter().any(|warning| warning.starts_with(path)))
    };
    let nonce = json!({"secret_env": ["EEC_AUTHN_NONCE"]});
    assert_eq!(warned(json!({"dpop": {}}), 3_601), [true, true]);
    assert_eq!(warned(json!({"dpop": {}, "required": true}), 3_600), [false, false]);
    assert_eq!(warned(json!({"dpop": {"nonce": nonce}, "required": true}), 86_400), [false, false]);
    assert_eq!(warned(json!({"client_certificate": true}), 86_400), [false, true]);
}

#[test]
fn what_lasts_long_or_takes_much_is_warned_of() {
    says_only(
        &with("token", json!({"max_lifetime_seconds": 31 * 86_400 + 1})),
        "token.max_lifetime_seconds: whoever gets hold of a token",
    );
    says_only(
        &with("body", json!({"limit_bytes": 1_048_577})),
        "body.limit_bytes: so much of Envoy's memory is held",
    );
    let mut bound = with("token", json!({"max_lifetime_seconds": 400 * 86_400}));
    bound["proof"] = json!({"required": true, "client_certificate": true});
    assert_eq!(warnings(&bound), Vec::<String>::new());
    let most = json!({"token": {"max_lifetime_seconds": 31 * 86_400}, "body": {"limit_bytes": 1_048_576}});
    let mut filter = quiet();
    filter.as_object_mut().expect("an object").extend(most.as_object().expect("members").clone());
    assert_eq!(warnings(&filter), Vec::<String>::new());
}

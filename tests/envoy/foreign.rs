//! Tokens minted by another JOSE library, verified in a real Envoy.

use crate::support::fixture::{FQDN, Fixture, ISSUER, config, identity_of_eec_1};
use crate::support::foreign::mint;
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::{Key, claims, claims_with};
use serde_json::{Value, json};

/// One key of every kind with the algorithms that it may be pinned for.
const KINDS: [(&str, &str, &str, &str); 9] = [
    ("ed", "OKP", "Ed25519", "EdDSA"),
    ("p256", "EC", "P-256", "ES256"),
    ("p384", "EC", "P-384", "ES384"),
    ("rs256", "RSA", "2048", "RS256"),
    ("rs384", "RSA", "2048", "RS384"),
    ("rs512", "RSA", "3072", "RS512"),
    ("ps256", "RSA", "2048", "PS256"),
    ("ps384", "RSA", "2048", "PS384"),
    ("ps512", "RSA", "2048", "PS512"),
];

#[test]
fn every_algorithm_of_another_library() {
    let mut orders = json!({"keys": {}, "tokens": {}});
    for (name, kty, size, alg) in KINDS {
        orders["keys"][name] = json!({"kty": kty, "crv": size, "kid": name});
        let mut order = |kind: &str, header: Value, claims: Value| {
            orders["tokens"][format!("{name}-{kind}")] =
                json!({"key": name, "header": header, "claims": claims});
        };
        order("plain", json!({"alg": alg, "kid": name}), claims());
        let aud = json!({"aud": ["x", format!("https://{FQDN}/")], "ext": "é\u{1f600}"});
        order("rich", json!({"alg": alg, "kid": name, "typ": "at+jwt"}), claims_with(aud));
        order("late", json!({"alg": alg, "kid": name}), claims_with(json!({"exp": 1_000_000_000})));
        order("stray", json!({"alg": alg, "kid": "nobody"}), claims());
    }
    // Signed by one P-256 key in the name of another.
    orders["keys"]["thief"] = json!({"kty": "EC", "crv": "P-256", "kid": "p256"});
    orders["tokens"]["stolen"] =
        json!({"key": "thief", "header": {"alg": "ES256", "kid": "p256"}, "claims": claims()});
    // The public key as an HMAC secret, as the old confusion attack has it.
    orders["confused"] = json!({"name": "confused", "key": "rs256", "claims": claims()});
    let minted = mint(&orders);

    let mut filter = config(&[]);
    let keys: Vec<Value> = KINDS
        .iter()
        .map(|(name, _, _, alg)| {
            let mut jwk = minted["jwk"][name].clone();
            jwk["alg"] = json!(alg);
            json!({"jwk": jwk})
        })
        .collect();
    filter["entitlement_servers"][0]["keys"] = json!(keys);
    let fixture = Fixture::start(&filter);
    let mut p = Problems::new();
    let token =
        |name: String| Request::register("eec-1").bearer(minted["tokens"][&name].as_str().expect(&name));
    for (name, ..) in KINDS {
        for kind in ["plain", "rich"] {
            let name = format!("{name}-{kind}");
            fixture.allowed(&mut p, &name, &token(name.clone()), &identity_of_eec_1());
        }
        let late = format!("{name}-late");
        fixture.denied(&mut p, &late, &token(late.clone()), "token_expired");
        let stray = format!("{name}-stray");
        fixture.denied(&mut p, &stray, &token(stray.clone()), "key_unknown");
        // One bit of the signature, and one of the payload.
        let good = minted["tokens"][format!("{name}-plain")].as_str().expect("a token");
        for part in [1, 2] {
            let mut parts: Vec<String> = good.split('.').map(str::to_owned).collect();
            let flipped = if parts[part].as_bytes()[20] == b'A' { "B" } else { "A" };
            parts[part].replace_range(20..21, flipped);
            // A payload with a flipped bit may be no JSON any more: only its signature is looked at here.
            let want = if part == 2 { "signature_invalid" } else { continue };
            let request = Request::register("eec-1").bearer(parts.join("."));
            fixture.denied(&mut p, &format!("{name} flipped"), &request, want);
        }
    }
    fixture.denied(&mut p, "stolen", &token("stolen".into()), "signature_invalid");
    fixture.denied(&mut p, "confused", &token("confused".into()), "algorithm_not_allowed");
    fixture.finish(p);
}

#[test]
fn a_key_set_as_the_other_library_publishes_it() {
    let orders = json!({
        "keys": {"a": {"kty": "OKP", "crv": "Ed25519", "kid": "a"}, "b": {"kty": "EC", "crv": "P-256"}},
        "tokens": {
            "a": {"key": "a", "header": {"alg": "EdDSA", "kid": "a", "typ": "JWT"}, "claims": claims()},
            "a-without-kid": {"key": "a", "header": {"alg": "EdDSA"}, "claims": claims()},
            "b-without-kid": {"key": "b", "header": {"alg": "ES256"}, "claims": claims()},
            "b-with-kid": {"key": "b", "header": {"alg": "ES256", "kid": "b"}, "claims": claims()},
            "b-as-a": {"key": "b", "header": {"alg": "ES256", "kid": "a"}, "claims": claims()},
        },
    });
    let minted = mint(&orders);
    let mut filter = config(&[]);
    filter["entitlement_servers"] = json!([
        {"fqdn": ISSUER, "keys": [{"jwks": minted["jwks"]}]},
        {"fqdn": "second.example.org", "keys": [{"jwk": Key::new(2).jwk()}]},
    ]);
    let fixture = Fixture::start(&filter);
    let mut p = Problems::new();
    for (name, want) in [
        ("a", ""),
        ("a-without-kid", ""),
        ("b-without-kid", ""),
        ("b-with-kid", "key_unknown"),
        ("b-as-a", "algorithm_not_allowed"),
    ] {
        let request = Request::register("eec-1").bearer(minted["tokens"][name].as_str().expect("a token"));
        match want {
            "" => fixture.allowed(&mut p, name, &request, &identity_of_eec_1()),
            code => fixture.denied(&mut p, name, &request, code),
        }
    }
    fixture.finish(p);
}

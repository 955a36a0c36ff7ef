//! Every kind of pinned key in a real Envoy: nine algorithms, four forms, keys and tokens made by OpenSSL and
//! another JOSE library.

use crate::support::bootstrap::{Configuration, Setup};
use crate::support::envoy::{Envoy, Push};
use crate::support::fixture::{FQDN, Fixture, ISSUER, identity_of_eec_1};
use crate::support::foreign;
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::{Key, claims};
use crate::support::upstream::Upstream;
use serde_json::{Value, json};

const ALGORITHMS: [&str; 9] =
    ["EdDSA", "ES256", "ES384", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];

fn made(not_after: &str) -> Value {
    let orders = json!({"server": ISSUER, "claims": claims(), "not_after": not_after});
    foreign::run("pinned_keys.py", &orders)
}

fn filter(keys: Vec<Value>) -> Value {
    json!({
        "protects": {"role": "ees", "fqdns": [FQDN]},
        "entitlement_servers": [{"fqdn": ISSUER, "keys": keys}],
        "cache": {"tokens": 0},
        "body": {"hold_headers": true},
    })
}

fn fixture(keys: Vec<Value>) -> Fixture {
    Fixture::start_with(&filter(keys), |setup| setup.stop_iteration(true))
}

fn bearer(token: &Value) -> Request {
    Request::register("eec-1").bearer(token.as_str().expect("a token"))
}

/// The key of `alg` in this form.
fn pinned(made: &Value, alg: &str, form: &str) -> Value {
    let mut key = json!({form: made[alg][form]});
    if form.ends_with("_pem") {
        key["kid"] = json!(format!("k-{alg}"));
        key["alg"] = json!(alg);
    }
    key
}

#[test]
fn nine_algorithms_in_three_forms() {
    let made = made("2040-01-01");
    for form in ["jwk", "public_key_pem", "certificate_pem"] {
        let fixture = fixture(ALGORITHMS.iter().map(|alg| pinned(&made, alg, form)).collect());
        let mut p = Problems::new();
        for alg in ALGORITHMS {
            let name = format!("{alg} as {form}");
            fixture.allowed(&mut p, &name, &bearer(&made[alg]["token"]), &identity_of_eec_1());
            fixture.denied(&mut p, &name, &bearer(&made[alg]["other"]), "signature_invalid");
            let flipped = made[alg]["token"].as_str().expect("a token").replacen("eyJ", "eyK", 1);
            fixture.denied(&mut p, &name, &Request::register("eec-1").bearer(flipped), "token_malformed");
            let by_certificate = bearer(&made[alg]["token_x5t"]);
            match form {
                "certificate_pem" => fixture.allowed(&mut p, &name, &by_certificate, &identity_of_eec_1()),
                _ => fixture.denied(&mut p, &name, &by_certificate, "key_unknown"),
            }
        }
        // Envoy verifies all that a host can: each probe in the module is one that it passes.
        let log = fixture.envoy.log();
        p.check(form, !log.contains("does not verify"), || log.clone());
        fixture.finish(p);
    }
}

#[test]
fn ed25519_is_another_name_of_eddsa() {
    let key = Key::new(1);
    let under = |alg: &str| {
        let mut header = key.header();
        header["alg"] = json!(alg);
        Request::register("eec-1").bearer(key.token_with(&header, &claims()))
    };
    for name in ["EdDSA", "Ed25519"] {
        let mut jwk = key.jwk();
        jwk["alg"] = json!(name);
        let fixture = fixture(vec![json!({"jwk": jwk})]);
        let mut p = Problems::new();
        for alg in ["EdDSA", "Ed25519"] {
            fixture.allowed(
                &mut p,
                &format!("{alg} with a key for {name}"),
                &under(alg),
                &identity_of_eec_1(),
            );
        }
        fixture.denied(
            &mut p,
            &format!("ES256 with a key for {name}"),
            &under("ES256"),
            "algorithm_not_allowed",
        );
        let token = Key::new(2).token_with(&json!({"alg": "Ed25519", "kid": "k1"}), &claims());
        fixture.denied(&mut p, "another key", &Request::register("eec-1").bearer(token), "signature_invalid");
        fixture.finish(p);
    }
}

#[test]
fn windows_sets_and_algorithms() {
    let good = made("2040-01-01");
    let over = made("2021-01-01");
    let windowed = |alg: &str, from: &str, to: &str| {
        let mut key = pinned(&good, alg, "jwk");
        key["not_before"] = json!(from);
        key["not_after"] = json!(to);
        key
    };
    let fixture = fixture(vec![
        pinned(&over, "ES256", "certificate_pem"),
        windowed("RS256", "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"),
        windowed("PS256", "2020-01-01T00:00:00Z", "2040-01-01T00:00:00Z"),
        windowed("EdDSA", "2040-01-01T00:00:00Z", "2041-01-01T00:00:00Z"),
        json!({"jwks": {"keys": [good["ES384"]["jwk"], good["PS512"]["jwk"]]}}),
    ]);
    let mut p = Problems::new();
    fixture.denied(
        &mut p,
        "a certificate that is over",
        &bearer(&over["ES256"]["token"]),
        "key_not_valid_now",
    );
    fixture.denied(&mut p, "a window that is over", &bearer(&good["RS256"]["token"]), "key_not_valid_now");
    fixture.denied(&mut p, "a window to come", &bearer(&good["EdDSA"]["token"]), "key_not_valid_now");
    fixture.allowed(&mut p, "in its window", &bearer(&good["PS256"]["token"]), &identity_of_eec_1());
    fixture.allowed(&mut p, "from a set", &bearer(&good["ES384"]["token"]), &identity_of_eec_1());
    fixture.denied(
        &mut p,
        "an alg that nobody has",
        &bearer(&good["RS512"]["token"]),
        "algorithm_not_allowed",
    );
    let days = fixture.envoy.filter_stat("key_valid_days.0_2");
    p.check("key_valid_days", (4_000..6_000).contains(&days), || format!("{days} days"));
    p.equal("key_valid_days", "a key that is over", fixture.envoy.filter_stat("key_valid_days.0_1"), 0);
    fixture.finish(p);
}

#[test]
fn a_key_of_a_vulnerable_generator_is_refused_in_every_form() {
    // Wycheproof, json_web_key_test.json, tcId 7, and the same key in PEM by OpenSSL.
    let roca: Value = serde_json::from_str(include_str!("../core/vectors/roca.json")).expect("JSON");
    let pem = include_str!("../core/vectors/pem/roca.pub");
    // The same key in a certificate, which an authority could have.
    let certificate = include_str!("../core/vectors/pem/roca.crt");
    let upstream = Upstream::start();
    let setup =
        |keys: Vec<Value>| Setup::new(Some(Configuration::Text(filter(keys).to_string())), upstream.address);
    let good = json!({"jwk": Key::new(1).jwk()});
    let mut envoy = Envoy::start(&setup(vec![good.clone()]));
    let mut push = |key: Value| envoy.push(&setup(vec![good.clone(), key]));
    for (key, member) in [
        (json!({"jwk": roca}), "jwk.n"),
        (json!({"jwks": {"keys": [Key::new(2).jwk(), roca]}}), "jwks.keys[1].n"),
        (json!({"public_key_pem": pem}), "public_key_pem"),
        (json!({"certificate_pem": certificate}), "certificate_pem"),
        (
            json!({"jwks_remote": {"cluster": "es", "signed_by": {"jwk": roca}}}),
            "jwks_remote.signed_by.jwk.n",
        ),
        (
            json!({"jwks_remote": {"cluster": "es", "trust_anchors_pem": [certificate]}}),
            "jwks_remote.trust_anchors_pem[0]",
        ),
    ] {
        let Push::Refused(log) = push(key) else { panic!("Envoy took {member}") };
        let line =
            format!("configuration refused: entitlement_servers[0].keys[1].{member}: has the fingerprint");
        assert!(log.contains(&line), "no `{line}` in:\n{log}");
    }
    let rsa2048 = json!({"public_key_pem": include_str!("../core/vectors/pem/rsa2048.pub")});
    assert!(matches!(push(rsa2048), Push::Live));
}

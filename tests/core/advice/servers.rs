//! Entitlement servers whose keys, names or headers do less than they seem to.

use super::{quiet, says_only, warnings};
use crate::support::token::Key;
use serde_json::{Value, json};

/// The quiet configuration with these keys.
fn keys(keys: Value) -> Value {
    let mut filter = quiet();
    filter["entitlement_servers"][0]["keys"] = keys;
    filter
}

/// The JWK of a key, without its name.
fn nameless(seed: u8) -> Value {
    let mut jwk = Key::new(seed).jwk();
    jwk.as_object_mut().expect("a JWK").remove("kid");
    jwk
}

#[test]
fn keys_that_no_token_can_mean() {
    let said = "entitlement_servers[0].keys: one has no `kid`, and others are of its algorithm";
    says_only(&keys(json!([{"jwk": nameless(1)}, {"jwk": Key::new(2).jwk()}])), said);
    says_only(&keys(json!([{"jwk": nameless(1)}, {"jwk": nameless(2)}])), said);
    // One after the other, of other algorithms, with names, and alone.
    let (end, p256) = ("2026-10-01T00:00:00Z", include_str!("../vectors/pem/p256.pub"));
    for quiet in [
        json!([{"jwk": nameless(1), "not_after": end}, {"jwk": nameless(2), "not_before": end}]),
        json!([{"jwk": nameless(1), "not_after": end}, {"jwk": nameless(2)}]),
        json!([{"jwk": nameless(1)}, {"public_key_pem": p256}]),
        json!([{"jwk": Key::new(1).jwk()}, {"jwk": Key::new(2).jwk()}]),
        json!([{"jwk": nameless(1)}]),
    ] {
        assert_eq!(warnings(&keys(quiet)), Vec::<String>::new());
    }
}

#[test]
fn names_that_no_token_has() {
    let server = |member: &str, value: Value| {
        let mut filter = quiet();
        filter["entitlement_servers"][0][member] = value;
        filter
    };
    let spaced =
        |path: &str| format!("entitlement_servers[0].{path}: has white space around it, which counts");
    says_only(&server("issuer", json!("https://es.example.net/ ")), &spaced("issuer"));
    says_only(&server("audiences", json!(["api://ees", "\tapi://ees2"])), &spaced("audiences[1]"));
    says_only(
        &server("audiences", json!(["api://*"])),
        "entitlement_servers[0].audiences[0]: the `*` stands for itself",
    );
    says_only(
        &server("issuer", json!("https://*.example.org/")),
        "entitlement_servers[0].issuer: the `*` stands for itself",
    );
    for quiet in
        [server("issuer", json!("https://es.example.net/")), server("audiences", json!(["api://a b"]))]
    {
        assert_eq!(warnings(&quiet), Vec::<String>::new());
    }
}

#[test]
fn clients_of_two_servers_that_look_the_same_to_the_upstream() {
    let mut filter = quiet();
    let mut second = filter["entitlement_servers"][0].clone();
    second["fqdn"] = json!("second.example.org");
    second["keys"] = json!([{"jwk": Key::new(2).jwk()}]);
    filter["entitlement_servers"].as_array_mut().expect("servers").push(second);
    assert_eq!(warnings(&filter), Vec::<String>::new());
    filter["forward"] = json!({"headers": {"x-eec-id": "sub", "x-by": "/iss"}});
    assert_eq!(warnings(&filter), Vec::<String>::new());
    filter["forward"] = json!({"headers": {"x-eec-id": "sub", "x-tenant": "tid"}});
    assert_eq!(warnings(&filter), Vec::<String>::new());
    filter["forward"] =
        json!({"headers": {"x-eec-id": "sub", "x-eec-gpsi": "gpsi", "x-eec-token-id": "jti"}});
    says_only(
        &filter,
        "forward.headers: no header carries `iss`: two entitlement servers may give one EEC ID",
    );
    filter["entitlement_servers"].as_array_mut().expect("servers").pop();
    assert_eq!(warnings(&filter), Vec::<String>::new());
}

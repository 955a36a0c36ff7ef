//! The header of a token and the key it is checked with, in a real Envoy.

use crate::support::cases::token_case;
use crate::support::fixture::{Fixture, ISSUER, Protocol, config};
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::{Key, base64url, claims, claims_text_with, claims_with};
use serde_json::{Value, json};

#[test]
fn header_members() {
    let (key, thief) = (Key::new(1), Key::new(66));
    let fixture = Fixture::start(&config(&[&key]));
    let mut p = Problems::new();
    let header = |changes: Value| {
        let mut header = key.header();
        for (name, value) in changes.as_object().expect("changes") {
            header[name] = value.clone();
        }
        header
    };
    for (changes, want) in [
        (json!({"typ": "jwt"}), ""),
        (json!({"typ": "at+jwt"}), ""),
        (json!({"typ": "AT+JWT"}), ""),
        (json!({"typ": "application/at+jwt"}), ""),
        (json!({"typ": "Application/JWT"}), ""),
        (json!({"typ": "JOSE"}), "token_malformed"),
        (json!({"typ": "dpop+jwt"}), "token_malformed"),
        (json!({"typ": "application/json"}), "token_malformed"),
        (json!({"typ": "application/"}), "token_malformed"),
        (json!({"typ": "application/application/jwt"}), "token_malformed"),
        (json!({"typ": ""}), "token_malformed"),
        (json!({"typ": " JWT"}), "token_malformed"),
        (json!({"typ": 7}), "token_malformed"),
        (json!({"typ": null}), "token_malformed"),
        (json!({"crit": ["exp"]}), "token_malformed"),
        (json!({"crit": []}), "token_malformed"),
        (json!({"crit": null}), "token_malformed"),
        (json!({"b64": true}), "token_malformed"),
        (json!({"b64": false, "crit": ["b64"]}), "token_malformed"),
        (json!({"zip": "DEF"}), "token_malformed"),
        (json!({"enc": "A128GCM"}), "token_malformed"),
        (json!({"cty": "x", "x": {"y": [1, {}]}, "X5U": "https://evil.example.org"}), ""),
        (json!({"jwk": thief.jwk()}), ""),
        (
            json!({"jku": "https://evil.example.org/jwks", "x5u": "http://evil.example.org", "x5c": ["AA"]}),
            "",
        ),
        (json!({"x5t": "AAAA"}), ""),
        (json!({"x5t#S256": base64url([0; 32])}), "key_unknown"),
        (json!({"kid": "k2"}), "key_unknown"),
        (json!({"kid": "K1"}), "key_unknown"),
        (json!({"kid": "k1 "}), "key_unknown"),
        (json!({"kid": 7}), "token_malformed"),
        (json!({"kid": ["k1"]}), "token_malformed"),
        (json!({"alg": "none"}), "algorithm_not_allowed"),
        (json!({"alg": "nOnE"}), "algorithm_not_allowed"),
        (json!({"alg": "HS256"}), "algorithm_not_allowed"),
        (json!({"alg": "ES256"}), "algorithm_not_allowed"),
        (json!({"alg": "RS256"}), "algorithm_not_allowed"),
        (json!({"alg": "eddsa"}), "algorithm_not_allowed"),
        (json!({"alg": "Ed25519"}), ""),
        (json!({"alg": "ed25519"}), "algorithm_not_allowed"),
        (json!({"alg": "EdDSA\0"}), "algorithm_not_allowed"),
        (json!({"alg": 7}), "token_malformed"),
        (json!({"alg": null}), "token_malformed"),
        (json!({"alg": ["EdDSA"]}), "token_malformed"),
        (json!({"alg": "HS256", "kid": "nobody"}), "algorithm_not_allowed"),
    ] {
        let header = header(changes.clone());
        token_case(&fixture, &mut p, &changes.to_string(), key.token_with(&header, &claims()), want);
    }
    let without = |name: &str| {
        let mut header = key.header();
        drop(header.as_object_mut().expect("a header").remove(name));
        header
    };
    token_case(&fixture, &mut p, "no alg", key.token_with(&without("alg"), &claims()), "token_malformed");
    token_case(&fixture, &mut p, "no typ", key.token_with(&without("typ"), &claims()), "");
    token_case(&fixture, &mut p, "no kid, one key", key.token_with(&without("kid"), &claims()), "");
    // The thief's key travels in the token; it must not be used.
    for changes in [
        json!({"jwk": thief.jwk()}),
        json!({"jwk": key.jwk(), "jku": "https://evil.example.org", "x5c": ["AA"], "x5u": "x", "x5t": "x"}),
    ] {
        let name = format!("signed by {changes}");
        token_case(
            &fixture,
            &mut p,
            &name,
            thief.token_with(&header(changes), &claims()),
            "signature_invalid",
        );
    }
    fixture.finish(p);
}

#[test]
fn which_key_is_asked() {
    let (one, two, past, anonymous) = (Key::new(1), Key::new(2), Key::new(3), Key::anonymous(4));
    let window =
        |key: &Key, from: &str, to: &str| json!({"jwk": key.jwk(), "not_before": from, "not_after": to});
    let mut filter = config(&[&one, &two]);
    filter["entitlement_servers"][0]["keys"].as_array_mut().expect("keys").push(window(
        &past,
        "2020-01-01T00:00:00Z",
        "2021-01-01T00:00:00Z",
    ));
    filter["entitlement_servers"].as_array_mut().expect("servers").extend([
        json!({"fqdn": "b.example.org", "keys": [{"jwk": anonymous.jwk()}]}),
        json!({"fqdn": "c.example.org", "keys": [
            window(&Key::new(5), "2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"),
            window(&Key::new(6), "2998-01-01T00:00:00Z", "2999-01-01T00:00:00Z"),
        ]}),
        json!({"fqdn": "d.example.org", "keys": [window(&Key::new(7), "2998-01-01T00:00:00Z", "2999-01-01T00:00:00Z")]}),
        // The same key ID as the first server's: each server has its own.
        json!({"fqdn": "e.example.org", "keys": [{"jwk": {"kty": "OKP", "crv": "Ed25519", "x": Key::new(8).x(), "kid": "k1"}}]}),
    ]);
    let fixture = Fixture::start(&filter);
    let mut p = Problems::new();
    let no_kid = json!({"alg": "EdDSA"});
    let kid = |kid: &str| json!({"alg": "EdDSA", "kid": kid});
    let rows = [
        ("first of two", ISSUER, &one, kid("k1"), ""),
        ("second of two", ISSUER, &two, kid("k2"), ""),
        ("the other's name", ISSUER, &two, kid("k1"), "signature_invalid"),
        ("no name, two usable", ISSUER, &one, no_kid.clone(), "key_unknown"),
        ("a past one by name", ISSUER, &past, kid("k3"), "key_not_valid_now"),
        ("another server's by name", ISSUER, &anonymous, kid("k4"), "key_unknown"),
        ("another server's", "b.example.org", &one, kid("k1"), "key_unknown"),
        ("another server's without name", "b.example.org", &one, no_kid.clone(), "signature_invalid"),
        ("an anonymous key by name", "b.example.org", &anonymous, kid("k4"), "key_unknown"),
        ("an anonymous key by an empty name", "b.example.org", &anonymous, kid(""), "key_unknown"),
        ("an anonymous key", "b.example.org", &anonymous, no_kid.clone(), "b.example.org"),
        ("no name, one of two usable", "c.example.org", &Key::new(5), no_kid.clone(), "c.example.org"),
        ("no name, the unusable one", "c.example.org", &Key::new(6), no_kid.clone(), "signature_invalid"),
        ("a coming one by name", "c.example.org", &Key::new(6), kid("k6"), "key_not_valid_now"),
        ("no name, none usable", "d.example.org", &Key::new(7), no_kid, "key_not_valid_now"),
        ("the same name at two servers", "e.example.org", &Key::new(8), kid("k1"), "e.example.org"),
        ("the same name, the other's key", "e.example.org", &one, kid("k1"), "signature_invalid"),
    ];
    for (name, iss, key, header, want) in rows {
        let token = key.token_with(&header, &claims_with(json!({"iss": iss})));
        let request = Request::register("eec-1").bearer(&token);
        // A server's name as `want`: allowed, and that issuer goes upstream.
        if want.contains('.') {
            fixture.allowed(&mut p, name, &request, &[("x-eec-id", "eec-1"), ("x-eec-issuer", want)]);
        } else {
            token_case(&fixture, &mut p, name, token, want);
        }
    }
    fixture.finish(p);
}

#[test]
fn a_claims_twin_in_another_case_changes_nothing() {
    let key = Key::new(1);
    let fixture = Fixture::start(&config(&[&key]));
    let mut p = Problems::new();
    let twin = |member: &str| key.token_of(key.header().to_string(), claims_text_with("gpsi", member));
    let body = |ue_id: &str| json!({"eecId": "eec-1", "ueId": ue_id}).to_string();
    let request = |ue_id: &str, member: &str| {
        Request::new("POST", "/eees-eecregistration/v1/registrations").bearer(twin(member)).json(body(ue_id))
    };
    let identity = [("x-eec-id", "eec-1"), ("x-eec-gpsi", "msisdn-1"), ("x-eec-issuer", ISSUER)];
    for member in [
        "\"gpsi\":\"msisdn-1\"",
        "\"gpsi\":\"msisdn-1\",\"GPSI\":\"msisdn-2\"",
        "\"gpsi\":\"msisdn-1\",\"SUB\":\"eec-2\",\"EXP\":1,\"AUD\":1,\"Cnf\":{}",
    ] {
        fixture.allowed(&mut p, member, &request("msisdn-1", member), &identity);
        // The body comes after the headers: how much the upstream saw is another test's subject.
        let response = fixture.send(Protocol::H1, &request("msisdn-2", member)).map(|r| r.status);
        p.equal(member, "another UE's registration", response, Ok(403));
    }
    fixture.finish(p);
}

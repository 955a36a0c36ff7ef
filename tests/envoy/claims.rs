//! The claims of a token, one by one, in a real Envoy (`docs/contract.md#verified`, and the rows from
//! `token_expired` on).

use crate::support::cases::{claims_case, raw_claim};
use crate::support::fixture::{Fixture, ISSUER, Protocol, config, identity_of_eec_1};
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::{Key, claims_with, now};
use serde_json::{Value, json};

/// Far above what a slow machine needs between minting and checking, so that no case depends on speed.
const SKEW: i64 = 300;

fn fixture(key: &Key, changes: impl FnOnce(&mut Value)) -> Fixture {
    let mut filter = config(&[key]);
    filter["token"] = json!({"clock_skew_seconds": SKEW, "max_lifetime_seconds": 3600});
    changes(&mut filter);
    Fixture::start(&filter)
}

#[test]
fn times_with_skew_and_lifetime() {
    let key = Key::new(1);
    let fixture = fixture(&key, |_| ());
    let mut p = Problems::new();
    let t = now();
    for (changes, want) in [
        (json!({"exp": t - SKEW + 120, "iat": t - 900}), ""),
        (json!({"exp": t - SKEW - 1, "iat": t - 900}), "token_expired"),
        (json!({"exp": t as f64 + 600.25}), ""),
        (json!({"exp": 0}), "token_expired"),
        (json!({"exp": -1}), "token_expired"),
        (json!({"exp": t - SKEW - 1, "nbf": t + 3600}), "token_expired"),
        (json!({"nbf": t + SKEW - 120}), ""),
        (json!({"nbf": t - 9999}), ""),
        (json!({"nbf": t + SKEW + 120}), "token_not_yet_valid"),
        (json!({"iat": t + SKEW - 120}), ""),
        (json!({"iat": t + SKEW + 120}), "token_not_yet_valid"),
        (json!({"nbf": t + SKEW + 120, "exp": t + 9999}), "token_not_yet_valid"),
        (json!({"iat": t, "exp": t + 3600}), ""),
        (json!({"iat": t, "exp": t + 3601}), "lifetime_too_long"),
        (json!({"iat": t, "exp": t as f64 + 3600.5}), "lifetime_too_long"),
        (json!({"iat": t - 3600, "exp": t + 600}), "lifetime_too_long"),
        (json!({"iat": null, "exp": t + 3000}), ""),
        (json!({"iat": null, "exp": t + 4200}), "lifetime_too_long"),
        (json!({"iat": null, "exp": 1e300}), "lifetime_too_long"),
        (json!({"exp": t + 9999, "aud": "x"}), "lifetime_too_long"),
        (json!({"exp": null}), "claim_missing"),
        (json!({"exp": (t + 600).to_string()}), "claim_malformed"),
        (json!({"exp": true}), "claim_malformed"),
        (json!({"exp": [t + 600]}), "claim_malformed"),
        (json!({"exp": {}}), "claim_malformed"),
        (json!({"exp": (t + 600).to_string(), "nbf": t + 3600}), "token_not_yet_valid"),
        (json!({"exp": (t + 600).to_string(), "aud": "x"}), "audience_mismatch"),
        (json!({"nbf": "0"}), "claim_malformed"),
        (json!({"nbf": false}), "claim_malformed"),
        (json!({"iat": "0"}), "claim_malformed"),
        (json!({"iat": []}), "claim_malformed"),
    ] {
        claims_case(&fixture, &mut p, &key, changes, want);
    }
    for (name, value, want) in [
        ("exp", "1e400", "claim_malformed"),
        ("exp", "-1e400", "claim_malformed"),
        ("exp", "1e-400", "token_expired"),
        ("exp", "-0", "token_expired"),
        ("exp", "99999999999999999999999999999999", "lifetime_too_long"),
        ("exp", "null", "claim_malformed"),
        ("nbf", "1e400", "claim_malformed"),
        ("nbf", "null", "claim_malformed"),
        ("nbf", "0.0e0", ""),
        ("iat", "1e400", "claim_malformed"),
        ("iat", "null", "claim_malformed"),
    ] {
        raw_claim(&fixture, &mut p, &key, name, value, want);
    }
    fixture.finish(p);
}

#[test]
fn required_claims_and_claims_elsewhere() {
    let key = Key::new(1);
    let fixture = fixture(&key, |filter| {
        filter["token"]["require_claims"] = json!(["jti", "scope"]);
        filter["token"]["eec_id_claim"] = json!("/edge/eec_id");
        filter["token"]["gpsi_claim"] = json!("/edge/gpsi");
    });
    let mut p = Problems::new();
    let edge = json!({"eec_id": "eec-9", "gpsi": "msisdn-491"});
    let token = |changes: Value| {
        let mut all = json!({"sub": null, "jti": "t1", "scope": "s", "edge": edge.clone()});
        for (name, value) in changes.as_object().expect("changes") {
            all[name] = value.clone();
        }
        Request::register("eec-9").bearer(key.token(&claims_with(all)))
    };
    let identity = [
        ("x-eec-id", "eec-9"),
        ("x-eec-gpsi", "msisdn-491"),
        ("x-eec-issuer", ISSUER),
        ("x-eec-token-id", "t1"),
    ];
    fixture.allowed(&mut p, "all there", &token(json!({})), &identity);
    fixture.allowed(&mut p, "sub is not looked at", &token(json!({"sub": 7})), &identity);
    for (changes, want) in [
        (json!({"jti": null}), "claim_missing"),
        (json!({"scope": null}), "claim_missing"),
        (json!({"edge": {"gpsi": "msisdn-491"}}), "claim_missing"),
        (json!({"edge": null}), "claim_missing"),
        (json!({"edge": "eec-9"}), "claim_missing"),
        (json!({"edge": {"eec_id": ["eec-9"]}}), "claim_malformed"),
        (json!({"edge": {"eec_id": "eec-9", "gpsi": 491}}), "claim_malformed"),
        (json!({"jti": 7}), "claim_malformed"),
        (json!({"jti": ""}), "claim_malformed"),
    ] {
        let name = changes.to_string();
        fixture.denied_over(Protocol::H1, &mut p, &name, &token(changes), want);
    }
    fixture.finish(p);
}

#[test]
fn identity_claims_and_their_headers() {
    let key = Key::new(1);
    let fixture = fixture(&key, |_| ());
    let mut p = Problems::new();
    for (changes, want) in [
        (json!({"sub": null}), "claim_missing"),
        (json!({"sub": ""}), "claim_malformed"),
        (json!({"sub": 7}), "claim_malformed"),
        (json!({"sub": ["eec-1"]}), "claim_malformed"),
        (json!({"sub": {}}), "claim_malformed"),
        (json!({"sub": true}), "claim_malformed"),
        (json!({"sub": " eec-1"}), "claim_malformed"),
        (json!({"sub": "eec-1 "}), "claim_malformed"),
        (json!({"sub": "eec  1"}), "claim_malformed"),
        (json!({"sub": "eec\t1"}), "claim_malformed"),
        (json!({"sub": "eec\r\nx-admin: 1"}), "claim_malformed"),
        (json!({"sub": "eec\u{0}1"}), "claim_malformed"),
        (json!({"sub": "eec\u{7f}1"}), "claim_malformed"),
        (json!({"sub": "éec-1"}), "claim_malformed"),
        (json!({"gpsi": 7}), "claim_malformed"),
        (json!({"gpsi": ""}), "claim_malformed"),
        (json!({"gpsi": []}), "claim_malformed"),
        (json!({"gpsi": [""]}), "claim_malformed"),
        (json!({"gpsi": [7]}), "claim_malformed"),
        (json!({"gpsi": ["msisdn-1", null]}), "claim_malformed"),
        (json!({"gpsi": ["msisdn-1,msisdn-2"]}), "claim_malformed"),
        (json!({"gpsi": {}}), "claim_malformed"),
        (json!({"jti": false}), "claim_malformed"),
        (json!({"jti": []}), "claim_malformed"),
        (json!({"jti": "é"}), "claim_malformed"),
        (json!({"cnf": {"jkt": "x"}}), "confirmation_failed"),
        (json!({"cnf": {}}), "confirmation_failed"),
        (json!({"cnf": "x"}), "confirmation_failed"),
    ] {
        claims_case(&fixture, &mut p, &key, changes, want);
    }
    raw_claim(&fixture, &mut p, &key, "cnf", "null", "confirmation_failed");
    raw_claim(&fixture, &mut p, &key, "sub", "null", "claim_malformed");
    raw_claim(&fixture, &mut p, &key, "gpsi", "null", "claim_malformed");
    raw_claim(&fixture, &mut p, &key, "jti", "null", "claim_malformed");
    for (sub, gpsi, header) in [
        ("an eec with spaces", json!("msisdn-1"), "msisdn-1"),
        ("a,comma;and:more=\"~", json!(["msisdn-1", "msisdn-2"]), "msisdn-1,msisdn-2"),
        ("x", json!(["extid-a@b.example"]), "extid-a@b.example"),
    ] {
        let token = key.token(&claims_with(json!({"sub": sub, "gpsi": gpsi, "jti": "t 1"})));
        let identity =
            [("x-eec-id", sub), ("x-eec-gpsi", header), ("x-eec-issuer", ISSUER), ("x-eec-token-id", "t 1")];
        fixture.allowed(&mut p, sub, &Request::register(sub).bearer(token), &identity);
    }
    fixture.finish(p);
}

/// `token.scopes`, with the claim of each server.
#[test]
fn scopes_stand_where_the_server_has_them() {
    let (one, two) = (Key::new(1), Key::new(2));
    let mut filter = config(&[&one]);
    filter["token"] = json!({"scopes": "per_api"});
    let servers = filter["entitlement_servers"].as_array_mut().expect("a list");
    servers.push(json!({"fqdn": "two.example.org", "scope_claim": "scp", "keys": [{"jwk": two.jwk()}]}));
    let fixture = Fixture::start(&filter);
    let mut p = Problems::new();
    let api = "eees-eecregistration";
    let request =
        |key: &Key, claims: Value| Request::register("eec-1").bearer(key.token(&claims_with(claims)));
    let of_two = |claims: Value| {
        let mut all = json!({"iss": "two.example.org"});
        all.as_object_mut().expect("claims").extend(claims.as_object().expect("claims").clone());
        request(&two, all)
    };
    let identity = [("x-eec-id", "eec-1"), ("x-eec-issuer", "two.example.org")];
    fixture.allowed(&mut p, "an array", &of_two(json!({"scp": ["openid", api]})), &identity);
    fixture.allowed(&mut p, "words", &of_two(json!({"scp": format!("openid {api}")})), &identity);
    fixture.allowed(&mut p, "the usual", &request(&one, json!({"scope": api})), &identity_of_eec_1());
    for (name, sent) in [
        ("elsewhere", of_two(json!({"scope": api}))),
        ("another API", of_two(json!({"scp": ["eees-easdiscovery"]}))),
        ("the other server's", request(&one, json!({"scp": api}))),
    ] {
        let response = fixture.send(Protocol::H1, &sent).expect("an answer");
        let details = fixture.envoy.access(&sent.case).get("details");
        p.equal(name, "details", details.as_deref(), Some("eec_authn.claim_mismatch"));
        let challenge = response.one("www-authenticate").unwrap_or_default();
        p.check(name, challenge.ends_with(&format!(", scope=\"{api}\"")), || challenge.to_owned());
    }
    fixture.finish(p);
}

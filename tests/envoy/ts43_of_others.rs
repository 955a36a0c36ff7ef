//! ValidateOperatorToken (GSMA TS.43, 14.1.6.1) at an entitlement server that nobody here wrote (PyPI `ts43-test-ecs`), asked by a real
//! Envoy.

use crate::support::fixture::{FQDN, Fixture, Protocol, config};
use crate::support::foreign::Server;
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::{Key, claims_with};
use serde_json::{Value, json};

/// A token of this server.
fn token(key: &Key, server: &str, name: &str) -> String {
    key.token(&claims_with(json!({"iss": server, "jti": name})))
}

/// An entry of `entitlement_servers` that is asked at `cluster`, with these members of the question.
fn asked(fqdn: &str, key: &Key, cluster: &str, parameters: Value) -> Value {
    json!({
        "fqdn": fqdn,
        "keys": [{"jwk": key.jwk()}],
        "online": {
            "method": "ts43", "apply_to": "all", "cluster": cluster, "path": "/", "client_id": "ees1", "parameters": parameters,
            "timeout_ms": 20_000, "cache_seconds": 0, "negative_cache_seconds": 0,
        },
    })
}

#[test]
fn what_it_says_of_a_token_and_of_whoever_asks() {
    let key = Key::new(1);
    // Each server of the configuration is this one, asked in another way.
    let askers = [
        ("plain.example.org", json!({})),
        ("scope.example.org", json!({"scope": "edge"})),
        ("requestor.example.org", json!({"requestor_id": "edge"})),
        ("temporary.example.org", json!({"temporary_token": "for-another-operation"})),
        ("stale.example.org", json!({"token": "nobody's"})),
        ("version.example.org", json!({"entitlement_version": "99.0"})),
    ];
    let good = askers.each_ref().map(|(fqdn, _)| token(&key, fqdn, "good"));
    let [ended, revoked, unknown] =
        ["ended", "revoked", "never issued"].map(|name| token(&key, "plain.example.org", name));
    let mut operator_tokens = json!({&ended: -5, &revoked: 600});
    for token in &good {
        operator_tokens[token] = json!(600);
    }
    let orders = json!({
        "operator_tokens": operator_tokens, "revoked": [revoked],
        "temporary_tokens": {"for-another-operation": "CheckEligibility"},
    });
    let server = Server::start_with("ts43_server.py", &orders);
    let mut filter = config(&[]);
    let entries = askers.iter().map(|(fqdn, parameters)| asked(fqdn, &key, "es", parameters.clone()));
    filter["entitlement_servers"] = entries.collect();
    let fixture = Fixture::start_with(&filter, |setup| setup.cluster("es", server.address));
    let mut p = Problems::new();
    let request = |token: &str| Request::register("eec-1").bearer(token);
    let of = |wanted: &str| {
        let at = askers.iter().position(|(fqdn, _)| *fqdn == wanted);
        request(&good[at.expect("one of them")])
    };
    for fqdn in ["plain.example.org", "scope.example.org"] {
        let identity = [("x-eec-id", "eec-1"), ("x-eec-issuer", fqdn), ("x-eec-token-id", "good")];
        fixture.allowed(&mut p, fqdn, &of(fqdn), &identity);
    }
    for (name, token) in [("ended", &ended), ("revoked", &revoked), ("unknown", &unknown)] {
        fixture.denied(&mut p, name, &request(token), "token_inactive");
    }
    // Their own tokens are random: they name nobody.
    let own = server.first["own"].as_str().expect("a token");
    fixture.denied(&mut p, "its own", &request(own), "token_malformed");
    // 401 (a requestor without an access token of this server), 403, 511: they refuse whoever asks; 406 says as little.
    for (fqdn, cause) in [
        ("requestor.example.org", "credentials"),
        ("temporary.example.org", "credentials"),
        ("stale.example.org", "credentials"),
        ("version.example.org", "status"),
    ] {
        let counter = format!("online.unavailable.{cause}");
        let before = fixture.envoy.filter_stat(&counter);
        fixture.denied(&mut p, fqdn, &of(fqdn), "entitlement_unavailable");
        p.equal(fqdn, "statistic", fixture.envoy.filter_stat(&counter), before + 2);
    }
    fixture.finish(p);
}

#[test]
fn it_is_asked_with_get_where_it_refuses_post() {
    let key = Key::new(1);
    for status in ["405", "501"] {
        let fqdn = "plain.example.org";
        let good = token(&key, fqdn, "good");
        let orders = json!({"settings": {"post_unsupported_mode": status}, "operator_tokens": {&good: 600}});
        let server = Server::start_with("ts43_server.py", &orders);
        let mut filter = config(&[]);
        filter["entitlement_servers"] = json!([asked(fqdn, &key, "es", json!({"scope": "a&b c"}))]);
        let fixture = Fixture::start_with(&filter, |setup| setup.cluster("es", server.address));
        let mut p = Problems::new();
        let identity = [("x-eec-id", "eec-1"), ("x-eec-issuer", fqdn), ("x-eec-token-id", "good")];
        let request = |token: String| Request::register("eec-1").bearer(token).authority(FQDN);
        fixture.allowed_over(Protocol::H1, &mut p, status, &request(good), &identity);
        let stranger = request(token(&key, fqdn, "never issued"));
        fixture.denied_over(Protocol::H1, &mut p, status, &stranger, "token_inactive");
        fixture.finish(p);
    }
}

//! `docs/contract.md#decisions`, row by row, in a real Envoy, over HTTP/1.1 and HTTP/2.

use crate::support::fixture::{BOTH, FQDN, Fixture, ISSUER, Protocol, config, identity_of_eec_1};
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::{Key, claims, claims_text_with, claims_with, now};
use serde_json::{Value, json};

const REGISTRATIONS: &str = "/eees-eecregistration/v1/registrations";

/// A fixture whose upstream sees nothing of a denied request, so that every denial can be held against that.
fn fixture(filter: &Value) -> Fixture {
    Fixture::start_with(filter, |setup| setup.stop_iteration(true))
}

/// Two servers, rules for every action, a limit on bodies, and something revoked.
fn everything(key: &Key, second: &Key) -> Value {
    let mut filter = config(&[key]);
    filter["entitlement_servers"][0]["keys"]
        .as_array_mut()
        .expect("keys")
        .push(json!({"jwk": Key::new(7).jwk(), "not_before": "2020-01-01T00:00:00Z", "not_after": "2021-01-01T00:00:00Z"}));
    filter["entitlement_servers"]
        .as_array_mut()
        .expect("servers")
        .push(json!({"fqdn": "second.example.org", "keys": [{"jwk": second.jwk()}]}));
    filter["rules"] = json!([
        {"match": {"path": "/healthz", "methods": ["GET"]}, "action": "pass_without_token"},
        {"match": {"path_prefix": "/closed"}, "action": "deny"},
        {"match": {"path": "/scoped"}, "claims": [{"claim": "scope", "contains": "edge"}]},
        {"match": {"path": "/bound"}, "bind": [{"claim": "sub", "body": "/operator/eecId"}]},
    ]);
    filter["revoked"] = json!({"eec_ids": ["revoked-eec"]});
    filter["body"] = json!({"limit_bytes": 200, "hold_headers": true});
    filter["token"] = json!({"max_bytes": 2000});
    filter
}

fn good(key: &Key) -> Request {
    Request::register("eec-1").bearer(key.token(&claims()))
}

#[test]
fn every_row_of_the_table_in_its_order() {
    let (key, second) = (Key::new(1), Key::new(2));
    let fixture = fixture(&everything(&key, &second));
    let mut p = Problems::new();
    let with = |changes: Value| Request::register("eec-1").bearer(key.token(&claims_with(changes)));
    let body = |body: &str| Request::new("POST", REGISTRATIONS).bearer(key.token(&claims())).json(body);
    let large = format!("{{\"eecId\":\"eec-1\",\"x\":\"{}\"}}", "a".repeat(300));
    let header = |header: Value| Request::register("eec-1").bearer(key.token_with(&header, &claims()));
    let rows: Vec<(&str, Request)> = vec![
        (
            "path_not_normal",
            Request { path: b"/eees-eecregistration/v1/%72egistrations".to_vec(), ..good(&key) },
        ),
        (
            "route_unmatched",
            Request { path: b"/eees-eecregistration/v2/registrations".to_vec(), ..good(&key) },
        ),
        ("route_denied", Request { path: b"/closed/x".to_vec(), ..good(&key) }),
        ("host_mismatch", good(&key).authority("other.example.net")),
        ("token_repeated", good(&key).header("authorization", "Bearer x")),
        ("token_missing", Request::register("eec-1")),
        ("token_too_large", with(json!({"x": "a".repeat(3000)}))),
        ("token_malformed", Request::register("eec-1").bearer("a.b.c")),
        ("issuer_unknown", with(json!({"iss": "nobody.example.org"}))),
        ("algorithm_not_allowed", header(json!({"alg": "ES256", "kid": "k1"}))),
        ("key_unknown", header(json!({"alg": "EdDSA", "kid": "k9"}))),
        ("key_not_valid_now", Request::register("eec-1").bearer(Key::new(7).token(&claims()))),
        (
            "signature_invalid",
            Request::register("eec-1").bearer(Key::new(3).token_with(&key.header(), &claims())),
        ),
        ("token_expired", with(json!({"exp": now() - 40, "iat": now() - 600}))),
        ("token_not_yet_valid", with(json!({"nbf": now() + 300}))),
        ("lifetime_too_long", with(json!({"exp": now() + 90_000}))),
        ("audience_mismatch", with(json!({"aud": "ees2.edge.example.net"}))),
        ("claim_missing", with(json!({"sub": null}))),
        ("claim_malformed", with(json!({"sub": 7}))),
        ("confirmation_failed", with(json!({"cnf": {"jkt": "x"}}))),
        ("token_revoked", with(json!({"sub": "revoked-eec"}))),
        ("claim_mismatch", Request { path: b"/scoped".to_vec(), ..with(json!({"scope": "edges other"})) }),
        ("body_required", Request::new("POST", REGISTRATIONS).bearer(key.token(&claims()))),
        ("media_type_unsupported", body("{}").clone().header("content-encoding", "gzip")),
        ("body_too_large", body(&large)),
        ("body_malformed", body("{\"eecId\":\"eec-1\",\"eecId\":\"eec-1\"}")),
        ("binding_missing", body("{}")),
        ("binding_mismatch", body("{\"eecId\":\"eec-2\"}")),
    ];
    for (code, request) in &rows {
        fixture.denied(&mut p, code, request, code);
    }
    let duplicate = key.token_of(key.header().to_string(), claims_text_with("iat", "\"sub\":\"eec-2\""));
    fixture.denied(
        &mut p,
        "a duplicate claim",
        &Request::register("eec-1").bearer(duplicate),
        "token_malformed",
    );
    fixture.allowed(&mut p, "a good request", &good(&key), &identity_of_eec_1());
    let of_second = second.token(&claims_with(json!({"iss": "https://SECOND.example.org./"})));
    fixture.denied(
        &mut p,
        "a token of one server signed by another's key",
        &Request::register("eec-1")
            .bearer(second.token_with(&json!({"alg": "EdDSA", "kid": "k1"}), &claims())),
        "signature_invalid",
    );
    fixture.allowed(
        &mut p,
        "the second server, spelled otherwise",
        &Request::register("eec-1").bearer(of_second),
        &[("x-eec-id", "eec-1"), ("x-eec-issuer", "second.example.org")],
    );
    fixture.finish(p);
}

#[test]
fn of_two_faults_the_earlier_row_wins() {
    let (key, second) = (Key::new(1), Key::new(2));
    let fixture = fixture(&everything(&key, &second));
    let mut p = Problems::new();
    let token = |changes: Value| key.token(&claims_with(changes));
    let expired = json!({"exp": now() - 40, "iat": now() - 600});
    let mut pairs: Vec<(&str, Request)> = vec![
        ("path_not_normal", Request::new("POST", "/closed/../x")),
        ("route_unmatched", Request::new("GET", REGISTRATIONS).authority("other.example.net")),
        ("route_denied", Request::new("GET", "/closed").authority("other.example.net")),
        ("host_mismatch", Request::register("eec-1").authority("other.example.net")),
        ("token_repeated", Request::register("eec-1").header("authorization", "Bearer a,b")),
        ("token_too_large", Request::register("eec-1").bearer("%".repeat(2100))),
        ("token_malformed", Request::new("POST", REGISTRATIONS).bearer("a.b.c").body("x")),
    ];
    let mut claim =
        |code, changes: Value| pairs.push((code, Request::register("eec-2").bearer(token(changes))));
    claim("issuer_unknown", json!({"iss": 7, "exp": 1}));
    claim("token_expired", json!({"exp": now() - 40, "iat": now() - 600, "aud": "x", "sub": null}));
    claim("audience_mismatch", json!({"aud": "x", "sub": null, "cnf": {}}));
    claim("claim_missing", json!({"sub": null, "gpsi": 7, "cnf": {}}));
    claim("claim_malformed", json!({"gpsi": 7, "cnf": {}}));
    claim("confirmation_failed", json!({"cnf": {}, "sub": "revoked-eec"}));
    claim("token_revoked", json!({"sub": "revoked-eec"}));
    let mut bodies =
        |code, request: Request| pairs.push((code, request.bearer(token(json!({"gpsi": "msisdn-1"})))));
    bodies("body_required", Request::new("POST", REGISTRATIONS).header("content-type", "text/plain"));
    bodies("media_type_unsupported", Request::new("POST", REGISTRATIONS).body("a".repeat(300)));
    bodies("body_too_large", Request::new("POST", REGISTRATIONS).json("x".repeat(300)));
    bodies("body_malformed", Request::new("POST", REGISTRATIONS).json("{\"EECID\":\"eec-1\"}"));
    bodies("binding_missing", Request::new("POST", REGISTRATIONS).json("{\"ueId\":\"msisdn-2\"}"));
    pairs.push(("token_expired", Request::new("POST", REGISTRATIONS).bearer(token(expired)).body("x")));
    for (code, request) in &pairs {
        fixture.denied(&mut p, &format!("{code} first"), request, code);
    }
    fixture.finish(p);
}

#[test]
fn identity_headers_are_the_tokens_and_nobody_elses() {
    let key = Key::new(1);
    let mut filter = config(&[&key]);
    filter["forward"] =
        json!({"headers": {"X-Client": "sub", "x-groups": "groups", "x-level": "level", "x-iss": "iss"}});
    filter["rules"] = json!([{"match": {"path": "/healthz"}, "action": "pass_without_token"}]);
    let fixture = fixture(&filter);
    let mut p = Problems::new();
    let token = key
        .token_of(key.header().to_string(), claims_text_with("x", "\"groups\":[\"a\",\"b\"],\"level\":1.50"));
    let spoofed = |request: Request| {
        [
            "x-eec-id",
            "X_EEC_ID",
            "x-eec_gpsi",
            "x_client",
            "X-Groups",
            "x-iss",
            "x-eec-issuer",
            "x-eec-token-id",
        ]
        .iter()
        .fold(request, |request, name| request.header(&name.to_ascii_lowercase(), "evil"))
        .header("x-client", "evil-2")
        .header("x-other", "stays")
    };
    for protocol in BOTH {
        let request = spoofed(Request::register("eec-1").bearer(&token)).trailer("x-eec-id", "evil");
        if let Some(received) = fixture.allowed_over(protocol, &mut p, "spoofed", &request, &[]) {
            let own = |name: &str| received.all(name).join(",");
            p.equal("spoofed", "x-client", own("x-client"), "eec-1".to_owned());
            p.equal("spoofed", "x-groups", own("x-groups"), "a,b".to_owned());
            p.equal("spoofed", "x-level", own("x-level"), "1.50".to_owned());
            p.equal("spoofed", "x-iss", own("x-iss"), ISSUER.to_owned());
            p.equal("spoofed", "x-other", own("x-other"), "stays".to_owned());
            p.equal("spoofed", "authorization", own("authorization"), String::new());
            let evil = format!("{:?}{:?}", received.headers, received.trailers);
            p.check("spoofed", !evil.contains("evil"), || format!("something spoofed got through: {evil}"));
        }
        let request = Request {
            path: b"/healthz".to_vec(),
            case: format!("probe-{protocol:?}"),
            ..spoofed(Request::new("GET", "/healthz"))
        }
        .header("authorization", "Basic eA==")
        .authority("10.0.0.1:8080");
        let status = fixture.send(protocol, &request).map(|r| r.status);
        p.equal("probe", "status", status, Ok(201));
        let received = fixture.upstream.records.wait_for(&request.case, |_| true);
        let evil = format!("{:?}", received.headers);
        p.check("probe", !evil.contains("evil"), || format!("something spoofed got through: {evil}"));
        p.equal("probe", "authorization", received.all("authorization"), vec!["Basic eA=="]);
    }
    p.equal("probe", "passed_without_token", fixture.envoy.filter_stat("passed_without_token"), 2);
    let odd = key.token(&claims_with(json!({"sub": "a  b"})));
    fixture.denied(&mut p, "two spaces", &Request::register("a  b").bearer(odd), "claim_malformed");
    fixture.finish(p);
}

#[test]
fn a_head_gets_no_body_and_the_token_can_be_forwarded() {
    let key = Key::new(1);
    let mut filter = config(&[&key]);
    filter["forward"] = json!({"token": true});
    let fixture = fixture(&filter);
    let mut p = Problems::new();
    fixture.denied(&mut p, "HEAD", &Request::new("HEAD", REGISTRATIONS), "route_unmatched");
    let token = key.token(&claims());
    if let Some(received) = fixture.allowed_over(
        Protocol::H1,
        &mut p,
        "forwarded",
        &Request::register("eec-1").bearer(&token),
        &identity_of_eec_1(),
    ) {
        p.equal(
            "forwarded",
            "authorization",
            received.all("authorization"),
            vec![format!("Bearer {token}").as_str()],
        );
    }
    let hosts = [format!("{}:8443", FQDN.to_uppercase()), format!("{FQDN}."), format!("{FQDN}.:443")];
    for host in hosts {
        fixture.allowed(&mut p, &host, &good(&key).authority(&host), &identity_of_eec_1());
    }
    fixture.finish(p);
}

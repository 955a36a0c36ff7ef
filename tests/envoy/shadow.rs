//! Shadow mode in a real Envoy: the request goes on as it came, and the first denial is recorded.

use crate::support::fixture::{Fixture, ISSUER, Protocol, config};
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::{Key, claims, claims_with, now};
use crate::support::upstream::{End, Received};
use serde_json::{Value, json};

const REGISTRATIONS: &str = "/eees-eecregistration/v1/registrations";

/// Sends the request; it must arrive whole, and `code` be recorded.
fn shadowed(fixture: &Fixture, p: &mut Problems, name: &str, request: &Request, code: &str) -> Received {
    let counter = format!("shadow_denied.{code}");
    let before = fixture.envoy.filter_stat(&counter);
    let request = Request { case: format!("shadow {name}"), ..request.clone() }.header("x_eec_id", "evil");
    let status = fixture.send(Protocol::H1, &request).map(|r| r.status);
    p.equal(name, "status", status, Ok(201));
    let decision = fixture.envoy.access(&request.case).get("decision");
    p.equal(name, "filter state", decision.as_deref(), Some(format!("shadow_deny:{code}").as_str()));
    p.equal(name, "statistic", fixture.envoy.filter_stat(&counter), before + 1);
    let received = fixture.upstream.records.wait_for(&request.case, |r| r.end == End::Complete);
    p.equal(name, "body", received.body.as_slice(), request.body.as_deref().unwrap_or_default());
    p.check(name, !format!("{:?}", received.headers).contains("evil"), || {
        "a spoofed header got through".into()
    });
    received
}

fn ids(received: &Received) -> Vec<&str> {
    received.all("x-eec-id")
}

#[test]
fn the_whole_filter() {
    let key = Key::new(1);
    let mut filter = config(&[&key]);
    filter["mode"] = json!("shadow");
    filter["body"] = json!({"limit_bytes": 100, "hold_headers": true});
    let fixture = Fixture::start(&filter);
    let mut p = Problems::new();
    let token = key.token(&claims());
    let post = |body: &str| Request::new("POST", REGISTRATIONS).bearer(&token).json(body);
    let none: Vec<&str> = vec![];

    let seen = shadowed(&fixture, &mut p, "no token", &Request::register("eec-1"), "token_missing");
    p.equal("no token", "identity", ids(&seen), none.clone());
    let basic = Request::new("GET", "/elsewhere").header("authorization", "Basic eA==");
    let seen = shadowed(&fixture, &mut p, "unknown path", &basic, "route_unmatched");
    p.equal("unknown path", "authorization", seen.all("authorization"), vec!["Basic eA=="]);
    let expired = key.token(&claims_with(json!({"exp": now() - 60, "iat": now() - 600})));
    let seen =
        shadowed(&fixture, &mut p, "expired", &Request::register("eec-1").bearer(&expired), "token_expired");
    p.equal("expired", "identity", ids(&seen), none);
    p.equal(
        "expired",
        "authorization",
        seen.all("authorization"),
        vec![format!("Bearer {expired}").as_str()],
    );

    let seen = shadowed(&fixture, &mut p, "another EEC", &post("{\"eecId\":\"eec-2\"}"), "binding_mismatch");
    p.equal("another EEC", "identity", ids(&seen), vec!["eec-1"]);
    shadowed(&fixture, &mut p, "no JSON", &post("x"), "body_malformed");
    let long = format!("{{\"eecId\":\"eec-1\",\"x\":\"{}\"}}", "a".repeat(5_000));
    shadowed(&fixture, &mut p, "a long body", &post(&long), "body_too_large");
    let chunked = post(&long).trailer("x-t", "end");
    shadowed(&fixture, &mut p, "a long body in chunks", &chunked, "body_too_large");

    let good = Request { case: "good".into(), ..post("{\"eecId\":\"eec-1\"}") };
    p.equal("good", "status", fixture.send(Protocol::H1, &good).map(|r| r.status), Ok(201));
    let seen = fixture.upstream.records.wait_for("good", |r| r.end == End::Complete);
    p.equal("good", "identity", ids(&seen), vec!["eec-1"]);
    p.equal("good", "authorization", seen.all("authorization"), vec![format!("Bearer {token}").as_str()]);
    p.equal("good", "filter state", fixture.envoy.access("good").get("decision"), None);
    p.equal("good", "allowed", fixture.envoy.filter_stat("allowed"), 1);
    fixture.finish(p);
}

#[test]
fn one_rule() {
    let key = Key::new(1);
    let mut filter: Value = config(&[&key]);
    filter["rules"] = json!([
        {"match": {"api": "eees-eecregistration"}, "mode": "shadow",
         "claims": [{"claim": "scope", "contains": "edge"}],
         "bind": [{"claim": "iss", "body": "/issuer"}]},
    ]);
    filter["body"] = json!({"hold_headers": true});
    let fixture = Fixture::start_with(&filter, |setup| setup.stop_iteration(true));
    let mut p = Problems::new();
    let post =
        |token: &str, body: &Value| Request::new("POST", REGISTRATIONS).bearer(token).json(body.to_string());
    let (plain, scoped) = (key.token(&claims()), key.token(&claims_with(json!({"scope": "a edge"}))));
    let body = json!({"eecId": "eec-1", "issuer": ISSUER});
    let seen = shadowed(&fixture, &mut p, "claims", &post(&plain, &body), "claim_mismatch");
    p.equal("claims", "authorization", seen.all("authorization"), Vec::<&str>::new());
    shadowed(
        &fixture,
        &mut p,
        "bind",
        &post(&scoped, &json!({"eecId": "eec-1", "issuer": "x"})),
        "binding_mismatch",
    );
    p.equal("shadow of a rule", "allowed", fixture.envoy.filter_stat("allowed"), 2);
    fixture.denied(&mut p, "token checks stay", &post("x", &body), "token_malformed");
    fixture.denied(
        &mut p,
        "the built-in binding stays",
        &post(&scoped, &json!({"eecId": "eec-2", "issuer": ISSUER})),
        "binding_mismatch",
    );
    fixture.finish(p);
}

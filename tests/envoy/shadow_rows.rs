//! Shadow mode in a real Envoy: decide, count and log, but let every request through.

use crate::support::fixture::{BOTH, Fixture, Protocol, config, identity_of_eec_1};
use crate::support::h1::{H1, bytes_of};
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::{Key, claims, claims_with, now};
use crate::support::upstream::{End, Received};
use serde_json::{Value, json};

const REGISTRATIONS: &str = "/eees-eecregistration/v1/registrations";

/// Sends a request that must pass whole whatever is wrong with it; `code` is the denial that must be recorded.
fn passes(
    fixture: &Fixture,
    p: &mut Problems,
    protocol: Protocol,
    name: &str,
    request: &Request,
    code: &str,
) -> Received {
    let request = Request { case: format!("{}-{protocol:?}", request.case), ..request.clone() };
    let name = format!("{name} [{protocol:?}]");
    let counter = format!("shadow_denied.{code}");
    let before = fixture.envoy.filter_stat(&counter);
    let status = fixture.send(protocol, &request).map(|r| r.status);
    p.equal(&name, "status", status, Ok(201));
    let access = fixture.envoy.access(&request.case);
    p.equal(&name, "details", access.get("details").as_deref(), Some("via_upstream"));
    p.equal(&name, "filter state", access.get("decision"), Some(format!("shadow_deny:{code}")));
    p.equal(&name, "statistic", fixture.envoy.filter_stat(&counter), before + 1);
    let received = fixture.upstream.records.wait_for(&request.case, |r| r.end == End::Complete);
    p.equal(&name, "body", received.body.as_slice(), request.body.as_deref().unwrap_or_default());
    let sent: Vec<String> = request
        .headers
        .iter()
        .filter(|(n, _)| n == "authorization")
        .map(|(_, v)| String::from_utf8_lossy(v).into_owned())
        .collect();
    if sent.len() == 1 {
        p.equal(&name, "authorization", received.all("authorization"), vec![sent[0].as_str()]);
    }
    received
}

#[test]
fn every_denial_is_recorded_and_nothing_stopped() {
    let key = Key::new(1);
    let mut filter = config(&[&key]);
    filter["mode"] = json!("shadow");
    filter["body"] = json!({"limit_bytes": 200, "hold_headers": true});
    filter["rules"] = json!([
        {"match": {"path_prefix": "/closed"}, "action": "deny"},
        {"match": {"path": "/scoped"}, "claims": [{"claim": "scope", "contains": "edge"}]},
    ]);
    // `hold_headers` counts as false, whether the plugin may hold them or not.
    let fixture = Fixture::start_with(&filter, |setup| setup.stop_iteration(true));
    let mut p = Problems::new();
    let good = || Request::register("eec-1").bearer(key.token(&claims()));
    let with = |changes: Value| Request::register("eec-1").bearer(key.token(&claims_with(changes)));
    let body = |body: &str| Request::new("POST", REGISTRATIONS).bearer(key.token(&claims())).json(body);
    let at = |path: &str, request: Request| Request { path: path.as_bytes().to_vec(), ..request };
    // With the identity or without: it is set only if every token check passed.
    let rows: Vec<(&str, Request, bool)> = vec![
        ("path_not_normal", at("/a/../b", good()), false),
        ("route_unmatched", at("/nowhere", good()), false),
        ("route_denied", at("/closed", good()), false),
        ("host_mismatch", good().authority("other.example.net"), false),
        ("token_repeated", good().header("authorization", "Bearer x"), false),
        ("token_missing", Request::register("eec-1"), false),
        ("token_too_large", with(json!({"pad": "x".repeat(9000)})), false),
        ("token_malformed", Request::register("eec-1").bearer("a.b.c"), false),
        ("issuer_unknown", with(json!({"iss": "nobody.example.org"})), false),
        (
            "signature_invalid",
            Request::register("eec-1").bearer(Key::new(2).token_with(&key.header(), &claims())),
            false,
        ),
        ("token_expired", with(json!({"exp": now() - 60, "iat": now() - 600})), false),
        ("audience_mismatch", with(json!({"aud": "ees2.edge.example.net"})), false),
        ("claim_missing", with(json!({"sub": null})), false),
        ("confirmation_failed", with(json!({"cnf": {}})), false),
        ("claim_mismatch", at("/scoped", good()), true),
        ("body_required", Request::new("POST", REGISTRATIONS).bearer(key.token(&claims())), true),
        ("media_type_unsupported", body("{}").header("content-encoding", "gzip"), true),
        ("body_too_large", body(&format!("{{\"eecId\":\"eec-1\",\"x\":\"{}\"}}", "a".repeat(5000))), true),
        ("body_malformed", body("{\"eecId\":1,\"eecId\":2}"), true),
        ("binding_missing", body("{}"), true),
        ("binding_mismatch", body("{\"eecId\":\"eec-2\"}"), true),
    ];
    for (code, request, known) in rows {
        let spoofed = request.header("x-eec-id", "evil").header("x_eec_gpsi", "evil");
        for protocol in BOTH {
            let received = passes(&fixture, &mut p, protocol, code, &spoofed, code);
            p.equal(code, "x-eec-id", received.all("x-eec-id"), if known { vec!["eec-1"] } else { vec![] });
            p.equal(code, "x-eec-gpsi", received.all("x-eec-gpsi"), vec![]);
        }
    }
    let received = fixture.allowed_over(Protocol::H1, &mut p, "nothing wrong", &good(), &identity_of_eec_1());
    let kept = received.is_some_and(|r| r.all("authorization").len() == 1);
    p.check("nothing wrong", kept, || "shadow mode took the Authorization header".into());
    let denied = fixture.envoy.stats("eec_authn.denied");
    p.check("all", denied.values().all(|n| *n == 0), || format!("counted as denied: {denied:?}"));
    fixture.finish(p);
}

#[test]
fn a_long_body_streams_on() {
    let key = Key::new(1);
    let mut filter = config(&[&key]);
    filter["mode"] = json!("shadow");
    filter["body"] = json!({"limit_bytes": 1000});
    let fixture = Fixture::start(&filter);
    let mut p = Problems::new();
    // Larger than all of Envoy's buffers: it must not be held.
    let large = format!("{{\"eecId\":\"eec-1\",\"x\":\"{}\"}}", "a".repeat(3_000_000));
    let request = Request::new("POST", REGISTRATIONS).bearer(key.token(&claims())).json(large);
    for protocol in BOTH {
        passes(&fixture, &mut p, protocol, "3 MB", &request, "body_too_large");
    }
    // What was looked at goes on before the rest has come.
    let mut client = H1::connect(fixture.envoy.address()).expect("a connection");
    let bytes = bytes_of(&Request { case: "slow".into(), ..request });
    client.send(&bytes[..5000]).expect("the start is sent");
    let received = fixture.upstream.records.wait_for("slow", |r| !r.body.is_empty());
    p.equal("slow", "end", received.end, End::Open);
    client.send(&bytes[5000..]).expect("the rest is sent");
    p.equal("slow", "status", client.response(false).map(|r| r.status).ok(), Some(201));
    fixture.finish(p);
}

#[test]
fn a_rule_in_shadow_covers_its_own_checks_only() {
    let key = Key::new(1);
    let mut filter = config(&[&key]);
    filter["rules"] = json!([
        {"match": {"path_prefix": "/ops"}, "mode": "shadow", "claims": [{"claim": "scope", "contains": "edge"}]},
        {"match": {"api": "eees-eecregistration"}, "mode": "shadow", "bind": [{"claim": "sub", "body": "/operator"}]},
    ]);
    let fixture = Fixture::start_with(&filter, |setup| setup.stop_iteration(true));
    let mut p = Problems::new();
    let get = |token: &str| Request::new("GET", "/ops/x").bearer(token);
    for protocol in BOTH {
        let request = get(&key.token(&claims()));
        let request = Request { case: format!("rule-{protocol:?}"), ..request };
        let status = fixture.send(protocol, &request).map(|r| r.status);
        p.equal("claims", "status", status, Ok(201));
        let access = fixture.envoy.access(&request.case);
        p.equal(
            "claims",
            "filter state",
            access.get("decision").as_deref(),
            Some("shadow_deny:claim_mismatch"),
        );
        p.equal("claims", "eec id", access.get("eec_id").as_deref(), Some("eec-1"));
    }
    let expired = key.token(&claims_with(json!({"exp": now() - 60, "iat": now() - 600})));
    fixture.denied(&mut p, "expired", &get(&expired), "token_expired");
    fixture.denied(&mut p, "no token", &Request::new("GET", "/ops/x"), "token_missing");
    fixture.denied(&mut p, "host", &get(&key.token(&claims())).authority("x.example.net"), "host_mismatch");
    let scoped = key.token(&claims_with(json!({"scope": "a edge b"})));
    fixture.allowed(&mut p, "in scope", &get(&scoped), &identity_of_eec_1());
    // The built-in binding stays enforced beside the rule's own, which is only looked at.
    let request = Request::register("eec-1").bearer(key.token(&claims()));
    let status = fixture.send(Protocol::H1, &request).map(|r| r.status);
    p.equal("bind", "status", status, Ok(201));
    let access = fixture.envoy.access(&request.case);
    p.equal("bind", "filter state", access.get("decision").as_deref(), Some("shadow_deny:binding_missing"));
    let other = Request::register("eec-2").bearer(key.token(&claims()));
    let status = fixture.send(Protocol::H1, &other).map(|r| r.status);
    p.equal("another EEC", "status", status, Ok(403));
    let access = fixture.envoy.access(&other.case);
    p.equal("another EEC", "filter state", access.get("decision").as_deref(), Some("deny:binding_mismatch"));
    fixture.finish(p);
}

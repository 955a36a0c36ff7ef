//! How a client sees denials: HEAD, gRPC, connections that go on, and configurations pushed by ECDS.

use crate::support::bootstrap::{Configuration, Setup};
use crate::support::envoy::{Envoy, Push};
use crate::support::fixture::{BOTH, FQDN, Fixture, Protocol, config, identity_of_eec_1};
use crate::support::h1::{H1, bytes_of};
use crate::support::h2_client::H2;
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::{Key, claims, claims_with};
use crate::support::upstream::{End, Upstream};
use crate::support::upstream_h2::UpstreamH2;
use serde_json::json;

#[test]
fn a_head_and_a_grpc_request() {
    let key = Key::new(1);
    let mut filter = config(&[&key]);
    filter["rules"] = json!([{"match": {"path_prefix": "/ops"}}]);
    let fixture = Fixture::start(&filter);
    let mut p = Problems::new();
    for (name, request, code) in [
        ("HEAD, no token", Request::new("HEAD", "/ops/x"), "token_missing"),
        ("HEAD, bad token", Request::new("HEAD", "/ops/x").bearer("a.b.c"), "token_malformed"),
        ("HEAD, bad path", Request::new("HEAD", "/ops/../x"), "path_not_normal"),
        ("OPTIONS", Request::new("OPTIONS", "/ops/x"), "token_missing"),
    ] {
        fixture.denied(&mut p, name, &request, code);
    }
    let head = Request::new("HEAD", "/ops/x").bearer(key.token(&claims()));
    fixture.allowed(&mut p, "HEAD, good token", &head, &identity_of_eec_1());
    for protocol in BOTH {
        let request =
            Request { case: format!("grpc-{protocol:?}"), ..Request::new("POST", "/ops/Service/Method") }
                .header("content-type", "application/grpc")
                .header("te", "trailers");
        let response = fixture.send(protocol, &request).expect("an answer");
        // RFC 6585 has no say here: gRPC answers are 200, and 16 is UNAUTHENTICATED.
        p.equal("gRPC", "status", response.status, 200);
        p.equal("gRPC", "grpc-status", response.one("grpc-status"), Some("16"));
        let access = fixture.envoy.access(&request.case);
        p.equal("gRPC", "details", access.get("details").as_deref(), Some("eec_authn.token_missing"));
        p.equal("gRPC", "filter state", access.get("decision").as_deref(), Some("deny:token_missing"));
        p.check("gRPC", fixture.upstream.records.find(&request.case).is_none(), || "it arrived".into());
    }
    fixture.finish(p);
}

#[test]
fn one_connection_many_decisions() {
    let key = Key::new(1);
    let mut filter = config(&[&key]);
    filter["rules"] = json!([{"match": {"path_prefix": "/ops"}}]);
    let fixture = Fixture::start(&filter);
    let mut p = Problems::new();
    let get = |n: usize| {
        let request = Request::new("GET", format!("/ops/{n}"));
        if n.is_multiple_of(2) { request.bearer(key.token(&claims())) } else { request }
    };
    let want = |n: usize| if n.is_multiple_of(2) { 201 } else { 401 };
    let mut h1 = H1::connect(fixture.envoy.address()).expect("a connection");
    for n in 0..10 {
        h1.send(&bytes_of(&get(n))).expect("sent");
        p.equal(
            "HTTP/1.1",
            &format!("status of request {n}"),
            h1.response(false).map(|r| r.status).ok(),
            Some(want(n)),
        );
    }
    // Pipelined: all requests before the first answer. Good ones only: Envoy closes a connection after two
    // local replies to requests that came together, whichever filter gives them.
    let all: Vec<u8> = (0..10).flat_map(|n| bytes_of(&get(2 * n))).collect();
    h1.send(&all).expect("sent");
    for n in 0..10 {
        p.equal(
            "pipelined",
            &format!("status of request {n}"),
            h1.response(false).map(|r| r.status).ok(),
            Some(201),
        );
    }
    let mut h2 = H2::connect(fixture.envoy.address()).expect("a connection");
    for n in 0..10 {
        let status = h2.start(&get(n), true).and_then(|mut e| e.response()).map(|r| r.status);
        p.equal("HTTP/2", &format!("status of request {n}"), status, Ok(want(n)));
    }
    p.equal("all", "allowed", fixture.envoy.filter_stat("allowed"), 20);
    p.equal("all", "denied", fixture.envoy.filter_stat("denied.token_missing"), 10);
    fixture.finish(p);
}

#[test]
fn a_denial_does_not_wait_for_the_body() {
    let key = Key::new(1);
    let fixture = Fixture::start(&config(&[&key]));
    let mut p = Problems::new();
    let head = format!(
        "POST /eees-eecregistration/v1/registrations HTTP/1.1\r\nhost: {FQDN}\r\nx-case: early\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{{"
    );
    let mut h1 = H1::connect(fixture.envoy.address()).expect("a connection");
    h1.send(head.as_bytes()).expect("sent");
    p.equal("HTTP/1.1", "status", h1.response(false).map(|r| r.status).ok(), Some(401));
    let mut h2 = H2::connect(fixture.envoy.address()).expect("a connection");
    let request = Request { case: "early-h2".into(), body: None, ..Request::register("eec-1") };
    let mut exchange = h2.start(&request, false).expect("headers are sent");
    p.equal("HTTP/2", "status", exchange.response().map(|r| r.status), Ok(401));
    for case in ["early", "early-h2"] {
        p.check(case, fixture.upstream.records.find(case).is_none(), || "it arrived".into());
    }
    fixture.finish(p);
}

#[test]
fn an_http2_upstream_sees_the_same() {
    let key = Key::new(1);
    let upstream = UpstreamH2::start();
    let filter = config(&[&key]).to_string();
    let envoy = Envoy::start(&Setup::new(Some(Configuration::Text(filter)), upstream.address).upstream_h2());
    let request = Request::register("eec-1")
        .bearer(key.token(&claims()))
        .header("x-eec-id", "evil")
        .trailer("x_eec_gpsi", "evil")
        .trailer("x-t", "stays");
    let mut p = Problems::new();
    for protocol in BOTH {
        let request = Request { case: format!("{protocol:?}"), ..request.clone() };
        let response = match protocol {
            crate::support::fixture::Protocol::H1 => {
                crate::support::h1::exchange(envoy.address(), &request).map_err(|e| e.to_string())
            }
            crate::support::fixture::Protocol::H2 => {
                crate::support::h2_client::exchange(envoy.address(), &request)
            }
        };
        p.equal(&request.case, "status", response.map(|r| r.status), Ok(201));
        let received = upstream.records.wait_for(&request.case, |r| r.end == End::Complete);
        p.equal(&request.case, "protocol", received.protocol, "HTTP/2");
        p.equal(&request.case, "x-eec-id", received.all("x-eec-id"), vec!["eec-1"]);
        p.equal(&request.case, "authorization", received.all("authorization"), vec![]);
        p.equal(&request.case, "trailers", received.trailers, vec![("x-t".to_owned(), "stays".to_owned())]);
    }
    p.finish();
}

#[test]
fn a_pushed_configuration_holds_for_the_next_request_on_open_connections() {
    let (old, new) = (Key::new(1), Key::new(2));
    let upstream = Upstream::start();
    let setup = |text: String| Setup::new(Some(Configuration::Text(text)), upstream.address).ecds();
    let mut envoy = Envoy::start(&setup(config(&[&old]).to_string()));
    let mut p = Problems::new();
    let mut h1 = H1::connect(envoy.address()).expect("a connection");
    let mut h2 = H2::connect(envoy.address()).expect("a connection");
    let mut statuses = |p: &mut Problems, when: &str, want_old: u16, want_new: u16| {
        for (name, key, want) in [("old", &old, want_old), ("new", &new, want_new)] {
            let request = Request::register("eec-1").bearer(key.token(&claims()));
            let delete = Request {
                method: "DELETE".into(),
                path: b"/eees-eecregistration/v1/registrations/r1".to_vec(),
                body: None,
                headers: request.headers[1..].to_vec(),
                ..request
            };
            h1.send(&bytes_of(&delete)).expect("sent");
            p.equal(
                when,
                &format!("{name} key, HTTP/1.1"),
                h1.response(false).map(|r| r.status).ok(),
                Some(want),
            );
            let status = h2.start(&delete, true).and_then(|mut e| e.response()).map(|r| r.status);
            p.equal(when, &format!("{name} key, HTTP/2"), status, Ok(want));
        }
    };
    statuses(&mut p, "before", 201, 401);
    let Push::Live = envoy.push(&setup(config(&[&new]).to_string())) else {
        panic!("a good push was refused")
    };
    statuses(&mut p, "after the push", 401, 201);
    let mut broken = config(&[&old]);
    broken["protects"]["role"] = json!("eas");
    let Push::Refused(log) = envoy.push(&setup(broken.to_string())) else { panic!("a bad push was taken") };
    p.check("bad push", log.contains("protects.role: "), || format!("no JSON path in {log}"));
    statuses(&mut p, "after a refused push", 401, 201);
    p.finish();
}

/// What a client can act on: which scope would do, and where it can read about the resource (RFC 6750, RFC 9728).
#[test]
fn challenges_say_the_scope_and_where_the_metadata_is() {
    let key = Key::new(1);
    let mut filter = config(&[&key]);
    let metadata = "https://ees1.edge.example.net/.well-known/oauth-protected-resource?x='y'";
    filter["protects"]["resource_metadata"] = json!(metadata);
    filter["token"] = json!({"scopes": "per_api"});
    let fixture = Fixture::start(&filter);
    let mut p = Problems::new();
    let delete = Request::new("DELETE", "/eees-eecregistration/v1/registrations/r1");
    let start = format!("Bearer realm=\"{FQDN}\", resource_metadata=\"{metadata}\"");
    for (name, request, rest) in [
        ("no token", delete.clone(), ""),
        (
            "bad token",
            delete.clone().bearer("a.b.c"),
            ", error=\"invalid_token\", error_description=\"token_malformed\"",
        ),
        (
            "no scope",
            delete.clone().bearer(key.token(&claims())),
            ", error=\"insufficient_scope\", error_description=\"claim_mismatch\", scope=\"eees-eecregistration\"",
        ),
    ] {
        for protocol in BOTH {
            let response = fixture.send(protocol, &request).expect("an answer");
            p.equal(
                name,
                "challenge",
                response.one("www-authenticate"),
                Some(format!("{start}{rest}").as_str()),
            );
        }
    }
    let scoped = delete.bearer(key.token(&claims_with(json!({"scope": "x eees-eecregistration"}))));
    fixture.allowed(&mut p, "with its scope", &scoped, &identity_of_eec_1());
    fixture.finish(p);
}

/// Who was denied, and by what: in filter state, as far as somebody has vouched for it; never a GPSI.
#[test]
fn the_access_log_tells_who_was_denied_and_by_which_rule() {
    let key = Key::new(1);
    let mut filter = config(&[&key]);
    filter["entitlement_servers"][0]["issuer"] = json!("https://issuer.example/realm");
    filter["rules"] = json!([
        {"name": "closed", "match": {"path_prefix": "/closed"}, "action": "deny"},
        {"name": "gold", "match": {"path_prefix": "/gold"}, "claims": [{"claim": "tier", "equals": "gold"}]},
        {"match": {"path_prefix": "/unnamed"}, "claims": [{"claim": "tier", "equals": "gold"}]},
    ]);
    let fixture = Fixture::start(&filter);
    let mut p = Problems::new();
    let issuer = "https://issuer.example/realm";
    let token = |change: serde_json::Value| {
        let mut all = claims_with(json!({"iss": issuer, "jti": "t-1", "gpsi": "msisdn-447700900123"}));
        all.as_object_mut().expect("claims").extend(change.as_object().expect("claims").clone());
        key.token(&all)
    };
    let get = |path: &str, token: String| Request::new("GET", path).bearer(token);
    let forged = Key::new(2).token_with(&key.header(), &claims_with(json!({"iss": issuer, "jti": "t-1"})));
    let (eec, jti) = (Some("eec-1"), Some("t-1"));
    for (case, request, code, want) in [
        ("closed", Request::new("GET", "/closed/x"), "route_denied", [Some("closed"), None, None, None]),
        ("no token", Request::new("GET", "/gold/x"), "token_missing", [Some("gold"), None, None, None]),
        (
            "unknown",
            get("/gold/x", token(json!({"iss": "x.example"}))),
            "issuer_unknown",
            [Some("gold"), None, None, None],
        ),
        ("forged", get("/gold/x", forged), "signature_invalid", [Some("gold"), Some(issuer), None, None]),
        (
            "old",
            get("/gold/x", token(json!({"exp": 1, "iat": 0}))),
            "token_expired",
            [Some("gold"), Some(issuer), eec, jti],
        ),
        (
            "silver",
            get("/gold/x", token(json!({}))),
            "claim_mismatch",
            [Some("gold"), Some(issuer), eec, jti],
        ),
        ("again", get("/gold/x", token(json!({}))), "claim_mismatch", [Some("gold"), Some(issuer), eec, jti]),
        ("unnamed", get("/unnamed/x", token(json!({}))), "claim_mismatch", [None, Some(issuer), eec, jti]),
        (
            "a line of its own",
            get("/gold/x", token(json!({"jti": "t 1\n", "sub": "eec 1"}))),
            "claim_malformed",
            [Some("gold"), Some(issuer), None, None],
        ),
        (
            "another's body",
            Request::register("eec-2").bearer(token(json!({}))),
            "binding_mismatch",
            [None, Some(issuer), eec, jti],
        ),
    ] {
        let request = Request { case: case.replace(' ', "-"), ..request };
        fixture.send(Protocol::H1, &request).expect("an answer");
        let access = fixture.envoy.access(&request.case);
        let field = |name: &str| access.get(name).filter(|value| value != "-");
        p.equal(case, "decision", field("decision"), Some(format!("deny:{code}")));
        let reason = field("reason").unwrap_or_default();
        p.check(case, reason.contains(' ') && !reason.contains("eec-1"), || {
            format!("the reason is `{reason}`")
        });
        // The place that it is about, in the operator's words.
        let place = match code {
            "claim_mismatch" => "rule fails: /tier",
            "binding_mismatch" => " at /eecId",
            _ => "",
        };
        p.check(case, reason.ends_with(place), || format!("the reason is `{reason}`"));
        let fields = ["rule", "issuer", "denied_eec_id", "denied_token_id"].map(field);
        p.equal(case, "fields", fields, want.map(|value| value.map(str::to_owned)));
    }
    fixture.finish(p);
}

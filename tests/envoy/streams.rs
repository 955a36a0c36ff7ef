//! The filter's own table of streams in a real Envoy: listeners that share a VM and go while requests wait, and what buffers, other
//! filters and routes of an Envoy make of one request.

use crate::support::bootstrap::{Configuration, Setup};
use crate::support::entitlement_server::{Server, delete};
use crate::support::envoy::{Envoy, Push};
use crate::support::fixture::{Fixture, ISSUER, config};
use crate::support::h1::{self, H1};
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::{Key, claims_with};
use crate::support::upstream::{End, Upstream};
use serde_json::json;

const REGISTRATIONS: &str = "/eees-eecregistration/v1/registrations";

/// One listener is replaced while requests wait at both: those of the old one end with it, the other's get their answers.
#[test]
fn a_listener_that_goes_takes_its_own_streams_alone() {
    const EACH: u64 = 20;
    let (server, upstream, key, other) = (Server::start(), Upstream::start(), Key::new(1), Key::new(2));
    let setup = |name: &str, key: &Key| {
        let mut filter = config(&[key]);
        filter["name"] = json!(name);
        filter["entitlement_servers"][0]["online"] =
            json!({"method": "rfc7662", "cluster": "es", "apply_to": "all", "timeout_ms": 60_000});
        Configuration::Text(filter.to_string())
    };
    let both = |beside| {
        let setup = Setup::new(Some(setup("stays", &key)), upstream.address);
        setup.cluster("es", server.address).beside(beside)
    };
    let mut envoy = Envoy::start(&both(setup("goes", &other)));
    let (stays, goes) = (envoy.address(), envoy.bound("beside"));
    let mut p = Problems::new();
    server.keeps_saying(&json!({"active": true}));
    let send = |address, key: &Key, jti: &str| {
        let request = delete(&key.token(&claims_with(json!({"jti": jti}))));
        std::thread::spawn(move || h1::exchange(address, &request).map(|r| r.status).ok())
    };
    let now = |address, key: &Key| send(address, key, "now").join().expect("a thread");
    for (address, own, others) in [(stays, &key, &other), (goes, &other, &key)] {
        p.equal("both", "own", now(address, own), Some(201));
        p.equal("both", "the other's", now(address, others), Some(401));
    }
    server.hold();
    let waiting: Vec<_> =
        (0..EACH).map(|n| (send(stays, &key, &n.to_string()), send(goes, &other, &n.to_string()))).collect();
    let wait = |envoy: &Envoy, at_stays: u64, at_goes: u64| {
        envoy.wait("waiting requests", |e| {
            let [s, g] = ["stays", "goes"].map(|name| e.filter_stat_now(&format!("{name}.online.waiting")));
            ((s, g) == (at_stays, at_goes)).then_some(())
        });
    };
    wait(&envoy, EACH, EACH);
    assert!(matches!(envoy.push(&both(setup("comes", &key))), Push::Live));
    wait(&envoy, EACH, 0);
    server.release();
    for (stayed, gone) in waiting {
        p.equal("the one that stays", "status", stayed.join().expect("a thread"), Some(201));
        p.equal("the one that goes", "status", gone.join().expect("a thread"), None);
    }
    for (address, status) in [(stays, Some(201)), (envoy.bound("beside"), Some(201))] {
        p.equal("afterwards", "status", now(address, &key), status);
    }
    for (name, counted) in [("stays", EACH + 2), ("goes", 1), ("comes", 1)] {
        p.equal("allowed", name, envoy.filter_stat(&format!("{name}.allowed")), counted);
    }
    let crashes = envoy.stats("wasm.*vm_reload");
    p.check("Envoy", crashes.values().all(|n| *n == 0), || format!("the VM trapped: {crashes:?}"));
    p.finish();
}

/// Envoy follows a redirect by itself: what the server points to is decided as if the client had asked for it.
#[test]
fn a_redirect_that_envoy_follows_is_decided_anew() {
    let (key, mut p) = (Key::new(1), Problems::new());
    let mut filter = config(&[&key]);
    filter["forward"] = json!({"token": true});
    filter["rules"] = json!([
        {"match": {"path": "/open"}, "action": "pass_without_token"},
        {"match": {"path": "/closed"}, "action": "deny"},
    ]);
    let upstream = Upstream::saying(|request| match request.all("x-to")[..] {
        [to] if request.path != to => {
            format!(
                "HTTP/1.1 302 Found\r\nlocation: http://ees1.edge.example.net{to}\r\ncontent-length: 0\r\n\r\n"
            )
        }
        _ => "HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n".into(),
    });
    let following = json!({"match": {"prefix": "/"}, "route": {"cluster": "upstream",
        "internal_redirect_policy": {"max_internal_redirects": 2}}});
    let fixture = Fixture::before(upstream, &filter, |setup| setup.route(following));
    let token = key.token(&claims_with(json!({})));
    let item = format!("{REGISTRATIONS}/r1");
    for (from, to, token, status) in [
        ("/open", "/open", None, 201),
        ("/open", "/closed", None, 403),
        ("/open", "/closed", Some(&token), 403),
        ("/open", &item, None, 401),
        ("/open", &item, Some(&token), 201),
        (&item, "/closed", Some(&token), 403),
        (&item, "/open", Some(&token), 201),
    ] {
        let name = format!("{from} to {to}, token: {}", token.is_some());
        let request = Request::new("DELETE", from).header("x-to", to);
        let request = if let Some(token) = token { request.bearer(token) } else { request };
        let response = h1::exchange(fixture.envoy.address(), &request);
        p.equal(&name, "status", response.map(|r| r.status).ok(), Some(status));
        let last =
            fixture.upstream.records.last(|received| received.all("x-case") == [request.case.as_str()]);
        p.equal(&name, "arrived last", last.path.as_str(), if status == 201 { to } else { from });
        let identity = if last.path == item { vec!["eec-1"] } else { vec![] };
        p.equal(&name, "identity", last.all("x-eec-id"), identity);
        p.equal(&name, "issuers", last.all("x-eec-issuer").iter().all(|issuer| *issuer == ISSUER), true);
    }
    fixture.finish(p);
}

/// A filter before ours gives a request that has none a body: the body is bound like any other.
#[test]
fn a_body_that_another_filter_makes_is_bound() {
    let (key, mut p) = (Key::new(1), Problems::new());
    let script = "function envoy_on_request(handle)
        local body = handle:headers():get('x-body')
        if body then handle:body(true):setBytes(body) end
    end";
    let lua = json!({"@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
        "default_source_code": {"inline_string": script}});
    let fixture = Fixture::start_with(&config(&[&key]), |setup| setup.filter_before("lua", lua));
    let token = key.token(&claims_with(json!({})));
    for (eec, status) in [("eec-1", 201), ("eec-2", 403)] {
        let body = json!({"eecId": eec}).to_string();
        let request = Request::new("POST", REGISTRATIONS).json("").bearer(&token).header("x-body", &body);
        let request = Request { body: None, ..request };
        let response = h1::exchange(fixture.envoy.address(), &request);
        p.equal(eec, "status", response.map(|r| r.status).ok(), Some(status));
        let seen = fixture.upstream.records.find(&request.case).filter(|seen| seen.end == End::Complete);
        p.equal(eec, "body", seen.map(|seen| seen.body), (status == 201).then(|| body.into_bytes()));
    }
    fixture.finish(p);
}

/// What is longer than Envoy's buffer comes to the same whether or not somebody is asked about the token meanwhile: 413 where the body
/// is held back as a whole, and all of it where nobody looks at it.
#[test]
fn a_body_beyond_envoys_buffer_fares_as_if_nobody_were_asked() {
    const BUFFER: u32 = 32_768;
    const BODY: usize = 60_000;
    let (server, key) = (Server::start(), Key::new(1));
    server.keeps_saying(&json!({"active": true}));
    let mut filter = config(&[&key]);
    filter["entitlement_servers"][0]["online"] = json!({"method": "rfc7662", "cluster": "es", "apply_to": "all", "timeout_ms": 60_000, "cache_seconds": 600});
    filter["rules"] = json!([{"match": {"path_prefix": "/upload"}}]);
    let body = json!({"eecId": "eec-1", "padding": "x".repeat(BODY)}).to_string();
    for stop in [false, true] {
        let mut p = Problems::new();
        let fixture = Fixture::start_with(&filter, |setup| {
            setup.cluster("es", server.address).buffer_limit_bytes(BUFFER).stop_iteration(stop)
        });
        let received = || fixture.envoy.stat("http.ingress.downstream_cx_rx_bytes_total").unwrap_or_default();
        for (method, path, status) in [("POST", REGISTRATIONS, 413), ("PUT", "/upload/1", 201)] {
            let token = key.token(&claims_with(json!({"jti": method})));
            let request = Request::new(method, path).json(&body).bearer(token);
            let name = format!("stop {stop}, {method}");
            let bytes = h1::bytes_of(&request);
            let (first, rest) = bytes.split_at(bytes.len() - BODY / 3);
            server.questions();
            server.hold();
            let before = received();
            let mut client = H1::connect(fixture.envoy.address()).expect("a connection");
            client.send(first).expect("it is sent");
            fixture.envoy.wait("a question", |_| (!server.questions().is_empty()).then_some(()));
            let full = before + u64::from(BUFFER);
            fixture.envoy.wait("a full buffer", |_| (received() > full).then_some(()));
            server.release();
            // It may have been answered by now.
            let _ = client.send(rest);
            p.equal(&name, "asked", client.response(false).map(|r| r.status).ok(), Some(status));
            let known = h1::exchange(fixture.envoy.address(), &request);
            p.equal(&name, "known", known.map(|r| r.status).ok(), Some(status));
        }
        fixture.finish(p);
    }
}

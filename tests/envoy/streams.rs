//! The filter's own table of streams in a real Envoy.

use crate::support::entitlement_server::Server;
use crate::support::fixture::{Fixture, config};
use crate::support::h1::{self, H1};
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::{Key, claims_with};
use serde_json::json;

const REGISTRATIONS: &str = "/eees-eecregistration/v1/registrations";

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

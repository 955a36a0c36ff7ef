//! Fetched keys in a real Envoy: a server that is out, or lies.

use crate::support::entitlement_server::{Server, http};
use crate::support::fetched_keys::{fetching, set, start, status, wait_for_set};
use crate::support::problems::Problems;
use crate::support::token::{Key, claims};
use serde_json::json;
use std::time::{Duration, Instant};

#[test]
fn an_outage_changes_nothing_until_the_set_is_stale() {
    let (server, key, mut p) = (Server::start(), Key::new(1), Problems::new());
    server.answers(set(&[&key]));
    let fixture = start(
        &fetching(&[], &json!({"refresh_seconds": 1, "max_stale_seconds": 7, "timeout_ms": 300})),
        &server,
    );
    wait_for_set(&fixture.envoy, 1);
    let (token, unknown) = (key.token(&claims()), Key::new(2).token(&claims()));
    let address = fixture.envoy.address();
    let outages: [(&str, Vec<u8>); 2] =
        [("500", http(500, "text/plain", "").into()), ("lies", set(&[]).into())];
    for (name, answer) in outages {
        server.answers(answer);
        let fetched = fixture.envoy.filter_stat("jwks.fetched");
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_millis(4_500) {
            p.equal(name, "a good token", status(address, &token), Some(201));
            std::thread::sleep(Duration::from_millis(10));
        }
        p.equal(name, "an unknown one", status(address, &unknown), Some(401));
        p.equal(name, "fetched", fixture.envoy.filter_stat("jwks.fetched"), fetched);
        // The cached token ends with the set, too.
        fixture.envoy.wait("the end of the set", |_| (status(address, &token) == Some(503)).then_some(()));
        let held = begin.elapsed();
        p.check(name, held > Duration::from_millis(5_900), || format!("the set held for {held:?}"));
        p.equal(name, "an unknown one", status(address, &unknown), Some(503));
        server.answers(set(&[&key]));
        fixture.envoy.wait("the server", |_| (status(address, &token) == Some(201)).then_some(()));
    }
    fixture.finish(p);
}

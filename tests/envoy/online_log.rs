//! What a real Envoy logs about entitlement servers: something, and never much.

use crate::support::entitlement_server::{Server, asking_house, delete, http};
use crate::support::h1::{self, H1, bytes_of};
use crate::support::problems::Problems;
use crate::support::token::{Key, claims};
use serde_json::json;
use std::time::Instant;

const REFUSED: &str = "refused the filter's own credentials";
const DENIED: &str = "deny ";

/// Lines of the filter's that have `text`.
fn lines(log: &str, text: &str) -> usize {
    log.lines().filter(|line| line.contains("wasm log") && line.contains(text)).count()
}

#[test]
fn a_flood_of_refused_credentials_is_a_few_lines_and_hides_nothing() {
    const REQUESTS: usize = 400;
    let (server, key) = (Server::start(), Key::new(1));
    let fixture = asking_house(&server, &key, &json!({"timeout_ms": 20_000}), |_| {});
    let (address, mut p) = (fixture.envoy.address(), Problems::new());
    server.answers(http(401, "application/json", "{}"));
    server.hold();
    let mut connections: Vec<H1> = (0..REQUESTS)
        .map(|n| {
            let mut connection = H1::connect(address).expect("a connection");
            connection.send(&bytes_of(&delete(&format!("opaque-{n}")))).expect("it is sent");
            connection
        })
        .collect();
    fixture
        .envoy
        .wait("waiting requests", |e| (e.filter_stat("online.waiting") == REQUESTS as u64).then_some(()));
    p.equal("before", "lines", lines(&fixture.envoy.log(), "wasm log"), 0);
    let start = Instant::now();
    server.release();
    for connection in &mut connections {
        let status = connection.response(false).map(|r| r.status).map_err(|e| e.to_string());
        p.equal("refused", "status", status, Ok(503));
    }
    // Ten within any second: this many in as long as it took, however slow the machine is.
    let most = 10 * (usize::try_from(start.elapsed().as_secs()).expect("some seconds") + 1);
    assert!(most < REQUESTS, "too slow to tell");
    let log = fixture.envoy.log();
    let (refused, denied) = (lines(&log, REFUSED), lines(&log, DENIED));
    println!("{refused} lines about credentials, {denied} about denials, {most} allowed");
    p.check("credentials", refused >= 1, || "not logged".into());
    p.check("denials", denied >= 1, || "not logged".into());
    let all = lines(&log, "wasm log");
    p.check("all", all <= most, || format!("{all} lines, {most} allowed"));
    p.equal("each", "counted", fixture.envoy.filter_stat("online.unavailable"), REQUESTS as u64);
    fixture.finish(p);
}

#[test]
fn a_flood_of_denials_does_not_hide_refused_credentials() {
    let (server, key) = (Server::start(), Key::new(1));
    let fixture = asking_house(&server, &key, &json!({"timeout_ms": 20_000}), |_| {});
    let (address, mut p) = (fixture.envoy.address(), Problems::new());
    server.answers(http(401, "application/json", "{}"));
    let forged = bytes_of(&delete(&Key::new(9).token_with(&key.header(), &claims())));
    let start = Instant::now();
    let mut flood = H1::connect(address).expect("a connection");
    // Enough to use up all that a second has room for.
    for _ in 0..200 {
        flood.send(&forged).expect("it is sent");
        p.equal("forged", "status", flood.response(false).map(|r| r.status).ok(), Some(401));
    }
    p.equal("opaque", "status", h1::exchange(address, &delete("opaque")).map(|r| r.status).ok(), Some(503));
    let most = 10 * (usize::try_from(start.elapsed().as_secs()).expect("some seconds") + 1);
    let log = fixture.envoy.log();
    p.equal("credentials", "lines", lines(&log, REFUSED), 1);
    let all = lines(&log, "wasm log");
    p.check("all", all <= most, || format!("{all} lines, {most} allowed"));
    fixture.finish(p);
}

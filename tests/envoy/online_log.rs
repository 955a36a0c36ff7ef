//! What a real Envoy logs about entitlement servers: something, and never much.

use crate::support::bootstrap::{Configuration, Setup};
use crate::support::entitlement_server::{Server, asking_fixture, delete, http};
use crate::support::envoy::Envoy;
use crate::support::fixture::{ISSUER, Protocol, config};
use crate::support::h1::{self, H1, bytes_of};
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::{Key, claims};
use crate::support::upstream::Upstream;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

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
    let fixture = asking_fixture(&server, &key, &json!({"timeout_ms": 20_000}), |_| {});
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
    let fixture = asking_fixture(&server, &key, &json!({"timeout_ms": 20_000}), |_| {});
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

#[test]
fn a_flood_at_one_listener_does_not_hide_a_line_of_another() {
    let key = Key::new(1);
    let upstream = Upstream::start();
    let text = |filter: &Value| Configuration::Text(filter.to_string());
    let mut other = config(&[&key]);
    other["name"] = json!("beside");
    let setup = Setup::new(Some(text(&config(&[&key]))), upstream.address).beside(text(&other));
    let envoy = Envoy::start(&setup);
    let (flooded, beside) = (envoy.address(), envoy.bound("beside"));
    let mut p = Problems::new();
    let forged = bytes_of(&delete(&Key::new(9).token_with(&key.header(), &claims())));
    let mut flood = H1::connect(flooded).expect("a connection");
    for _ in 0..200 {
        flood.send(&forged).expect("it is sent");
        p.equal("forged", "status", flood.response(false).map(|r| r.status).ok(), Some(401));
    }
    let request = Request::new("DELETE", "/eees-eecregistration/v1/registrations/r1");
    p.equal("beside", "status", h1::exchange(beside, &request).map(|r| r.status).ok(), Some(401));
    let log = envoy.log();
    p.equal("beside", "lines", lines(&log, "beside: deny token_missing: no Authorization header"), 1);
    p.check("beside", !log.contains("no Authorization header ("), || {
        "told of lines of the other listener".into()
    });
    p.finish();
}

/// Each way to get no answer has a counter and a line of its own, so that an operator sees what to mend.
#[test]
fn why_there_is_no_answer_is_counted_and_logged() {
    let (server, key) = (Server::start(), Key::new(1));
    let fixture = asking_fixture(&server, &key, &json!({"timeout_ms": 300}), |_| {});
    let mut p = Problems::new();
    let ask = |p: &mut Problems, cause: &str, line: &str| {
        // In the log the server has its name, too.
        let line = &format!("entitlement_servers[0].online ({ISSUER}): {line}");
        // Two lines for each, of ten that a second has room for.
        std::thread::sleep(Duration::from_millis(250));
        let before = fixture.envoy.filter_stat(&format!("online.unavailable.{cause}"));
        let request = delete(&format!("opaque-{cause}-{before}"));
        let status = fixture.send(Protocol::H1, &request).map(|response| response.status);
        p.equal(cause, "status", status, Ok(503));
        let access = fixture.envoy.access(&request.case);
        p.equal(cause, "decision", access.get("decision"), Some("deny:entitlement_unavailable".to_owned()));
        let reason = access.get("reason").unwrap_or_default();
        let told = ["timeout_ms", "status", "protocol", "credentials"].map(|word| reason.contains(word));
        let words = ["timeout", "status", "unreadable", "credentials"].map(|known| known == cause);
        p.check(cause, told == words, || format!("the reason is `{reason}`"));
        let counted = fixture.envoy.filter_stat(&format!("online.unavailable.{cause}"));
        p.equal(cause, "counted", counted, before + 1);
        fixture.envoy.wait("a log line", |e| (lines(&e.log(), line) > 0).then_some(()));
    };
    server.answers(http(500, "application/json", "{}"));
    ask(&mut p, "status", "the status 500 says nothing about a token");
    server.answers(http(418, "application/json", "{}"));
    ask(&mut p, "status", "the status 418 says nothing about a token");
    // The entitlement server's own 504 is a status; Envoy's would be a time-out.
    server.answers(http(504, "application/json", "{}"));
    ask(&mut p, "status", "the status 504 says nothing about a token");
    server.answers(http(200, "text/html", "{}"));
    ask(&mut p, "unreadable", "the answer is not what the protocol says");
    server.answers(http(403, "application/json", "{}"));
    ask(&mut p, "credentials", &format!("the server {REFUSED}"));
    server
        .answers(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\ncontent-type: application/json\r\n\r\n{".to_vec());
    server.hold();
    ask(&mut p, "timeout", "no answer within `timeout_ms`");
    server.release();
    let total = fixture.envoy.filter_stat("online.unavailable");
    p.equal("all of them", "counted", total, 6);
    fixture.finish(p);

    let fixture = asking_fixture(&server, &key, &json!({"cluster": "no-such"}), |_| {});
    let mut p = Problems::new();
    fixture.denied_over(Protocol::H1, &mut p, "cluster", &delete("opaque"), "entitlement_unavailable");
    p.equal("cluster", "counted", fixture.envoy.filter_stat("online.unavailable.cluster"), 1);
    fixture.envoy.wait("a log line", |e| (lines(&e.log(), "the cluster cannot be called") > 0).then_some(()));
    fixture.finish(p);
}

//! The test fixture itself, with an Envoy that has no filter: what goes in comes out, and the records say so.

use crate::support::bootstrap::Setup;
use crate::support::envoy::{Envoy, Push};
use crate::support::fixture::{Fixture, Protocol, config};
use crate::support::h1::H1;
use crate::support::h2_client::H2;
use crate::support::proof::Client;
use crate::support::request::Request;
use crate::support::token::Key;
use crate::support::upstream::{End, Upstream};
use crate::support::upstream_h2::UpstreamH2;
use crate::support::{h1, h2_client, h2_raw};
use serde_json::json;
use std::panic::catch_unwind;
use std::time::{Duration, Instant};

/// As many workers as no other test has: nobody else takes a process with them.
const SIX: u32 = 6;
const FIVE: u32 = 5;

#[test]
fn both_clients_reach_the_http1_upstream_unharmed() {
    let upstream = Upstream::start();
    let envoy = Envoy::start(&Setup::new(None, upstream.address));
    let plain =
        Request::new("POST", "/a?b=c").json("{}").header("x-a", "1").header("x-a", "2").trailer("x-t", "end");

    let response = h1::exchange(envoy.address(), &plain).expect("an answer");
    assert_eq!((response.status, response.body.as_slice()), (201, b"upstream".as_slice()));
    let received = upstream.records.wait_for(&plain.case, |r| r.end == End::Complete);
    assert_eq!((received.method.as_str(), received.path.as_str()), ("POST", "/a?b=c"));
    assert_eq!(received.body, b"{}");
    assert_eq!(received.all("x-a"), ["1", "2"]);
    assert_eq!(received.trailers, [("x-t".to_owned(), "end".to_owned())]);
    let access = envoy.access(&plain.case);
    assert_eq!(access.get("details").as_deref(), Some("via_upstream"));
    assert_eq!(access.get("decision"), None);

    let over_h2 = Request { case: "h2".to_owned(), ..plain };
    let response = h2_client::exchange(envoy.address(), &over_h2).expect("an answer");
    assert_eq!((response.status, response.body.as_slice()), (201, b"upstream".as_slice()));
    let received = upstream.records.wait_for("h2", |r| r.end == End::Complete);
    assert_eq!(received.body, b"{}");
    assert_eq!(received.trailers, [("x-t".to_owned(), "end".to_owned())]);
    assert_eq!(envoy.access("h2").get("protocol").as_deref(), Some("HTTP/2"));
}

#[test]
fn the_http2_upstream_sees_whole_and_broken_requests() {
    let upstream = UpstreamH2::start();
    let envoy = Envoy::start(&Setup::new(None, upstream.address).upstream_h2());
    let whole = Request::new("POST", "/whole").body("0123456789").trailer("x-t", "end");
    assert_eq!(h2_client::exchange(envoy.address(), &whole).expect("an answer").status, 201);
    let received = upstream.records.wait_for(&whole.case, |r| r.end == End::Complete);
    assert_eq!(received.body, b"0123456789");
    assert_eq!(received.trailers, [("x-t".to_owned(), "end".to_owned())]);

    let broken = Request::new("POST", "/broken");
    let mut client = H2::connect(envoy.address()).expect("a connection");
    let mut exchange = client.start(&broken, false).expect("headers are sent");
    for byte in b"half" {
        exchange.data(&[*byte], false).expect("a tiny frame is sent");
    }
    let received = upstream.records.wait_for(&broken.case, |r| r.body == b"half");
    assert_eq!(received.end, End::Open);
    exchange.reset();
    upstream.records.wait_for(&broken.case, |r| r.end == End::Cut);
}

#[test]
fn a_broken_http1_request_is_seen_as_cut() {
    let upstream = Upstream::start();
    let envoy = Envoy::start(&Setup::new(None, upstream.address));
    let mut client = H1::connect(envoy.address()).expect("a connection");
    client
        .send(b"POST /x HTTP/1.1\r\nhost: a\r\nx-case: half\r\ncontent-length: 10\r\n\r\n01234")
        .expect("half is sent");
    let received = upstream.records.wait_for("half", |r| r.body == b"01234");
    assert_eq!(received.end, End::Open);
    drop(client);
    upstream.records.wait_for("half", |r| r.end == End::Cut);
}

#[test]
fn the_raw_client_sends_what_libraries_refuse() {
    let upstream = Upstream::start();
    let envoy = Envoy::start(&Setup::new(None, upstream.address));
    let large = Request::new("GET", "/large")
        .header("x-large", "a".repeat(60_000))
        .header("authorization", b"\xff\x80");
    assert_eq!(h2_raw::exchange(envoy.address(), &large).expect("an exchange"), h2_raw::Ended::Answered);
    let received = upstream.records.wait_for(&large.case, |r| r.end == End::Complete);
    assert_eq!(received.all("x-large")[0].len(), 60_000);
    assert_eq!(received.all("authorization"), ["\u{ff}\u{80}"]);
}

#[test]
fn a_pushed_listener_is_used_and_a_broken_one_refused() {
    let (first, second) = (Upstream::start(), Upstream::start());
    let setup = Setup::new(None, first.address).cluster("other", second.address);
    let mut envoy = Envoy::start(&setup);
    assert!(matches!(envoy.push(&setup.clone().route_timeout("7s")), Push::Live));
    let request = Request::new("GET", "/after");
    assert_eq!(h1::exchange(envoy.address(), &request).expect("an answer").status, 201);
    assert!(first.records.find(&request.case).is_some());

    let Push::Refused(log) = envoy.push(&setup.route_timeout("no time at all")) else {
        panic!("Envoy took nonsense")
    };
    assert!(log.contains("no time at all"), "{log}");
    let request = Request::new("GET", "/still");
    assert_eq!(h1::exchange(envoy.address(), &request).expect("an answer").status, 201);
}

/// Two tests in one process, one after the other: what the first one had is not there any more, whatever its names.
#[test]
fn a_test_finds_nothing_of_another_that_had_its_process() {
    let client = Client::new(&Key::new(1), 2, json!({}));
    let mut filter = config(&[&Key::new(1)]);
    filter["proof"] = json!({"dpop": {}});
    let spent = client.sends(Request::new("DELETE", "/eees-eecregistration/v1/registrations/r1"));
    let status = |fixture: &Fixture| fixture.send(Protocol::H1, &spent).expect("an answer").status;
    let count = |fixture: &Fixture| fixture.envoy.filter_stat("denied.proof_replayed");
    let deadline = Instant::now() + Duration::from_secs(120);
    let mut processes = Vec::new();
    loop {
        let fixture = Fixture::start_with(&filter, |setup| setup.concurrency(SIX));
        assert_eq!(count(&fixture), 0);
        assert!(!fixture.envoy.log().contains("deny"), "{}", fixture.envoy.log());
        assert_eq!(status(&fixture), 201, "the proof is new here");
        assert_eq!(fixture.envoy.stat("cluster.upstream.upstream_rq_total"), Some(1));
        if processes.contains(&fixture.envoy.admin()) {
            break;
        }
        assert!(Instant::now() < deadline, "no process came back");
        assert_eq!(status(&fixture), 401);
        assert_eq!(count(&fixture), 1);
        assert!(fixture.envoy.log().contains("proof_replayed"));
        processes.push(fixture.envoy.admin());
    }
}

/// What keeps the module in a process is a filter, too: its statistics are not taken for those of a test.
#[test]
fn a_test_finds_no_statistics_but_its_own() {
    let mut filter = config(&[&Key::new(1)]);
    filter["name"] = json!("mine");
    let fixture = Fixture::start(&filter);
    let stats = fixture.envoy.stats("wasmcustom");
    assert!(stats.contains_key("wasmcustom.eec_authn.mine.config.generation"), "{stats:?}");
    let others: Vec<_> =
        stats.keys().filter(|name| !name.starts_with("wasmcustom.eec_authn.mine.")).collect();
    assert!(others.is_empty(), "{others:?}");
}

/// An Envoy that ends when its test is over, with what the test had brought, has ended for a reason.
#[test]
fn an_envoy_that_ends_between_two_tests_is_told() {
    let start = || Fixture::start_with(&config(&[&Key::new(1)]), |setup| setup.concurrency(FIVE));
    let fixture = start();
    let admin = fixture.envoy.admin();
    drop(fixture);
    let end = Request::new("POST", "/quitquitquit");
    // It may be gone before its answer is.
    let _ = h1::exchange(admin, &end);
    let deadline = Instant::now() + Duration::from_secs(60);
    let told = loop {
        assert!(Instant::now() < deadline, "nobody is told");
        if let Err(told) = catch_unwind(|| drop(start())) {
            break told;
        }
    };
    let told = told.downcast_ref::<String>().expect("words");
    assert!(told.starts_with("an Envoy ended by itself (exit status: 0) after harness::"), "{told}");
}

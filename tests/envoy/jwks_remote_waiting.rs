//! Fetched keys in a real Envoy: who waits for a set, how many, and what becomes of them.

use crate::support::entitlement_server::{Server, delete, http};
use crate::support::fetched_keys::{active, fetching, set, start, status, wait_for_set};
use crate::support::fixture::{BOTH, Fixture, Protocol, identity_of_eec_1};
use crate::support::h1::{H1, bytes_of};
use crate::support::h2_client::H2;
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::{Key, claims, claims_with};
use serde_json::json;
use std::time::Duration;

#[test]
fn the_first_requests_wait_for_the_first_set() {
    let (server, key, mut p) = (Server::start(), Key::new(1), Problems::new());
    server.answers(set(&[&key]));
    server.hold();
    let fixture = start(&fetching(&[], &json!({"timeout_ms": 20_000})), &server);
    let address = fixture.envoy.address();
    let other = Key::new(2);
    let waiting: Vec<_> = (0..20)
        .map(|n| {
            let protocol = BOTH[n % 2];
            let key = if n % 4 < 2 { &key } else { &other };
            // Half of them have a body that comes meanwhile.
            let request = Request::register("eec-1").bearer(key.token(&claims()));
            let wanted = if n % 4 < 2 { 201 } else { 401 };
            (std::thread::spawn(move || protocol.exchange(address, &request).map(|r| r.status)), wanted)
        })
        .collect();
    std::thread::sleep(Duration::from_millis(300));
    server.release();
    for (thread, wanted) in waiting {
        p.equal("waited", "status", thread.join().expect("a thread"), Ok(wanted));
    }
    // One for the set; one that the first unknown name may bring about comes only after it.
    p.check("the fetches", server.questions().len() == 1, || "more than one".into());
    fixture.finish(p);
}

#[test]
fn without_a_set_what_needs_one_is_unavailable() {
    let (server, key, pinned, mut p) = (Server::start(), Key::new(1), Key::new(2), Problems::new());
    server.answers(http(500, "text/plain", ""));
    let fixture = start(&fetching(&[&pinned], &json!({})), &server);
    let denied = |p: &mut Problems, name: &str, token: &str| {
        fixture.denied(p, name, &delete(token), "entitlement_unavailable");
    };
    denied(&mut p, "unknown", &key.token(&claims()));
    denied(&mut p, "no name", &Key::anonymous(2).token(&claims()));
    fixture.allowed(&mut p, "pinned", &delete(&pinned.token(&claims())), &identity_of_eec_1());
    // Tried again after 1 s, 2 s …; from then on everything is as ever.
    server.answers(set(&[&key]));
    wait_for_set(&fixture.envoy, 1);
    fixture.allowed(&mut p, "then", &delete(&key.token(&claims())), &identity_of_eec_1());
    p.check("failures", fixture.envoy.filter_stat("jwks.failed") >= 1, || "none".into());
    fixture.finish(p);
}

#[test]
fn a_server_that_hangs_takes_nothing_from_another() {
    let (slow, good, key) = (Server::start(), Server::start(), Key::new(1));
    good.answers(set(&[&key]));
    slow.hold();
    let mut filter = fetching(&[], &json!({}));
    filter["entitlement_servers"][0]["keys"][0]["jwks_remote"]["cluster"] = json!("good");
    filter["entitlement_servers"].as_array_mut().expect("servers").push(json!({
        "fqdn": "slow.example.org", "keys": [{"jwks_remote": {"cluster": "es", "timeout_ms": 5000}}]}));
    let (slow_address, good_address) = (slow.address, good.address);
    let fixture =
        Fixture::start_with(&filter, |setup| setup.cluster("es", slow_address).cluster("good", good_address));
    wait_for_set(&fixture.envoy, 1);
    let (address, mut p) = (fixture.envoy.address(), Problems::new());
    let of_slow = key.token(&claims_with(json!({"iss": "slow.example.org"})));
    let waiting: Vec<_> = (0..50)
        .map(|_| {
            let token = of_slow.clone();
            std::thread::spawn(move || status(address, &token))
        })
        .collect();
    std::thread::sleep(Duration::from_millis(100));
    let new = Key::new(2);
    good.answers(set(&[&key, &new]));
    for (name, key) in [("known", &key), ("new", &new)] {
        p.equal(name, "status", status(address, &key.token(&claims())), Some(201));
    }
    let still = waiting.iter().filter(|thread| !thread.is_finished()).count();
    p.equal("meanwhile", "waiting for the slow one", still, 50);
    for thread in waiting {
        p.equal("slow", "status", thread.join().expect("a thread"), Some(503));
    }
    p.equal(
        "slow",
        "fqdn of the fetched key",
        status(address, &new.token(&claims_with(json!({"iss": "slow.example.org"})))),
        Some(503),
    );
    fixture.finish(p);
}

#[test]
fn shadow_and_introspection_go_on_behind_fetched_keys() {
    let (server, es, key, mut p) = (Server::start(), Server::start(), Key::new(1), Problems::new());
    server.answers(set(&[&key]));
    server.after(150);
    es.says(&json!({"active": true, "sub": "eec-1"}));
    let mut filter = fetching(&[], &json!({}));
    filter["entitlement_servers"][0]["online"] =
        json!({"method": "rfc7662", "cluster": "online", "apply_to": "all"});
    let (keys_at, online_at) = (server.address, es.address);
    let fixture =
        Fixture::start_with(&filter, |setup| setup.cluster("es", keys_at).cluster("online", online_at));
    // The first request waits for the keys, and then for the answer about its token.
    let request = Request::register("eec-1").bearer(key.token(&claims()));
    fixture.allowed(&mut p, "both", &request, &identity_of_eec_1());
    es.says(&json!({"active": false}));
    let other = key.token(&claims_with(json!({"jti": "other"})));
    fixture.denied_over(Protocol::H1, &mut p, "inactive", &delete(&other), "token_inactive");
    p.equal("waiting", "gauge", fixture.envoy.filter_stat("online.waiting"), 0);
    fixture.finish(p);
}

#[test]
fn clients_that_go_away_while_they_wait_hold_nobody_up() {
    let (server, key, mut p) = (Server::start(), Key::new(1), Problems::new());
    server.answers(set(&[&key]));
    server.hold();
    let fixture = start(&fetching(&[], &json!({"timeout_ms": 60_000})), &server);
    let address = fixture.envoy.address();
    let waiting = |number: u64| {
        fixture.envoy.wait("waiting requests", |envoy| (active(envoy) == number).then_some(()));
    };
    let of = |case: &str| Request { case: case.into(), ..delete(&key.token(&claims())) };
    let mut closes = H1::connect(address).expect("a connection");
    closes.send(&bytes_of(&of("closes"))).expect("it is sent");
    let mut resets = H2::connect(address).expect("a connection");
    let mut reset = resets.start(&of("resets"), true).expect("it is sent");
    waiting(2);
    let stays: Vec<_> = (0..6)
        .map(|n| {
            let request = of(&format!("stays {n}"));
            std::thread::spawn(move || BOTH[n % 2].exchange(address, &request).map(|r| r.status))
        })
        .collect();
    waiting(8);
    drop(closes);
    reset.reset();
    waiting(6);
    server.release();
    for thread in stays {
        p.equal("who stays", "status", thread.join().expect("a thread"), Ok(201));
    }
    for case in ["closes", "resets"] {
        p.check(case, fixture.upstream.records.find(case).is_none(), || "arrived".into());
    }
    // On the connection that goes on, too.
    let answer = resets.start(&of("again"), true).expect("it is sent").response();
    p.equal("the same connection", "status", answer.map(|r| r.status), Ok(201));
    p.equal("all of it", "questions", server.questions().len(), 1);
    fixture.finish(p);
}

/// When all who have waited are gone, the set is still for those who come.
#[test]
fn what_was_fetched_for_clients_that_are_gone_is_there_for_the_next() {
    let (server, key, new, mut p) = (Server::start(), Key::new(1), Key::new(2), Problems::new());
    server.answers(set(&[&key]));
    let fixture = start(&fetching(&[], &json!({"refresh_seconds": 3600, "timeout_ms": 60_000})), &server);
    wait_for_set(&fixture.envoy, 1);
    server.answers(set(&[&new]));
    server.hold();
    let mut gone = H1::connect(fixture.envoy.address()).expect("a connection");
    gone.send(&bytes_of(&delete(&new.token(&claims())))).expect("it is sent");
    fixture.envoy.wait("a waiting request", |envoy| (active(envoy) == 1).then_some(()));
    drop(gone);
    fixture.envoy.wait("its end", |envoy| (active(envoy) == 0).then_some(()));
    server.release();
    wait_for_set(&fixture.envoy, 2);
    fixture.allowed(&mut p, "the next", &delete(&new.token(&claims())), &identity_of_eec_1());
    p.equal("all of it", "questions", server.questions().len(), 2);
    fixture.finish(p);
}

#[test]
fn so_many_wait_for_a_server_and_one_more_is_decided_at_once() {
    const BOUND: usize = 1_024;
    const OTHER: &str = "other.example.org";
    let (server, other, pinned, key, mut p) =
        (Server::start(), Server::start(), Key::new(3), Key::new(1), Problems::new());
    server.answers(set(&[&key]));
    server.hold();
    other.answers(set(&[&key]));
    let mut filter = fetching(&[&pinned], &json!({"timeout_ms": 60_000}));
    filter["entitlement_servers"].as_array_mut().expect("servers").push(json!({
        "fqdn": OTHER, "keys": [{"jwks_remote": {"cluster": "other", "timeout_ms": 60_000}}]}));
    let (address, other_address) = (server.address, other.address);
    let fixture =
        Fixture::start_with(&filter, |setup| setup.cluster("es", address).cluster("other", other_address));
    wait_for_set(&fixture.envoy, 1);
    let stranger = delete(&Key::new(2).token(&claims()));
    let mut connections: Vec<H2> =
        (0..16).map(|_| H2::connect(fixture.envoy.address()).expect("a connection")).collect();
    for connection in &mut connections {
        for _ in 0..BOUND / 16 {
            // Dropped, it would be reset.
            std::mem::forget(connection.start(&stranger, true).expect("it is sent"));
        }
    }
    fixture.envoy.wait("all who wait", |envoy| (active(envoy) == BOUND as u64).then_some(()));
    // There is no set yet.
    fixture.denied(&mut p, "one more", &delete(&key.token(&claims())), "entitlement_unavailable");
    fixture.allowed(&mut p, "a pinned key", &delete(&pinned.token(&claims())), &identity_of_eec_1());
    // Another server has places of its own: this one waits for a new key, and gets it.
    let new = Key::new(4);
    other.answers(set(&[&new]));
    let of_other = delete(&new.token(&claims_with(json!({"iss": OTHER}))));
    let identity = [("x-eec-id", "eec-1"), ("x-eec-issuer", OTHER)];
    fixture.allowed(&mut p, "another server's", &of_other, &identity);
    p.equal("meanwhile", "waiting", active(&fixture.envoy), BOUND as u64);
    server.release();
    fixture.envoy.wait("everybody's end", |envoy| (active(envoy) == 0).then_some(()));
    p.equal("who waited", "denied", fixture.envoy.filter_stat("denied.key_unknown"), BOUND as u64);
    fixture.allowed(&mut p, "then", &delete(&key.token(&claims())), &identity_of_eec_1());
    fixture.finish(p);
}

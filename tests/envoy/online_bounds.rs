//! What floods cost a real Envoy that asks about tokens: nothing that stays, and no place of those who have a good one.

use crate::support::bootstrap::Setup;
use crate::support::entitlement_server::{Server, asking_fixture, asking_fixture_with, delete};
use crate::support::envoy::Envoy;
use crate::support::fixture::{Fixture, ISSUER, config, identity_of_eec_1};
use crate::support::h1::{self, H1, bytes_of};
use crate::support::h2_client::H2;
use crate::support::problems::Problems;
use crate::support::token::{Key, claims, claims_with};
use serde_json::json;
use std::ops::Range;

/// More than the answers that a worker keeps, so that what follows needs no more room.
const FILL: usize = 20_000;
/// And then so many more.
const FLOOD: usize = 30_000;
/// A digest of 32 bytes with its place in a map takes more than 100 bytes: 30,000 that stay would be over it. A token that
/// stays (1,000 bytes), or a request, would be far over it. Envoy itself was seen to grow by 1 MiB.
const BOUND_KIB: u64 = 2_400;

/// Sends different opaque tokens over some connections at once; each must be refused as inactive.
fn flood(fixture: &Fixture, numbers: Range<usize>) -> Vec<String> {
    const CONNECTIONS: usize = 8;
    let address = fixture.envoy.address();
    let threads: Vec<_> = (0..CONNECTIONS)
        .map(|offset| {
            let mine = numbers.clone().skip(offset).step_by(CONNECTIONS);
            std::thread::spawn(move || {
                let mut connection = H1::connect(address).expect("a connection");
                let mut wrong = Vec::new();
                for number in mine {
                    let request = delete(&format!("{number:0>1000}"));
                    connection.send(&bytes_of(&request)).expect("it is sent");
                    let response = connection.response(false).expect("an answer");
                    if response.status != 401 || !response.body.windows(14).any(|w| w == b"TOKEN_INACTIVE") {
                        wrong.push(format!("{number}: {response:?}"));
                    }
                }
                wrong
            })
        })
        .collect();
    threads.into_iter().flat_map(|thread| thread.join().expect("a thread")).collect()
}

#[test]
fn a_flood_of_bad_tokens_leaves_nothing_behind() {
    let (server, key) = (Server::start(), Key::new(1));
    let online = json!({"timeout_ms": 20_000, "cache_seconds": 600, "negative_cache_seconds": 600});
    let fixture = asking_fixture_with(&server, &key, &online, |_| {}, Setup::alone);
    let mut p = Problems::new();
    server.keeps_saying(&json!({"active": false}));
    let mut asked = 0;
    let mut send = |numbers: Range<usize>| {
        let wrong = flood(&fixture, numbers);
        p.check("flood", wrong.is_empty(), || format!("{} wrong: {:?}", wrong.len(), wrong.first()));
        asked += server.questions().len();
    };
    send(0..FILL);
    let before = fixture.envoy.memory_kib();
    for part in 0..5 {
        let start = FILL + part * (FLOOD / 5);
        send(start..start + FLOOD / 5);
    }
    let after = fixture.envoy.memory_kib();
    println!("Envoy's memory: {before} KiB after {FILL} bad tokens, {after} KiB after {FLOOD} more");
    p.check("memory", after < before + BOUND_KIB, || format!("{before} KiB, then {after} KiB"));
    p.equal("every token", "questions", asked, FILL + FLOOD);
    p.equal("every token", "inactive", fixture.envoy.filter_stat("online.inactive"), (FILL + FLOOD) as u64);
    p.equal("afterwards", "waiting", fixture.envoy.filter_stat("online.waiting"), 0);
    server.says(&claims_with(json!({"active": true})));
    fixture.allowed(&mut p, "a good token", &delete("good"), &identity_of_eec_1());
    fixture.finish(p);
}

/// Keeps so many questions about opaque tokens under way over a few connections, as long as they live.
fn opaque_questions(fixture: &Fixture, number: usize) -> Vec<H2> {
    const TO_A_CONNECTION: usize = 64;
    let numbers: Vec<usize> = (0..number).collect();
    let connections = numbers.chunks(TO_A_CONNECTION).map(|numbers| {
        let mut connection = H2::connect(fixture.envoy.address()).expect("a connection");
        for n in numbers {
            // Dropped, it would be reset.
            std::mem::forget(connection.start(&delete(&format!("garbage-{n}")), true).expect("it is sent"));
        }
        connection
    });
    connections.collect()
}

#[test]
fn garbage_leaves_room_for_tokens_that_a_key_has_verified() {
    const BOUND: usize = 1_024;
    let (server, key) = (Server::start(), Key::new(1));
    let fixture = asking_fixture(&server, &key, &json!({"apply_to": "all", "timeout_ms": 60_000}), |_| {});
    let mut p = Problems::new();
    server.says(&json!({"active": true}));
    server.hold();
    let garbage = opaque_questions(&fixture, BOUND);
    // Those for whom there is no room are refused at once.
    let seen = |fixture: &Fixture| {
        fixture.envoy.filter_stat("online.waiting")
            + fixture.envoy.filter_stat("denied.entitlement_unavailable")
    };
    fixture.envoy.wait("all of the garbage", |_| (seen(&fixture) == BOUND as u64).then_some(()));
    let (address, request) = (fixture.envoy.address(), delete(&key.token(&claims())));
    let good = std::thread::spawn(move || h1::exchange(address, &request).map(|r| r.status).ok());
    fixture.envoy.wait("the good one", |_| (seen(&fixture) == BOUND as u64 + 1).then_some(()));
    p.equal("room", "waiting", fixture.envoy.filter_stat("online.waiting"), 3 * BOUND as u64 / 4 + 1);
    server.release();
    p.equal("the good one", "status", good.join().expect("a thread"), Some(201));
    drop(garbage);
    fixture.envoy.wait("everybody's end", |e| (e.filter_stat("online.waiting") == 0).then_some(()));
    fixture.finish(p);
}

#[test]
fn a_server_that_hangs_leaves_room_for_another() {
    const OTHER: &str = "aes.mnc002.mcc001.pub.3gppnetwork.org";
    const BOUND: usize = 1_024;
    let (hanging, answering) = (Server::start(), Server::start());
    let (key, other) = (Key::new(1), Key::new(2));
    let mut filter = config(&[]);
    filter["entitlement_servers"] = json!([
        {"fqdn": ISSUER, "keys": [{"jwk": key.jwk()}], "online": {"method": "rfc7662", "cluster": "es", "path": "/oauth2/introspect", "apply_to": "all", "timeout_ms": 60_000}},
        {"fqdn": OTHER, "keys": [{"jwk": other.jwk()}], "online": {"method": "ts43", "cluster": "other", "path": "/ts43", "apply_to": "all", "timeout_ms": 60_000}},
    ]);
    let fixture = Fixture::start_with(&filter, |setup| {
        setup.cluster("es", hanging.address).cluster("other", answering.address)
    });
    let mut p = Problems::new();
    hanging.says(&json!({"active": false}));
    hanging.hold();
    answering.says(&json!({"OperatorTokenValidity": 1}));
    // Of what one server may take, a quarter is kept as well.
    let garbage = opaque_questions(&fixture, BOUND);
    let refused = |fixture: &Fixture| fixture.envoy.filter_stat("denied.entitlement_unavailable");
    let seen = |fixture: &Fixture| fixture.envoy.filter_stat("online.waiting") + refused(fixture);
    fixture.envoy.wait("all of the garbage", |_| (seen(&fixture) == BOUND as u64).then_some(()));
    p.equal("garbage", "waiting", fixture.envoy.filter_stat("online.waiting"), 3 * BOUND as u64 / 8);
    let verified: Vec<H1> = (0..BOUND / 4)
        .map(|n| {
            let mut connection = H1::connect(fixture.envoy.address()).expect("a connection");
            let token = key.token(&claims_with(json!({"jti": n.to_string()})));
            connection.send(&bytes_of(&delete(&token))).expect("it is sent");
            connection
        })
        .collect();
    fixture.envoy.wait("the verified", |_| (seen(&fixture) == 5 * BOUND as u64 / 4).then_some(()));
    p.equal("one server", "waiting", fixture.envoy.filter_stat("online.waiting"), BOUND as u64 / 2);
    let token = other.token(&claims_with(json!({"iss": OTHER})));
    let identity = [("x-eec-id", "eec-1"), ("x-eec-issuer", OTHER)];
    fixture.allowed(&mut p, "the other server's", &delete(&token), &identity);
    hanging.release();
    drop((garbage, verified));
    fixture.envoy.wait("everybody's end", |e| (e.filter_stat("online.waiting") == 0).then_some(()));
    fixture.finish(p);
}

/// Answers of 60 KB that become much larger once they are read: kept they are bounded in bytes.
#[test]
fn large_answers_are_not_kept_for_ever() {
    const ANSWERS: usize = 400;
    /// What is kept, and as much again for what memory that is used anew in pieces costs. Each answer takes over
    /// 800 KB once it is read, so that all of them would be far over it.
    const BOUND_KIB: u64 = 65_536;
    let (server, key) = (Server::start(), Key::new(1));
    let online = json!({"timeout_ms": 20_000, "cache_seconds": 600});
    let fixture = asking_fixture_with(&server, &key, &online, |_| {}, Setup::alone);
    let mut p = Problems::new();
    let mut answer = claims_with(json!({"active": true, "exp": crate::support::token::now() + 3_600}));
    answer["list"] = json!(vec![0; 30_000]);
    server.keeps_saying(&answer);
    let mut connection = H1::connect(fixture.envoy.address()).expect("a connection");
    let mut ask = |n: usize| {
        connection.send(&bytes_of(&delete(&format!("opaque-{n}")))).expect("it is sent");
        connection.response(false).map(|r| r.status).map_err(|e| e.to_string())
    };
    p.equal("the first", "status", ask(0), Ok(201));
    let before = fixture.envoy.memory_kib();
    for n in 1..ANSWERS {
        p.equal("each", "status", ask(n), Ok(201));
    }
    let after = fixture.envoy.memory_kib();
    println!("Envoy's memory: {before} KiB after one answer, {after} KiB after {ANSWERS}");
    p.check("memory", after < before + BOUND_KIB, || format!("{before} KiB, then {after} KiB"));
    p.equal("each", "questions", server.questions().len(), ANSWERS);
    p.equal("the last", "status", ask(ANSWERS - 1), Ok(201));
    p.equal("the last is kept", "questions", server.questions().len(), 0);
    fixture.finish(p);
}

/// What a thousand requests come to at once is carried out one inside the other, unless it comes a few at a time.
#[test]
fn one_answer_for_very_many_is_not_too_much() {
    const NUMBER: usize = 1_024;
    let (server, key) = (Server::start(), Key::new(1));
    let fixture = asking_fixture(&server, &key, &json!({"apply_to": "all", "timeout_ms": 60_000}), |_| {});
    let mut p = Problems::new();
    for (active, counter) in [(false, "denied.token_inactive"), (true, "allowed")] {
        server.says(&json!({"active": active}));
        server.hold();
        let request = delete(&key.token(&claims_with(json!({"jti": active.to_string()}))));
        let mut connections: Vec<H2> = Vec::new();
        for _ in 0..16 {
            let mut connection = H2::connect(fixture.envoy.address()).expect("a connection");
            for _ in 0..NUMBER / 16 {
                // Dropped, it would be reset.
                std::mem::forget(connection.start(&request, true).expect("it is sent"));
            }
            connections.push(connection);
        }
        let waiting = |envoy: &Envoy| envoy.filter_stat("online.waiting");
        fixture.envoy.wait("all who wait", |e| (waiting(e) == NUMBER as u64).then_some(()));
        server.release();
        fixture.envoy.wait("the answer", |e| (e.filter_stat(counter) == NUMBER as u64).then_some(()));
        p.equal(counter, "waiting", waiting(&fixture.envoy), 0);
        p.equal(counter, "questions", server.questions().len(), 1);
    }
    fixture.finish(p);
}

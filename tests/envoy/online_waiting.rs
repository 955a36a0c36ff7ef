//! Requests that wait for the entitlement server in a real Envoy: together, through resets, beside others that need
//! not wait, and with their bodies and trailers.

use crate::support::entitlement_server::{Server, asking_fixture, delete};
use crate::support::fixture::{BOTH, FQDN, Fixture, ISSUER, Protocol, config, identity_of_eec_1};
use crate::support::h1::H1;
use crate::support::h2_client::H2;
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::{Key, claims, claims_with};
use crate::support::upstream::End;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

#[test]
fn one_question_for_many_even_if_the_first_client_goes_away() {
    let (server, key) = (Server::start(), Key::new(1));
    let fixture = asking_fixture(&server, &key, &json!({"apply_to": "all", "timeout_ms": 60_000}), |_| {});
    let mut p = Problems::new();
    let request = delete(&key.token(&claims()));
    server.says(&json!({"active": true}));
    server.hold();
    let waiting = |n: u64| {
        let now = || fixture.envoy.filter_stat_now("online.waiting");
        fixture.envoy.wait(&format!("{n} who wait"), |_| (now() == n).then_some(()));
    };
    let address = fixture.envoy.address();
    let mut first = H1::connect(address).expect("a connection");
    let head = format!(
        "DELETE /eees-eecregistration/v1/registrations/r1 HTTP/1.1\r\nhost: {FQDN}\r\nx-case: gone\r\n"
    );
    let token = request.headers[0].1.clone();
    let token = String::from_utf8(token).expect("text");
    first.send(format!("{head}authorization: {token}\r\n\r\n").as_bytes()).expect("it is sent");
    let mut cancelled = H2::connect(address).expect("a connection");
    waiting(1);
    let mut exchange =
        cancelled.start(&Request { case: "cancelled".into(), ..request.clone() }, true).expect("sent");
    let others: Vec<_> = (0..20)
        .map(|n| {
            let request = Request { case: format!("other-{n}"), ..request.clone() };
            std::thread::spawn(move || {
                crate::support::h1::exchange(address, &request).map(|r| r.status).map_err(|e| e.to_string())
            })
        })
        .collect();
    waiting(22);
    drop(first);
    exchange.reset();
    waiting(20);
    server.release();
    for other in others {
        p.equal("others", "status", other.join().expect("a thread"), Ok(201));
    }
    p.equal("questions", "count", server.questions().len(), 1);
    p.equal("afterwards", "waiting", fixture.envoy.filter_stat("online.waiting"), 0);
    fixture.finish(p);
}

/// `hold`: the upstream sees nothing before the body is bound; `stop`: the plugin option without which that fails.
fn fixture(server: &Server, key: &Key, hold: bool, stop: bool) -> Fixture {
    let mut filter = config(&[key]);
    filter["entitlement_servers"][0]["online"] = json!({"method": "rfc7662", "cluster": "es", "apply_to": "all", "cache_seconds": 0, "timeout_ms": 20_000});
    filter["body"] = json!({"hold_headers": hold});
    Fixture::start_with(&filter, |setup| setup.stop_iteration(stop).cluster("es", server.address))
}

#[test]
fn a_body_that_arrives_meanwhile_is_bound_all_the_same() {
    let key = Key::new(1);
    for hold in [true, false] {
        for stop in [true, false] {
            if hold && !stop {
                continue;
            }
            let server = Server::start();
            let fixture = fixture(&server, &key, hold, stop);
            let mut p = Problems::new();
            server.says(&json!({"active": true})).after(300);
            let token = key.token(&claims());
            for (eec, pieces, status) in
                [("eec-1", 1, 201), ("eec-2", 1, 403), ("eec-1", 6, 201), ("eec-2", 6, 403)]
            {
                for slow in [false, true] {
                    let name = format!("hold {hold}, stop {stop}, {eec} in {pieces}, slow {slow}");
                    let body = json!({"eecId": eec}).to_string();
                    let request =
                        Request { body: None, case: name.clone(), ..Request::register(eec).bearer(&token) };
                    let mut client = H2::connect(fixture.envoy.address()).expect("a connection");
                    let mut exchange = client.start(&request, false).expect("headers are sent");
                    let size = body.len().div_ceil(pieces);
                    for (n, piece) in body.as_bytes().chunks(size).enumerate() {
                        if slow {
                            std::thread::sleep(Duration::from_millis(600 / pieces as u64));
                        }
                        // A denial may come before the end.
                        let _ = exchange.data(piece, (n + 1) * size >= body.len());
                    }
                    p.equal(&name, "status", exchange.response().map(|r| r.status).ok(), Some(status));
                    let seen = fixture.upstream.records.find(&name);
                    match status {
                        201 => p.equal(&name, "body", seen.map(|s| s.body), Some(body.into_bytes())),
                        _ => p.check(
                            &name,
                            seen.as_ref().is_none_or(|s| s.end != End::Complete && s.body.is_empty()),
                            || format!("{seen:?}"),
                        ),
                    }
                }
            }
            fixture.finish(p);
        }
    }
}

#[test]
fn a_body_and_trailers_that_came_meanwhile_are_looked_at_after_the_answer() {
    let key = Key::new(1);
    for (hold, stop) in [(true, true), (false, true), (false, false)] {
        let server = Server::start();
        let fixture = fixture(&server, &key, hold, stop);
        let mut p = Problems::new();
        server.says(&json!({"active": true}));
        for protocol in BOTH {
            let all = "/eees-eecregistration/v1/registrations";
            // The body of a DELETE is nobody's business, and goes no further.
            for (method, path, eec, status, details) in [
                ("POST", all.to_owned(), "eec-1", 201, "via_upstream"),
                ("POST", all.to_owned(), "eec-2", 403, "eec_authn.binding_mismatch"),
                ("DELETE", format!("{all}/r1"), "eec-2", 201, "via_upstream"),
            ] {
                let name = format!("hold {hold}, stop {stop}, {method} {eec} [{protocol:?}]");
                // So large that Envoy's count of bytes tells whether it has come.
                let body = json!({"eecId": eec, "padding": "x".repeat(20_000)}).to_string();
                let request = Request::new(method, path)
                    .json(&body)
                    .bearer(key.token(&claims()))
                    .trailer("x-checksum", "abc")
                    .trailer("x-eec-id", "eec-2");
                let (address, case) = (fixture.envoy.address(), request.case.clone());
                let content = request.content().to_vec();
                let received = "http.ingress.downstream_cx_rx_bytes_total";
                let before = fixture.envoy.stat(received).unwrap_or(0);
                server.hold();
                let waiting = std::thread::spawn(move || protocol.exchange(address, &request));
                fixture.envoy.wait("a request that waits", |e| {
                    let all = e.stat(received)? > before + body.len() as u64;
                    (all && e.filter_stat("online.waiting") == 1).then_some(())
                });
                p.check(&name, fixture.upstream.records.find(&case).is_none(), || {
                    "went on unanswered".into()
                });
                server.release();
                let response = waiting.join().expect("a thread");
                p.equal(&name, "status", response.map(|r| r.status), Ok(status));
                p.equal(
                    &name,
                    "details",
                    fixture.envoy.access(&case).get("details").as_deref(),
                    Some(details),
                );
                if status == 201 {
                    let seen = fixture.upstream.records.wait_for(&case, |r| r.end == End::Complete);
                    p.equal(&name, "body", seen.body.as_slice(), content.as_slice());
                    // Without content there is nothing for them to trail.
                    let trailers = match content.is_empty() {
                        true => vec![],
                        false => vec![("x-checksum".to_owned(), "abc".to_owned())],
                    };
                    p.equal(&name, "trailers", seen.trailers, trailers);
                } else {
                    let seen = fixture.upstream.records.find(&case);
                    p.check(
                        &name,
                        seen.as_ref().is_none_or(|s| s.end != End::Complete && s.body.is_empty()),
                        || format!("{seen:?}"),
                    );
                }
            }
        }
        p.equal("afterwards", "waiting", fixture.envoy.filter_stat("online.waiting"), 0);
        fixture.finish(p);
    }
}

/// What has trailers goes on a moment after its answer; an answer to somebody else within that moment changes nothing.
#[test]
fn trailers_go_on_however_many_others_are_answered_at_that_moment() {
    let (server, key, mut p) = (Server::start(), Key::new(1), Problems::new());
    let fixture = fixture(&server, &key, false, false);
    server.says(&json!({"active": true}));
    let address = fixture.envoy.address();
    for round in 0..5 {
        server.hold();
        let threads: Vec<_> = (0..60)
            .map(|n| {
                let token = key.token(&claims_with(json!({"jti": format!("{round} {n}")})));
                let plain = delete(&token);
                let request = if n % 3 == 0 {
                    Request::register("eec-1").bearer(&token).trailer("x-t", "1")
                } else {
                    plain
                };
                std::thread::spawn(move || Protocol::H1.exchange(address, &request).map(|r| r.status))
            })
            .collect();
        fixture.envoy.wait("all of them", |e| (e.filter_stat("online.waiting") == 60).then_some(()));
        server.release();
        for (n, thread) in threads.into_iter().enumerate() {
            p.equal("all", &format!("{round} {n}"), thread.join().expect("a thread"), Ok(201));
        }
    }
    fixture.finish(p);
}

#[test]
fn others_are_served_while_a_server_hangs() {
    const OTHER: &str = "aes.mnc002.mcc001.pub.3gppnetwork.org";
    let (hanging, answering) = (Server::start(), Server::start());
    let (key, other) = (Key::new(1), Key::new(2));
    let asked = |fqdn: &str, key: &Key, cluster: &str, seconds: u32| json!({"fqdn": fqdn, "keys": [{"jwk": key.jwk()}], "online": {"method": "rfc7662", "cluster": cluster, "apply_to": "all", "cache_seconds": seconds, "timeout_ms": 20_000}});
    let mut filter = config(&[]);
    filter["entitlement_servers"] = json!([asked(ISSUER, &key, "es", 600), asked(OTHER, &other, "other", 0)]);
    let fixture = Fixture::start_with(&filter, |setup| {
        setup.cluster("es", hanging.address).cluster("other", answering.address)
    });
    let mut p = Problems::new();
    let known = delete(&key.token(&claims()));
    hanging.says(&json!({"active": true}));
    answering.says(&json!({"active": true}));
    fixture.allowed(&mut p, "asked in time", &known, &identity_of_eec_1());
    hanging.hold();
    let (address, answered) = (fixture.envoy.address(), Arc::new(AtomicUsize::new(0)));
    let waiting: Vec<_> = (0..20)
        .map(|n| {
            let request = delete(&key.token(&claims_with(json!({"jti": n.to_string()}))));
            let answered = Arc::clone(&answered);
            std::thread::spawn(move || {
                let protocol = if n % 2 == 0 { Protocol::H1 } else { Protocol::H2 };
                let status = protocol.exchange(address, &request).map(|r| r.status);
                answered.fetch_add(1, Ordering::SeqCst);
                status
            })
        })
        .collect();
    fixture.envoy.wait("waiting requests", |e| (e.filter_stat("online.waiting") == 20).then_some(()));
    answering.questions();
    let forged = Key::new(9).token_with(&key.header(), &claims());
    for n in 0..20 {
        fixture.allowed(&mut p, "kept", &known, &identity_of_eec_1());
        let jti = format!("other-{n}");
        let token = other.token(&claims_with(json!({"iss": OTHER, "jti": jti})));
        let identity = [("x-eec-id", "eec-1"), ("x-eec-issuer", OTHER), ("x-eec-token-id", jti.as_str())];
        fixture.allowed(&mut p, "another server's", &delete(&token), &identity);
        fixture.denied(&mut p, "forged", &delete(&forged), "signature_invalid");
    }
    p.equal("another server's", "questions", answering.questions().len(), 40);
    p.equal("meanwhile", "waiting", fixture.envoy.filter_stat("online.waiting"), 20);
    p.equal("meanwhile", "answered", answered.load(Ordering::SeqCst), 0);
    hanging.release();
    for thread in waiting {
        p.equal("in the end", "status", thread.join().expect("a thread"), Ok(201));
    }
    fixture.finish(p);
}

//! Requests that wait for the entitlement server in a real Envoy: together, through resets, and with their bodies.

mod support;

use serde_json::json;
use std::time::Duration;
use support::entitlement_server::{Server, asking_house, delete};
use support::h1::H1;
use support::h2_client::H2;
use support::house::{FQDN, House, config};
use support::problems::Problems;
use support::request::Request;
use support::token::{Key, claims};
use support::upstream::End;

#[test]
fn one_question_for_many_even_if_the_first_client_goes_away() {
    let (server, key) = (Server::start(), Key::new(1));
    let house = asking_house(&server, &key, &json!({"apply_to": "all", "timeout_ms": 3_000}), |_| {});
    let mut p = Problems::new();
    let request = delete(&key.token(&claims()));
    server.says(&json!({"active": true})).after(600);
    let address = house.envoy.address();
    let mut first = H1::connect(address).expect("a connection");
    let head = format!(
        "DELETE /eees-eecregistration/v1/registrations/r1 HTTP/1.1\r\nhost: {FQDN}\r\nx-case: gone\r\n"
    );
    let token = request.headers[0].1.clone();
    let token = String::from_utf8(token).expect("text");
    first.send(format!("{head}authorization: {token}\r\n\r\n").as_bytes()).expect("it is sent");
    let mut cancelled = H2::connect(address).expect("a connection");
    std::thread::sleep(Duration::from_millis(100));
    let mut exchange =
        cancelled.start(&Request { case: "cancelled".into(), ..request.clone() }, true).expect("sent");
    let others: Vec<_> = (0..20)
        .map(|n| {
            let request = Request { case: format!("other-{n}"), ..request.clone() };
            std::thread::spawn(move || {
                support::h1::exchange(address, &request).map(|r| r.status).map_err(|e| e.to_string())
            })
        })
        .collect();
    std::thread::sleep(Duration::from_millis(200));
    p.equal("meanwhile", "waiting", house.envoy.filter_stat("online.waiting"), 22);
    drop(first);
    exchange.reset();
    for other in others {
        p.equal("others", "status", other.join().expect("a thread"), Ok(201));
    }
    p.equal("questions", "count", server.questions().len(), 1);
    p.equal("afterwards", "waiting", house.envoy.filter_stat("online.waiting"), 0);
    house.finish(p);
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
            let mut filter = config(&[&key]);
            filter["entitlement_servers"][0]["online"] = json!({"method": "rfc7662", "cluster": "es", "apply_to": "all", "cache_seconds": 0, "timeout_ms": 3_000});
            filter["body"] = json!({"hold_headers": hold});
            let address = server.address;
            let house = House::start_with(&filter, |setup| setup.stop_iteration(stop).cluster("es", address));
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
                    let mut client = H2::connect(house.envoy.address()).expect("a connection");
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
                    let seen = house.upstream.records.find(&name);
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
            house.finish(p);
        }
    }
}

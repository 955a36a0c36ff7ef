//! A soak: good, bad and hostile traffic over kept connections through a real Envoy with two workers, while configurations
//! are pushed and VMs trap on demand. It ends with a report; a single wrong decision fails it, and so does a trap that
//! nobody asked for. `make soak` runs it for 15 minutes, `make test` for a few seconds (`EEC_AUTHN_SOAK_SECONDS`). `proofs` is a soak of
//! its own: very many proofs of possession in a row.

#![allow(unreachable_pub, reason = "the modules of a test binary are its own")]
#![allow(clippy::disallowed_methods, reason = "a soak takes the time")]

#[path = "../support/mod.rs"]
mod support;

mod client;
mod proofs;
mod report;
mod traffic;
mod upstream;

use client::{Client, LOST, Outcome};
use report::Report;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use support::bootstrap::{Configuration, Setup};
use support::envoy::{Envoy, Push};
use support::fixture::config;
use support::request::Request;
use support::token::{Key, claims_with};
use support::trapping;
use traffic::Traffic;

/// Clients that send at the same time.
const CLIENTS: u64 = 4;
/// A push every so often; after every other one a trap, half-way to the next.
const PUSH_EVERY: Duration = Duration::from_secs(2);

fn length() -> Duration {
    #[allow(clippy::disallowed_methods, reason = "a test has an environment")]
    let seconds = std::env::var("EEC_AUTHN_SOAK_SECONDS").ok();
    let seconds = seconds.map_or(8, |text| text.parse().expect("EEC_AUTHN_SOAK_SECONDS is a number"));
    Duration::from_secs(seconds)
}

/// The configuration of push `n`: the clients' key stays, another key rotates with overlap, revocations grow and shrink.
fn filter(n: u64) -> Value {
    let mut filter = config(&[&Key::new(1), &rotating(n), &rotating(n + 1)]);
    let mut revoked = vec![traffic::REVOKED.to_owned(), just_revoked(n)];
    revoked.extend((0..n % 50).map(|i| format!("old-{i}")));
    filter["revoked"] = json!({"token_ids": revoked});
    filter["rules"] =
        json!([{"name": format!("push {n}"), "match": {"path": format!("/rule/{n}")}, "action": "deny"}]);
    filter["proof"] = json!({"dpop": {}});
    filter["body"] = json!({"hold_headers": true, "limit_bytes": traffic::BODY_LIMIT});
    filter
}

fn rotating(n: u64) -> Key {
    Key::new(u8::try_from(100 + n % 100).expect("small"))
}

fn just_revoked(n: u64) -> String {
    format!("push-{n}")
}

#[test]
fn no_decision_is_wrong() {
    let upstream = upstream::Upstream::start();
    let setup = |filter: &Value| {
        let setup = Setup::new(Some(Configuration::Text(filter.to_string())), upstream.address).alone();
        // No time-out of the route: it would count where the machine stands still, too; the client has one of its own.
        setup.module(trapping::module()).stop_iteration(true).concurrency(2).route_timeout("0s").ecds()
    };
    let mut envoy = Envoy::start(&setup(&filter(0)));
    let start = Instant::now();
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let (stop, address) = (Arc::clone(&stop), envoy.address());
            std::thread::spawn(move || Traffic::new(number, address).run(&stop))
        })
        .collect();
    let mut report = Report::default();
    // What starting costs is not growth: the first seconds are left out.
    std::thread::sleep(length().min(PUSH_EVERY));
    report.memory_at_start = envoy.memory_kib();
    let mut n = 0;
    // Two pushes and a trap are the least, however long the machine stood still meanwhile.
    while n < 2 || start.elapsed() < length() {
        n += 1;
        push(&mut envoy, &setup, n, &mut report);
        envoy.empty_access_log();
        let pause = || std::thread::sleep((PUSH_EVERY / 2).min(length().saturating_sub(start.elapsed())));
        pause();
        if n.is_multiple_of(2) {
            trap(&envoy, n, &mut report);
        }
        pause();
    }
    stop.store(true, Ordering::Relaxed);
    clients.into_iter().for_each(|client| report.add(client.join().expect("a client ends")));
    report.seconds = start.elapsed().as_secs();
    report.memory_at_end = envoy.memory_kib();
    report.wrong.extend(upstream.wrong());
    report.arrived = upstream.arrived();
    report.vm_reloads = envoy.stats("wasm.*vm_reload");
    report.counted_denials =
        envoy.stats("wasmcustom.eec_authn.denied").into_iter().filter(|(_, count)| *count > 0).collect();
    println!("{report}");
    report.hold();
}

/// Pushes configuration `n`, every fourth of them a bad one, and looks at what must hold from then on.
fn push(envoy: &mut Envoy, setup: &dyn Fn(&Value) -> Setup, n: u64, report: &mut Report) {
    let mut client = Client::new(envoy.address());
    let own = Key::new(1).token(&claims_with(json!({"jti": just_revoked(n)})));
    let newest = rotating(n + 1).token(&claims_with(json!({"jti": "j"})));
    let leaving = rotating(n - 1).token(&claims_with(json!({"jti": "j"})));
    let mut expect = |report: &mut Report, what: &str, token: &str, code: Option<&str>| {
        let outcome = client.send(&traffic::read(token));
        report.checks.0 += u64::from(code.is_none());
        report.checks.1 += u64::from(code.is_some());
        if let Err(wrong) = outcome.is(code) {
            report.wrong.push(format!("push {n}, {what}: {wrong}"));
        }
    };
    expect(report, "before it is revoked", &own, None);
    if n % 4 == 3 {
        let mut bad = filter(n);
        bad["nonsense"] = json!(n);
        match envoy.push(&setup(&bad)) {
            Push::Refused(log) if log.contains("nonsense") => report.refused_pushes += 1,
            other => report.wrong.push(format!("push {n} should have been refused by name: {other:?}")),
        }
        expect(report, "after a refused push", &own, None);
    }
    match envoy.push(&setup(&filter(n))) {
        Push::Live => report.pushes += 1,
        Push::Refused(log) => report.wrong.push(format!("push {n} was refused: {log}")),
    }
    // On the same connection, and what was cached before.
    expect(report, "revoked by the push", &own, Some("token_revoked"));
    expect(report, "signed by the new key", &newest, None);
    expect(report, "signed by a key that is gone", &leaving, Some("key_unknown"));
}

/// Makes the VM of one worker trap, at the headers or at the body; then good requests, until that worker has a new one.
fn trap(envoy: &Envoy, n: u64, report: &mut Report) {
    let token = Key::new(1).token(&claims_with(json!({"jti": "j"})));
    let request = if n.is_multiple_of(4) {
        trapping::at_the_headers(traffic::read(&token))
    } else {
        let request = Request::new("POST", "/eees-eecregistration/v1/registrations").bearer(&token);
        request.json(trapping::body("eec-1"))
    };
    // Not marked as one that may arrive.
    let request = Request { case: "trap".to_owned(), ..request };
    report.traps += 1;
    if let Err(wrong) = Client::new(envoy.address()).send(&request).is(Some(LOST)) {
        report.wrong.push(format!("trap {n}: {wrong}"));
    }
    for _ in 0..1000 {
        // Each on a connection of its own, so that both workers get some; Envoy waits a little before it makes VM after VM.
        match Client::new(envoy.address()).send(&traffic::read(&token)) {
            Outcome(Ok(None)) => report.checks.0 += 1,
            outcome if outcome.is(Some(LOST)).is_ok() => report.lost_checks += 1,
            Outcome(other) => return report.wrong.push(format!("after trap {n}: {other:?}")),
        }
        if envoy.stat("wasm.eec_authn.vm_reload_success").is_some_and(|reloads| reloads >= report.traps) {
            return;
        }
    }
    report.wrong.push(format!("after trap {n}: no new VM came"));
}

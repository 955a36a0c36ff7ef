//! Asking the entitlement server in a real Envoy through what goes on around it: a configuration push while
//! requests wait, a server that flaps under load, and secrets that must not show.

use crate::support::bootstrap::{Configuration, Setup};
use crate::support::entitlement_server::{Server, asking_fixture, asking_fixture_with, delete, http};
use crate::support::envoy::{Envoy, Push};
use crate::support::fixture::{Protocol, config, identity_of_eec_1};
use crate::support::h1;
use crate::support::problems::Problems;
use crate::support::token::{Key, claims, claims_with};
use crate::support::upstream::Upstream;
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What is sent before a push is decided as it would have been; what comes after it, by the new configuration.
fn nobody_who_waits_is_lost(discovery: impl Fn(Setup) -> Setup) {
    let (server, key, upstream) = (Server::start(), Key::new(1), Upstream::start());
    let mut filter = config(&[&key]);
    filter["entitlement_servers"][0]["online"] = json!({"method": "rfc7662", "cluster": "es", "path": "/oauth2/introspect", "apply_to": "all", "cache_seconds": 600, "timeout_ms": 20_000});
    let setup = |filter: &serde_json::Value| {
        let setup = Setup::new(Some(Configuration::Text(filter.to_string())), upstream.address);
        discovery(setup.cluster("es", server.address))
    };
    let mut envoy = Envoy::start(&setup(&filter));
    let (address, mut p) = (envoy.address(), Problems::new());
    let token = |sub: &str, jti: &str| key.token(&claims_with(json!({"sub": sub, "jti": jti})));
    let send = |address, token: &str| h1::exchange(address, &delete(token)).map(|r| r.status).ok();
    let known = token("eec-1", "known");
    server.says(&json!({"active": true, "sub": "eec-1"}));
    p.equal("before", "status", send(address, &known), Some(201));
    server.questions();
    server.hold();
    // The answer speaks of `eec-1`: who came with another token is refused.
    let (good, bad) = (token("eec-1", "waiting"), token("eec-2", "waiting"));
    let waiting = [(&good, 201), (&bad, 401)].repeat(10).into_iter().map(|(token, status)| {
        let request = delete(token);
        (std::thread::spawn(move || h1::exchange(address, &request).map(|r| r.status).ok()), status)
    });
    let waiting: Vec<_> = waiting.collect();
    envoy.wait("waiting requests", |e| (e.filter_stat("online.waiting") == 20).then_some(()));
    for n in 0..3 {
        filter["revoked"] = json!({"token_ids": ["waiting", n.to_string()]});
        assert!(matches!(envoy.push(&setup(&filter)), Push::Live));
        p.equal("the new configuration", "status", send(envoy.address(), &good), Some(401));
    }
    p.equal("the pushes", "waiting", envoy.filter_stat("online.waiting"), 20);
    server.release();
    for (thread, status) in waiting {
        p.equal("waited", "status", thread.join().expect("a thread"), Some(status));
    }
    p.equal("the old configuration", "questions", server.questions().len(), 2);
    p.equal("afterwards", "waiting", envoy.filter_stat("online.waiting"), 0);
    server.says(&json!({"active": false}));
    p.equal("the new configuration knows nothing", "status", send(envoy.address(), &known), Some(401));
    p.finish();
}

#[test]
fn a_push_by_extension_discovery_loses_nobody_who_waits() {
    nobody_who_waits_is_lost(Setup::ecds);
}

#[test]
fn a_push_by_listener_discovery_loses_nobody_who_waits() {
    // Envoy closes what has not been answered when the old listener's time is over.
    nobody_who_waits_is_lost(|setup| setup.drain_seconds(600));
}

/// During an outage, what one worker has been told holds for the others, and for the next configuration too.
#[test]
fn once_inactive_holds_in_all_workers_and_after_a_push() {
    let (server, key, upstream) = (Server::start(), Key::new(1), Upstream::start());
    let mut filter = config(&[&key]);
    filter["entitlement_servers"][0]["online"] = json!({"method": "rfc7662", "cluster": "es", "path": "/oauth2/introspect", "apply_to": "all", "on_unavailable": "allow_verified", "negative_cache_seconds": 1});
    let setup = |filter: &serde_json::Value| {
        let setup = Setup::new(Some(Configuration::Text(filter.to_string())), upstream.address);
        setup.cluster("es", server.address).concurrency(2).ecds()
    };
    let mut envoy = Envoy::start(&setup(&filter));
    let mut p = Problems::new();
    let token = |jti: &str| key.token(&claims_with(json!({"jti": jti})));
    let (revoked, reinstated, unknown) = (token("revoked"), token("reinstated"), token("unknown"));
    // Connections are spread over the workers; twenty of them reach both.
    let statuses = |envoy: &Envoy, token: &str| -> Vec<Option<u16>> {
        let send = |_| h1::exchange(envoy.address(), &delete(token)).map(|r| r.status).ok();
        let mut all: Vec<Option<u16>> = (0..20).map(send).collect();
        all.dedup();
        all
    };
    let once =
        |envoy: &Envoy, token: &str| h1::exchange(envoy.address(), &delete(token)).map(|r| r.status).ok();
    server.says(&json!({"active": false}));
    p.equal("revoked", "status", once(&envoy, &revoked), Some(401));
    p.equal("reinstated", "status", statuses(&envoy, &reinstated), vec![Some(401)]);
    server.says(&json!({"active": true, "sub": "eec-1"}));
    envoy.wait("good again", |e| (statuses(e, &reinstated) == [Some(201)]).then_some(()));
    server.answers(http(500, "text/plain", ""));
    for when in ["the outage", "the push"] {
        p.equal(when, "revoked", statuses(&envoy, &revoked), vec![Some(401)]);
        p.equal(when, "unknown", statuses(&envoy, &unknown), vec![Some(201)]);
        p.equal(when, "reinstated", statuses(&envoy, &reinstated), vec![Some(201)]);
        filter["revoked"] = json!({"token_ids": [when]});
        assert!(matches!(envoy.push(&setup(&filter)), Push::Live));
    }
    p.finish();
}

/// Seconds of flapping; longer with `EEC_AUTHN_FLAPPING_SECONDS`.
fn flapping() -> Duration {
    let seconds = std::env::var("EEC_AUTHN_FLAPPING_SECONDS").ok();
    Duration::from_secs(seconds.map_or(8, |s| s.parse().expect("EEC_AUTHN_FLAPPING_SECONDS is a number")))
}

#[test]
fn nothing_passes_unverified_while_the_server_flaps() {
    let (server, key) = (Server::start(), Key::new(1));
    let online = json!({"apply_to": "all", "timeout_ms": 200});
    let fixture = asking_fixture_with(&server, &key, &online, |_| {}, Setup::alone);
    let (stop, address) = (AtomicBool::new(false), fixture.envoy.address());
    // The answer speaks of `eec-1`: whoever else comes with a token is refused, or cannot be asked about.
    let active = json!({"active": true, "sub": "eec-1"});
    let forged = Key::new(9).token_with(&key.header(), &claims());
    let kinds = [
        ("good", key.token(&claims()), vec![201, 503]),
        ("inactive", key.token(&claims_with(json!({"sub": "eec-2"}))), vec![401, 503]),
        ("forged", forged, vec![401]),
    ];
    let memory = fixture.envoy.memory_kib();
    let mut p = Problems::new();
    std::thread::scope(|scope| {
        let loads: Vec<_> = kinds
            .iter()
            .map(|(name, token, statuses)| {
                let stop = &stop;
                scope.spawn(move || {
                    let (mut sent, mut wrong) = (0_usize, Vec::new());
                    while !stop.load(Ordering::Relaxed) {
                        match h1::exchange(address, &delete(token)).map(|r| r.status) {
                            Ok(status) if statuses.contains(&status) => {}
                            other => wrong.push(format!("{other:?}")),
                        }
                        sent += 1;
                        std::thread::sleep(Duration::from_millis(2));
                    }
                    (*name, sent, wrong)
                })
            })
            .collect();
        let end = Instant::now() + flapping();
        while Instant::now() < end {
            for fault in ["", "hello", &http(500, "text/plain", ""), &http(200, "application/json", "{")] {
                server.answers(fault);
                std::thread::sleep(Duration::from_millis(100));
                server.says(&active);
                std::thread::sleep(Duration::from_millis(100));
            }
            server.says(&active).after(400);
            std::thread::sleep(Duration::from_millis(300));
            server.questions();
        }
        stop.store(true, Ordering::Relaxed);
        for load in loads {
            let (name, sent, wrong) = load.join().expect("the load ends");
            println!("{name}: {sent} requests, {} wrong", wrong.len());
            p.check(name, sent > 0, || "nothing was sent".into());
            p.check(name, wrong.is_empty(), || format!("{:?}", &wrong[..wrong.len().min(5)]));
        }
    });
    server.says(&active);
    fixture.allowed_over(
        Protocol::H1,
        &mut p,
        "afterwards",
        &delete(&key.token(&claims())),
        &identity_of_eec_1(),
    );
    p.equal("afterwards", "waiting", fixture.envoy.filter_stat("online.waiting"), 0);
    p.check("flapping", fixture.envoy.filter_stat("online.unavailable") > 0, || "never unavailable".into());
    p.check("flapping", fixture.envoy.filter_stat("online.ok") > 0, || "never ok".into());
    let after = fixture.envoy.memory_kib();
    println!("Envoy's memory: {memory} KiB at the start, {after} KiB at the end");
    // Ten minutes were seen to add 1 MiB; fifty bytes that stay of each of their 320,000 requests would be over this.
    p.check("memory", after < memory + 16_384, || format!("{memory} KiB, then {after} KiB"));
    fixture.finish(p);
}

#[test]
fn secrets_do_not_show_and_must_be_there() {
    let (server, key) = (Server::start(), Key::new(1));
    let online = json!({"client_id": "ees 1", "client_secret_env": "ES_SECRET", "apply_to": "all"});
    let fixture = asking_fixture(&server, &key, &online, |_| {});
    let mut p = Problems::new();
    let token = key.token(&claims());
    server.answers(http(401, "application/json", "{}"));
    fixture.denied(&mut p, "refused credentials", &delete(&token), "entitlement_unavailable");
    let log = fixture.envoy.log();
    p.check("log", log.contains("refused the filter's own credentials"), || log.clone());
    let statistics = format!("{:?}", fixture.envoy.stats("."));
    for secret in ["p:w d", "p%3Aw+d", "ZWVzKzE6cCUzQXcrZA", &token] {
        p.check("log", !log.contains(secret), || format!("shows `{secret}`"));
        p.check("statistics", !statistics.contains(secret), || format!("show `{secret}`"));
    }
    let mut filter = config(&[&key]);
    filter["entitlement_servers"][0]["online"] = json!({"method": "rfc7662", "cluster": "es", "apply_to": "all", "client_id": "ees1", "client_secret_env": "ES_MISSING"});
    let setup = Setup::new(Some(Configuration::Text(filter.to_string())), fixture.upstream.address)
        .cluster("es", server.address);
    match Envoy::try_start(&setup).1 {
        Push::Refused(log) => {
            p.check("missing", log.contains("client_secret_env") && log.contains("ES_MISSING"), || {
                log.clone()
            });
        }
        Push::Live => p.add("missing", "a configuration without its secret was taken"),
    }
    fixture.finish(p);
}

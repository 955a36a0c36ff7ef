//! Fetched keys in a real Envoy under load: rotations while the server fails every other time, and floods of unknown names.

use crate::support::entitlement_server::{Server, http};
use crate::support::envoy::Envoy;
use crate::support::fetched_keys::{fetching, set, setup, status, wait_for_set};
use crate::support::problems::Problems;
use crate::support::token::{Key, claims, claims_with};
use crate::support::upstream::Upstream;
use serde_json::json;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// What a client waits for before its next request. Hundreds come in a second anyway; without it, each of these tests takes all cores from
/// those beside it for as long as it lasts.
const BREATH: Duration = Duration::from_millis(10);

#[test]
fn a_flood_of_unknown_names_brings_few_fetches_and_holds_nobody_up() {
    let (server, key, upstream) = (Server::start(), Key::new(1), Upstream::start());
    server.keeps_saying(&json!({"keys": [key.jwk()]}));
    let filter = fetching(&[], &json!({"refresh_seconds": 3600, "timeout_ms": 10_000}));
    let envoy = Envoy::start(&setup(&filter, &upstream, &server).concurrency(3));
    wait_for_set(&envoy, 1);
    let (address, mut p) = (envoy.address(), Problems::new());
    let (stop, refused) = (AtomicBool::new(false), AtomicUsize::new(0));
    let slowest = std::thread::scope(|scope| {
        for thread in 0..8 {
            let (stop, refused) = (&stop, &refused);
            scope.spawn(move || {
                let stranger = Key::new(9);
                for n in 0_u64.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let header =
                        json!({"alg": if n % 2 == 0 { "EdDSA" } else { "ES256" }, "kid": format!("{thread} {n}")});
                    let token = stranger.token_with(&header, &claims());
                    assert_eq!(status(address, &token), Some(401));
                    refused.fetch_add(1, Ordering::Relaxed);
                    std::thread::sleep(BREATH);
                }
            });
        }
        let begin = Instant::now();
        let mut slowest = Duration::ZERO;
        while begin.elapsed() < Duration::from_secs(12) {
            let sent = Instant::now();
            let good = key.token(&claims_with(json!({"jti": begin.elapsed().as_micros().to_string()})));
            p.equal("a good one", "status", status(address, &good), Some(201));
            slowest = slowest.max(sent.elapsed());
            std::thread::sleep(BREATH);
        }
        stop.store(true, Ordering::Relaxed);
        slowest
    });
    // At the start, and after 0 and 10 seconds of the flood.
    let questions = server.questions().len();
    p.check("fetches", (2..=3).contains(&questions), || format!("{questions}"));
    p.check("a flood", refused.load(Ordering::Relaxed) > 1_000, || format!("{refused:?}"));
    // None of them waited until a fetch had to end.
    p.check("good ones", slowest < Duration::from_secs(8), || format!("{slowest:?}"));
    p.finish();
}

/// Seconds of rotating; longer with `EEC_AUTHN_FLAPPING_SECONDS`.
fn rotating() -> Duration {
    let seconds = std::env::var("EEC_AUTHN_FLAPPING_SECONDS").ok();
    Duration::from_secs(seconds.map_or(12, |s| s.parse().expect("EEC_AUTHN_FLAPPING_SECONDS is a number")))
}

/// Keys come and go while the server fails every other time: no key verifies anything after its end, and no token of a key that
/// has been published in time is refused.
#[test]
fn rotations_under_load_with_a_server_that_flaps() {
    let (server, upstream) = (Server::start(), Upstream::start());
    let keys: Vec<Key> = (1..=200).map(Key::new).collect();
    server.answers(set(&[&keys[0], &keys[1]]));
    let filter = fetching(&[], &json!({"refresh_seconds": 1, "timeout_ms": 400}));
    let envoy = Envoy::start(&setup(&filter, &upstream, &server).concurrency(2).alone());
    wait_for_set(&envoy, 1);
    let (address, mut p, begin, before) =
        (envoy.address(), Problems::new(), Instant::now(), envoy.memory_kib());
    let (current, ended) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (stop, sent, stolen) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    let (refused, passed, memory) = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|client| {
                let (keys, current, stop, sent) = (&keys, &current, &stop, &sent);
                scope.spawn(move || {
                    let mut refused = Vec::new();
                    while !stop.load(Ordering::Relaxed) {
                        let number = current.load(Ordering::SeqCst);
                        let n = sent.fetch_add(1, Ordering::Relaxed);
                        // Some tokens come again, some are new.
                        let jti =
                            if n.is_multiple_of(2) { "same".to_owned() } else { format!("{client} {n}") };
                        let token = keys[number].token(&claims_with(json!({"jti": jti})));
                        match status(address, &token) {
                            Some(201) => {}
                            other => refused.push((number, other)),
                        }
                        std::thread::sleep(BREATH);
                    }
                    refused
                })
            })
            .collect();
        // Somebody has kept tokens of all the keys that are gone: some were verified and cached, some are new.
        let thief = {
            let (keys, ended, stop, stolen) = (&keys, &ended, &stop, &stolen);
            scope.spawn(move || {
                let mut passed = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let gone = ended.load(Ordering::SeqCst);
                    if gone == 0 {
                        std::thread::sleep(Duration::from_millis(10));
                        continue;
                    }
                    let n = stolen.fetch_add(1, Ordering::Relaxed);
                    // The one that is gone since the last moment, and all the others in turn.
                    let number = if n.is_multiple_of(2) { gone - 1 } else { n % gone };
                    let jti = if n % 4 < 2 { "same".to_owned() } else { format!("stolen {n}") };
                    let token = keys[number].token(&claims_with(json!({"jti": jti})));
                    match status(address, &token) {
                        Some(401) => {}
                        other => passed.push((number, gone, other)),
                    }
                    std::thread::sleep(BREATH);
                }
                passed
            })
        };
        // After each rotation.
        let mut memory = Vec::new();
        for number in 1.. {
            if begin.elapsed() >= rotating() || number + 1 >= keys.len() {
                break;
            }
            // Published beside the one in use; then the server fails for a while.
            server.answers(set(&[&keys[number - 1], &keys[number]]));
            let fetched = envoy.filter_stat("jwks.fetched");
            envoy.wait("two fetches", |envoy| {
                (envoy.filter_stat("jwks.fetched") >= fetched + 2).then_some(())
            });
            // The other workers have it within a second.
            std::thread::sleep(Duration::from_secs(1));
            server.answers(http(500, "text/plain", ""));
            current.store(number, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(1_500));
            // The old one is taken out.
            server.answers(set(&[&keys[number]]));
            let fetched = envoy.filter_stat("jwks.fetched");
            envoy.wait("two fetches", |envoy| {
                (envoy.filter_stat("jwks.fetched") >= fetched + 2).then_some(())
            });
            std::thread::sleep(Duration::from_secs(1));
            ended.store(number, Ordering::SeqCst);
            memory.push(envoy.memory_kib());
        }
        stop.store(true, Ordering::Relaxed);
        let refused: Vec<_> =
            clients.into_iter().flat_map(|client| client.join().expect("a client")).collect();
        (refused, thief.join().expect("a thief"), memory)
    });
    let after = envoy.memory_kib();
    let tenths = memory.iter().step_by(memory.len().div_ceil(10).max(1));
    println!(
        "{} s, {} rotations, {} fetches and {} that failed; of {sent:?} good requests {} refused, of {stolen:?} with a key that is \
         gone {} passed; Envoy's memory: {before} KiB, then {:?}, at last {after} KiB",
        begin.elapsed().as_secs(),
        memory.len(),
        envoy.filter_stat("jwks.fetched"),
        envoy.filter_stat("jwks.failed"),
        refused.len(),
        passed.len(),
        tenths.collect::<Vec<_>>()
    );
    p.check("good tokens", refused.is_empty(), || format!("{refused:?} of {sent:?}"));
    p.check("stolen tokens", passed.is_empty(), || format!("{passed:?} of {stolen:?}"));
    p.check("stolen tokens", stolen.load(Ordering::Relaxed) > 100, || format!("{stolen:?}"));
    p.check("a load", sent.load(Ordering::Relaxed) > 1_000, || format!("{sent:?}"));
    p.check("failures", envoy.filter_stat("jwks.failed") > 1, || "none".into());
    // Tables of two keys in use and of the curve, in each worker, and what the access log and buffers take at first.
    p.check("memory", after < before + 30_000, || format!("{before} KiB, then {after} KiB"));
    // Once all has come that comes at first, it is flat, however often keys change.
    if memory.len() >= 40 {
        let half = memory[..memory.len() / 2].iter().max().expect("some");
        p.check("memory", after < half + 2_000, || format!("{half} KiB in the first half, then {after} KiB"));
    }
    p.finish();
}

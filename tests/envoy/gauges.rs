//! Whose gauges are (`docs/contract.md#statistics`) in a real Envoy: they go with their configuration, and none goes back to an older one's.

use crate::support::bootstrap::{Configuration, Setup};
use crate::support::entitlement_server::{Server, http};
use crate::support::envoy::{Envoy, Push};
use crate::support::fetched_keys::{fetching, set, setup};
use crate::support::fixture::config;
use crate::support::token::Key;
use crate::support::upstream::Upstream;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Longer than the filter takes to measure anew.
const PERIOD: Duration = Duration::from_secs(11);

/// A server whose keys are fetched, beside one with a key that has an end.
fn with_everything() -> Value {
    let mut filter = fetching(&[&Key::new(1)], &json!({"refresh_seconds": 3600}));
    filter["entitlement_servers"][0]["keys"][0]["not_after"] = json!("2040-01-01T00:00:00Z");
    filter
}

/// Keys without an end, and none that are fetched.
fn with_little() -> Value {
    config(&[&Key::new(2)])
}

/// The number of keys, whether the days of a key are told, and the generation.
fn gauges(envoy: &Envoy) -> (u64, bool, u64) {
    let stat = |name| envoy.filter_stat_now(name);
    (stat("jwks.keys.0"), stat("key_valid_days.0_0") > 0, stat("config.generation"))
}

fn wait_for(envoy: &Envoy, what: &str, holds: impl Fn((u64, bool, u64)) -> bool) -> (u64, bool, u64) {
    envoy.wait(what, |envoy| Some(gauges(envoy)).filter(|gauges| holds(*gauges)))
}

/// For longer than a period, they say this and nothing else.
fn assert_stay(envoy: &Envoy, expected: (u64, bool, u64)) {
    let begin = Instant::now();
    while begin.elapsed() < PERIOD {
        assert_eq!(gauges(envoy), expected, "after {:?}", begin.elapsed());
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn push(envoy: &mut Envoy, setup: &Setup) {
    assert!(matches!(envoy.push(setup), Push::Live));
}

fn started() -> (Server, Upstream) {
    let server = Server::start();
    server.answers(set(&[&Key::new(3)]));
    (server, Upstream::start())
}

/// The old listener is there for as long as its connections may drain, and measures what it has.
#[test]
fn a_configuration_that_drains_says_nothing_of_what_the_next_one_has_not() {
    let (server, upstream) = started();
    let setup = |filter: &Value| setup(filter, &upstream, &server).concurrency(2).drain_seconds(600);
    let mut envoy = Envoy::start(&setup(&with_everything()));
    let (.., before) = wait_for(&envoy, "the gauges", |(keys, days, _)| keys == 1 && days);
    push(&mut envoy, &setup(&with_little()));
    let after = wait_for(&envoy, "their end", |(keys, days, number)| keys == 0 && !days && number != before);
    assert_stay(&envoy, after);
    assert_eq!(envoy.filter_stat("jwks.age_seconds.0"), 0);
}

/// Another environment makes another VM; the one before ends when its listener does.
#[test]
fn a_vm_that_ends_late_takes_no_gauge_of_the_next_along() {
    let (server, upstream) = started();
    let setup = setup(&with_everything(), &upstream, &server).concurrency(2);
    let mut envoy = Envoy::start(&setup);
    let expected = wait_for(&envoy, "the gauges", |(keys, days, _)| keys == 1 && days);
    if ["1.36", "1.37", "1.38"].iter().any(|minor| envoy.is_of(minor)) {
        // There the VM stays the same, whatever its environment (docs/contract.md#said-to-users).
        return;
    }
    let removed = |envoy: &Envoy| envoy.stat("listener_manager.listener_removed").unwrap_or(0);
    let before = removed(&envoy);
    push(&mut envoy, &setup.environment("ANOTHER", "one"));
    assert_stay(&envoy, expected);
    let modified = envoy.stat("listener_manager.listener_modified");
    assert!(modified > Some(0) || removed(&envoy) > before, "no listener has gone");
}

/// Two listeners without names: what both have is the newer one's, and the other's when that is gone.
#[test]
fn of_two_configurations_at_once_none_ends_what_the_other_has() {
    let (server, upstream) = started();
    let mut other = with_little();
    other["protects"] = json!({"role": "ecs", "fqdns": ["ecs1.edge.example.net"]});
    let one = setup(&with_everything(), &upstream, &server);
    let both = one.clone().beside(Configuration::Text(other.to_string()));
    let mut envoy = Envoy::start(&one);
    let first = wait_for(&envoy, "the gauges", |(keys, days, _)| keys == 1 && days);
    push(&mut envoy, &both);
    let second = wait_for(&envoy, "the other's number", |(.., number)| number != first.2);
    assert_eq!((second.0, second.1), (1, true), "the other one has none of these");
    assert_stay(&envoy, second);
    push(&mut envoy, &one.clone().route_timeout("14s"));
    wait_for(&envoy, "the first one's number", |gauges| gauges == first);
    // The first one goes, and the other stays.
    push(&mut envoy, &both);
    wait_for(&envoy, "the other's number", |gauges| gauges == second);
    let mut less = both.clone();
    less.configuration = None;
    push(&mut envoy, &less);
    let left = wait_for(&envoy, "the end of the first one's", |gauges| gauges == (0, false, second.2));
    assert_stay(&envoy, left);
}

/// A server that was never reached: its keys have been missing for so long.
#[test]
fn without_any_set_the_age_counts_from_the_start_pushes_notwithstanding() {
    let (server, upstream) = (Server::start(), Upstream::start());
    server.answers(http(500, "text/plain", ""));
    let mut filter = fetching(&[], &json!({"refresh_seconds": 1}));
    let setup = |filter: &Value| setup(filter, &upstream, &server).concurrency(2).ecds();
    let mut envoy = Envoy::start(&setup(&filter));
    let age = |envoy: &Envoy| envoy.filter_stat_now("jwks.age_seconds.0");
    let begin = Instant::now();
    let first = envoy.wait("an age", |envoy| Some(age(envoy)).filter(|age| *age >= 9));
    assert!(first <= begin.elapsed().as_secs() + 2, "{first}");
    filter["token"] = json!({"max_bytes": 8_000});
    push(&mut envoy, &setup(&filter));
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(3) {
        assert!(age(&envoy) >= first, "it began anew with a push");
    }
    assert_eq!(envoy.filter_stat("jwks.keys.0"), 0);
    server.answers(set(&[&Key::new(1)]));
    envoy.wait("a set", |envoy| (envoy.filter_stat_now("jwks.keys.0") == 1 && age(envoy) < 5).then_some(()));
}

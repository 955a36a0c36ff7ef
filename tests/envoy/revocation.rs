//! Revocation lists of 100,000 identifiers: a real Envoy takes them by a push and refuses what they name, and a look-up
//! among them takes as many comparisons as their logarithm.

use crate::support::bootstrap::{Configuration, Setup};
use crate::support::envoy::{Envoy, Push};
use crate::support::fixture::config;
use crate::support::h1;
use crate::support::request::Request;
use crate::support::token::{Key, claims_with};
use crate::support::upstream::Upstream;
use eec_authn::policy::{Revocable, Revocation};
use serde_json::{Value, json};
use std::hint::black_box;
use std::time::Instant;

const MANY: usize = 100_000;
/// How often the lists are pushed again, at least and at most.
const PUSHES: [usize; 2] = [6, 16];
/// So many pushes in a row bring next to nothing, once there is room for the old lists and the new ones.
const SETTLED: usize = 3;

fn names(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{prefix}-{n:08x}-5d2c-4a0e-9b51-7f3e2c1d0a9b")).collect()
}

#[test]
fn envoy_takes_them_by_a_push_and_refuses_what_they_name() {
    let key = Key::new(1);
    let upstream = Upstream::start();
    let setup = |filter: &Value| {
        Setup::new(Some(Configuration::Text(filter.to_string())), upstream.address)
            .concurrency(2)
            .ecds()
            .alone()
    };
    let mut filter = config(&[&key]);
    let mut envoy = Envoy::start(&setup(&filter));
    let (tokens, eecs) = (names("token", MANY), names("eec", MANY));
    let status = |envoy: &Envoy, eec: &str, token: &str| {
        let token = key.token(&claims_with(json!({"sub": eec, "jti": token})));
        let request = Request::new("DELETE", "/eees-eecregistration/v1/registrations/r1").bearer(token);
        h1::exchange(envoy.address(), &request).expect("an answer").status
    };
    let places = [0, 1, MANY / 2, MANY - 1];
    for n in places {
        assert_eq!(status(&envoy, &eecs[n], &tokens[n]), 201, "before the push");
    }
    let before = envoy.memory_kib();
    filter["revoked"] = json!({"token_ids": tokens, "eec_ids": eecs});
    assert!(matches!(envoy.push(&setup(&filter)), Push::Live), "the lists are refused");
    for n in places {
        assert_eq!(status(&envoy, "eec-1", &tokens[n]), 401, "token {n}");
        assert_eq!(status(&envoy, &eecs[n], "another"), 401, "client {n}");
        // Neither the beginning of a name nor more than it is the name.
        assert_eq!(status(&envoy, &eecs[n][..20], "another"), 201, "a client like {n}");
        assert_eq!(status(&envoy, "eec-1", &format!("{} ", tokens[n])), 401, "no header can say this `jti`");
        assert_eq!(status(&envoy, "eec-1", &format!("{}x", tokens[n])), 201, "a token like {n}");
    }
    assert_eq!(envoy.filter_stat("denied.token_revoked"), 8);
    let mut grown = vec![envoy.memory_kib().saturating_sub(before)];
    // Old lists are given back: what there is room for at some time is enough for all that come.
    let settled = |grown: &[u64]| grown[grown.len() - 1] <= grown[grown.len() - 1 - SETTLED] + grown[0] / 10;
    for n in 0..PUSHES[1] {
        if n >= PUSHES[0] && settled(&grown) {
            break;
        }
        filter["rules"] = json!([{"name": format!("push {n}"), "match": {"path": "/x"}}]);
        assert!(matches!(envoy.push(&setup(&filter)), Push::Live), "push {n} is refused");
        assert_eq!(status(&envoy, "eec-1", &tokens[MANY - 1]), 401, "after push {n}");
        grown.push(envoy.memory_kib().saturating_sub(before));
    }
    println!("2 x {MANY} identifiers: Envoy with two workers grew by {grown:?} KiB, push by push");
    assert!(settled(&grown), "each push leaves something behind: {grown:?}");
}

/// Prints what a look-up costs; how long that takes is nothing to assert.
#[test]
fn a_look_up_finds_the_named_ones_alone() {
    for count in [0, 1, 100, 10_000, MANY] {
        let texts = |prefix| names(prefix, count).into_iter().map(String::into_boxed_str).collect();
        let revocation = Revocation::new(texts("token"), texts("eec"), vec!["k1".into()], None);
        let (listed, free) = (names("token", count), names("free", 1_000));
        let finds = |token: &str| {
            let key_ids = [Some("2026-10"), None, None];
            let token = Revocable { token_id: Some(token), eec_id: "eec-1", key_ids, issued_at: Some(1.0) };
            revocation.finds(black_box(&token)).is_some()
        };
        assert!(listed.iter().all(|token| finds(token)), "all of {count} are found");
        let start = Instant::now();
        let found = (0..100).flat_map(|_| &free).filter(|token| finds(token)).count();
        let each = start.elapsed() / 100_000;
        assert_eq!(found, 0, "nothing else is found");
        println!("{count:>7} identifiers: {each:?} for a token that is in no list");
    }
}

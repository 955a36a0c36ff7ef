//! Fetched keys in a real Envoy: keys that come and go.

use crate::support::entitlement_server::{Server, delete};
use crate::support::envoy::Envoy;
use crate::support::fetched_keys::{fetching, set, setup, start, status, wait_for_set};
use crate::support::fixture::identity_of_eec_1;
use crate::support::problems::Problems;
use crate::support::proof::thumbprint;
use crate::support::token::{Key, claims, claims_with};
use crate::support::upstream::Upstream;
use serde_json::json;
use std::time::{Duration, Instant};

#[test]
fn a_new_key_is_fetched_by_the_first_token_that_names_it_and_old_tokens_end_with_their_key() {
    let (server, old, new, mut p) = (Server::start(), Key::new(1), Key::new(2), Problems::new());
    server.answers(set(&[&old]));
    let fixture = start(&fetching(&[], &json!({"refresh_seconds": 3600})), &server);
    wait_for_set(&fixture.envoy, 1);
    let (of_old, of_new) = (old.token(&claims()), new.token(&claims()));
    fixture.allowed(&mut p, "before", &delete(&of_old), &identity_of_eec_1());
    fixture.allowed(&mut p, "cached", &delete(&of_old), &identity_of_eec_1());
    server.answers(set(&[&new]));
    fixture.allowed(&mut p, "the new one", &delete(&of_new), &identity_of_eec_1());
    fixture.denied(&mut p, "the old one", &delete(&of_old), "key_unknown");
    p.equal("all of it", "questions", server.questions().len(), 2);
    fixture.finish(p);
}

#[test]
fn workers_fetch_once_and_have_it_all() {
    let (server, key, new, upstream) = (Server::start(), Key::new(1), Key::new(2), Upstream::start());
    server.answers(set(&[&key]));
    let filter = fetching(&[], &json!({"refresh_seconds": 3600, "timeout_ms": 10_000}));
    let envoy = Envoy::start(&setup(&filter, &upstream, &server).concurrency(4));
    let (address, mut p) = (envoy.address(), Problems::new());
    wait_for_set(&envoy, 1);
    let token = key.token(&claims());
    for n in 0..40 {
        p.equal("all workers", &n.to_string(), status(address, &token), Some(201));
    }
    p.equal("all workers", "questions", server.questions().len(), 1);
    // All of them wait for the same fetch.
    server.answers(set(&[&new]));
    server.after(200);
    let threads: Vec<_> = (0..40)
        .map(|n| {
            let token = new.token(&claims_with(json!({"jti": n.to_string()})));
            std::thread::spawn(move || {
                let begin = Instant::now();
                (status(address, &token), begin.elapsed())
            })
        })
        .collect();
    for thread in threads {
        let (status, waited) = thread.join().expect("a thread");
        p.equal("new key", "status", status, Some(201));
        // Every worker hears of the set before its clients would have to be told without.
        p.check("new key", waited < Duration::from_secs(8), || format!("{waited:?}"));
    }
    p.equal("new key", "questions", server.questions().len(), 1);
    // The old key is gone everywhere within a second.
    std::thread::sleep(Duration::from_secs(2));
    for n in 0..40 {
        p.equal("old key", &n.to_string(), status(address, &token), Some(401));
    }
    p.finish();
}

/// A `kid` can be renamed, the key cannot (RFC 7638).
#[test]
fn a_revoked_key_stays_revoked_under_another_name() {
    let (server, key, good, mut p) = (Server::start(), Key::new(1), Key::new(2), Problems::new());
    server.answers(set(&[&key, &good]));
    let mut filter = fetching(&[], &json!({}));
    filter["revoked"] = json!({"key_ids": [thumbprint(&key)]});
    let fixture = start(&filter, &server);
    wait_for_set(&fixture.envoy, 1);
    let mut renamed = Key::new(1);
    renamed.kid = Some("another name".into());
    let denied = |p: &mut Problems, key: &Key| {
        fixture.denied(p, "the revoked key", &delete(&key.token(&claims())), "token_revoked");
    };
    denied(&mut p, &key);
    server.answers(set(&[&renamed, &good]));
    denied(&mut p, &renamed);
    fixture.allowed(&mut p, "another key", &delete(&good.token(&claims())), &identity_of_eec_1());
    p.equal("all of it", "questions", server.questions().len(), 2);
    fixture.finish(p);
}

//! Fetched keys in a real Envoy across pushes: which keep the set, and what the gauges say afterwards.

use crate::support::bootstrap::Setup;
use crate::support::entitlement_server::Server;
use crate::support::envoy::{Envoy, Push};
use crate::support::fetched_keys::{fetching, set, setup, status, wait_for_set};
use crate::support::fixture::{ISSUER, config};
use crate::support::problems::Problems;
use crate::support::token::{Key, claims, claims_with};
use crate::support::upstream::Upstream;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A push that leaves the server as it is keeps its set: nobody asks, nobody waits. Any other begins with nothing.
fn a_push_keeps_the_set(discovery: impl Fn(Setup) -> Setup) {
    let (server, key, upstream) = (Server::start(), Key::new(1), Upstream::start());
    server.answers(set(&[&key]));
    let mut filter = fetching(&[], &json!({"refresh_seconds": 3600, "timeout_ms": 300}));
    let setup = |filter: &Value| discovery(setup(filter, &upstream, &server).concurrency(2));
    let mut envoy = Envoy::start(&setup(&filter));
    wait_for_set(&envoy, 1);
    let (token, mut p) = (key.token(&claims()), Problems::new());
    let statuses = |envoy: &Envoy| -> Vec<Option<u16>> {
        let mut all: Vec<Option<u16>> = (0..20).map(|_| status(envoy.address(), &token)).collect();
        all.dedup();
        all
    };
    p.equal("before", "statuses", statuses(&envoy), vec![Some(201)]);
    server.questions();
    // From now on the server says nothing more.
    server.hold();
    for n in 0..3 {
        filter["revoked"] = json!({"token_ids": [n.to_string()]});
        filter["token"] = json!({"require_claims": [], "max_bytes": 8_000 + n});
        assert!(matches!(envoy.push(&setup(&filter)), Push::Live));
        // With this revocation, each token needs a `jti`.
        let named = key.token(&claims_with(json!({"jti": format!("t{n}")})));
        p.equal("after a push", "status", status(envoy.address(), &named), Some(201));
    }
    // To say what is the default anyway changes nothing.
    for (name, value) in
        [("authority", json!(ISSUER)), ("path", json!("/jwks")), ("max_stale_seconds", json!(86_400))]
    {
        filter["entitlement_servers"][0]["keys"][0]["jwks_remote"][name] = value;
        assert!(matches!(envoy.push(&setup(&filter)), Push::Live));
        let named = key.token(&claims_with(json!({"jti": name})));
        p.equal(name, "status", status(envoy.address(), &named), Some(201));
    }
    p.equal("after pushes", "questions", server.questions().len(), 0);
    let mut changes = vec![("the issuer", "/entitlement_servers/0/issuer", json!(ISSUER))];
    let remote = "/entitlement_servers/0/keys/0/jwks_remote";
    let members: Vec<String> = ["path", "refresh_seconds", "authority", "timeout_ms", "max_stale_seconds"]
        .map(|name| format!("{remote}/{name}"))
        .into();
    let values = [json!("/other"), json!(3_599), json!("other.example.org"), json!(301), json!(86_399)];
    changes.extend(members.iter().zip(values).map(|(pointer, value)| (&**pointer, &**pointer, value)));
    for (name, pointer, value) in changes {
        let mut filter = filter.clone();
        let (parent, member) = pointer.rsplit_once('/').expect("a member");
        filter.pointer_mut(parent).expect("its object")[member] = value;
        assert!(matches!(envoy.push(&setup(&filter)), Push::Live));
        let named = key.token(&claims_with(json!({"jti": name})));
        p.equal(name, "status", status(envoy.address(), &named), Some(503));
    }
    p.finish();
}

#[test]
fn a_push_by_extension_discovery_keeps_the_set() {
    a_push_keeps_the_set(Setup::ecds);
}

#[test]
fn a_push_by_listener_discovery_keeps_the_set() {
    a_push_keeps_the_set(|setup| setup);
}

/// Whoever fetches may be gone before the answer comes, by a push: the next one asks at once, and not when the fetch would have
/// had to end.
#[test]
fn a_fetch_that_a_push_ends_is_begun_anew() {
    let (server, key, upstream) = (Server::start(), Key::new(1), Upstream::start());
    server.hold();
    let mut filter = fetching(&[], &json!({"refresh_seconds": 3600, "timeout_ms": 60_000}));
    let setup = |filter: &Value| setup(filter, &upstream, &server).ecds();
    let mut envoy = Envoy::start(&setup(&filter));
    let mut questions = 0;
    let mut wait_for_question = |envoy: &Envoy| {
        envoy.wait("a question", |_| {
            questions += server.questions().len();
            (questions > 0).then_some(())
        });
        std::mem::take(&mut questions)
    };
    wait_for_question(&envoy);
    filter["token"] = json!({"max_bytes": 8_000});
    assert!(matches!(envoy.push(&setup(&filter)), Push::Live));
    let pushed = Instant::now();
    wait_for_question(&envoy);
    let (waited, mut p) = (pushed.elapsed(), Problems::new());
    // The first fetch would still be waiting.
    p.check("after a push", waited < Duration::from_secs(30), || format!("{waited:?}"));
    server.answers(set(&[&key]));
    server.release();
    p.equal("after a push", "status", status(envoy.address(), &key.token(&claims())), Some(201));
    p.finish();
}

/// The gauges of a server: how many keys, how old.
fn gauges(envoy: &Envoy, server: usize) -> [u64; 2] {
    [format!("jwks.keys.{server}"), format!("jwks.age_seconds.{server}")].map(|name| envoy.filter_stat(&name))
}

/// What is no server any more has no keys, and no age.
fn gauges_follow_the_configuration(discovery: impl Fn(Setup) -> Setup) {
    let (server, key, pinned, upstream) = (Server::start(), Key::new(1), Key::new(2), Upstream::start());
    server.answers(set(&[&key]));
    let fetching = fetching(&[], &json!({"refresh_seconds": 3600}));
    let mut behind = fetching.clone();
    let other = json!({"fqdn": "other.example.org", "keys": [{"jwk": pinned.jwk()}]});
    behind["entitlement_servers"].as_array_mut().expect("servers").insert(0, other);
    let setup = |filter: &Value| discovery(setup(filter, &upstream, &server).concurrency(2));
    let mut envoy = Envoy::start(&setup(&fetching));
    type Holds = fn([u64; 2], [u64; 2]) -> bool;
    let waits = |envoy: &Envoy, what: &str, holds: Holds| {
        envoy.wait(what, |envoy| holds(gauges(envoy, 0), gauges(envoy, 1)).then_some(()));
    };
    waits(&envoy, "one key that gets older", |first, _| first[0] == 1 && first[1] > 0);
    let pushes: [(&str, &Value, Holds); 3] = [
        ("the second server's", &behind, |first, second| first == [0, 0] && second[0] == 1),
        ("nobody's", &config(&[&pinned]), |first, second| [first, second] == [[0, 0], [0, 0]]),
        ("the first one's again", &fetching, |first, second| first[0] == 1 && second == [0, 0]),
    ];
    for (what, filter, holds) in pushes {
        assert!(matches!(envoy.push(&setup(filter)), Push::Live));
        waits(&envoy, what, holds);
    }
}

#[test]
fn gauges_follow_a_push_by_extension_discovery() {
    gauges_follow_the_configuration(Setup::ecds);
}

#[test]
fn gauges_follow_a_push_by_listener_discovery() {
    gauges_follow_the_configuration(|setup| setup);
}

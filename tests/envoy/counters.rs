//! What is counted by issuer and by rule, and that nothing counted is lost on the way to Envoy.

use crate::support::bootstrap::{Configuration, Setup};
use crate::support::envoy::{Envoy, Push};
use crate::support::fixture::{Fixture, config};
use crate::support::h1;
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::{Key, claims, claims_with};
use crate::support::upstream::Upstream;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

fn status(address: SocketAddr, path: &str, token: &str) -> Option<u16> {
    let request = Request::new("DELETE", path).header("authorization", format!("Bearer {token}"));
    h1::exchange(address, &request).ok().map(|response| response.status)
}

const REGISTRATION: &str = "/eees-eecregistration/v1/registrations/r1";
const SUBSCRIPTION: &str = "/eees-easdiscovery/v1/subscriptions/s1";

#[test]
fn each_issuer_and_each_rule_has_its_own_counters() {
    let (key, other) = (Key::new(1), Key::new(2));
    let mut filter = config(&[&key]);
    filter["entitlement_servers"]
        .as_array_mut()
        .expect("servers")
        .push(json!({"fqdn": "aes.other.example", "keys": [{"jwk": other.jwk()}]}));
    filter["rules"] = json!([
        {"match": {"path": "/healthz"}, "action": "pass_without_token"},
        {"match": {"api": "eees-easdiscovery"}, "claims": [{"claim": "scope", "contains": "discover"}]},
    ]);
    let fixture = Fixture::start(&filter);
    let address = fixture.envoy.address();
    let of_other = other.token(&claims_with(json!({"iss": "aes.other.example"})));
    let expired = key.token(&claims_with(json!({"iat": 1_000_000_000, "exp": 1_000_000_060})));
    let unknown = key.token(&claims_with(json!({"iss": "aes.nobody.example"})));
    let mut p = Problems::new();
    for (path, token, expected) in [
        (REGISTRATION, &key.token(&claims()), 201),
        (REGISTRATION, &of_other, 201),
        (REGISTRATION, &of_other, 201),
        (REGISTRATION, &expired, 401),
        (REGISTRATION, &unknown, 401),
        (SUBSCRIPTION, &of_other, 403),
        ("/healthz", &String::new(), 201),
    ] {
        p.equal(path, "status", status(address, path, token), Some(expected));
    }
    let counted = [
        ("issuer.0.allowed", 1),
        ("issuer.0.denied", 1),
        ("issuer.1.allowed", 2),
        ("issuer.1.denied", 1),
        ("rule.0.matched", 1),
        ("rule.0.denied", 0),
        ("rule.1.matched", 1),
        ("rule.1.denied", 1),
        ("allowed", 3),
        ("denied.issuer_unknown", 1),
    ];
    for (name, count) in counted {
        p.equal("counted", name, fixture.envoy.filter_stat(name), count);
    }
    fixture.finish(p);
}

/// Requests from several clients over pushes and workers: each is counted once, by whichever configuration decided it.
fn nothing_is_lost_at_a_push(discovery: impl Fn(Setup) -> Setup) {
    let (key, upstream) = (Key::new(1), Upstream::start());
    let mut filter = config(&[&key]);
    let setup = |filter: &Value| {
        discovery(Setup::new(Some(Configuration::Text(filter.to_string())), upstream.address).concurrency(2))
    };
    let mut envoy = Envoy::start(&setup(&filter));
    let (address, token) = (envoy.address(), key.token(&claims()));
    let (stop, allowed) = (AtomicBool::new(false), AtomicU64::new(0));
    let mut p = Problems::new();
    let failed: Vec<String> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let mut failed = Vec::new();
                    while !stop.load(Ordering::Relaxed) {
                        match status(address, REGISTRATION, &token) {
                            Some(201) => drop(allowed.fetch_add(1, Ordering::Relaxed)),
                            other => failed.push(format!("{other:?}")),
                        }
                    }
                    failed
                })
            })
            .collect();
        for n in 0..10 {
            filter["token"] = json!({"max_bytes": 8_000 + n});
            assert!(matches!(envoy.push(&setup(&filter)), Push::Live));
        }
        stop.store(true, Ordering::Relaxed);
        clients.into_iter().flat_map(|client| client.join().expect("a client")).collect()
    });
    p.equal("under pushes", "failed", failed, Vec::new());
    let allowed = allowed.into_inner();
    p.check("under pushes", allowed > 20, || format!("only {allowed} requests"));
    p.equal("under pushes", "allowed", envoy.filter_stat("allowed"), allowed);
    p.equal("under pushes", "issuer.0.allowed", envoy.filter_stat("issuer.0.allowed"), allowed);
    p.finish();
}

#[test]
fn nothing_counted_is_lost_at_a_push_by_extension_discovery() {
    nothing_is_lost_at_a_push(Setup::ecds);
}

#[test]
fn nothing_counted_is_lost_at_a_push_by_listener_discovery() {
    nothing_is_lost_at_a_push(|setup| setup);
}

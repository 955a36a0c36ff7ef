//! `docs/contract.md#statistics` in a real Envoy.

use crate::support::bootstrap::{Configuration, Setup};
use crate::support::contract::ROWS;
use crate::support::envoy::{Envoy, Push};
use crate::support::fixture::{Fixture, config};
use crate::support::h1;
use crate::support::request::Request;
use crate::support::token::Key;
use crate::support::upstream::Upstream;
use serde_json::json;

fn fixture() -> Fixture {
    let mut filter = config(&[&Key::new(1)]);
    filter["entitlement_servers"][0]["keys"][0]["not_after"] = json!("2040-01-01T00:00:00Z");
    let fetching = json!({"fqdn": "keys.example.org", "keys": [{"jwks_remote": {"cluster": "not-there"}}]});
    filter["entitlement_servers"].as_array_mut().expect("servers").push(fetching);
    Fixture::start_with(&filter, Setup::alone)
}

#[test]
fn every_statistic_of_the_contract_is_there_from_the_start() {
    let fixture = fixture();
    let stats = fixture.envoy.stats("wasmcustom.eec_authn");
    let mut names: Vec<String> = [
        "allowed",
        "passed_without_token",
        "cache.hit",
        "cache.miss",
        "online.ok",
        "online.inactive",
        "online.unavailable",
        "online.unavailable.timeout",
        "online.unavailable.connect",
        "online.unavailable.cluster",
        "online.unavailable.status",
        "online.unavailable.unreadable",
        "online.unavailable.credentials",
        "online.unavailable.overload",
        "online.allowed_unasked",
        "online.cache_hit",
        "online.waiting",
        "proof.checked",
        "ownership.sealed",
        "ownership.unsealed",
        "ownership.unsealable",
        "jwks.fetched",
        "jwks.failed",
        "jwks.keys.1",
        "jwks.age_seconds.1",
        "key_valid_days.0_0",
        "config.generation",
        "issuer.0.allowed",
        "issuer.0.denied",
        "issuer.1.allowed",
        "issuer.1.denied",
    ]
    .map(String::from)
    .to_vec();
    names.extend(
        ROWS.iter().flat_map(|row| [format!("denied.{}", row.code), format!("shadow_denied.{}", row.code)]),
    );
    for name in &names {
        assert!(stats.contains_key(&format!("wasmcustom.eec_authn.{name}")), "no {name} in {stats:?}");
    }
    assert_eq!(stats.len(), names.len(), "more than the contract says: {stats:?}");
}

#[test]
fn a_name_keeps_the_statistics_of_listeners_apart() {
    let mut filter = config(&[&Key::new(1)]);
    filter["name"] = json!("ees_1");
    let fixture = Fixture::start_with(&filter, Setup::alone);
    let request = Request::new("DELETE", "/eees-eecregistration/v1/registrations/r1");
    let status = h1::exchange(fixture.envoy.address(), &request).map(|response| response.status).ok();
    assert_eq!(status, Some(401));
    let stats = fixture.envoy.stats("wasmcustom.eec_authn");
    assert_eq!(stats.get("wasmcustom.eec_authn.ees_1.denied.token_missing"), Some(&1), "{stats:?}");
    assert!(stats.contains_key("wasmcustom.eec_authn.ees_1.config.generation"), "{stats:?}");
    let outside: Vec<_> =
        stats.keys().filter(|name| !name.starts_with("wasmcustom.eec_authn.ees_1.")).collect();
    assert!(outside.is_empty(), "without the name: {outside:?}");
}

/// Two configurations that say the same have one generation; the gauge of a key that a push removes goes to 0.
#[test]
fn gauges_follow_what_a_push_says() {
    let mut filter = config(&[&Key::new(1), &Key::new(2)]);
    filter["entitlement_servers"][0]["keys"][1]["not_after"] = json!("2040-01-01T00:00:00Z");
    let upstream = Upstream::start();
    let setup =
        |filter: &str| Setup::new(Some(Configuration::Text(filter.to_owned())), upstream.address).ecds();
    let mut envoy = Envoy::start(&setup(&filter.to_string()));
    let generation = envoy.filter_stat("config.generation");
    assert!(envoy.filter_stat("key_valid_days.0_1") > 1_000);

    // Another order of members, and white space.
    let (protects, servers) = (&filter["protects"], &filter["entitlement_servers"]);
    let same = format!("{{ \"protects\" : {protects:#}, \n\"entitlement_servers\": {servers} }}");
    assert_ne!(same, filter.to_string());
    assert!(matches!(envoy.push(&setup(&same)), Push::Live));
    assert_eq!(envoy.filter_stat("config.generation"), generation);

    filter["entitlement_servers"][0]["keys"].as_array_mut().expect("keys").pop();
    assert!(matches!(envoy.push(&setup(&filter.to_string())), Push::Live));
    envoy.wait("the gauge", |envoy| (envoy.filter_stat("key_valid_days.0_1") == 0).then_some(()));
    assert_ne!(envoy.filter_stat("config.generation"), generation);
}

//! `docs/contract.md#statistics` in a real Envoy, and the dashboard and alerts that rest on it.

use crate::support::contract::ROWS;
use crate::support::find;
use crate::support::fixture::{Fixture, config};
use crate::support::h1;
use crate::support::request::Request;
use crate::support::token::Key;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;

/// Every metric of the filter in Envoy's Prometheus text.
fn exported(fixture: &Fixture) -> BTreeSet<String> {
    let request = Request::new("GET", "/stats/prometheus");
    let text = h1::exchange(fixture.envoy.admin(), &request).expect("the statistics").body;
    let text = String::from_utf8(text).expect("text");
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    types
        .filter_map(|line| line.split(' ').next())
        .filter(|name| name.contains("eec_authn"))
        .map(Into::into)
        .collect()
}

fn fixture() -> Fixture {
    let mut filter = config(&[&Key::new(1)]);
    filter["entitlement_servers"][0]["keys"][0]["not_after"] = json!("2040-01-01T00:00:00Z");
    Fixture::start(&filter)
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
        "online.allowed_unasked",
        "online.cache_hit",
        "online.waiting",
        "key_valid_days.0_0",
        "config.generation",
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
fn dashboard_and_alerts_use_names_that_envoy_exports() {
    let exported = exported(&fixture());
    let root = find::root().join("envoy/observability");
    for file in ["grafana-dashboard.json", "prometheus-alerts.yaml"] {
        let text = fs::read_to_string(root.join(file)).expect(file);
        let used: BTreeSet<&str> = text
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .filter(|word| word.starts_with("eec_authn_"))
            .collect();
        assert!(used.len() > 3, "{file} uses {used:?}");
        for name in used {
            // `…_` stands for a family of names in a regular expression.
            let known = exported.contains(name)
                || (name.ends_with('_') && exported.iter().any(|own| own.starts_with(name)));
            assert!(known, "{file} uses `{name}`, which Envoy does not export: {exported:?}");
        }
    }
    let dashboard = fs::read_to_string(root.join("grafana-dashboard.json")).expect("the dashboard");
    let dashboard: Value = serde_json::from_str(&dashboard).expect("JSON");
    assert!(dashboard["panels"].as_array().is_some_and(|panels| panels.len() >= 6), "a dashboard has panels");
}

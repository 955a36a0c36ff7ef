//! The alert rules, read and played through by the real `promtool`: each alert with a case in which it fires and one in which
//! it does not.

use crate::support::contract::ROWS;
use crate::support::{find, foreign};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// What of the statistics differs from nothing at all, as series of `promtool` by the minute.
type Changed = [(&'static str, &'static str)];

/// An alert, whether it fires at that minute, and what has happened.
const CASES: &[(&str, bool, u32, &Changed)] = &[
    ("DeniesMuch", true, 20, &[("allowed", "0+60x60"), ("denied_token_missing", "0+60x60")]),
    ("DeniesMuch", false, 9, &[("allowed", "0+60x60"), ("denied_token_missing", "0+60x60")]),
    ("DeniesMuch", false, 20, &[("allowed", "0+60x60"), ("denied_token_missing", "0+12x60")]),
    ("DeniesMuch", false, 20, &[]),
    ("SignaturesInvalid", true, 20, &[("denied_signature_invalid", "0+66x60")]),
    ("SignaturesInvalid", false, 20, &[("denied_signature_invalid", "0+54x60")]),
    ("KeyUnknown", true, 20, &[("denied_key_unknown", "0+4x60"), ("denied_key_not_valid_now", "0+4x60")]),
    ("KeyUnknown", false, 20, &[("denied_key_unknown", "0+4x60")]),
    ("EntitlementServerUnavailable", true, 20, &[("online_ok", "0+60x60"), ("online_unavailable", "0+6x60")]),
    ("EntitlementServerUnavailable", true, 20, &[("online_unavailable", "0+1x60")]),
    (
        "EntitlementServerUnavailable",
        false,
        20,
        &[("online_ok", "0+60x60"), ("online_unavailable", "0+2x60")],
    ),
    ("EntitlementServerUnavailable", false, 20, &[]),
    ("KeysNotFetched", true, 40, &[("jwks_failed", "0+1x60")]),
    ("KeysNotFetched", false, 14, &[("jwks_failed", "0+1x60")]),
    ("KeysNotFetched", false, 40, &[("jwks_failed", "0+1x60"), ("jwks_fetched", "0+1x60")]),
    ("AllowsUnasked", true, 20, &[("online_allowed_unasked", "0+1x60")]),
    ("AllowsUnasked", false, 20, &[("online_ok", "0+60x60")]),
    ("ShadowDenies", true, 30, &[("shadow_denied_token_missing", "0+1x60")]),
    ("ShadowDenies", false, 30, &[("denied_token_missing", "0+1x60")]),
    // Days of 1440 minutes; the other key has no alert of its own, and is not mixed up with it.
    ("KeyEndsSoon", true, 90, &[("key_valid_days_0_1", "13x2000"), ("key_valid_days_0_0", "90x2000")]),
    (
        "KeyEndsSoon",
        true,
        1800,
        &[("key_valid_days_0_1", "13x1439 12x2000"), ("key_valid_days_0_0", "13x9 90x3000")],
    ),
    ("KeyEndsSoon", false, 90, &[("key_valid_days_0_1", "14x2000")]),
    // The last day is a day; then the key is over, or a push has removed it.
    ("KeyEndsSoon", true, 1800, &[("key_valid_days_0_1", "2x1439 1x2000")]),
    ("KeyEndsSoon", false, 90, &[("key_valid_days_0_1", "13x9 0x2000"), ("key_valid_days_0_0", "90x3000")]),
    ("Trapped", true, 20, &[("envoy_wasm_eec_authn_vm_reload_success", "0x15 1x45")]),
    ("Trapped", false, 20, &[("envoy_wasm_eec_authn_vm_reload_success", "1x60")]),
    ("ConfigurationsDiffer", true, 20, &[("config_generation", "4711x60")]),
    ("ConfigurationsDiffer", false, 9, &[("config_generation", "4711x60")]),
    ("ConfigurationsDiffer", false, 20, &[("config_generation", "0x4 815x60")]),
];

fn rules() -> PathBuf {
    find::root().join("envoy/observability/prometheus-alerts.yaml")
}

fn promtool(arguments: &[&str]) {
    let output = Command::new(find::promtool()).args(arguments).output().expect("promtool starts");
    let text = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&text));
}

/// The alerts by their names.
fn alerts() -> BTreeMap<String, Value> {
    let text = fs::read_to_string(rules()).expect("the rules");
    let document = foreign::run("yaml_documents.py", &json!({"text": text}))[0].clone();
    let groups = document["groups"].as_array().expect("groups").clone();
    let all = groups.iter().flat_map(|group| group["rules"].as_array().expect("rules").clone());
    all.filter_map(|rule| Some((rule["alert"].as_str()?.to_owned(), rule))).collect()
}

/// What a proxy exports after a start, with what has changed; another proxy has only started.
fn series(changed: &Changed) -> Vec<Value> {
    let mut values: BTreeMap<String, &str> = BTreeMap::new();
    let others = [
        "allowed",
        "online_ok",
        "online_unavailable",
        "online_allowed_unasked",
        "jwks_fetched",
        "jwks_failed",
    ]
    .map(str::to_owned);
    let codes =
        ROWS.iter().flat_map(|row| ["denied", "shadow_denied"].map(|kind| format!("{kind}_{}", row.code)));
    values.extend(others.into_iter().chain(codes).map(|name| (name, "0x60")));
    values.insert("config_generation".to_owned(), "815x60");
    let one = |instance: &str, values: &BTreeMap<String, &str>| -> Vec<Value> {
        let shown = values.iter().map(|(name, values)| {
            let prefix = if name.starts_with("envoy_") { "" } else { "eec_authn_" };
            json!({"series": format!("{prefix}{name}{{instance=\"{instance}\"}}"), "values": values})
        });
        shown.collect()
    };
    let idle = one("b", &values);
    values.extend(changed.iter().map(|(name, shown)| ((*name).to_owned(), *shown)));
    [one("a", &values), idle].concat()
}

#[test]
fn each_alert_fires_when_it_should_and_only_then() {
    promtool(&["check", "rules", &rules().display().to_string()]);
    let alerts = alerts();
    let cases: Vec<(u32, Value)> = CASES
        .iter()
        .map(|(alert, fires, minute, changed)| {
            let alert = format!("EecAuthn{alert}");
            let rule = alerts.get(&alert).unwrap_or_else(|| panic!("{alert} is not there"));
            let mut labels = rule["labels"].clone();
            if alert == "EecAuthnKeysNotFetched" {
                labels["instance"] = json!("a");
            }
            if alert == "EecAuthnKeyEndsSoon" {
                labels["instance"] = json!("a");
                labels["key"] = json!("0_1");
            }
            let expected = json!({"exp_labels": labels, "exp_annotations": rule["annotations"]});
            let case = json!({
                "name": format!("{alert}, {changed:?}"),
                "interval": "1m",
                "input_series": series(changed),
                "alert_rule_test": [{
                    "eval_time": format!("{minute}m"),
                    "alertname": alert,
                    "exp_alerts": if *fires { vec![expected] } else { vec![] },
                }],
            });
            (*minute, case)
        })
        .collect();
    for wanted in [true, false] {
        let tested: BTreeSet<String> = CASES
            .iter()
            .filter(|(_, fires, ..)| *fires == wanted)
            .map(|(name, ..)| format!("EecAuthn{name}"))
            .collect();
        assert_eq!(tested, alerts.keys().cloned().collect(), "alerts with a case that fires: {wanted}");
    }
    // Days are played through in larger steps.
    let (days, hour): (Vec<_>, Vec<_>) = cases.into_iter().partition(|(minute, _)| *minute > 60);
    for (step, cases) in [("3m", days), ("1m", hour)] {
        let cases: Vec<Value> = cases.into_iter().map(|(_, case)| case).collect();
        let file = tempfile::Builder::new().suffix(".yaml").tempfile().expect("a file");
        let tests = json!({"rule_files": [rules()], "evaluation_interval": step, "tests": cases});
        fs::write(file.path(), tests.to_string()).expect("it is written");
        promtool(&["test", "rules", &file.path().display().to_string()]);
    }
}

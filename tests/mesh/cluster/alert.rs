//! Whether an alert fires on what a proxy really exports, asked of the real `promtool`.

use crate::support::find;
use serde_json::json;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Panics unless the alert fires ten minutes after a scrape that had nothing of what is `shown` now.
pub fn fires(alert: &str, shown: &str, folder: &Path) {
    let samples =
        shown.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.rsplit_once(' '));
    let series: Vec<_> = samples
        .filter_map(|(name, value)| {
            let value: f64 = value.parse().ok()?;
            let labelled = name.replace("{}", "{namespace=\"edge\",job=\"ees\",instance=\"a\"}");
            let labelled = match labelled.split_once('{') {
                Some((name, rest)) if !rest.starts_with("namespace") => {
                    format!("{name}{{namespace=\"edge\",job=\"ees\",instance=\"a\",{rest}")
                }
                _ => labelled,
            };
            Some(json!({"series": labelled, "values": format!("0x5 {value}x30")}))
        })
        .filter(|series| {
            let name = series["series"].as_str().unwrap_or_default();
            name.contains("eec_authn") || name.contains("listener_manager_lds_update_rejected")
        })
        .collect();
    assert!(!series.is_empty(), "nothing of the filter is exported");
    let rules = find::root().join("envoy/observability/prometheus-alerts.yaml");
    // Whatever its labels: that it fires is asked by its own series.
    let expression = format!("count(ALERTS{{alertname=\"{alert}\",alertstate=\"firing\"}}) > bool 0");
    let test = json!({
        "rule_files": [rules], "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": series,
            "promql_expr_test": [{"expr": expression, "eval_time": "12m", "exp_samples": [{"value": 1, "labels": "{}"}]}]}],
    });
    let file = folder.join(format!("{alert}.yaml"));
    fs::write(&file, test.to_string()).expect("a file");
    let output =
        Command::new(find::promtool()).args(["test", "rules"]).arg(&file).output().expect("promtool starts");
    let text = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{alert} does not fire: {}", String::from_utf8_lossy(&text));
}

//! The alert rules, read and played through by the real `promtool`: each alert with a case in which it fires and one in which
//! it does not, in every form in which a platform exports the statistics.

mod cases;

use self::cases::{CASES, CODES, Changed, FORMS, Form, OTHER};
use crate::support::contract::ROWS;
use crate::support::{find, foreign};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use tempfile::NamedTempFile;

fn rules() -> PathBuf {
    find::root().join("envoy/observability/prometheus-alerts.yaml")
}

fn promtool(arguments: &[&str]) {
    // Collecting its garbage as often as it does by default takes a third of its time.
    let output = Command::new(find::promtool()).env("GOGC", "1000").args(arguments).output();
    let output = output.expect("promtool starts");
    let text = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&text));
}

/// What is in the file, as JSON.
fn document() -> Value {
    let text = fs::read_to_string(rules()).expect("the rules");
    foreign::run("yaml_documents.py", &json!({"text": text}))[0].clone()
}

/// The alerts by their names.
fn alerts(document: &Value) -> BTreeMap<String, Value> {
    let groups = document["groups"].as_array().expect("groups").clone();
    let all = groups.iter().flat_map(|group| group["rules"].as_array().expect("rules").clone());
    all.filter_map(|rule| Some((rule["alert"].as_str()?.to_owned(), rule))).collect()
}

/// The file with these alerts alone, and the rates that they ask for: promtool computes all there is at every step of every case.
fn only(names: &BTreeSet<String>, document: &Value) -> Value {
    let mut document = document.clone();
    // A rate asks for others that stand before it, by their names or by a pattern of these.
    let mut asked = String::new();
    for group in document["groups"].as_array_mut().expect("groups").iter_mut().rev() {
        let rules = group["rules"].as_array_mut().expect("rules");
        rules.reverse();
        rules.retain(|rule| {
            let wanted = match rule["record"].as_str() {
                Some(rate) => asked.contains(rate) || asked.contains("__name__=~"),
                None => names.contains(rule["alert"].as_str().expect("an alert")),
            };
            if wanted {
                asked.push_str(rule["expr"].as_str().expect("an expression"));
            }
            wanted
        });
        rules.reverse();
    }
    document
}

fn file(text: &str) -> NamedTempFile {
    let file = tempfile::Builder::new().suffix(".yaml").tempfile().expect("a file");
    fs::write(file.path(), text).expect("it is written");
    file
}

/// A statistic as Prometheus has it.
fn exported(form: &Form, listener: Option<&str>, statistic: &str) -> String {
    let place = "namespace=\"edge\",job=\"ees\"";
    match statistic {
        "trap" => return format!("{}{{{place}", form.trap.0),
        "reload_failure" | "reload_backoff" => {
            return format!("{}{{{place}", form.trap.0.replace("_reload_success", &format!("_{statistic}")));
        }
        "proxy.5xx" | "proxy.requests" | "server.5xx" => {
            let (name, of) = match statistic {
                "proxy.5xx" => ("envoy_http_downstream_rq_xx", "http_conn_manager_prefix=\"edge\""),
                "proxy.requests" => ("envoy_http_downstream_rq_total", "http_conn_manager_prefix=\"edge\""),
                _ => ("envoy_cluster_upstream_rq_xx", "cluster_name=\"ees\""),
            };
            let class = if statistic.ends_with("5xx") { ",envoy_response_code_class=\"5\"" } else { "" };
            return format!("{name}{{{place},envoy_{of}{class}");
        }
        "refused" => return format!("{}{{{place}", form.refused.0),
        "taken" => {
            let taken = form.refused.0.replace("_config_fail", "_update_success");
            return format!("{}{{{place}", taken.replace("_update_rejected", "_update_success"));
        }
        _ => {}
    }
    if !form.labels {
        let name = listener.map(|name| format!("{name}_")).unwrap_or_default();
        return format!("eec_authn_{name}{}{{{place}", statistic.replace('.', "_"));
    }
    let listener = listener.map(|name| format!(",listener=\"{name}\"")).unwrap_or_default();
    let labelled = [
        ("denied.", "denied", "code"),
        ("shadow_denied.", "shadow_denied", "code"),
        ("jwks.age_seconds.", "jwks_age_seconds", "issuer"),
        ("jwks.keys.", "jwks_keys", "issuer"),
        ("key_valid_days.", "key_valid_days", "key"),
    ];
    let found = labelled.iter().find_map(|(start, name, label)| {
        Some(format!("eec_authn_{name}{{{place}{listener},{label}=\"{}\"", statistic.strip_prefix(start)?))
    });
    found.unwrap_or_else(|| format!("eec_authn_{}{{{place}{listener}", statistic.replace('.', "_")))
}

/// What a proxy exports after a start, with what has changed; another proxy has only started. Beside it in the same Envoy, where
/// names tell them apart, another server that is well and has another configuration.
fn series(form: &Form, changed: &Changed) -> Vec<Value> {
    let causes = ["timeout", "connect", "cluster", "status", "unreadable", "credentials", "overload"];
    let mut names: Vec<String> =
        ["allowed", "passed_without_token", "online.ok", "online.inactive", "online.unavailable"]
            .iter()
            .chain(&["online.allowed_unasked", "online.waiting", "jwks.fetched", "jwks.failed"])
            .map(|name| (*name).to_owned())
            .collect();
    names.extend(causes.map(|cause| format!("online.unavailable.{cause}")));
    names.extend(
        CODES.iter().flat_map(|code| ["denied", "shadow_denied"].map(|kind| format!("{kind}.{code}"))),
    );
    // What is going to be counted by server and by rule is no decision of its own.
    let others =
        [("issuer.0.allowed", "0+60x2000"), ("issuer.0.denied", "0+60x2000"), ("rule.0.denied", "0+60x2000")];
    let mut values: BTreeMap<String, &str> = names.into_iter().map(|name| (name, "0x2000")).collect();
    values.extend(others.map(|(name, shown)| (name.to_owned(), shown)));
    values.insert("config.generation".to_owned(), "815x2000");
    let idle = values.clone();
    let all = changed.iter().find_map(|(name, shown)| (*name == "*").then_some(*shown));
    if let Some(shown) = all {
        values.values_mut().for_each(|own| *own = shown);
    }
    values.extend(
        changed
            .iter()
            .filter(|(name, _)| *name != "*" && !name.starts_with(OTHER))
            .map(|(name, shown)| ((*name).to_owned(), *shown)),
    );
    let one = |instance: &str, listener: Option<&str>, values: &BTreeMap<String, &str>| -> Vec<Value> {
        let shown = values.iter().map(|(name, values)| {
            json!({"series": format!("{},instance=\"{instance}\"}}", exported(form, listener, name)), "values": values})
        });
        shown.collect()
    };
    let mut all: Vec<Value> = match all {
        // Both proxies.
        Some(_) => [one("a", form.name, &values), one("b", form.name, &values)].concat(),
        None => [one("a", form.name, &values), one("b", form.name, &idle)].concat(),
    };
    if form.name.is_some() {
        let mut well = idle.clone();
        for (name, shown) in [
            ("allowed", "0+60x2000"),
            ("denied.token_expired", "0+1x2000"),
            ("config.generation", "4711x2000"),
        ] {
            well.insert(name.to_owned(), shown);
        }
        well.extend(
            changed.iter().filter_map(|(name, shown)| Some((name.strip_prefix(OTHER)?.to_owned(), *shown))),
        );
        all.extend(one("a", Some("ecs1"), &well));
    }
    all.extend(["a", "b"].map(|instance| {
        json!({"series": format!("up{{namespace=\"edge\",job=\"ees\",instance=\"{instance}\"}}"), "values": "1x2000"})
    }));
    all
}

/// The labels of an alert that fires.
fn labels(form: &Form, alert: &str, rule: &Value) -> Value {
    let mut labels = rule["labels"].clone();
    (labels["namespace"], labels["job"]) = (json!("edge"), json!("ees"));
    match (alert, form.refused.1) {
        ("Trapped", _) => labels["plugin"] = json!(form.trap.1),
        ("PushRefused" | "NeverConfigured", Some(extension)) => labels["extension"] = json!(extension),
        ("PushRefused" | "NeverConfigured", None) | ("KeysNotFetched" | "ProxyRefuses", _) => {}
        _ => {
            if let Some(name) = form.name {
                labels["listener"] = json!(name);
            }
        }
    }
    match alert {
        "KeysNotFetched" | "NeverConfigured" | "ProxyRefuses" => labels["instance"] = json!("a"),
        "KeysOld" | "KeysMissing" => labels["issuer"] = json!("1"),
        "KeyEndsSoon" => labels["key"] = json!("0_1"),
        _ => {}
    }
    labels
}

#[test]
fn each_alert_fires_when_it_should_and_only_then() {
    promtool(&["check", "rules", &rules().display().to_string()]);
    let known: Vec<&str> = ROWS.iter().map(|row| row.code).collect();
    assert!(CODES.iter().all(|code| known.contains(code)), "{known:?}");
    let document = document();
    let alerts = alerts(&document);
    for wanted in [true, false] {
        let tested: BTreeSet<String> = CASES
            .iter()
            .filter(|(_, fires, ..)| *fires == wanted)
            .map(|(name, ..)| format!("EecAuthn{name}"))
            .collect();
        assert_eq!(tested, alerts.keys().cloned().collect(), "alerts with a case that fires: {wanted}");
    }
    // It takes promtool seconds for each.
    std::thread::scope(|scope| {
        for form in FORMS {
            scope.spawn(|| play_all(form, &alerts, &document));
        }
    });
}

fn play_all(form: &Form, alerts: &BTreeMap<String, Value>, document: &Value) {
    // Forms that differ from another in Envoy's own names alone are played through with these.
    let cases = CASES.iter().filter(|(alert, ..)| {
        form.full || ["Trapped", "ProxyRefuses", "PushRefused", "NeverConfigured"].contains(alert)
    });
    // Without ECDS there is no counter that tells.
    let cases = cases.filter(|(alert, ..)| *alert != "NeverConfigured" || form.refused.1.is_some());
    let cases = cases.filter(|(.., changed)| {
        form.name.is_some() || !changed.iter().any(|(name, _)| name.starts_with(OTHER))
    });
    let cases = cases.map(|(alert, fires, minute, changed)| {
        let rule = &alerts[&format!("EecAuthn{alert}")];
        let expected =
            json!({"exp_labels": labels(form, alert, rule), "exp_annotations": rule["annotations"]});
        let case = json!({
            "name": format!("{}: {alert}, {changed:?}", form.platform),
            "interval": "1m",
            "input_series": series(form, changed),
            "alert_rule_test": [{
                "eval_time": format!("{minute}m"),
                "alertname": format!("EecAuthn{alert}"),
                "exp_alerts": if *fires { vec![expected] } else { vec![] },
            }],
        });
        (*minute, *alert, case)
    });
    // Days are played through in larger steps.
    let (days, hours): (Vec<_>, Vec<_>) = cases.partition(|(minute, ..)| *minute > 100);
    // Four alerts to a file: with fewer, its starts would take longer than what it need not compute.
    let hours = hours.chunk_by(|(_, one, _), (_, next, _)| one == next).collect::<Vec<_>>();
    let hours = hours.chunks(4).map(|some| ("1m", some.concat()));
    for (step, cases) in [("4m", days)].into_iter().chain(hours) {
        let names = cases.iter().map(|(_, alert, _)| format!("EecAuthn{alert}")).collect();
        let rules = file(&only(&names, document).to_string());
        let cases: Vec<&Value> = cases.iter().map(|(.., case)| case).collect();
        let tests = file(
            &json!({"rule_files": [rules.path()], "evaluation_interval": step, "tests": cases}).to_string(),
        );
        promtool(&["test", "rules", &tests.path().display().to_string()]);
    }
}

/// Plays through one history, in which none of these alerts may fire at any of these minutes.
fn silent(form: &Form, what: &str, changed: &Changed, alerts: &[&String]) {
    let minutes = [10, 30, 70, 90];
    let asked = minutes.iter().flat_map(|minute| {
        alerts.iter().map(
            move |alert| json!({"eval_time": format!("{minute}m"), "alertname": alert, "exp_alerts": []}),
        )
    });
    let case = json!({"name": format!("{}: {what}", form.platform), "interval": "1m", "input_series": series(form, changed),
        "alert_rule_test": asked.collect::<Vec<_>>()});
    let tests =
        file(&json!({"rule_files": [rules()], "evaluation_interval": "1m", "tests": [case]}).to_string());
    promtool(&["test", "rules", &tests.path().display().to_string()]);
}

/// An EES and an edge ECS in one Envoy, with configurations of their own: nothing is wrong with them.
#[test]
fn two_healthy_servers_in_one_envoy_alarm_nobody() {
    let alerts = alerts(&document());
    let all: Vec<&String> = alerts.keys().collect();
    let traffic: &Changed = &[
        ("allowed", "0+600x120"),
        ("passed_without_token", "0+12x120"),
        ("denied.token_missing", "0+6x120"),
        ("denied.key_unknown", "0+1x120"),
        ("denied.signature_invalid", "0+1x120"),
        ("online.ok", "0+60x120"),
        ("online.inactive", "0+6x120"),
        ("online.unavailable.timeout", "0x20 1x100"),
        ("jwks.fetched", "0+1x120"),
        ("jwks.age_seconds.0", "300x120"),
        ("key_valid_days.0_0", "200x120"),
    ];
    for form in FORMS.iter().filter(|form| form.name.is_some() && form.full) {
        silent(form, "healthy servers", traffic, &all);
    }
}

/// Whoever has no token can send any request: any denial that comes before a token is verified, and opaque tokens that the
/// entitlement server is asked about.
#[test]
fn nobody_without_a_token_wakes_anybody() {
    let alerts = alerts(&document());
    let critical: Vec<&String> = alerts
        .iter()
        .filter(|(_, rule)| rule["labels"]["severity"] == "critical")
        .map(|(name, _)| name)
        .collect();
    assert!(critical.len() > 2, "{critical:?}");
    let flood = [
        ("denied.token_missing", "0+60000x120"),
        ("denied.key_unknown", "0+60000x120"),
        ("denied.key_not_valid_now", "0+60000x120"),
        ("denied.signature_invalid", "0+60000x120"),
        ("online.inactive", "0+6000x120"),
        ("online.unavailable", "0+60000x120"),
        ("online.unavailable.overload", "0+30000x120"),
        ("online.unavailable.cluster", "0+30000x120"),
    ];
    let beside: Vec<_> =
        flood.into_iter().chain([("allowed", "0+60x120"), ("online.ok", "0+60x120")]).collect();
    for form in FORMS.iter().filter(|form| form.full) {
        silent(form, "a flood alone", &flood, &critical);
        silent(form, "a flood beside clients", &beside, &critical);
    }
}

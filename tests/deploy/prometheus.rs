//! The labels that Prometheus sees: the tags of `envoy/observability/stats-tags.yaml`, which every shipped bootstrap has, in a
//! real Envoy before two servers.

use crate::fixture::running::Running;
use crate::fixture::shipped::read;
use crate::support::contract::ROWS;
use crate::support::fixture::config;
use crate::support::request::Request;
use crate::support::token::{Key, claims_with};
use crate::support::upstream::Upstream;
use crate::support::{find, foreign, h1};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use tempfile::TempDir;

const TAGS: &str = "envoy/observability/stats-tags.yaml";

/// The lines of `stats_tags` in a text, without what is around them.
fn tag_lines(text: &str) -> Vec<&str> {
    let lines = text.lines().map(str::trim);
    lines.filter(|line| line.starts_with("- tag_name: ") || line.starts_with("regex: '")).collect()
}

#[test]
fn every_bootstrap_has_the_same_tags() {
    let tags = read(TAGS);
    assert_eq!(tag_lines(&tags).len(), 10, "{tags}");
    let mut seen = 0;
    for folder in fs::read_dir(find::root().join("envoy")).expect("envoy").flatten() {
        for file in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
            let text = fs::read_to_string(file.path()).expect("text");
            let starts_envoy = text.contains("static_resources:") && text.contains("eec_authn");
            if starts_envoy || text.contains("stats_tags:") {
                assert_eq!(tag_lines(&text), tag_lines(&tags), "{}", file.path().display());
                seen += 1;
            }
        }
    }
    assert!(seen > 3, "only {seen} files have them");
}

fn tags() -> Value {
    foreign::run("yaml_documents.py", &json!({"text": read(TAGS)}))[0]["stats_config"]["stats_tags"].clone()
}

/// By Python's regular expressions, since not all names can be brought about at will.
#[test]
fn names_are_taken_apart() {
    // By hand: a statistic below `wasmcustom.eec_authn.`, its name in Prometheus, its labels.
    let rows = json!([
        ["allowed", "allowed", {}],
        ["ees1.allowed", "allowed", {"listener": "ees1"}],
        ["denied.token_missing", "denied", {"code": "token_missing"}],
        ["ees1.denied.token_missing", "denied", {"listener": "ees1", "code": "token_missing"}],
        ["ees_1.shadow_denied.binding_mismatch", "shadow_denied", {"listener": "ees_1", "code": "binding_mismatch"}],
        ["cache.hit", "cache_hit", {}],
        ["online.cache_hit", "online_cache_hit", {}],
        ["online.allowed_unasked", "online_allowed_unasked", {}],
        ["online.unavailable", "online_unavailable", {}],
        ["online.unavailable.timeout", "online_unavailable_timeout", {}],
        ["ees1.online.unavailable.status", "online_unavailable_status", {"listener": "ees1"}],
        ["jwks.keys.0", "jwks_keys", {"issuer": "0"}],
        ["ees1.jwks.age_seconds.12", "jwks_age_seconds", {"listener": "ees1", "issuer": "12"}],
        ["key_valid_days.0_11", "key_valid_days", {"key": "0_11"}],
        ["ees1.config.generation", "config_generation", {"listener": "ees1"}],
        ["issuer.0.allowed", "issuer_allowed", {"issuer": "0"}],
        ["issuer.10.denied", "issuer_denied", {"issuer": "10"}],
        ["ees1.issuer.1.denied", "issuer_denied", {"listener": "ees1", "issuer": "1"}],
        ["rule.0.matched", "rule_matched", {"rule": "0"}],
        ["ees1.rule.255.denied", "rule_denied", {"listener": "ees1", "rule": "255"}],
    ]);
    let found = foreign::run(
        "stats_tags.py",
        &json!({"tags": tags(), "names": rows.as_array().expect("rows")
        .iter().map(|row| row[0].clone()).collect::<Vec<_>>()}),
    );
    for (row, found) in rows.as_array().expect("rows").iter().zip(found.as_array().expect("names")) {
        assert_eq!(found, &json!([row[1], row[2]]), "{}", row[0]);
    }
}

const MANAGER: &str =
    "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";

/// A listener before `upstream`, with this filter JSON.
fn listener(name: &str, filter: &Value) -> Value {
    json!({"name": name, "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}, "filter_chains": [{"filters": [{
    "name": "http", "typed_config": {"@type": MANAGER, "stat_prefix": name,
    "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "upstream"}}]}]},
    "http_filters": [
        {"name": "eec_authn", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm", "config": {
            "name": "eec_authn", "root_id": "eec_authn", "failure_policy": "FAIL_RELOAD",
            "configuration": {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": filter.to_string()},
            "vm_config": {"vm_id": "eec_authn", "runtime": "envoy.wasm.runtime.v8", "code": {"local": {"filename": find::module()}}}}}},
        {"name": "router", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}},
    ]}}]}]})
}

/// An EES and an edge ECS in one Envoy, with names of their own; with labels or without.
fn two(key: &Key, upstream: &Upstream, labels: bool) -> Running {
    let mut ees = config(&[key]);
    ees["name"] = json!("ees1");
    ees["entitlement_servers"][0]["keys"][0]["not_after"] = json!("2040-01-01T00:00:00Z");
    let fetching = json!({"fqdn": "keys.example.org", "keys": [{"jwks_remote": {"cluster": "not-there"}}]});
    ees["entitlement_servers"].as_array_mut().expect("servers").push(fetching);
    ees["rules"] = json!([{"name": "closed", "match": {"path": "/closed"}, "action": "deny"}]);
    let mut ecs = config(&[key]);
    (ecs["name"], ecs["protects"]["role"]) = (json!("ecs1"), json!("ecs"));
    let directory = TempDir::with_prefix("eec-authn-labels-").expect("a temporary directory");
    let mut bootstrap = json!({
        "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}},
        "static_resources": {
            "listeners": [listener("ees", &ees), listener("ecs", &ecs)],
            "clusters": [{"name": "upstream", "load_assignment": {"cluster_name": "upstream", "endpoints": [{"lb_endpoints": [
                {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": upstream.address.port()}}}}]}]}}],
        },
    });
    if labels {
        bootstrap["stats_config"] = json!({"stats_tags": tags()});
    }
    fs::write(directory.path().join("envoy.yaml"), bootstrap.to_string()).expect("a file");
    Running::start(directory, &[])
}

#[test]
fn two_servers_in_one_envoy_are_told_apart_by_labels() {
    let (key, upstream) = (Key::new(1), Upstream::start());
    let mut envoy = two(&key, &upstream, true);
    let token = key.token(&claims_with(json!({})));
    let ask = |listener: &str, request: &Request| {
        h1::exchange(envoy.listener(listener), request).expect("an answer").status
    };
    assert_eq!(ask("ees", &Request::register("eec-1").bearer(&token)), 201);
    assert_eq!(ask("ees", &Request::register("eec-1")), 401);
    assert_eq!(ask("ees", &Request::new("GET", "/closed")), 403);
    assert_eq!(ask("ecs", &Request::register("eec-1").bearer(&token)), 403);

    let line = |name: &str, labels: &str, value: &str| format!("eec_authn_{name}{{{labels}}} {value}");
    let wanted = [
        line("allowed", "listener=\"ees1\"", "1"),
        line("allowed", "listener=\"ecs1\"", "0"),
        line("denied", "listener=\"ees1\",code=\"token_missing\"", "1"),
        line("denied", "listener=\"ees1\",code=\"route_denied\"", "1"),
        line("denied", "listener=\"ecs1\",code=\"route_unmatched\"", "1"),
        line("denied", "listener=\"ees1\",code=\"route_unmatched\"", "0"),
    ];
    let shown = envoy.wait("the counts", |e| {
        let shown = e.admin_get("/stats/prometheus");
        wanted.iter().all(|line| shown.lines().any(|own| own == line)).then_some(shown)
    });
    let of_ours: Vec<&str> = shown.lines().filter(|line| line.starts_with("eec_authn_")).collect();
    // Nothing is without its listener, and no name has what is a label.
    assert!(
        of_ours.iter().all(|line| line.contains("{listener=\"ees1\"") || line.contains("{listener=\"ecs1\"")),
        "{of_ours:#?}"
    );
    let names: BTreeSet<&str> = of_ours.iter().filter_map(|line| line.split('{').next()).collect();
    for name in [
        "eec_authn_denied",
        "eec_authn_shadow_denied",
        "eec_authn_key_valid_days",
        "eec_authn_jwks_age_seconds",
    ] {
        assert!(
            names.contains(name) && !names.iter().any(|own| own.starts_with(&format!("{name}_"))),
            "{name}: {names:?}"
        );
    }
    let codes =
        of_ours.iter().filter(|line| line.starts_with("eec_authn_denied{listener=\"ees1\",code=\"")).count();
    assert_eq!(codes, ROWS.len());
}

/// Everything that a real Envoy exports comes out of the recording rules as it should, with labels and without.
#[test]
fn the_rules_read_what_envoy_exports() {
    let (key, upstream) = (Key::new(1), Upstream::start());
    let codes = ROWS.len();
    // A recorded name, and how many series of each listener.
    let expected = [
        ("allowed:rate5m", 1),
        ("passed_without_token:rate5m", 1),
        ("denied:rate5m", codes),
        ("shadow_denied:rate5m", codes),
        // ok, inactive, unavailable and its seven causes, allowed_unasked, cache_hit.
        ("online:rate5m", 12),
        ("cache:rate5m", 2),
        ("jwks:increase15m", 2),
        ("config_generation", 1),
        ("allowed:sum_rate5m", 1),
        ("denied:sum_rate5m", 1),
        ("decided:sum_rate5m", 1),
    ];
    for labels in [true, false] {
        let envoy = two(&key, &upstream, labels);
        let shown = envoy.admin_get("/stats/prometheus");
        let ours =
            shown.lines().filter(|line| line.starts_with("eec_authn_") || line.starts_with("envoy_wasm_"));
        let series: Vec<Value> = ours
            .filter_map(|line| Some(json!({"series": line.rsplit_once(' ')?.0, "values": "0+60x30"})))
            .collect();
        let mut queries: Vec<Value> = expected
            .iter()
            .flat_map(|(name, count)| ["ees1", "ecs1"].map(|listener| (format!("{name}{{listener=\"{listener}\"}}"), *count)))
            .map(|(selected, count)| json!({"expr": format!("count(eec_authn:{selected})"), "eval_time": "20m", "exp_samples": [{"labels": "{}", "value": count}]}))
            .collect();
        for (selected, wanted) in [
            ("denied:rate5m{listener=\"ees1\",code=\"algorithm_not_allowed\"}", 1),
            ("denied:rate5m{listener=\"ecs1\",code=\"route_denied\"}", 1),
            ("online:rate5m{listener=\"ees1\",result=\"unavailable_timeout\"}", 1),
            ("jwks_age_seconds{listener=\"ees1\",issuer=\"1\"}", 1),
            ("jwks_keys{listener=\"ees1\",issuer=\"1\"}", 1),
            ("key_valid_days{listener=\"ees1\",key=\"0_0\"}", 1),
            ("traps:increase10m{plugin=\"eec_authn\"}", 1),
            ("failed:increase2m{plugin=\"eec_authn\"}", 2),
        ] {
            queries.push(json!({"expr": format!("count(eec_authn:{selected})"), "eval_time": "20m", "exp_samples": [{"labels": "{}", "value": wanted}]}));
        }
        // Nothing is taken for a listener that is none, and one a second is one a second.
        queries.push(json!({"expr": "count({__name__=~\"eec_authn:.+\", listener!~\"ees1|ecs1\"} unless {__name__=~\"eec_authn:(traps|failed|proxy|pushes).+\"})", "eval_time": "20m", "exp_samples": []}));
        queries.push(json!({"expr": "eec_authn:allowed:sum_rate5m{listener=\"ees1\"}", "eval_time": "20m",
            "exp_samples": [{"labels": "eec_authn:allowed:sum_rate5m{listener=\"ees1\"}", "value": 1}]}));
        let tests = json!({"rule_files": [find::root().join("envoy/observability/prometheus-alerts.yaml")],
            "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": queries}]});
        let file = tempfile::Builder::new().suffix(".yaml").tempfile().expect("a file");
        fs::write(file.path(), tests.to_string()).expect("it is written");
        let output = Command::new(find::promtool())
            .args(["test", "rules"])
            .arg(file.path())
            .output()
            .expect("promtool starts");
        assert!(
            output.status.success(),
            "labels: {labels}: {}",
            String::from_utf8_lossy(&[output.stdout, output.stderr].concat())
        );
    }
}

#[test]
fn the_dashboard_shows_what_is_recorded() {
    let rules = read("envoy/observability/prometheus-alerts.yaml");
    let recorded: BTreeSet<&str> =
        rules.lines().filter_map(|line| line.trim().strip_prefix("- record: ")).collect();
    let dashboard: Value =
        serde_json::from_str(&read("envoy/observability/grafana-dashboard.json")).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let mut asked = 0;
    for panel in panels {
        for target in panel["targets"].as_array().expect("targets") {
            let expression = target["expr"].as_str().expect("an expression");
            let words = expression.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'));
            for name in words.filter(|word| word.starts_with("eec_authn:")) {
                assert!(recorded.contains(name), "{name} is not recorded: {recorded:?}");
                asked += 1;
            }
        }
    }
    assert!(panels.len() >= 12 && asked >= 12, "{asked} names in {} panels", panels.len());
}

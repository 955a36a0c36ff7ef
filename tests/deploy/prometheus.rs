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

/// An EES and an edge ECS in one Envoy, with names of their own.
fn two(key: &Key, upstream: &Upstream) -> Running {
    let mut ees = config(&[key]);
    ees["name"] = json!("ees1");
    ees["entitlement_servers"][0]["keys"][0]["not_after"] = json!("2040-01-01T00:00:00Z");
    let fetching = json!({"fqdn": "keys.example.org", "keys": [{"jwks_remote": {"cluster": "not-there"}}]});
    ees["entitlement_servers"].as_array_mut().expect("servers").push(fetching);
    ees["rules"] = json!([{"name": "closed", "match": {"path": "/closed"}, "action": "deny"}]);
    let mut ecs = config(&[key]);
    (ecs["name"], ecs["protects"]["role"]) = (json!("ecs1"), json!("ecs"));
    let directory = TempDir::with_prefix("eec-authn-labels-").expect("a temporary directory");
    let bootstrap = json!({
        "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}},
        "stats_config": {"stats_tags": tags()},
        "static_resources": {
            "listeners": [listener("ees", &ees), listener("ecs", &ecs)],
            "clusters": [{"name": "upstream", "load_assignment": {"cluster_name": "upstream", "endpoints": [{"lb_endpoints": [
                {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": upstream.address.port()}}}}]}]}}],
        },
    });
    fs::write(directory.path().join("envoy.yaml"), bootstrap.to_string()).expect("a file");
    Running::start(directory, &[])
}

#[test]
fn two_servers_in_one_envoy_are_told_apart_by_labels() {
    let (key, upstream) = (Key::new(1), Upstream::start());
    let mut envoy = two(&key, &upstream);
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

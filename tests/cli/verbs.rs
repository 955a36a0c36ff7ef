//! The command line as a real process: what it prints, and the exit codes that scripts key on.

use crate::support::find;
use crate::support::fixture::{FQDN, ISSUER, config};
use crate::support::token::{Key, claims, claims_with, now};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

struct Folder(TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(TempDir::with_prefix("eec-authn-cli-").expect("a temporary directory"))
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, content).expect("a file");
        path
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_eec-authn"));
        command.args(args).current_dir(self.0.path()).output().expect("the command runs")
    }
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("an exit code")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", out(output)))
}

#[test]
fn check_names_every_mistake_and_what_is_unwise() {
    let folder = Folder::new();
    let mut wrong = config(&[&Key::new(1)]);
    wrong["protects"]["fqdns"] = json!([]);
    wrong["token"] = json!({"max_byte": 1});
    folder.file("wrong.json", &wrong.to_string());
    let output = folder.run(&["check", "wrong.json"]);
    assert_eq!(code(&output), 3);
    let text = out(&output);
    assert!(text.contains("wrong.json: error: protects.fqdns: is empty"), "{text}");
    assert!(text.contains("wrong.json: error: token.max_byte: is not known here"), "{text}");

    let mut unwise = config(&[&Key::new(1)]);
    unwise["mode"] = json!("shadow");
    unwise["rules"] = json!([
        {"match": {"path_prefix": "/a"}, "built_in_binding": false},
        {"match": {"path": "/a/b"}},
    ]);
    unwise["entitlement_servers"][0]["keys"][0]["not_after"] = json!("2021-01-01T00:00:00Z");
    unwise["entitlement_servers"][0]["online"] = json!({
        "method": "rfc7662", "cluster": "es", "client_id": "a", "client_secret_env": "ES_SECRET",
        "apply_to": "all", "on_unavailable": "allow_verified",
    });
    folder.file("unwise.json", &unwise.to_string());
    let output = folder.run(&["--json", "check", "unwise.json"]);
    assert_eq!(code(&output), 0);
    let report = &json_of(&output)[0];
    assert_eq!(report["environment"], json!(["ES_SECRET"]));
    let warned: Vec<&str> =
        report["warnings"].as_array().expect("warnings").iter().filter_map(|w| w["path"].as_str()).collect();
    for path in [
        "mode",
        "gpsi",
        "rules[0].built_in_binding",
        "rules[1].match",
        "entitlement_servers[0].keys",
        "entitlement_servers[0].online.on_unavailable",
    ] {
        assert!(warned.contains(&path), "no warning about {path} in {warned:?}");
    }
    folder.file("envoy.yaml", "static_resources:\n  listeners: []\n");
    let output = folder.run(&["check", "envoy.yaml"]);
    assert_eq!(code(&output), 3);
    assert!(out(&output).contains("looks like a file of Envoy or Istio"), "{}", out(&output));
    assert_eq!(code(&folder.run(&["check", "absent.json"])), 1);
}

#[test]
fn explain_shows_each_check_and_ends_in_the_decision() {
    let folder = Folder::new();
    let key = Key::new(1);
    folder.file("filter.json", &config(&[&key]).to_string());
    folder.file("good.txt", &key.token(&claims()));
    folder.file("expired.txt", &key.token(&claims_with(json!({"exp": now() - 60, "iat": now() - 600}))));
    folder.file("mine.json", "{\"eecId\":\"eec-1\"}");
    folder.file("other.json", "{\"eecId\":\"eec-2\"}");
    let explain = |args: &[&str]| {
        let all = [&["--json", "explain", "--config", "filter.json"], args].concat();
        let output = folder.run(&all);
        (code(&output), json_of(&output))
    };
    let (exit, report) = explain(&["--token", "@good.txt", "--body", "mine.json"]);
    assert_eq!((exit, &report["decision"]), (0, &json!("allowed")));
    let (exit, report) = explain(&["--token", "@good.txt", "--body", "other.json"]);
    assert_eq!((exit, &report["decision"]), (2, &json!("denied: binding_mismatch")));
    let (exit, report) = explain(&["--token", "@expired.txt"]);
    assert_eq!((exit, &report["decision"]), (2, &json!("denied: token_expired")));
    let state = |name: &str| {
        let checks = report["checks"].as_array().expect("checks");
        checks.iter().find(|check| check["check"] == name).expect("the check")["state"].clone()
    };
    assert_eq!(state("signature"), "passed");
    assert_eq!(state("expiry"), "failed");
    assert_eq!(state("audience"), "not reached");
    let then = (now() - 120).to_string();
    let (exit, _) = explain(&["--token", "@expired.txt", "--now", &then, "--body", "mine.json"]);
    assert_eq!(exit, 0, "the same token a moment before it expired");
    let (exit, report) = explain(&["--token", "@good.txt", "--path", "/nowhere"]);
    assert_eq!((exit, &report["decision"]), (2, &json!("denied: route_unmatched")));
    folder.file("filter.json", "{}");
    assert_eq!(code(&folder.run(&["explain", "--config", "filter.json"])), 3);
}

#[test]
fn keys_and_tokens_for_tests() {
    let folder = Folder::new();
    let output = folder.run(&["keygen", "--out", "key.json"]);
    assert_eq!(code(&output), 0);
    let public = json_of(&output);
    assert!(public["jwk"].get("d").is_none(), "the private key is printed");
    assert_eq!(code(&folder.run(&["keygen", "--out", "key.json"])), 1, "a key file is never overwritten");
    let path = folder.0.path().join("key.json");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("its mode");
    assert_eq!(code(&folder.run(&["keygen", "--force", "--out", "key.json"])), 0);
    assert_eq!(fs::metadata(&path).expect("the key").permissions().mode() & 0o777, 0o600, "open to others");
    let public = json_of(&folder.run(&["keygen", "--force", "--out", "key.json"]));
    let token = folder.run(&["mint", "--key", "key.json", "--iss", ISSUER, "--sub", "eec-1", "--aud", FQDN]);
    folder.file("token.txt", &out(&token));
    let filter = json!({
        "protects": {"role": "ees", "fqdns": [FQDN]},
        "entitlement_servers": [{"fqdn": ISSUER, "keys": [public]}],
    });
    folder.file("filter.json", &filter.to_string());
    let output = folder.run(&[
        "explain",
        "--config",
        "filter.json",
        "--token",
        "@token.txt",
        "--method",
        "DELETE",
        "--path",
        "/eees-eecregistration/v1/registrations/r1",
    ]);
    assert_eq!(code(&output), 0, "{}", out(&output));
    let shown = json_of(&folder.run(&["inspect", "@token.txt"]));
    assert_eq!(shown["claims"]["sub"], "eec-1");
    assert_eq!(code(&folder.run(&["inspect", "opaque"])), 1);
}

#[test]
fn the_committed_schema_is_the_one_that_is_printed() {
    let printed = json_of(&Folder::new().run(&["schema"]));
    let path = find::root().join("envoy/filter-config.schema.json");
    let committed: Value = serde_json::from_slice(&fs::read(path).expect("the schema")).expect("JSON");
    assert!(committed == printed, "run `eec-authn schema > envoy/filter-config.schema.json`");
    assert_eq!(printed["required"], json!(["protects", "entitlement_servers"]));
}

#[test]
fn what_render_prints_for_envoy_is_loaded_by_envoy() {
    let folder = Folder::new();
    let mut filter = config(&[&Key::new(1)]);
    filter["body"] = json!({"hold_headers": true});
    folder.file("filter.json", &serde_json::to_string_pretty(&filter).expect("JSON"));
    let wasm = find::module().display().to_string();
    let output = folder.run(&["render", "envoy", "--config", "filter.json", "--wasm", &wasm]);
    assert_eq!(code(&output), 0);
    let entry: String = out(&output).lines().map(|line| format!("          {line}\n")).collect();
    let yaml = format!(
        "static_resources:
  listeners:
  - name: edge
    address: {{ socket_address: {{ address: 127.0.0.1, port_value: 0 }} }}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          \"@type\": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: edge
          route_config: {{}}
          http_filters:
{entry}          - name: envoy.filters.http.router
            typed_config: {{ \"@type\": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }}
"
    );
    assert!(yaml.contains("allow_on_headers_stop_iteration: true"), "{yaml}");
    let path = folder.file("envoy.yaml", &yaml);
    let envoy = Command::new(find::envoy())
        .args(["--mode", "validate", "-l", "error", "-c"])
        .arg(path)
        .output()
        .expect("Envoy runs");
    let log = String::from_utf8_lossy(&envoy.stderr);
    assert!(envoy.status.success(), "{log}\n{yaml}");
    for platform in ["istio", "envoy-gateway"] {
        let output = folder.run(&["render", platform, "--config", "filter.json"]);
        assert!(out(&output).contains("allow_on_headers_stop_iteration"), "{}", out(&output));
    }
}

//! What `render` prints: each resource with all that it can be told, read by another reader of YAML; and pushes of its
//! discovery file to a real Envoy.

use crate::fixture::running::Running;
use crate::fixture::schema;
use crate::fixture::shipped::read;
use crate::support::fixture::config;
use crate::support::request::Request;
use crate::support::seal::{SECRET, in_environment};
use crate::support::token::Key;
use crate::support::{find, foreign, h1};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const DIGEST: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const ECDS: &str = "extension_config_discovery.http_filter.eec_authn";

fn render(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eec-authn"));
    command
        .args(["render", "--config", "filter.json"])
        .args(args)
        .current_dir(folder)
        .output()
        .expect("it runs")
}

/// The one document that is printed.
fn document(folder: &Path, args: &[&str]) -> Value {
    let output = render(folder, args);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    let documents = foreign::run("yaml_documents.py", &json!({"text": text}));
    let [document] = documents.as_array().expect("documents").as_slice() else { panic!("{documents}") };
    document.clone()
}

/// A filter JSON with secrets, and with what readers of YAML may take otherwise than readers of JSON.
fn tricky() -> (String, Value) {
    let mut filter = config(&[&Key::new(1)]);
    filter["ownership"] = json!({"secret_env": ["EEC_AUTHN_OWNERSHIP"]});
    filter["entitlement_servers"][0]["issuer"] = json!("HERE");
    let text = serde_json::to_string_pretty(&filter).expect("JSON").replace("  ", "\t").replace('\n', "\r");
    let text = text.replace("HERE", "a\\/b \\ud83d\\ude00 \u{2028}\u{85}\u{7f} # no: comment\\n");
    let filter = serde_json::from_str(&text).expect("JSON");
    (text, filter)
}

#[test]
fn each_resource_has_all_that_it_is_told_and_the_filter_json_as_it_was() {
    let shapes: Value =
        serde_json::from_str(&read("tests/deploy/fixture/kubernetes_shapes.json")).expect("JSON");
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let (text, filter) = tricky();
    fs::write(folder.join("filter.json"), text).expect("a file");
    let common = ["--image", "registry.example.net/edge/eec-authn:1", "--sha256", DIGEST, "--name", "guard"];
    let more = ["--namespace", "1e3", "--pull-secret", "registry", "--target"];
    let istio =
        [&["istio"], &common[..], &more[..], &["app.kubernetes.io/name=true", "--port", "8080"]].concat();
    let gateway = [&["envoy-gateway"], &common[..], &more[..], &["null"]].concat();
    let host = json!([{"name": "EEC_AUTHN_OWNERSHIP", "valueFrom": "HOST"}]);
    for (args, kind, wasm) in [
        (istio.clone(), "WasmPlugin", "/spec"),
        ([&istio[..], &["--traffic-extension"]].concat(), "TrafficExtension", "/spec/wasm"),
        (gateway, "EnvoyExtensionPolicy", "/spec/wasm/0"),
    ] {
        let document = document(folder, &args);
        assert_eq!(document["kind"], kind);
        let mut problems = Vec::new();
        schema::check(kind, &document["spec"], &shapes[kind], &mut problems);
        assert_eq!(problems, Vec::<String>::new(), "{document}");
        assert_eq!(document["metadata"], json!({"name": "guard", "namespace": "1e3"}));
        let wasm = document.pointer(wasm).expect("the module");
        if kind == "EnvoyExtensionPolicy" {
            assert_eq!(document["spec"]["targetRefs"][0]["name"], "null");
            let image = json!({"url": "registry.example.net/edge/eec-authn:1", "sha256": DIGEST, "pullSecretRef": {"name": "registry"}});
            assert_eq!(wasm["code"], json!({"type": "Image", "image": image, "pullPolicy": "IfNotPresent"}));
            assert_eq!(wasm["env"]["hostKeys"], json!(["EEC_AUTHN_OWNERSHIP"]));
            assert_eq!((&wasm["failOpen"], &wasm["config"]), (&json!(false), &filter));
            continue;
        }
        let spec = &document["spec"];
        assert_eq!(spec["selector"]["matchLabels"], json!({"app.kubernetes.io/name": "true"}));
        assert_eq!(spec["match"], json!([{"mode": "SERVER", "ports": [{"number": 8080}]}]));
        assert_eq!(spec["phase"], "AUTHN");
        let module = json!([
            wasm["url"],
            wasm["sha256"],
            wasm["imagePullPolicy"],
            wasm["imagePullSecret"],
            wasm["failStrategy"]
        ]);
        let url = "oci://registry.example.net/edge/eec-authn:1";
        assert_eq!(module, json!([url, DIGEST, "IfNotPresent", "registry", "FAIL_RELOAD"]));
        assert_eq!((&wasm["vmConfig"]["env"], &wasm["pluginConfig"]), (&host, &filter));
    }
}

#[test]
fn an_envoy_filter_has_no_place_for_some_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let mut filter = config(&[&Key::new(1)]);
    filter["body"] = json!({"hold_headers": true});
    fs::write(folder.join("filter.json"), filter.to_string()).expect("a file");
    for lost in [&["--traffic-extension"][..], &["--pull-secret", "registry"]] {
        let output = render(folder, &[&["istio"], lost].concat());
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
        assert!(
            errors.contains(&format!("{}: `body.hold_headers` needs an EnvoyFilter", lost[0])),
            "{errors}"
        );
    }
    let document = document(folder, &["istio", "--port", "8080", "--namespace", "n", "--name", "guard"]);
    let patches = &document["spec"]["configPatches"];
    assert_eq!(patches[0]["match"]["listener"]["portNumber"], 8080);
    for patch in [0, 1] {
        assert_eq!(patches[patch]["patch"]["value"]["name"], "n.guard");
    }
    let image = format!("registry.example.net/a@sha256:{}", "0".repeat(64));
    let output = render(folder, &["envoy-gateway", "--image", &image]);
    let warning = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(warning.starts_with("warning: `body.hold_headers` does not work here"), "{warning}");
}

/// A listener whose filter comes by extension configuration discovery.
fn bootstrap(folder: &Path) -> Value {
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "edge",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"],
            "routes": [{"match": {"prefix": "/"}, "direct_response": {"status": 200}}]}]},
        "http_filters": [
            {"name": "eec_authn", "config_discovery": {
                "type_urls": ["type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm"],
                "config_source": {"resource_api_version": "V3", "path_config_source": {"path": folder.join("eec_authn.yaml")}}}},
            {"name": "router", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}},
        ],
    });
    let any = json!({"socket_address": {"address": "127.0.0.1", "port_value": 0}});
    json!({
        "node": {"id": "rendered", "cluster": "rendered"},
        "admin": {"address": any},
        "static_resources": {"listeners": [{"name": "edge", "address": any, "filter_chains": [{"filters": [
            {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}]}]},
    })
}

/// Writes the discovery file and gives its version.
fn push(folder: &Path, filter: &Value, more: &[&str]) -> String {
    fs::write(folder.join("filter.json"), filter.to_string()).expect("a file");
    let module = find::module().display().to_string();
    let output =
        render(folder, &[&["envoy", "--ecds", "--out", "eec_authn.yaml", "--wasm", &module], more].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn runs(envoy: &mut Running, version: &str) {
    envoy.wait(&format!("version {version}"), |envoy| {
        envoy.admin_get(&format!("/stats?filter=^{ECDS}.version_text$")).contains(version).then_some(())
    });
}

fn answer(envoy: &Running) -> Value {
    let response = h1::exchange(envoy.address, &Request::register("eec-1")).expect("an answer");
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    json!([response.status, body["detail"]])
}

#[test]
fn the_version_tells_a_push_that_was_taken_from_one_that_was_refused() {
    let directory = TempDir::with_prefix("eec-authn-rendered-").expect("a temporary directory");
    let folder = directory.path().to_owned();
    fs::write(folder.join("envoy.yaml"), bootstrap(&folder).to_string()).expect("a file");
    let mut filter = config(&[&Key::new(1)]);
    filter["mode"] = json!("shadow");
    let first = push(&folder, &filter, &[]);
    let mut envoy = Running::start(directory, &[("EEC_AUTHN_OWNERSHIP", &in_environment(&SECRET))]);
    runs(&mut envoy, &first);
    assert_eq!(answer(&envoy), json!([200, null]));

    filter["mode"] = json!("enforce");
    let second = push(&folder, &filter, &[]);
    runs(&mut envoy, &second);
    assert_eq!(answer(&envoy), json!([401, "token_missing"]));
    assert_eq!(envoy.stat(&format!("{ECDS}.config_fail")), 0);

    // Only the proxy can see that a variable is not there.
    filter["mode"] = json!("shadow");
    filter["ownership"] = json!({"secret_env": ["EEC_AUTHN_NOT_THERE"]});
    push(&folder, &filter, &[]);
    envoy.wait_for_stat(&format!("{ECDS}.config_fail"), 1);
    runs(&mut envoy, &second);
    assert_eq!(answer(&envoy), json!([401, "token_missing"]), "the old configuration goes on");

    // A variable that the configuration has not named before: the VM that was there does not know it (before Envoy 1.39).
    filter["ownership"] = json!({"secret_env": ["EEC_AUTHN_OWNERSHIP"]});
    let fourth = push(&folder, &filter, &[]);
    runs(&mut envoy, &fourth);
    assert_eq!(answer(&envoy), json!([200, null]));
    let created = |envoy: &Running| envoy.stat("wasm.envoy.wasm.runtime.v8.created");
    let before = created(&envoy);
    let fifth = push(&folder, &filter, &["--revision", "2"]);
    runs(&mut envoy, &fifth);
    envoy.wait("new VMs", |envoy| (created(envoy) > before).then_some(()));
}

//! What the files for Istio and Envoy Gateway say must agree with each other and with the sidecar's.

use crate::fixture::running::Running;
use crate::fixture::shipped::read;
use crate::support::{find, foreign};
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

fn yaml(path: &str) -> Value {
    let text = read(path);
    // What is filled in later, in `${…}`, does not matter here.
    let mut parts = text.split("${");
    let first = parts.next().unwrap_or_default().to_owned();
    let text = parts.fold(first, |text, part| text + "1" + part.split_once('}').expect("a bracket").1);
    foreign::run("yaml_documents.py", &json!({"text": text}))[0].clone()
}

/// Where each shipped file has the format of its access log.
const LOGS: [(&str, &str); 5] = [
    (
        "envoy/sidecar/envoy.yaml",
        "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/access_log/0/typed_config/log_format/json_format",
    ),
    (
        "envoy/demo/envoy.yaml.in",
        "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/access_log/0/typed_config/log_format/json_format",
    ),
    (
        "envoy/docker/envoy.yaml.in",
        "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/access_log/0/typed_config/log_format/json_format",
    ),
    ("envoy/istio/mesh.yaml", "/meshConfig/extensionProviders/0/envoyFileAccessLog/logFormat/labels"),
    ("envoy/envoy-gateway/envoyproxy.yaml", "/spec/telemetry/accessLog/settings/0/format/json"),
];

#[test]
fn every_access_log_tells_who_was_decided_upon_and_never_the_subscriber() {
    // What the sidecar's log shows is tested in a real Envoy; the others say the same in the same words.
    let shipped = yaml(LOGS[0].0).pointer(LOGS[0].1).expect("the format").clone();
    for (path, pointer) in LOGS {
        let found = yaml(path);
        let format = found.pointer(pointer).unwrap_or_else(|| panic!("{path}: no {pointer}"));
        for field in ["decision", "rule", "issuer", "eec_id", "token_id", "details", "path"] {
            assert!(format[field].is_string(), "{path}: {field}");
        }
        for (field, value) in format.as_object().expect("fields") {
            assert_eq!(value, &shipped[field], "{path}: {field}");
        }
        assert!(!format.to_string().to_lowercase().contains("gpsi"), "{path}");
        assert!(read(path).contains("# Personal data: "), "{path} says nothing of personal data");
    }
}

#[test]
fn istio_gets_a_new_vm_after_a_trap_and_paths_as_they_were_sent() {
    assert_eq!(yaml("envoy/istio/wasmplugin.yaml")["spec"]["failStrategy"], "FAIL_RELOAD");
    assert_eq!(yaml("envoy/istio/trafficextension.yaml")["spec"]["wasm"]["failStrategy"], "FAIL_RELOAD");
    let mesh = yaml("envoy/istio/mesh.yaml")["meshConfig"].clone();
    assert_eq!(mesh["pathNormalization"]["normalization"], "NONE");
    let telemetry = yaml("envoy/istio/telemetry.yaml")["spec"]["accessLogging"][0].clone();
    assert_eq!(telemetry["providers"][0]["name"], mesh["extensionProviders"][0]["name"]);
}

/// The patches, applied to what Envoy Gateway makes of the EnvoyExtensionPolicy (the names are its source's), are an Envoy
/// configuration that a real Envoy takes.
#[test]
fn the_patches_of_envoy_gateway_set_what_envoy_knows() {
    let policy = yaml("envoy/envoy-gateway/envoypatchpolicy.yaml");
    let name = "envoy.filters.http.wasm/envoyextensionpolicy/edge/eec-authn/wasm/0";
    let wasm = yaml("envoy/envoy-gateway/envoyextensionpolicy.yaml")["spec"]["wasm"][0].clone();
    let mut config = json!({"name": wasm["name"], "root_id": wasm["rootID"], "fail_open": false,
        "configuration": {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": wasm["config"].to_string()},
        "vm_config": {"vm_id": "x", "runtime": "envoy.wasm.runtime.v8", "code": {"local": {"filename": find::module()}},
            "environment_variables": {"host_env_keys": wasm["env"]["hostKeys"]}}});
    let mut manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "https-443", "normalize_path": true,
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "direct_response": {"status": 200}}]}]}});
    for patch in policy["spec"]["jsonPatches"].as_array().expect("patches") {
        assert_eq!(patch["name"], "edge/edge/https");
        let operation = &patch["operation"];
        let selected = operation["jsonPath"].as_str().expect("a JSONPath");
        if selected == format!("..http_filters[?(@.name=='{name}')].typed_config.config") {
            let member =
                operation["path"].as_str().and_then(|path| path.strip_prefix('/')).expect("a member");
            assert_eq!(operation["op"], "add");
            config[member] = operation["value"].clone();
        } else {
            assert_eq!(
                selected,
                "..filters[?(@.name=='envoy.filters.network.http_connection_manager')].typed_config.normalize_path"
            );
            manager["normalize_path"] = operation["value"].clone();
        }
    }
    assert_eq!(
        (&config["failure_policy"], &config["allow_on_headers_stop_iteration"]),
        (&json!("FAIL_RELOAD"), &json!(true))
    );
    assert_eq!(manager["normalize_path"], false);
    manager["http_filters"] = json!([
        {"name": name, "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm", "config": config}},
        {"name": "router", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}]);
    let any = json!({"socket_address": {"address": "127.0.0.1", "port_value": 0}});
    // What its bootstrap gets beside this, from the EnvoyProxy.
    let merged = yaml("envoy/envoy-gateway/envoyproxy.yaml")["spec"]["bootstrap"]["value"].clone();
    let merged = foreign::run("yaml_documents.py", &json!({"text": merged}))[0].clone();
    let bootstrap = json!({"admin": {"address": any}, "stats_config": merged["stats_config"], "static_resources": {"listeners": [
        {"name": "edge/edge/https", "address": any, "filter_chains": [{"filters":
            [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}]}]}});
    let directory = TempDir::with_prefix("eec-authn-gateway-").expect("a temporary directory");
    fs::write(directory.path().join("envoy.yaml"), bootstrap.to_string()).expect("a file");
    let secret = crate::support::seal::in_environment(&crate::support::seal::SECRET);
    let mut envoy =
        Running::start(directory, &[("ES_CLIENT_SECRET", "s3cret"), ("EEC_AUTHN_OWNERSHIP", &secret)]);
    let request = crate::support::request::Request::new("GET", "/x/../healthz");
    let response = crate::support::h1::exchange(envoy.address, &request).expect("an answer");
    assert_eq!(response.status, 400, "{}", envoy.log());
    envoy.wait("the label", |e| {
        e.admin_get("/stats/prometheus")
            .contains("eec_authn_denied{code=\"path_not_normal\"} 1\n")
            .then_some(())
    });
}

/// The rows of the table that has this head: the first cell, and the others.
fn table(text: &str, head: &str) -> Vec<(String, Vec<String>)> {
    let mut lines = text.lines().skip_while(|line| !line.starts_with(head)).skip(2);
    let rows = std::iter::from_fn(|| lines.next().filter(|line| line.starts_with('|')));
    let cells = rows
        .map(|row| row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect::<Vec<_>>());
    cells.map(|row| (row[0].clone(), row[1..].to_vec())).collect()
}

/// Whether there is a test, or a story of the mesh, of this name.
fn is_there(name: &str) -> bool {
    let [wing, module, function] = name.split("::").collect::<Vec<_>>()[..] else { return false };
    let (file, begin) = match wing {
        "istio" | "envoy_gateway" => {
            (format!("tests/mesh/{wing}/{module}.rs"), format!("pub fn {function}("))
        }
        wing => (format!("tests/{wing}/{module}.rs"), format!("#[test]\nfn {function}()")),
    };
    let listed = !file.starts_with("tests/mesh")
        || read(&format!("tests/mesh/{wing}/mod.rs")).contains(&format!("{function},"));
    find::root().join(&file).is_file() && read(&file).contains(&begin) && listed
}

#[test]
fn every_cell_of_the_platforms_is_held_by_a_test() {
    let page = read("docs/platforms.md");
    let says = table(&page, "| | Envoy ([sidecar]");
    let held = table(&page, "| | Envoy | Istio |");
    assert!(says.len() > 15);
    let firsts =
        |rows: &[(String, Vec<String>)]| rows.iter().map(|(first, _)| first.clone()).collect::<Vec<_>>();
    assert_eq!(firsts(&says), firsts(&held));
    for ((row, cells), (_, tests)) in says.iter().zip(&held) {
        assert_eq!((cells.len(), tests.len()), (4, 4), "{row}");
        for (cell, tests) in cells.iter().zip(tests) {
            assert_eq!(cell == "–", tests == "–", "{row}: `{cell}` is held by `{tests}`");
            let names = tests.split('`').skip(1).step_by(2);
            names.for_each(|name| assert!(is_there(name), "{row}: no test {name}"));
        }
    }
}

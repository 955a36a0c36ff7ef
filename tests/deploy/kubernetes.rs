//! The resources for Istio and Envoy Gateway: their shape, their filter JSON, and the filter as Istio delivers it: the
//! listener names it, its configuration comes by extension configuration discovery.
//!
//! With `EEC_AUTHN_CRDS=FOLDER` the shapes are also held against the CustomResourceDefinitions in that folder.

use crate::fixture::running::Running;
use crate::fixture::schema;
use crate::fixture::shipped::read;
use crate::support::fixture::FQDN;
use crate::support::request::Request;
use crate::support::seal::{EEC_1, SECRET, in_environment};
use crate::support::token::{Key, claims_with};
use crate::support::upstream::{End, Upstream};
use crate::support::{find, foreign, h1};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const WASM: &str = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";
const RBAC: &str = "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC";
/// Every shipped resource, its kind, and where in it the filter JSON is.
const RESOURCES: [(&str, &str, Option<&str>); 10] = [
    ("envoy/istio/wasmplugin.yaml", "WasmPlugin", Some("/spec/pluginConfig")),
    ("envoy/istio/trafficextension.yaml", "TrafficExtension", Some("/spec/wasm/pluginConfig")),
    (
        "envoy/istio/hold-headers.yaml",
        "EnvoyFilter",
        Some("/spec/configPatches/1/patch/value/typed_config/config/configuration/value"),
    ),
    ("envoy/istio/authorizationpolicy.yaml", "AuthorizationPolicy", None),
    ("envoy/istio/http-alone.yaml", "AuthorizationPolicy", None),
    ("envoy/envoy-gateway/envoyextensionpolicy.yaml", "EnvoyExtensionPolicy", Some("/spec/wasm/0/config")),
    ("envoy/istio/telemetry.yaml", "Telemetry", None),
    ("envoy/envoy-gateway/clienttrafficpolicy.yaml", "ClientTrafficPolicy", None),
    ("envoy/envoy-gateway/envoypatchpolicy.yaml", "EnvoyPatchPolicy", None),
    ("envoy/envoy-gateway/envoyproxy.yaml", "EnvoyProxy", None),
];
/// Values of Istio's chart, no resource.
const MESH: &str = "envoy/istio/mesh.yaml";

fn documents(text: &str) -> Vec<Value> {
    let found = foreign::run("yaml_documents.py", &json!({"text": text}));
    found.as_array().expect("documents").clone()
}

fn resource(path: &str) -> Value {
    let mut found = documents(&read(path));
    assert_eq!(found.len(), 1, "{path}: one resource");
    found.remove(0)
}

/// The filter JSON as a controller hands it over: an object becomes JSON text.
fn filter_json(resource: &Value, pointer: &str) -> String {
    match resource.pointer(pointer).unwrap_or_else(|| panic!("{pointer} is not there")) {
        Value::String(text) => text.clone(),
        object => object.to_string(),
    }
}

fn problems(path: &str, value: &Value, shape: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    schema::check(path, value, shape, &mut problems);
    problems
}

#[test]
fn every_yaml_file_is_listed_and_has_its_shape() {
    let shapes: Value =
        serde_json::from_str(&read("tests/deploy/fixture/kubernetes_shapes.json")).expect("JSON");
    for folder in ["envoy/istio", "envoy/envoy-gateway"] {
        for entry in fs::read_dir(find::root().join(folder)).expect("the folder").flatten() {
            let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
            assert!(path == MESH || RESOURCES.iter().any(|(p, _, _)| *p == path), "{path} is not tested");
        }
    }
    for (path, kind, _) in RESOURCES {
        let resource = resource(path);
        assert_eq!(resource["kind"], kind, "{path}");
        assert!(
            resource["metadata"]["name"].is_string() && resource["metadata"]["namespace"].is_string(),
            "{path}"
        );
        assert_eq!(problems(path, &resource["spec"], &shapes[kind]), Vec::<String>::new());
    }
    let mut misspelt = resource(RESOURCES[0].0)["spec"].clone();
    misspelt["failStrategi"] = json!("FAIL_CLOSE");
    misspelt["phase"] = json!("AUTHM");
    assert_eq!(problems("x", &misspelt, &shapes["WasmPlugin"]).len(), 2, "the check finds mistakes");
}

#[test]
fn the_definitions_agree_where_they_are_given() {
    let Some(folder) = std::env::var_os("EEC_AUTHN_CRDS").filter(|v| !v.is_empty()) else {
        eprintln!("EEC_AUTHN_CRDS is not set: no CustomResourceDefinitions to compare with");
        return;
    };
    let mut compared = 0;
    for entry in fs::read_dir(Path::new(&folder)).expect("EEC_AUTHN_CRDS is a folder").flatten() {
        if entry.path().extension().is_none_or(|e| e != "yaml") {
            continue;
        }
        let text = fs::read_to_string(entry.path()).expect("text");
        for definition in documents(&text) {
            let spec = &definition["spec"];
            for (path, _, _) in RESOURCES.iter().filter(|(_, kind, _)| spec["names"]["kind"] == *kind) {
                let resource = resource(path);
                let version =
                    resource["apiVersion"].as_str().and_then(|v| v.split_once('/')).expect("group/version");
                assert_eq!(spec["group"], version.0, "{path}");
                let versions = spec["versions"].as_array().expect("versions");
                let served =
                    versions.iter().find(|v| v["name"] == version.1).expect("a version that is served");
                let shape = &served["schema"]["openAPIV3Schema"]["properties"]["spec"];
                assert_eq!(problems(path, &resource["spec"], shape), Vec::<String>::new());
                compared += 1;
            }
        }
    }
    assert!(compared > 0, "no definition in EEC_AUTHN_CRDS fits");
}

#[test]
fn every_filter_json_is_accepted_with_the_variables_it_is_given() {
    for (path, _, pointer) in RESOURCES {
        let Some(pointer) = pointer else { continue };
        let resource = resource(path);
        let given = resource.to_string();
        let environment = |name: &str| {
            let from_host = format!("\"name\":\"{name}\",\"valueFrom\":\"HOST\"");
            let keys = resource.pointer("/spec/wasm/0/env/hostKeys").and_then(Value::as_array);
            let is_key = keys.is_some_and(|keys| keys.iter().any(|key| key == name));
            (is_key || given.contains(&from_host)).then(|| in_environment(&SECRET))
        };
        let loaded = eec_authn::config::parse(filter_json(&resource, pointer).as_bytes(), &environment);
        let loaded = loaded.unwrap_or_else(|errors| panic!("{path}: {errors:?}"));
        // The others cannot set the option that it needs.
        assert_eq!(loaded.policy.body.hold_headers, path.ends_with("hold-headers.yaml"), "{path}");
    }
}

#[test]
fn policies_name_headers_that_the_filter_sets() {
    let policy = resource("envoy/istio/authorizationpolicy.yaml");
    let rules = policy["spec"]["rules"].as_array().expect("rules");
    let keys = rules
        .iter()
        .flat_map(|r| r["when"].as_array().into_iter().flatten())
        .map(|w| w["key"].as_str().expect("a key"));
    let known = crate::support::fixture::IDENTITY.map(|h| format!("request.headers[{h}]"));
    let keys: Vec<&str> = keys.collect();
    assert!(!keys.is_empty() && keys.iter().all(|k| known.iter().any(|n| n == k)), "{keys:?}");
}

/// An Envoy with the one listener that a sidecar has for the EES; `filter` is the entry of `http_filters`, `extension`
/// what the control plane sends for it.
fn sidecar(mut filter: Value, extension: &Value, upstream: &Upstream) -> Running {
    let directory = TempDir::with_prefix("eec-authn-istio-").expect("a temporary directory");
    filter["config_discovery"]["config_source"] = json!({"resource_api_version": "V3", "initial_fetch_timeout": "0s",
        "path_config_source": {"path": directory.path().join("ecds.json")}});
    let router = json!({"name": "envoy.filters.http.router", "typed_config":
        {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}});
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "inbound_0.0.0.0_8080",
        "http_filters": [filter, router],
        "route_config": {"virtual_hosts": [{"name": "inbound|http|8080", "domains": ["*"],
            "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "inbound|8080||"}}]}]},
    });
    let any = json!({"socket_address": {"address": "127.0.0.1", "port_value": 0}});
    let ees = json!({"socket_address": {"address": "127.0.0.1", "port_value": upstream.address.port()}});
    let bootstrap = json!({
        "node": {"id": "sidecar", "cluster": "ees.edge"},
        "admin": {"address": any},
        "static_resources": {
            "listeners": [{"name": "virtualInbound", "address": any, "filter_chains": [{"filters":
                [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}]}],
            "clusters": [{"name": "inbound|8080||", "load_assignment": {"cluster_name": "inbound|8080||",
                "endpoints": [{"lb_endpoints": [{"endpoint": {"address": ees}}]}]}}],
        },
    });
    fs::write(directory.path().join("envoy.yaml"), bootstrap.to_string()).expect("a file");
    fs::write(directory.path().join("ecds.json"), discovery(extension)).expect("a file");
    Running::start(
        directory,
        &[("ES_CLIENT_SECRET", "s3cret"), ("EEC_AUTHN_OWNERSHIP", &in_environment(&SECRET))],
    )
}

fn discovery(extension: &Value) -> String {
    let mut resource = extension.clone();
    resource["@type"] = json!("type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig");
    json!({"resources": [resource]}).to_string()
}

/// What the sidecar's agent makes of code that is to be fetched.
fn fetched() -> Value {
    json!({"local": {"filename": find::module()}})
}

fn with_key(json: &str, key: &Key) -> String {
    let mut filter: Value = serde_json::from_str(json).expect("JSON");
    filter["entitlement_servers"][0]["keys"][0]["jwk"] = key.jwk();
    filter.to_string()
}

fn denied(envoy: &Running, request: &Request, code: &str) {
    let response = h1::exchange(envoy.address, request).expect("an answer");
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    assert_eq!(body["detail"], code, "{} {}", response.status, String::from_utf8_lossy(&response.body));
}

/// The secret came out of the environment of the proxy's container.
fn owners_are_known(envoy: &Running, upstream: &Upstream, token: &str) {
    let item = "/eees-eecregistration/v1/registrations/r1";
    denied(envoy, &Request::new("DELETE", item).bearer(token), "ownership_mismatch");
    let own = Request::new("DELETE", format!("{item}{}", EEC_1.seal(&SECRET, "r1"))).bearer(token);
    assert_eq!(h1::exchange(envoy.address, &own).expect("an answer").status, 201, "{}", envoy.log());
    assert_eq!(upstream.records.find(&own.case).expect("it arrived").path, item);
}

/// `spec` of a WasmPlugin, or `spec.wasm` of a TrafficExtension, as Istio delivers it.
fn delivered(name: &str, plugin: &str, wasm: &Value, configuration: &str) -> Value {
    let variables = wasm["vmConfig"]["env"].as_array().expect("variables");
    let from_host: Vec<&Value> =
        variables.iter().filter(|v| v["valueFrom"] == "HOST").map(|v| &v["name"]).collect();
    json!({"name": name, "typed_config": {"@type": WASM, "config": {
        "name": plugin,
        "root_id": wasm["pluginName"],
        // By the same name.
        "failure_policy": wasm["failStrategy"],
        "vm_config": {"runtime": "envoy.wasm.runtime.v8", "code": fetched(), "environment_variables": {"host_env_keys": from_host}},
        "configuration": {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": configuration},
    }}})
}

fn as_istio_delivers_it(path: &str, spec: &str, name: &str, plugin: &str, traps: &str) {
    let wasm = resource(path).pointer(spec).expect("the module").clone();
    let upstream = Upstream::start();
    let key = Key::new(1);
    let mut filter: Value =
        serde_json::from_str(&with_key(&wasm["pluginConfig"].to_string(), &key)).expect("JSON");
    let extension = |filter: &Value| delivered(name, plugin, &wasm, &filter.to_string());
    let entry = json!({"name": name, "config_discovery": {"type_urls": [WASM, RBAC]}});
    let mut envoy = sidecar(entry, &extension(&filter), &upstream);

    let token = key.token(&claims_with(json!({"jti": "t-1"})));
    let request = Request::register("eec-1").bearer(&token);
    assert_eq!(h1::exchange(envoy.address, &request).expect("an answer").status, 201, "{}", envoy.log());
    let received = upstream.records.find(&request.case).expect("it arrived");
    assert_eq!((received.all("x-eec-id"), received.all("authorization")), (vec!["eec-1"], vec![]));
    assert_eq!(
        h1::exchange(envoy.address, &Request::new("GET", "/healthz").authority("10.0.0.7:8080"))
            .expect("an answer")
            .status,
        201
    );
    denied(&envoy, &Request::register("eec-1"), "token_missing");
    owners_are_known(&envoy, &upstream, &token);
    denied(&envoy, &Request::register("eec-2").bearer(&token), "binding_mismatch");
    denied(
        &envoy,
        &Request::register("eec-1").bearer(&token).authority("ees2.edge.example.net"),
        "host_mismatch",
    );

    filter["revoked"] = json!({"token_ids": ["t-1"]});
    envoy.replace("ecds.json", &discovery(&extension(&filter)));
    envoy.wait_for_stat(&format!("extension_config_discovery.http_filter.{name}.config_reload"), 2);
    denied(&envoy, &request, "token_revoked");
    // The name that the alert on traps has to know.
    let shown = envoy.admin_get("/stats/prometheus");
    assert!(shown.contains(&format!("\nenvoy_wasm_{traps}_vm_reload_success{{}} 0\n")), "{shown}");
}

#[test]
fn a_wasm_plugin_as_istio_delivers_it() {
    as_istio_delivers_it(
        "envoy/istio/wasmplugin.yaml",
        "/spec",
        "extensions.istio.io/wasmplugin/edge.eec-authn",
        "edge.eec-authn~istio-translated-wasmplugin",
        "edge_eec_authn_istio_translated_wasmplugin",
    );
}

#[test]
fn a_traffic_extension_as_istio_delivers_it() {
    let name = "extensions.istio.io/trafficextension/edge.eec-authn";
    as_istio_delivers_it(
        "envoy/istio/trafficextension.yaml",
        "/spec/wasm",
        name,
        "edge.eec-authn",
        "edge_eec_authn",
    );
}

#[test]
fn the_envoy_filter_holds_headers_back() {
    let resource = resource("envoy/istio/hold-headers.yaml");
    let patch = |n: usize, apply: &str| {
        let patch = &resource["spec"]["configPatches"][n];
        assert_eq!(patch["applyTo"], apply);
        patch["patch"]["value"].clone()
    };
    let (filter, mut extension) = (patch(0, "HTTP_FILTER"), patch(1, "EXTENSION_CONFIG"));
    assert_eq!(filter["name"], extension["name"]);
    let key = Key::new(1);
    let config = &mut extension["typed_config"]["config"];
    assert!(
        config["vm_config"]["code"]["remote"]["http_uri"]["uri"]
            .as_str()
            .is_some_and(|u| u.starts_with("oci://"))
    );
    config["vm_config"]["code"] = fetched();
    config["configuration"]["value"] =
        json!(with_key(config["configuration"]["value"].as_str().expect("text"), &key));

    let upstream = Upstream::start();
    let envoy = sidecar(filter, &extension, &upstream);
    let token = key.token(&claims_with(json!({})));
    denied(&envoy, &Request::register("eec-2").bearer(&token), "binding_mismatch");
    assert_eq!(upstream.records.count(), 0, "the server saw headers of a request that was refused");
    let good = Request::register("eec-1").bearer(&token);
    assert_eq!(h1::exchange(envoy.address, &good).expect("an answer").status, 201);
    assert_eq!(
        upstream.records.wait_for(&good.case, |r| r.end == End::Complete).body,
        br#"{"eecId":"eec-1"}"#
    );
}

#[test]
fn the_protected_name_is_the_same_everywhere() {
    for (path, _, pointer) in RESOURCES {
        let Some(pointer) = pointer else { continue };
        let filter: Value = serde_json::from_str(&filter_json(&resource(path), pointer)).expect("JSON");
        assert_eq!(filter["protects"]["fqdns"], json!([FQDN]), "{path}");
    }
}

#[test]
fn rules_for_each_route_as_higress_wraps_them_are_refused_by_name() {
    let mut filter: Value =
        serde_json::from_str(&filter_json(&resource(RESOURCES[2].0), RESOURCES[2].2.expect("a path")))
            .expect("JSON");
    filter["_rules_"] = json!([{"_match_route_": ["ees"]}]);
    let Err(errors) = eec_authn::config::parse(filter.to_string().as_bytes(), &|_| None) else {
        panic!("it was taken")
    };
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let [error] = errors.as_slice() else { panic!("{errors:?}") };
    assert!(error.starts_with("_rules_: is how Higress wraps configurations"), "{error}");
}

#[test]
fn what_the_command_line_renders_has_these_shapes_too() {
    let shapes: Value =
        serde_json::from_str(&read("tests/deploy/fixture/kubernetes_shapes.json")).expect("JSON");
    let directory = TempDir::with_prefix("eec-authn-render-").expect("a temporary directory");
    let plain = resource(RESOURCES[0].0)["spec"]["pluginConfig"].clone();
    let mut holding = plain.clone();
    holding["body"] = json!({"hold_headers": true});
    let cases = [
        ("istio", &plain, "WasmPlugin", "/spec/pluginConfig"),
        ("istio", &holding, "EnvoyFilter", RESOURCES[2].2.expect("a path")),
        ("envoy-gateway", &plain, "EnvoyExtensionPolicy", "/spec/wasm/0/config"),
    ];
    for (platform, filter, kind, pointer) in cases {
        fs::write(directory.path().join("filter.json"), filter.to_string()).expect("a file");
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_eec-authn"))
            .args(["render", platform, "--config", "filter.json", "--sha256", &"0".repeat(64)])
            .current_dir(directory.path())
            .env("ES_CLIENT_SECRET", "s3cret")
            .output()
            .expect("the command line starts");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let [document] = documents(&text).try_into().unwrap_or_else(|_| panic!("{text}"));
        assert_eq!(document["kind"], kind);
        assert_eq!(problems(kind, &document["spec"], &shapes[kind]), Vec::<String>::new(), "{text}");
        let carried: Value = serde_json::from_str(&filter_json(&document, pointer)).expect("JSON");
        assert_eq!(&carried, filter, "{text}");
        for part in ["ES_CLIENT_SECRET", &"0".repeat(64)] {
            assert!(document.to_string().contains(part), "{part}: {text}");
        }
        if kind == "EnvoyFilter" {
            let config = &document["spec"]["configPatches"][1]["patch"]["value"]["typed_config"]["config"];
            assert_eq!(config["allow_on_headers_stop_iteration"], true);
            assert_eq!(
                config["vm_config"]["environment_variables"]["host_env_keys"],
                json!(["EEC_AUTHN_OWNERSHIP", "ES_CLIENT_SECRET"])
            );
            assert_eq!(config["vm_config"]["code"]["remote"]["sha256"], "0".repeat(64));
        }
    }
}

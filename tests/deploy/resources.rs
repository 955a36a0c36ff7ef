//! The resources for Istio and Envoy Gateway: their shape, and the filter JSON in them.
//!
//! With `EEC_AUTHN_CRDS=FOLDER` the shapes are also held against the CustomResourceDefinitions in that folder.

use crate::fixture::schema;
use crate::fixture::shipped::{documents, read};
use crate::support::find;
use crate::support::fixture::FQDN;
use crate::support::seal::{SECRET, in_environment};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// Every shipped file of resources, the kinds in it, and where in the first the filter JSON is.
const RESOURCES: [(&str, &[&str], Option<&str>); 12] = [
    ("envoy/istio/wasmplugin.yaml", &["WasmPlugin"], Some("/spec/pluginConfig")),
    ("envoy/istio/trafficextension.yaml", &["TrafficExtension"], Some("/spec/wasm/pluginConfig")),
    (
        "envoy/istio/hold-headers.yaml",
        &["EnvoyFilter"],
        Some("/spec/configPatches/1/patch/value/typed_config/config/configuration/value"),
    ),
    ("envoy/istio/authorizationpolicy.yaml", &["AuthorizationPolicy"], None),
    ("envoy/istio/http-alone.yaml", &["AuthorizationPolicy"], None),
    ("envoy/istio/telemetry.yaml", &["Telemetry"], None),
    ("envoy/istio/entitlement-server.yaml", &["ServiceEntry", "DestinationRule"], None),
    ("envoy/envoy-gateway/envoyextensionpolicy.yaml", &["EnvoyExtensionPolicy"], Some("/spec/wasm/0/config")),
    ("envoy/envoy-gateway/clienttrafficpolicy.yaml", &["ClientTrafficPolicy"], None),
    ("envoy/envoy-gateway/envoypatchpolicy.yaml", &["EnvoyPatchPolicy"], None),
    ("envoy/envoy-gateway/envoyproxy.yaml", &["EnvoyProxy"], None),
    (
        "envoy/envoy-gateway/entitlement-server.yaml",
        &["HTTPRoute", "Backend", "BackendTLSPolicy", "BackendTrafficPolicy"],
        None,
    ),
];
/// Values of Istio's chart, no resource.
const MESH: &str = "envoy/istio/mesh.yaml";

/// The resource of a file that has no other.
pub(crate) fn resource(path: &str) -> Value {
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
    for (path, kinds, _) in RESOURCES {
        let resources = documents(&read(path));
        assert_eq!(resources.iter().map(|resource| &resource["kind"]).collect::<Vec<_>>(), kinds, "{path}");
        for (resource, kind) in resources.iter().zip(kinds) {
            let metadata = &resource["metadata"];
            assert!(metadata["name"].is_string() && metadata["namespace"].is_string(), "{path}");
            assert!(shapes[kind].is_object(), "{kind} has no shape");
            assert_eq!(problems(path, &resource["spec"], &shapes[kind]), Vec::<String>::new());
        }
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
    let of_file = |path| documents(&read(path)).into_iter().map(move |resource| (path, resource));
    let shipped: Vec<(&str, Value)> = RESOURCES.iter().flat_map(|(path, _, _)| of_file(*path)).collect();
    let mut compared = 0;
    for entry in fs::read_dir(Path::new(&folder)).expect("EEC_AUTHN_CRDS is a folder").flatten() {
        if entry.path().extension().is_none_or(|e| e != "yaml") {
            continue;
        }
        let text = fs::read_to_string(entry.path()).expect("text");
        for definition in documents(&text) {
            let spec = &definition["spec"];
            let kind = &spec["names"]["kind"];
            for (path, resource) in shipped.iter().filter(|(_, resource)| resource["kind"] == *kind) {
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

#[test]
fn the_protected_name_is_the_same_everywhere() {
    for (path, _, pointer) in RESOURCES {
        let Some(pointer) = pointer else { continue };
        let filter: Value = serde_json::from_str(&filter_json(&resource(path), pointer)).expect("JSON");
        assert_eq!(filter["protects"]["fqdns"], json!([FQDN]), "{path}");
    }
}

/// What a control plane makes of the files is seen in the meshes; here the names in them fit.
#[test]
fn the_clusters_that_are_asked_are_those_of_the_entitlement_server() {
    let istio = documents(&read("envoy/istio/entitlement-server.yaml"));
    let gateway = documents(&read("envoy/envoy-gateway/entitlement-server.yaml"));
    let mut asked = 0;
    for (path, kinds, pointer) in RESOURCES {
        let Some(pointer) = pointer else { continue };
        let filter: Value = serde_json::from_str(&filter_json(&resource(path), pointer)).expect("JSON");
        let server = &filter["entitlement_servers"][0];
        // One of them pins all that it needs.
        let Some(cluster) = server["online"]["cluster"].as_str() else { continue };
        let fqdn = server["fqdn"].as_str().expect("a name");
        asked += 1;
        if kinds == ["EnvoyExtensionPolicy"] {
            let [route, backend, tls, limits] = &gateway[..] else { panic!("four resources") };
            let metadata = &route["metadata"];
            let name = |value: &Value| value.as_str().expect("a name").to_owned();
            let made =
                format!("httproute/{}/{}/rule/0", name(&metadata["namespace"]), name(&metadata["name"]));
            assert_eq!(cluster, made, "{path}");
            assert_eq!(backend["spec"]["endpoints"][0]["fqdn"]["hostname"], fqdn, "{path}");
            assert_eq!(tls["spec"]["validation"]["hostname"], fqdn, "{path}");
            assert_eq!(tls["spec"]["targetRefs"][0]["name"], backend["metadata"]["name"], "{path}");
            assert_eq!(limits["spec"]["targetRefs"][0]["name"], metadata["name"], "{path}");
        } else {
            let [entry, rule] = &istio[..] else { panic!("two resources") };
            assert_eq!(cluster, format!("outbound|443||{fqdn}"), "{path}");
            assert_eq!(entry["spec"]["hosts"], json!([fqdn]), "{path}");
            assert_eq!(entry["spec"]["ports"][0]["number"], 443, "{path}");
            assert_eq!(rule["spec"]["host"], fqdn, "{path}");
            assert_eq!(rule["spec"]["trafficPolicy"]["tls"]["subjectAltNames"], json!([fqdn]), "{path}");
        }
    }
    assert_eq!(asked, 3, "WasmPlugin, TrafficExtension, EnvoyExtensionPolicy");
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

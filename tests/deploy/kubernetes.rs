//! The filter as Istio delivers it: the listener names it, its configuration comes by extension configuration discovery.

use crate::fixture::running::Running;
use crate::resources::resource;
use crate::support::request::Request;
use crate::support::seal::{EEC_1, SECRET, in_environment};
use crate::support::token::{Key, claims_with};
use crate::support::upstream::{End, Upstream};
use crate::support::{find, h1};
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

const WASM: &str = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";
const RBAC: &str = "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC";

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

//! What stands beside the filter in a mesh: AuthorizationPolicy, other plugins, the server's own calls, the access log.

use super::mesh::{Mesh, code};
use crate::support::h1;
use crate::support::request::Request;
use crate::support::token::claims_with;
use crate::support::upstream::{End, Upstream};
use crate::support::{find, trapping};
use serde_json::{Value, json};

pub fn an_authorization_policy_sees_verified_headers_alone(mesh: &Mesh) {
    let plugin = mesh.shipped("envoy/istio/wasmplugin.yaml");
    mesh.install(&plugin);
    let token = mesh.key.token(&claims_with(json!({})));
    let discovery = Request::new("POST", "/eees-easdiscovery/v1/eas-profiles/request-discovery")
        .json(json!({"requestorId": {"eecId": "eec-1"}}).to_string())
        .bearer(&token);
    assert_eq!(mesh.sidecar.send(&discovery).status, 201, "{}", mesh.sidecar.log());

    // Another issuer may register: now nobody here may, whatever they say of themselves.
    let shipped = mesh.shipped_without_image("envoy/istio/authorizationpolicy.yaml");
    let mut partner = shipped.clone();
    partner["spec"]["rules"][0]["when"][0]["values"] = json!(["aes.partner.example"]);
    mesh.kubernetes.apply(&partner.to_string());
    let registration = Request::register("eec-1").bearer(&token);
    let refused = || (mesh.sidecar.send(&registration).body == b"RBAC: access denied").then_some(());
    mesh.sidecar.wait("a refusal by the policy", refused);
    let forged = registration.clone().header("x-eec-issuer", "aes.partner.example");
    assert_eq!(mesh.sidecar.send(&forged).body, b"RBAC: access denied", "a forged issuer went to the policy");
    assert_eq!(mesh.sidecar.send(&discovery).status, 201, "who has a verified EEC ID may discover");
    assert_eq!(mesh.sidecar.send(&Request::new("GET", "/healthz")).status, 201, "the probe");
    let forged = Request::new("GET", "/x").header("x-eec-id", "eec-1");
    assert_eq!(
        code(&mesh.sidecar.send(&forged)),
        (403, "route_unmatched".into()),
        "the filter is asked first"
    );

    // As shipped, the issuer is the one whose tokens these are.
    mesh.kubernetes.apply(&shipped.to_string());
    mesh.sidecar
        .wait("the policy as shipped", || (mesh.sidecar.send(&registration).status == 201).then_some(()));
    mesh.kubernetes.delete("AuthorizationPolicy", "edge", "eec-identity");
    let without = || {
        let listeners = mesh.sidecar.listeners();
        (!listeners.is_empty() && !listeners.contains("x-eec-issuer")).then_some(())
    };
    mesh.sidecar.wait("no policy", without);
}

pub fn the_servers_own_calls_need_no_token(mesh: &Mesh) {
    mesh.install(&mesh.shipped("envoy/istio/wasmplugin.yaml"));
    let partner = Upstream::start();
    mesh.kubernetes.apply(&super::resources::partner(partner.address));
    mesh.sidecar.wait("the outgoing listener", || {
        mesh.sidecar.admin_get("/listeners?format=json").contains("\"port_value\": 9080").then_some(())
    });
    let call = Request::new("GET", "/anything").authority("partner.example.net");
    let mut outgoing = mesh.sidecar.address;
    outgoing.set_port(9080);
    assert_eq!(h1::exchange(outgoing, &call).expect("an answer").status, 201);
    assert!(partner.records.find(&call.case).is_some());
}

pub fn the_access_log_says_why(mesh: &Mesh) {
    mesh.install(&mesh.shipped("envoy/istio/wasmplugin.yaml"));
    mesh.kubernetes.apply(&mesh.shipped_without_image("envoy/istio/telemetry.yaml").to_string());
    let logs = || mesh.sidecar.listeners().contains("wasm.eec_authn.decision").then_some(());
    mesh.sidecar.wait("the access log", logs);
    let token = mesh.key.token(&claims_with(json!({"jti": "t-log"})));
    let foreign = Request::register("eec-2")
        .bearer(&token)
        .header("x-request-id", "6f2b1d8e-0000-4000-8000-000000000001");
    mesh.sidecar.send(&foreign);
    let line = mesh.sidecar.wait("the line", || {
        let log = mesh.sidecar.log();
        let mut lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.rfind(|line| line["decision"] == "deny:binding_mismatch")
    });
    assert_eq!(line["details"], "eec_authn.binding_mismatch");
    assert_eq!((&line["denied_eec_id"], &line["denied_token_id"]), (&json!("eec-1"), &json!("t-log")));
    assert!(line["reason"].is_string(), "{line}");
    // The sidecar's annotation (`wasm:info`) shows the line with the reason in words, too.
    assert!(mesh.sidecar.log().contains("binding_mismatch"));
    mesh.kubernetes.delete("Telemetry", "edge", "eec-authn");
}

/// A plugin that writes identity headers of its own: what it writes before ours is gone, what it writes after ours is beside them.
pub fn other_plugins_run_before_and_after(mesh: &Mesh) {
    mesh.install(&mesh.shipped("envoy/istio/wasmplugin.yaml"));
    let other = find::root().join("target/bench/floor.wasm");
    assert!(other.is_file(), "{} is missing; run `make test-mesh`", other.display());
    let digest = mesh.images.put(&other, "beside");
    let beside = |place: Value| {
        let mut plugin = json!({"apiVersion": "extensions.istio.io/v1alpha1", "kind": "WasmPlugin",
            "metadata": {"name": "beside", "namespace": "edge"},
            "spec": {"selector": {"matchLabels": {"app": "ees"}}, "url": format!("oci://{}/edge/eec-authn:beside", mesh.images.address),
                "sha256": digest, "match": [{"mode": "SERVER"}]}});
        plugin["spec"].as_object_mut().expect("a spec").extend(place.as_object().expect("members").clone());
        mesh.kubernetes.apply(&plugin.to_string());
    };
    let seen = |request: &Request| {
        assert_eq!(mesh.sidecar.send(request).status, 201, "{}", mesh.sidecar.log());
        let arrived = mesh.upstream.records.wait_for(&request.case, |r| r.end == End::Complete);
        arrived.all("x-eec-id").iter().map(|id| (*id).to_owned()).collect::<Vec<_>>()
    };
    let runs = |extra: usize| {
        mesh.sidecar.wait("the other plugin", || {
            let there = mesh.sidecar.listeners().contains("wasmplugin/edge.beside")
                || mesh
                    .sidecar
                    .extensions()
                    .iter()
                    .any(|e| e["name"].as_str().is_some_and(|n| n.contains("edge.beside")));
            (there && seen(&Request::new("GET", "/healthz")).len() == extra).then_some(())
        });
    };
    let good = || Request::register("eec-1").bearer(mesh.key.token(&claims_with(json!({}))));
    beside(json!({"phase": "AUTHZ"}));
    runs(1);
    assert_eq!(seen(&good()), ["eec-1", "eec-000001"]);
    // It takes the token away, too: before ours nobody has one.
    beside(json!({"phase": "AUTHN", "priority": 20}));
    runs(0);
    assert_eq!(code(&mesh.sidecar.send(&good())), (401, "token_missing".into()));
    mesh.kubernetes.delete("WasmPlugin", "edge", "beside");
    mesh.sidecar.wait("no other plugin", || (mesh.sidecar.send(&good()).status == 201).then_some(()));
}

/// A trap costs one request and nothing passes; the alert knows the name under which it is counted.
pub fn a_trap_costs_one_request(mesh: &Mesh) {
    let mut plugin = mesh.shipped("envoy/istio/wasmplugin.yaml");
    let digest = mesh.images.put(trapping::module(), "trapping");
    plugin["spec"]["url"] = json!(format!("oci://{}/edge/eec-authn:trapping", mesh.images.address));
    plugin["spec"]["sha256"] = json!(digest);
    plugin["spec"]["pluginConfig"]["rules"][0]["name"] = json!("probe of the trapping one");
    mesh.install(&plugin);
    let good = Request::register("eec-1").bearer(mesh.key.token(&claims_with(json!({}))));
    assert_eq!(mesh.sidecar.send(&good).status, 201);
    let arrived = mesh.upstream.records.count();
    assert_eq!(mesh.sidecar.send(&trapping::at_the_headers(good.clone())).status, 503);
    assert_eq!(mesh.upstream.records.count(), arrived, "what trapped has passed");
    // At once, unless the VM that trapped was younger than Envoy's backoff of a second.
    mesh.sidecar.wait("a new VM", || (mesh.sidecar.send(&good).status == 201).then_some(()));
    let shown = mesh.sidecar.wait("the statistic", || {
        let shown = mesh.sidecar.admin_get("/stats/prometheus");
        shown.contains("vm_reload_success{} 1").then_some(shown)
    });
    crate::cluster::alert::fires("EecAuthnTrapped", &shown, &mesh.run.folder);
}

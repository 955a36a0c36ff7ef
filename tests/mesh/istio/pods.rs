//! More than one pod: one that starts while the registry is slow, two that share a secret, one that is first in a roll-out.

use super::mesh::{Mesh, code};
use super::options::Options;
use super::resources;
use super::sidecar::Sidecar;
use crate::support::ees::Ees;
use crate::support::h1;
use crate::support::request::Request;
use crate::support::seal::{SECRET, in_environment};
use crate::support::token::claims_with;
use crate::support::upstream::Upstream;
use serde_json::{Value, json};
use std::net::SocketAddr;

impl Mesh {
    /// Another pod of the EES, before this server.
    fn pod(&self, options: &Options, server: SocketAddr) -> Sidecar {
        self.kubernetes.apply(&resources::pod(options.name(), options.number(), server));
        Sidecar::launch(&self.run, options)
    }
}

pub fn nothing_passes_before_a_slow_registry_has_answered(mesh: &Mesh) {
    let plugin = mesh.shipped("envoy/istio/wasmplugin.yaml");
    mesh.install(&plugin);
    let upstream = Upstream::start();
    mesh.images.shut();
    let pod = mesh.pod(&Options::new("ees-2", 2, mesh.images.address), upstream.address);
    // It has all of its configuration but the module.
    pod.wait("a listener that waits", || {
        pod.admin_get("/config_dump?resource=dynamic_listeners").contains("warming_state").then_some(())
    });
    pod.wait("a question to the registry", || (mesh.images.waiting() > 0).then_some(()));
    let request = Request::register("eec-1").bearer(mesh.key.token(&claims_with(json!({}))));
    let probe = Request::new("GET", "/healthz");
    for request in [&request, &probe, &Request::register("eec-1")] {
        assert!(h1::exchange(pod.address, request).is_err(), "a pod without the filter has answered");
    }
    assert_eq!(upstream.records.count(), 0);
    mesh.images.open();
    pod.serves();
    mesh.runs(&pod, &super::mesh::filter_json(&plugin));
    assert_eq!(pod.send(&request).status, 201, "{}", pod.log());
    assert_eq!(code(&pod.send(&Request::register("eec-1"))), (401, "token_missing".into()));
}

pub fn what_one_sidecar_has_sealed_another_takes_during_a_rotation_of_the_secret(mesh: &Mesh) {
    let mut plugin = mesh.shipped("envoy/istio/wasmplugin.yaml");
    let secrets = |plugin: &mut Value, names: &[&str]| {
        plugin["spec"]["pluginConfig"]["ownership"] = json!({"secret_env": names});
        let env = plugin["spec"]["vmConfig"]["env"].as_array_mut().expect("variables");
        env.retain(|variable| !variable["name"].as_str().is_some_and(|name| name.starts_with("EEC_AUTHN")));
        env.extend(names.iter().map(|name| json!({"name": name, "valueFrom": "HOST"})));
    };
    let new = in_environment(&[0x17; 32]);
    let ees = Ees::start();
    let pod = |name: &str, number: u8| {
        let options = Options::new(name, number, mesh.images.address)
            .environment("OLD", &in_environment(&SECRET))
            .environment("EEC_AUTHN_NEW", &new)
            .label("app", "ees-of-two");
        mesh.pod(&options, ees.upstream.address)
    };
    plugin["metadata"]["name"] = json!("eec-authn-of-two");
    plugin["spec"]["selector"]["matchLabels"]["app"] = json!("ees-of-two");
    secrets(&mut plugin, &["EEC_AUTHN_OWNERSHIP"]);
    mesh.kubernetes.apply(&plugin.to_string());
    let (one, other) = (pod("ees-3", 3), pod("ees-4", 4));
    let all_run = |plugin: &Value| {
        for pod in [&one, &other] {
            pod.serves();
            mesh.runs(pod, &super::mesh::filter_json(plugin));
        }
    };
    all_run(&plugin);
    let [mine, theirs] = ["eec-1", "eec-2"].map(|id| mesh.key.token(&claims_with(json!({"sub": id}))));
    let made = |pod: &Sidecar| {
        let response = pod.send(&Request::register("eec-1").bearer(&mine));
        let location = response.one("location").expect("a Location").to_owned();
        format!("/eees{}", location.split_once("/eees").expect("a path of the API").1)
    };
    let change = |pod: &Sidecar, item: &str, token: &str| {
        pod.send(&Request::new("PATCH", item).json(r#"{"eecId":"eec-1"}"#).bearer(token))
    };
    let first = made(&one);
    assert_eq!(change(&other, &first, &mine).status, 200, "{first}");
    let stranger = Request::new("DELETE", &first).bearer(&theirs);
    assert_eq!(code(&other.send(&stranger)), (403, "ownership_mismatch".into()));

    // The new secret seals, the old one is still taken; a sidecar that has not got it yet knows the old seals alone.
    secrets(&mut plugin, &["EEC_AUTHN_NEW", "EEC_AUTHN_OWNERSHIP"]);
    mesh.kubernetes.apply(&plugin.to_string());
    all_run(&plugin);
    assert_eq!(change(&other, &first, &mine).status, 200);
    let second = made(&other);
    assert_eq!(change(&one, &second, &mine).status, 200);
    secrets(&mut plugin, &["EEC_AUTHN_NEW"]);
    mesh.kubernetes.apply(&plugin.to_string());
    all_run(&plugin);
    assert_eq!(change(&one, &second, &mine).status, 200);
    assert_eq!(code(&change(&one, &first, &mine)), (403, "ownership_mismatch".into()));
    mesh.kubernetes.delete("WasmPlugin", "edge", "eec-authn-of-two");
}

/// `docs/rolling-out.md`, step by step.
pub fn rolling_out_one_workload_first(mesh: &Mesh) {
    let upstream = Upstream::start();
    let pod = |name: &str, number: u8, track: &str| {
        let options =
            Options::new(name, number, mesh.images.address).label("app", "ees-rolled").label("track", track);
        let pod = mesh.pod(&options, upstream.address);
        pod.serves();
        pod
    };
    let (canary, stable) = (pod("ees-5", 5, "canary"), pod("ees-6", 6, "stable"));
    let plugin = |mode: &str, labels: Value| {
        let mut plugin = mesh.shipped("envoy/istio/wasmplugin.yaml");
        plugin["metadata"]["name"] = json!("eec-authn-rolled");
        plugin["spec"]["selector"]["matchLabels"] = labels;
        plugin["spec"]["pluginConfig"]["mode"] = json!(mode);
        plugin
    };
    let apply = |plugin: &Value, pods: &[&Sidecar]| {
        mesh.kubernetes.apply(&plugin.to_string());
        pods.iter().for_each(|pod| mesh.runs(pod, &super::mesh::filter_json(plugin)));
    };
    let without = Request::register("eec-1");
    let good = Request::register("eec-1").bearer(mesh.key.token(&claims_with(json!({}))));
    let one = json!({"app": "ees-rolled", "track": "canary"});

    // 1. One workload, in shadow: nothing is refused, and what would be is counted.
    let shadow = plugin("shadow", one.clone());
    apply(&shadow, &[&canary]);
    assert_eq!((canary.send(&without).status, canary.send(&good).status), (201, 201));
    assert_eq!(stable.send(&without).status, 201);
    assert!(stable.has_no_filter(), "the other workload has the filter too");
    // 2. What to watch.
    let shadow_denied = || canary.sum("^wasmcustom.eec_authn.shadow_denied.token_missing$");
    canary.wait("the counter", || (shadow_denied() == 1).then_some(()));
    assert_eq!(canary.sum("^wasmcustom.eec_authn.denied"), 0);
    // 3. Enforced there.
    let enforced = plugin("enforce", one);
    apply(&enforced, &[&canary]);
    assert_eq!(code(&canary.send(&without)), (401, "token_missing".into()));
    assert_eq!((canary.send(&good).status, stable.send(&without).status), (201, 201));
    // 4. Everywhere.
    apply(&plugin("enforce", json!({"app": "ees-rolled"})), &[&canary, &stable]);
    for pod in [&canary, &stable] {
        assert_eq!(code(&pod.send(&without)), (401, "token_missing".into()));
        assert_eq!(pod.send(&good).status, 201);
    }
    // 5. And back: the resource as it was, and in the end none.
    apply(&enforced, &[&canary]);
    stable.wait("no filter", || stable.has_no_filter().then_some(()));
    assert_eq!((stable.send(&without).status, canary.send(&without).status), (201, 401));
    mesh.kubernetes.delete("WasmPlugin", "edge", "eec-authn-rolled");
    canary.wait("no filter", || canary.has_no_filter().then_some(()));
    assert_eq!(canary.send(&without).status, 201);
}

pub fn the_old_filter_goes_on_while_a_new_image_is_fetched(mesh: &Mesh) {
    let mut plugin = mesh.shipped("envoy/istio/wasmplugin.yaml");
    plugin["spec"]["pluginConfig"]["entitlement_servers"][0]
        .as_object_mut()
        .expect("a server")
        .remove("online");
    mesh.install(&plugin);
    let digest = mesh.images.put(crate::support::find::module(), "0.1.2");
    plugin["spec"]["url"] = json!(format!("oci://{}/edge/eec-authn:0.1.2", mesh.images.address));
    plugin["spec"]["sha256"] = json!(digest);
    plugin["spec"]["pluginConfig"]["revoked"] = json!({"eec_ids": ["eec-3"]});
    let revoked = Request::register("eec-3").bearer(mesh.key.token(&claims_with(json!({"sub": "eec-3"}))));
    mesh.images.shut();
    mesh.replace(&plugin, &plugin.to_string());
    mesh.sidecar.wait("a question to the registry", || (mesh.images.waiting() > 0).then_some(()));
    assert_eq!(mesh.sidecar.send(&revoked).status, 201, "the old configuration goes on");
    assert_eq!(code(&mesh.sidecar.send(&Request::register("eec-3"))), (401, "token_missing".into()));
    mesh.images.open();
    mesh.runs(&mesh.sidecar, &super::mesh::filter_json(&plugin));
    assert_eq!(code(&mesh.sidecar.send(&revoked)), (401, "token_revoked".into()));
}

pub fn a_configuration_that_is_wrong_from_the_start_lets_nothing_pass(mesh: &Mesh) {
    let mut plugin = mesh.shipped("envoy/istio/wasmplugin.yaml");
    plugin["metadata"]["name"] = json!("eec-authn-wrong");
    plugin["spec"]["selector"]["matchLabels"]["app"] = json!("ees-wrong");
    plugin["spec"]["pluginConfig"]["mode"] = json!("enforec");
    mesh.kubernetes.apply(&plugin.to_string());
    let upstream = Upstream::start();
    let pod =
        mesh.pod(&Options::new("ees-7", 7, mesh.images.address).label("app", "ees-wrong"), upstream.address);
    pod.wait("a refusal", || (pod.sum("^extension_config_discovery.*config_fail$") > 0).then_some(()));
    for request in [Request::new("GET", "/healthz"), Request::register("eec-1")] {
        let answer = h1::exchange(pod.address, &request).map(|response| response.status);
        println!("    a proxy that was never configured: {answer:?}");
        assert!(answer.is_err() || answer.is_ok_and(|status| status == 500));
    }
    assert_eq!(upstream.records.count(), 0);
    crate::cluster::alert::fires(
        "EecAuthnNeverConfigured",
        &pod.admin_get("/stats/prometheus"),
        &mesh.run.folder,
    );
    plugin["spec"]["pluginConfig"]["mode"] = json!("enforce");
    mesh.kubernetes.apply(&plugin.to_string());
    pod.serves();
    pod.wait("the filter", || (pod.send(&Request::new("GET", "/healthz")).status == 201).then_some(()));

    // The same on a pod that serves without the filter, by a resource that it has not known before.
    mesh.kubernetes.delete("WasmPlugin", "edge", "eec-authn-wrong");
    pod.wait("no filter", || pod.has_no_filter().then_some(()));
    assert_eq!(pod.send(&Request::register("eec-1")).status, 201);
    plugin["metadata"]["name"] = json!("eec-authn-wrong-again");
    plugin["spec"]["pluginConfig"]["mode"] = json!("enforec");
    mesh.kubernetes.apply(&plugin.to_string());
    pod.wait("500", || (pod.send(&Request::register("eec-1")).status == 500).then_some(()));
    plugin["spec"]["pluginConfig"]["mode"] = json!("enforce");
    mesh.kubernetes.apply(&plugin.to_string());
    pod.wait("the filter", || (pod.send(&Request::new("GET", "/healthz")).status == 201).then_some(()));
    mesh.kubernetes.delete("WasmPlugin", "edge", "eec-authn-wrong-again");
}

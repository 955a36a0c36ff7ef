//! What a trap costs at a Gateway: as Envoy Gateway makes the filter, and with the shipped patches.

use super::edge::Edge;
use crate::fixture::shipped::read;
use crate::fixture::tls;
use crate::support::request::Request;
use crate::support::token::claims_with;
use crate::support::trapping;
use serde_json::{Value, json};

/// The shipped policy with a module that traps on demand. Its rule's name tells one push from the next.
fn policy(edge: &Edge, name: &str) -> Value {
    let digest = edge.images.put(trapping::module(), "trapping");
    let mut policy = edge.shipped("envoy/envoy-gateway/envoyextensionpolicy.yaml");
    let wasm = &mut policy["spec"]["wasm"][0];
    wasm["code"]["image"]["url"] = json!(format!("{}/edge/eec-authn:trapping", edge.images.address));
    wasm["code"]["image"]["sha256"] = json!(digest);
    wasm["config"]["rules"][0]["name"] = json!(name);
    policy
}

/// With one push alone after another image, Envoy was seen to go on with that image's code under the new configuration; with the second
/// it is this one's.
fn install_twice(edge: &Edge, name: &str) {
    edge.install(&policy(edge, &format!("{name}, first")));
    edge.install(&policy(edge, name));
}

/// Sends what makes the module trap until it does: for a moment a worker goes on with the listener of before.
fn traps(edge: &Edge, send: impl Fn() -> bool) {
    edge.proxy.wait("a trap", || {
        let arrived = edge.upstream.records.count();
        let trapped = send();
        let passed = edge.upstream.records.count() - arrived;
        assert!(!trapped || passed == 0, "what trapped has passed");
        trapped.then_some(())
    });
}

/// The worker answers 503 to everything, probes included, until another configuration comes.
pub fn a_trap_lets_nothing_pass_until_the_next_push(edge: &Edge) {
    install_twice(edge, "probe of the trapping one");
    let good = Request::register("eec-1").bearer(edge.key.token(&claims_with(json!({}))));
    let status = |request: &Request| edge.proxy.send(request).status;
    assert_eq!(status(&good), 201);
    traps(edge, || status(&trapping::at_the_headers(good.clone())) == 503);
    let arrived = edge.upstream.records.count();
    for request in [&good, &Request::new("GET", "/healthz"), &Request::register("eec-1")] {
        assert_eq!(status(request), 503);
    }
    assert_eq!(edge.upstream.records.count(), arrived, "something has passed a filter that trapped");
    edge.kubernetes.apply(&policy(edge, "probe after the trap").to_string());
    edge.proxy.wait("a new VM", || (status(&good) == 201).then_some(()));
}

/// With the patches it is one request.
pub fn with_the_patches_a_trap_costs_one_request(edge: &Edge) {
    edge.kubernetes.apply(&read("envoy/envoy-gateway/envoypatchpolicy.yaml"));
    install_twice(edge, "probe with patches");
    let dump = || edge.proxy.admin_get("/config_dump?resource=dynamic_listeners");
    edge.proxy.wait("the patches", || dump().contains("FAIL_RELOAD").then_some(()));
    let token = edge.key.token(&claims_with(json!({})));
    let path = "/eees-eecregistration/v1/registrations";
    let good = tls::request("POST", path, Some(&token), Some(&json!({"eecId": "eec-1"})));
    let mut trap = good.clone();
    let pads = trapping::headers().map(|(name, value)| json!([name, value]));
    trap["headers"].as_array_mut().expect("headers").extend(pads);
    let status = |request: &Value| edge.client.answer(request)["status"].clone();
    edge.proxy.wait("the worker's listener", || (status(&good) == 201).then_some(()));
    traps(edge, || status(&trap) == 503);
    // At once, unless the VM that trapped was younger than Envoy's backoff of a second.
    edge.proxy.wait("a new VM", || (status(&good) == 201).then_some(()));
    let reloaded = || edge.proxy.stat("wasm.eec_authn.vm_reload_success");
    edge.proxy.wait("the statistic", || (reloaded() == 1).then_some(()));
    edge.kubernetes.delete("EnvoyPatchPolicy", "edge", "eec-authn");
    edge.proxy.wait("no patches", || (!dump().contains("FAIL_RELOAD")).then_some(()));
}

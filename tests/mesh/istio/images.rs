//! Where the module comes from: what a digest holds, how long a module is kept, and what an agent asks of the way to its registry.

use super::mesh::{Mesh, REGISTRY, code, filter_json};
use super::options::Options;
use super::resources;
use super::sidecar::Sidecar;
use crate::fixture::registry::{NAME, PASSWORD};
use crate::support::request::Request;
use crate::support::token::claims_with;
use crate::support::upstream::Upstream;
use serde_json::{Value, json};

/// The shipped plugin, which asks about no token here, with this `revoked`: so each is told from the one before.
fn plugin(mesh: &Mesh, revoked: &str) -> Value {
    let mut plugin = mesh.shipped("envoy/istio/wasmplugin.yaml");
    let filter = &mut plugin["spec"]["pluginConfig"];
    filter["entitlement_servers"][0].as_object_mut().expect("a server").remove("online");
    filter["revoked"] = json!({"eec_ids": [revoked]});
    plugin
}

fn of(mesh: &Mesh, eec_id: &str) -> Request {
    Request::register(eec_id).bearer(mesh.key.token(&claims_with(json!({"sub": eec_id}))))
}

/// Whoever can push to the registry, or stands before it, moves a tag; what is named by its digest is what it was, or nothing.
pub fn another_image_under_the_tag_is_run_by_its_tag_alone(mesh: &Mesh) {
    let [wanted, sent] = mesh.images.put_another_under("moved");
    assert_ne!(wanted, sent);
    let named = |revoked: &str, sha256: Option<&str>| {
        let mut plugin = plugin(mesh, revoked);
        plugin["spec"]["url"] = json!(format!("oci://{}/edge/eec-authn:moved", mesh.images.address));
        plugin["spec"]["sha256"] = json!(sha256);
        plugin
    };
    mesh.install(&plugin(mesh, "eec-91"));
    let pinned = named("eec-92", Some(&wanted));
    mesh.replace(&pinned, &pinned.to_string());
    mesh.sidecar
        .wait("a filter that denies", || (mesh.sidecar.send(&of(mesh, "eec-1")).status == 403).then_some(()));
    assert!(mesh.sidecar.log().contains(&format!("has checksum {sent}, which does not match: {wanted}")));
    // Nobody is warned of the same without a digest.
    mesh.install(&named("eec-93", None));
    assert_eq!(mesh.sidecar.send(&of(mesh, "eec-1")).status, 201);
    assert!(mesh.sidecar.module().contains(&sent), "{}", mesh.sidecar.module());
    mesh.install(&plugin(mesh, "eec-94"));
}

/// An agent forgets a module that no push has named for a day, and has to ask for it at the next one, be it a revocation. mesh.yaml has
/// it keep them.
pub fn a_module_that_is_kept_needs_no_registry_and_one_that_has_expired_does(mesh: &Mesh) {
    let upstream = Upstream::start();
    let shipped = Options::new("ees-9", 9, mesh.images.address).label("app", "ees-kept");
    let hours = resources::proxy_config(&crate::fixture::shipped::read("envoy/istio/mesh.yaml"));
    let hours = hours["proxyMetadata"]["WASM_MODULE_EXPIRY"].as_str().and_then(|text| text.strip_suffix('h'));
    let hours: u32 = hours.and_then(|number| number.parse().ok()).expect("mesh.yaml says for how long");
    assert!(hours >= 24 * 365, "modules are forgotten after {hours} hours");
    let plugin = |revoked: &str| {
        let mut plugin = plugin(mesh, revoked);
        plugin["metadata"]["name"] = json!("kept-eec-authn");
        plugin["spec"]["selector"]["matchLabels"]["app"] = json!("ees-kept");
        plugin
    };
    let apply = |plugin: &Value| mesh.kubernetes.apply(&plugin.to_string());
    let install = |pod: &Sidecar, plugin: &Value| {
        apply(plugin);
        mesh.runs(pod, &filter_json(plugin));
    };
    mesh.kubernetes.apply(&resources::pod("ees-9", 9, upstream.address));
    apply(&plugin("eec-91"));

    // As Istio has it, in seconds for hours.
    let forgetful = shipped.environment("WASM_MODULE_EXPIRY", "1s").environment("WASM_PURGE_INTERVAL", "1s");
    let pod = Sidecar::start(&mesh.run, &forgetful);
    mesh.runs(&pod, &filter_json(&plugin("eec-91")));
    pod.wait("a module that is forgotten", || (pod.kept_modules() == Some(0)).then_some(()));
    assert_eq!(pod.send(&of(mesh, "eec-1")).status, 201, "what runs goes on");
    mesh.images.away(true);
    apply(&plugin("eec-92"));
    pod.wait("a filter that denies", || (pod.send(&of(mesh, "eec-1")).status == 403).then_some(()));
    assert_eq!(pod.send(&Request::new("GET", "/healthz")).status, 403);
    mesh.images.away(false);
    install(&pod, &plugin("eec-93"));
    assert_eq!(pod.send(&of(mesh, "eec-1")).status, 201);
    pod.quit();

    // As mesh.yaml has it.
    let keeping = Options::new("ees-9", 9, mesh.images.address)
        .label("app", "ees-kept")
        .environment("WASM_PURGE_INTERVAL", "1s");
    let pod = Sidecar::start(&mesh.run, &keeping);
    mesh.runs(&pod, &filter_json(&plugin("eec-93")));
    mesh.images.away(true);
    install(&pod, &plugin("eec-94"));
    assert_eq!(code(&pod.send(&of(mesh, "eec-94"))), (401, "token_revoked".into()));
    mesh.images.away(false);
    mesh.kubernetes.delete("WasmPlugin", "edge", "kept-eec-authn");
    pod.quit();
}

/// Istio's agent takes the word of whoever answers that there is no TLS, for any registry. The digest holds there, too.
pub fn a_registry_that_has_no_tls_is_asked_without(mesh: &Mesh) {
    mesh.install(&plugin(mesh, "eec-91"));
    let mut plugin = plugin(mesh, "eec-92");
    let registry = format!("{REGISTRY}:{}", mesh.images.address.port());
    plugin["spec"]["url"] = json!(format!("oci://{registry}/edge/eec-authn:{}", env!("CARGO_PKG_VERSION")));
    mesh.install(&plugin);
    assert_eq!(mesh.sidecar.send(&of(mesh, "eec-1")).status, 201);
    assert!(mesh.sidecar.log().contains(&format!("fetching image with plain text from {registry}")));
    mesh.install(&self::plugin(mesh, "eec-93"));
}

/// The secret comes from istiod, to agents that have an identity; what they refuse is a challenge whose realm is no address.
pub fn a_private_registry_needs_a_realm_that_is_an_address(mesh: &Mesh) {
    mesh.kubernetes.apply("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: ees, namespace: edge}\n");
    let realms = ["https://registry.example.net/", "basic-realm"];
    let [taken, refused] = realms.map(|realm| mesh.images.guarded(realm));
    let auths = [&taken, &refused]
        .map(|registry| (registry.address.to_string(), json!({"username": NAME, "password": PASSWORD})));
    let config = json!({"auths": auths.into_iter().collect::<serde_json::Map<_, _>>()});
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/dockerconfigjson",
        "metadata": {"name": "registry", "namespace": "edge"},
        "stringData": {".dockerconfigjson": config.to_string()}});
    mesh.kubernetes.apply(&secret.to_string());
    let plugin = |registry: &crate::fixture::registry::Registry, revoked: &str| {
        let mut plugin = plugin(mesh, revoked);
        plugin["metadata"]["name"] = json!("private-eec-authn");
        plugin["spec"]["selector"]["matchLabels"]["app"] = json!("ees-private");
        let address = registry.address;
        plugin["spec"]["url"] =
            json!(format!("oci://{address}/edge/eec-authn:{}", env!("CARGO_PKG_VERSION")));
        plugin["spec"]["imagePullSecret"] = json!("registry");
        plugin
    };
    let good = plugin(&taken, "eec-91");
    mesh.kubernetes.apply(&good.to_string());
    let options = Options::new("ees-11", 11, mesh.images.address)
        .label("app", "ees-private")
        .redirected(mesh.identity("ees"));
    let pod = Sidecar::start(&mesh.run, &options);
    mesh.runs(&pod, &filter_json(&good));
    mesh.kubernetes.apply(&plugin(&refused, "eec-92").to_string());
    pod.wait("a refusal", || pod.log().contains("realm scheme").then_some(()));
    pod.wait("another filter in its place", || pod.configuration().is_none().then_some(()));
    mesh.kubernetes.delete("WasmPlugin", "edge", "private-eec-authn");
    pod.quit();
}

//! Keys that the filter fetches through the mesh, and from whom.

use super::mesh::{Mesh, code};
use super::resources;
use crate::fixture::tls::certificates;
use crate::support::foreign::Server;
use crate::support::request::Request;
use crate::support::token::{Key, claims_with};
use serde_json::{Value, json};
use std::fs;

const NAME: &str = "keys.example.net";

/// A server of this set with a certificate of `name`, as a ServiceEntry whose DestinationRule checks for [`NAME`].
fn server(mesh: &Mesh, name: &str, key: &Key) -> Server {
    let made = certificates(&[name]);
    let ca = mesh.run.folder.join(format!("ca-of-{name}.pem"));
    fs::write(&ca, made["ca"].as_str().expect("PEM")).expect("a file");
    let of_server = &made["certificates"][name];
    let orders = json!({"certificate": of_server["certificate"], "key": of_server["key"],
        "media_type": "application/jwk-set+json", "text": json!({"keys": [key.jwk()]}).to_string()});
    let server = Server::start_with("https_server.py", &orders);
    mesh.kubernetes.apply(&resources::server(NAME, server.address, &ca));
    server
}

fn plugin(mesh: &Mesh, path: &str) -> Value {
    let mut plugin = mesh.shipped("envoy/istio/wasmplugin.yaml");
    let of_server = &mut plugin["spec"]["pluginConfig"]["entitlement_servers"][0];
    of_server.as_object_mut().expect("a server").remove("online");
    of_server["keys"] = json!([{"jwks_remote": {"cluster": format!("outbound|443||{NAME}"), "path": path, "timeout_ms": 2000}}]);
    plugin
}

pub fn keys_are_fetched_from_the_server_of_that_name_alone(mesh: &Mesh) {
    let key = Key::new(9);
    let good = Request::register("eec-1").bearer(key.token(&claims_with(json!({}))));

    // Another's certificate, by a CA that is trusted: its keys are not asked for.
    let _impostor = server(mesh, "impostor.example.net", &key);
    let clusters = || mesh.sidecar.admin_get("/clusters").contains(NAME).then_some(());
    mesh.sidecar.wait("the cluster", clusters);
    mesh.install(&plugin(mesh, "/of-the-impostor"));
    assert_eq!(code(&mesh.sidecar.send(&good)), (503, "entitlement_unavailable".into()));
    assert_eq!(mesh.sidecar.sum("^wasmcustom.eec_authn.jwks.fetched$"), 0);

    let real = server(mesh, NAME, &key);
    mesh.sidecar.wait("the right server", || {
        mesh.sidecar.admin_get("/clusters").contains(&real.address.to_string()).then_some(())
    });
    mesh.install(&plugin(mesh, "/jwks"));
    mesh.sidecar.wait("an answer", || (mesh.sidecar.send(&good).status == 201).then_some(()));
    // The plugin of before may have come to it once more.
    let mut paths = std::iter::repeat_with(|| real.line()["path"].clone());
    assert_eq!(paths.find(|path| path != "/of-the-impostor"), Some(json!("/jwks")));
    let forged = Request::register("eec-1").bearer(mesh.key.token(&claims_with(json!({}))));
    assert_eq!(mesh.sidecar.send(&forged).status, 401);
    mesh.kubernetes.delete("ServiceEntry", "edge", "fetched");
    mesh.kubernetes.delete("DestinationRule", "edge", "fetched");
}

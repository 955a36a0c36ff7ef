//! Istio's ingress gateway in place of the sidecar: a Gateway of Gateway API, to which the plugin is tied by `targetRefs`. The agent has a
//! service account, and its certificate from istiod, as in a cluster: without one istiod gives no gateway its listeners' certificates.

use super::mesh::{Mesh, code, filter_json};
use super::options::Options;
use super::plugin::decides;
use super::sidecar::{Gateway, Sidecar};
use crate::cluster::bound;
use crate::fixture::tls::certificates;
use crate::support::fixture::FQDN;
use crate::support::request::Request;
use serde_json::{Value, json};

const PHONE: &str = "phone.example.net";
const HTTPS: u16 = 8490;

/// Starts it without the filter and waits until it serves.
fn start(mesh: &Mesh) -> Gateway {
    let made = certificates(&[FQDN, PHONE]);
    let text = include_str!("../resources/istio-gateway.yaml")
        .replace("${FQDN}", FQDN)
        .replace("${UPSTREAM}", &mesh.upstream.address.port().to_string());
    let pair = &made["certificates"][FQDN];
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {"name": "ees1", "namespace": "edge"},
        "stringData": {"tls.crt": pair["certificate"], "tls.key": pair["key"]}});
    let ca = json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "clients-ca", "namespace": "edge"}, "data": {"ca.crt": made["ca"]}});
    for resource in [secret.to_string(), ca.to_string(), text] {
        mesh.kubernetes.apply(&resource);
    }
    let options = Options::new("gateway", 10, mesh.images.address)
        .label("app", "edge-gateway")
        .label("gateway.networking.k8s.io/gateway-name", "edge")
        .gateway("edge-gateway", mesh.identity("edge-gateway"));
    Gateway { proxy: Sidecar::start(&mesh.run, &options), made }
}

/// The shipped plugin for the gateway.
fn plugin(mesh: &Mesh) -> Value {
    let mut plugin = mesh.shipped("envoy/istio/wasmplugin.yaml");
    plugin["metadata"]["name"] = json!("gateway-eec-authn");
    let spec = plugin["spec"].as_object_mut().expect("a spec");
    spec.remove("selector");
    // A gateway is a client of the mesh.
    spec.remove("match");
    spec.insert(
        "targetRefs".into(),
        json!([{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "edge"}]),
    );
    plugin
}

fn gateway(mesh: &Mesh) -> &Gateway {
    mesh.gateway.get_or_init(|| start(mesh))
}

pub fn a_gateway_by_target_refs(mesh: &Mesh) {
    let gateway = &gateway(mesh).proxy;
    // The `match` of the shipped file is for sidecars: at a gateway it matches nothing, and everybody passes.
    let mut sidecars = plugin(mesh);
    sidecars["spec"]["match"] = mesh.shipped("envoy/istio/wasmplugin.yaml")["spec"]["match"].clone();
    mesh.kubernetes.apply(&sidecars.to_string());
    // What is made after it shows that it has been delivered.
    let moved = json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": {"name": "moved", "namespace": "edge"},
        "spec": {"parentRefs": [{"name": "edge"}], "rules": [{"matches": [{"path": {"type": "Exact", "value": "/moved"}}],
            "filters": [{"type": "RequestRedirect", "requestRedirect": {"hostname": "moved.example.net"}}]}]}});
    mesh.kubernetes.apply(&moved.to_string());
    let status = |path: &str| gateway.send(&Request::new("GET", path)).status;
    gateway.wait("the route", || (status("/moved") == 302).then_some(()));
    assert_eq!((status("/anything"), gateway.configuration()), (201, None));

    let plugin = plugin(mesh);
    mesh.kubernetes.apply(&plugin.to_string());
    mesh.runs(gateway, &filter_json(&plugin));
    assert_eq!(code(&gateway.send(&Request::new("GET", "/moved"))), (403, "route_unmatched".into()));
    decides(mesh, gateway);
    mesh.kubernetes.delete("HTTPRoute", "edge", "moved");
}

pub fn a_gateways_token_bound_to_a_certificate_passes_with_it_alone(mesh: &Mesh) {
    let Gateway { proxy, made } = gateway(mesh);
    let mut plugin = plugin(mesh);
    plugin["spec"]["pluginConfig"]["proof"] = json!({"required": true, "client_certificate": true});
    mesh.kubernetes.apply(&plugin.to_string());
    mesh.runs(proxy, &filter_json(&plugin));
    let phone = &made["certificates"][PHONE];
    let token = bound::token(&mesh.key, phone);
    let with = |certificate| bound::register(HTTPS, made, &token, certificate);
    assert_eq!(with(Some(phone)).0, Some(201), "{}", proxy.log());
    let refused = (Some(401), "confirmation_failed".to_owned());
    assert_eq!(with(None), refused);
    assert_eq!(with(Some(&made["certificates"][FQDN])), refused, "another's certificate");
}

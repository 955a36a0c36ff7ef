//! What the tests put around the shipped resources.

use crate::fixture::shipped::{documents, read};
use crate::harness::namespaces::POD_NETWORK;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;

/// The shipped values of istiod's chart as the mesh configuration that the chart makes of them, with what a stock Envoy lacks turned off.
pub fn mesh_config(values: &str) -> String {
    let mut config = documents(values)[0]["meshConfig"].clone();
    config["defaultProviders"] = json!({});
    config["enablePrometheusMerge"] = json!(false);
    config.to_string()
}

/// The settings of a proxy that the injector would put into its pod: those of the mesh, and where this machine's programs are.
pub fn proxy_config(values: &str) -> Value {
    documents(values)[0]["meshConfig"]["defaultConfig"].clone()
}

/// The namespaces.
pub const SURROUNDINGS: &str = include_str!("../resources/istio-surroundings.yaml");

/// The shipped resources of the entitlement server, with where it is here, and the CA in this file.
pub fn entitlement_server(at: SocketAddr, ca: &Path) -> Vec<Value> {
    let mut shipped = documents(&read("envoy/istio/entitlement-server.yaml"));
    let [entry, rule] = &mut shipped[..] else { panic!("a ServiceEntry and a DestinationRule") };
    entry["spec"]["resolution"] = json!("STATIC");
    entry["spec"]["endpoints"] = json!([{"address": at.ip().to_string(), "ports": {"https": at.port()}}]);
    rule["spec"]["trafficPolicy"]["tls"]["caCertificates"] = json!(ca.display().to_string());
    shipped
}

/// A pod of the EES: its address, and where its server is.
pub fn pod(name: &str, number: u8, server: SocketAddr) -> String {
    include_str!("../resources/istio-pod.yaml")
        .replace("${NAME}", name)
        .replace("${ADDRESS}", &format!("{POD_NETWORK}.{number}"))
        .replace("${SERVER}", &server.to_string())
}

/// A server that the EES calls.
pub fn partner(server: SocketAddr) -> String {
    include_str!("../resources/istio-partner.yaml").replace("${PORT}", &server.port().to_string())
}

/// A server of this name, whose certificate has to be by this CA and to have the name.
pub fn server(name: &str, server: SocketAddr, ca: &Path) -> String {
    include_str!("../resources/istio-server.yaml")
        .replace("${NAME}", name)
        .replace("${PORT}", &server.port().to_string())
        .replace("${CA}", &ca.display().to_string())
}

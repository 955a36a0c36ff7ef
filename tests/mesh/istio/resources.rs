//! What the tests put around the shipped resources.

use crate::harness::namespaces::POD_NETWORK;
use crate::support::fixture::ISSUER;
use crate::support::foreign;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;

/// The shipped values of istiod's chart as the mesh configuration that the chart makes of them, with what a stock Envoy lacks turned off.
pub fn mesh_config(values: &str) -> String {
    let mut config = foreign::run("yaml_documents.py", &json!({"text": values}))[0]["meshConfig"].clone();
    config["defaultProviders"] = json!({});
    config["enablePrometheusMerge"] = json!(false);
    config.to_string()
}

/// The settings of a proxy that the injector would put into its pod: those of the mesh, and where this machine's programs are.
pub fn proxy_config(values: &str) -> Value {
    let values = foreign::run("yaml_documents.py", &json!({"text": values}));
    values[0]["meshConfig"]["defaultConfig"].clone()
}

/// The namespace, and the entitlement server as the comments of the shipped resources want it.
pub fn surroundings(folder: &Path, entitlement_server: SocketAddr) -> String {
    include_str!("../resources/istio-surroundings.yaml")
        .replace("${ISSUER}", ISSUER)
        .replace("${PORT}", &entitlement_server.port().to_string())
        .replace("${CA}", &folder.join("entitlement-server-ca.pem").display().to_string())
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

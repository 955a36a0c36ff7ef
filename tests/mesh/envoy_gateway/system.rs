//! The namespace of the controller, and what it keeps there.

use crate::cluster::kubernetes::Kubernetes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Where the controller and its Envoys live.
pub const SYSTEM: &str = "envoy-gateway-system";

/// What a Secret keeps, by name.
pub fn secret(kubernetes: &Kubernetes, name: &str) -> Vec<(String, Vec<u8>)> {
    let found = kubernetes.get("secret", SYSTEM, name).unwrap_or_else(|| panic!("no Secret {name}"));
    let data = found["data"].as_object().expect("data").iter();
    data.map(|(name, value)| (name.clone(), STANDARD.decode(value.as_str().expect("text")).expect("base64")))
        .collect()
}

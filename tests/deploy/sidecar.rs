//! `envoy/sidecar` as it is shipped, with what stands before and behind it.

use super::running::Running;
use super::shipped::{adapt, read};
use super::tls::{Client, EntitlementServer, certificates, request};
use crate::support::find;
use crate::support::house::{FQDN, ISSUER};
use crate::support::token::{Key, now};
use crate::support::upstream::Upstream;
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

/// The path of a built-in operation.
pub const REGISTRATIONS: &str = "/eees-eecregistration/v1/registrations";
const SHIPPED_KEY: &str = "x-5Z0PJQhLlnyPNtvyP_-4QZNmOb1OuNXgrZgUOn4pI";

/// The running sidecar.
pub struct Sidecar {
    /// The proxy.
    pub envoy: Running,
    /// A client that trusts its certificate.
    pub client: Client,
    /// The server that it protects.
    pub upstream: Upstream,
    /// Where it asks.
    pub entitlement_server: EntitlementServer,
    /// The text of the ECDS file.
    pub filter: String,
    /// The pinned key.
    pub key: Key,
}

/// The shipped files, with this machine's paths, ports and keys.
pub fn start() -> Sidecar {
    start_with(ISSUER, |filter| filter)
}

/// The same with another filter; the entitlement server shows a certificate of `name`.
pub fn start_with(name: &str, change: impl FnOnce(String) -> String) -> Sidecar {
    let directory = TempDir::with_prefix("eec-authn-sidecar-").expect("a temporary directory");
    let made = certificates(&[FQDN, name]);
    let upstream = Upstream::start();
    let opaque = json!({"active": true, "sub": "eec-7", "aud": FQDN, "exp": now() + 60});
    let entitlement_server = EntitlementServer::start(&made["certificates"][name], &opaque);
    let key = Key::new(1);

    let etc = format!("{}/", directory.path().display());
    let ees = format!("address: 127.0.0.1, port_value: {}", upstream.address.port());
    let asked = format!("address: 127.0.0.1, port_value: {}", entitlement_server.port);
    let envoy = adapt(
        &read("envoy/sidecar/envoy.yaml"),
        &[
            ("/etc/envoy/", &etc),
            ("address: 0.0.0.0, port_value: 8443", "address: 127.0.0.1, port_value: 0"),
            ("address: 127.0.0.1, port_value: 9901", "address: 127.0.0.1, port_value: 0"),
            ("address: 127.0.0.1, port_value: 8080", &ees),
            (&format!("address: {ISSUER}, port_value: 443"), &asked),
        ],
    );
    let module = find::module().display().to_string();
    let filter = adapt(
        &read("envoy/sidecar/eec_authn.yaml"),
        &[("/etc/envoy/eec_authn.wasm", &module), (SHIPPED_KEY, &key.x()), ("\"2026-10\"", "\"k1\"")],
    );
    let secret = adapt(&read("envoy/sidecar/tls_certificate.yaml"), &[("/etc/envoy/", &etc)]);

    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).expect("a file");
    for below in ["discovery", "tls"] {
        fs::create_dir(directory.path().join(below)).expect("a directory");
    }
    write("envoy.yaml", &envoy);
    write("discovery/tls_certificate.yaml", &secret);
    write("entitlement-server-ca.pem", made["ca"].as_str().expect("PEM"));
    let server = &made["certificates"][FQDN];
    write("tls/tls.crt", server["certificate"].as_str().expect("PEM"));
    write("tls/tls.key", server["key"].as_str().expect("PEM"));
    let filter = change(filter);
    write("discovery/eec_authn.yaml", &filter);
    let envoy = Running::start(directory, &[("ES_CLIENT_SECRET", "s3cret")]);
    let client = Client::new(envoy.address, &made);
    Sidecar { envoy, client, upstream, entitlement_server, filter, key }
}

impl Sidecar {
    /// Registers an EEC with this token.
    pub fn register(&self, token: &str) -> Value {
        let mut request = request("POST", REGISTRATIONS, Some(token), Some(&json!({"eecId": "eec-1"})));
        request["headers"].as_array_mut().expect("headers").push(json!(["x-case", "registration"]));
        self.client.answer(&request)
    }
}

/// Status and code of an answer.
pub fn code(answer: &Value) -> (u64, String) {
    let problem: Value =
        serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default();
    (answer["status"].as_u64().unwrap_or(0), problem["detail"].as_str().unwrap_or_default().to_owned())
}

/// What [`code`] says of a denial.
pub fn denied(status: u64, code: &str) -> (u64, String) {
    (status, code.to_owned())
}

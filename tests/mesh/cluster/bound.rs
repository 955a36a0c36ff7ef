//! Tokens bound to a client's certificate, and requests over connections with and without one.

use crate::fixture::tls::request;
use crate::support::fixture::FQDN;
use crate::support::foreign;
use crate::support::token::{Key, base64url, claims_with};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// A token bound to this certificate (`x5t#S256`).
pub fn token(key: &Key, certificate: &Value) -> String {
    let pem = certificate["certificate"].as_str().expect("PEM");
    let lines: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let thumbprint = base64url(Sha256::digest(STANDARD.decode(lines).expect("base64")));
    key.token(&claims_with(json!({"cnf": {"x5t#S256": thumbprint}})))
}

/// What a registration gets: status and code. `made` are the certificates of the fixture.
pub fn register(port: u16, made: &Value, token: &str, certificate: Option<&Value>) -> (Option<u64>, String) {
    let path = "/eees-eecregistration/v1/registrations";
    let asked = request("POST", path, Some(token), Some(&json!({"eecId": "eec-1"})));
    let mut orders =
        json!({"port": port, "ca": made["ca"], "server_name": FQDN, "alpn": ["h2"], "requests": [asked]});
    if let Some(certificate) = certificate {
        orders["client"] = certificate.clone();
    }
    let answer = foreign::run("https.py", &orders)["responses"][0].clone();
    let problem: Value =
        serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default();
    (answer["status"].as_u64(), problem["detail"].as_str().unwrap_or_default().to_owned())
}

//! The policy that requests and bodies are decided by.

use eec_authn::config;
use eec_authn::policy::Policy;
use std::sync::OnceLock;

const FILTER: &str = r#"{
    "protects": {"role": "ees", "fqdns": ["ees1.edge.example.net"]},
    "entitlement_servers": [{"fqdn": "aes.example.org", "keys": [{"jwk":
        {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}]}],
    "rules": [{"match": {"path_template": "/a/{id}/b"}}, {"match": {"path_prefix": "/ops"}}]
}"#;

/// The policy. Bodies are checked for `eec-1`.
pub fn policy() -> &'static Policy {
    static POLICY: OnceLock<Policy> = OnceLock::new();
    POLICY.get_or_init(|| config::parse(FILTER.as_bytes(), &|_| None).expect("a good configuration").policy)
}

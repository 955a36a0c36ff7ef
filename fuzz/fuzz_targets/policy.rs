//! The policy that requests and bodies are decided by.

use eec_authn::config;
use eec_authn::policy::Policy;

const FILTER: &str = r#"{
    "protects": {"role": "ees", "fqdns": ["ees1.edge.example.net"]},
    "entitlement_servers": [{"fqdn": "aes.example.org", "keys": [{"jwk":
        {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}]}],
    "proof": {"dpop": {"algorithms": ["ES256", "EdDSA", "RS256"]}},
    "rules": [{"match": {"path_template": "/a/{id}/b"}}, {"match": {"path_prefix": "/ops"}}]
}"#;

/// The policy.
pub fn policy() -> Policy {
    config::parse(FILTER.as_bytes(), &|_| None).expect("a good configuration").policy
}

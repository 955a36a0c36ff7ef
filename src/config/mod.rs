//! From the filter JSON to a [`Policy`]: [`parse`] is the only door.
//!
//! `members` declares what the filter JSON may contain; one walk over that declaration (`check`) finds
//! unknown, duplicate, missing and mistyped members; the compilers find what only makes no sense. Both report
//! into one list, so that an operator sees every mistake at once. The result depends on the bytes and the VM's environment alone.

mod advice;
mod check;
mod compile;
mod document;
mod error;
mod forward;
mod generation;
mod jwks_remote;
mod matcher;
mod members;
mod node;
mod online;
mod ownership;
mod pinned_keys;
mod proof;
mod review;
mod rules;
mod secret_env;
mod servers;
pub mod shape;
mod struct_message;
mod values;
mod words;

use crate::policy::Policy;

pub use advice::{advice, dates, hidden_rules};
pub use error::ConfigError;
pub use members::FILTER_JSON;
pub use review::{Absent, Review, plugin_options, review};
pub use secret_env::Environment;

/// An accepted configuration.
#[derive(Debug)]
pub struct Loaded {
    /// What the engine decides by.
    pub policy: Policy,
    /// What is legal but deserves a look.
    pub warnings: Vec<ConfigError>,
    /// A number that stands for what the configuration says, however it is written.
    pub generation: u32,
}

/// Compiles the bytes that the host hands over, or names every mistake in them. `environment` is where
/// secrets come from.
///
/// # Errors
///
/// Every mistake at once, each with its JSON path and what to do.
///
/// ```
/// let key = r#"{"jwk": {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}"#;
/// let filter = |role: &str| {
///     format!(
///         r#"{{"protects": {{"role": "{role}", "fqdns": ["ees1.edge.example.net"]}},
///             "entitlement_servers": [{{"fqdn": "aes.example.org", "keys": [{key}]}}]}}"#
///     )
/// };
/// let environment = |_: &str| None;
/// let loaded = eec_authn::config::parse(filter("ees").as_bytes(), &environment).expect("a good configuration");
/// assert_eq!(loaded.policy.entitlement_servers.len(), 1);
///
/// let errors = eec_authn::config::parse(filter("eas").as_bytes(), &environment).expect_err("no such role");
/// assert_eq!(errors[0].path, "protects.role");
/// ```
pub fn parse(bytes: &[u8], environment: &Environment<'_>) -> Result<Loaded, Vec<ConfigError>> {
    let document = document::read(bytes).map_err(|e| vec![e])?;
    let report = node::Report::default();
    let root = node::Node::root(&document, &members::FILTER_JSON, &report);
    check::check(&root);
    let policy = compile::policy(&root, environment);
    match (policy, report.into_parts()) {
        (Some(policy), (errors, warnings)) if errors.is_empty() => {
            Ok(Loaded { policy, warnings, generation: generation::of(&document) })
        }
        (_, (errors, _)) => Err(errors),
    }
}

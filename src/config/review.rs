//! A configuration as somebody sees it who has no VM: with stand-ins for secrets, with what must be around it, and with a word
//! about what only looks like one. The command line and the page ask here.

use super::{ConfigError, Loaded, parse};
use crate::policy::Policy;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// Instead of every secret: good base64url of 32 bytes, which is also a password.
const STAND_IN: &str = "c3RhbmQtaW4gc3RhbmQtaW4gc3RhbmQtaW4gc3RhbmQ";

/// What a variable is that nobody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// There and well-formed: a stand-in takes its place.
    StandIn,
    /// An error.
    Error,
}

/// What became of the bytes of a configuration.
#[derive(Debug)]
pub struct Review {
    /// The policy, or every mistake.
    pub result: Result<Loaded, Vec<ConfigError>>,
    /// Variables that the VM's environment must have.
    pub environment: Vec<String>,
    /// Those of them that have been replaced by a stand-in.
    pub missing: Vec<String>,
}

/// Compiles `bytes` as the filter would; `secret` finds a variable, and `absent` says what one is that it does not find.
pub fn review(bytes: &[u8], secret: &dyn Fn(&str) -> Option<String>, absent: Absent) -> Review {
    let (environment, missing) = (RefCell::new(BTreeSet::new()), RefCell::new(BTreeSet::new()));
    let result = parse(bytes, &|name| {
        environment.borrow_mut().insert(name.to_owned());
        let value = secret(name);
        if value.is_some() || absent == Absent::Error {
            return value;
        }
        missing.borrow_mut().insert(name.to_owned());
        Some(STAND_IN.to_owned())
    });
    let result = result.map_err(|mut errors| {
        errors.extend(wrapped(bytes));
        errors
    });
    let [environment, missing] = [environment, missing].map(|names| names.into_inner().into_iter().collect());
    Review { result, environment, missing }
}

/// What the plugin must be told beside its configuration.
pub fn plugin_options(policy: &Policy) -> &'static [&'static str] {
    if policy.body.hold_headers { &["allow_on_headers_stop_iteration"] } else { &[] }
}

/// Says so if the text looks like one that only contains the filter JSON, or that belongs into it.
fn wrapped(bytes: &[u8]) -> Option<ConfigError> {
    let text = std::str::from_utf8(bytes).ok()?;
    if text.trim_start().starts_with("-----BEGIN") {
        let what = if text.contains("PRIVATE KEY-----") {
            "is a private key, which belongs into no configuration; give the filter JSON"
        } else if text.contains("-----BEGIN CERTIFICATE") {
            "is PEM; pin it as `certificate_pem` in an entry of `keys`, and give the filter JSON"
        } else {
            "is PEM; pin it as `public_key_pem` in an entry of `keys`, and give the filter JSON"
        };
        return Some(ConfigError { path: "configuration".into(), message: what.into() });
    }
    // As YAML, and as JSON: none of these is a member of the filter JSON.
    let marks = ["static_resources", "apiVersion", "typed_config", "pluginConfig"];
    let marked = |mark: &&str| text.contains(&format!("{mark}:")) || text.contains(&format!("\"{mark}\""));
    marks.iter().any(marked).then(|| ConfigError {
        path: "configuration".into(),
        message: "looks like a file of Envoy or Istio; give the filter JSON in it by itself".into(),
    })
}

//! What there is to say about a filter JSON, and where.

use std::fmt;

/// One mistake in the filter JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// Where: a JSON path such as `entitlement_servers[0].keys[1].jwk.crv`.
    pub path: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl std::error::Error for ConfigError {}

/// Takes a path and what is unwise there.
pub(super) type Say<'a> = &'a mut dyn FnMut(String, &str);

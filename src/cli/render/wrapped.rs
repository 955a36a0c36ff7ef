//! What is wrapped for a platform, and what comes of it.

use super::yaml;

/// What is wrapped.
pub(super) struct Wrapped {
    /// The filter JSON, in its own layout.
    pub(super) json: String,
    /// Variables that the VM's environment needs.
    pub(super) environment: Vec<String>,
    /// Whether the plugin option `allow_on_headers_stop_iteration` is needed.
    pub(super) holds_headers: bool,
}

impl Wrapped {
    /// The variables as they stand in a list.
    pub(super) fn variables(&self) -> String {
        self.environment.iter().map(|name| yaml::quoted(name)).collect::<Vec<_>>().join(", ")
    }
}

/// What comes of it.
pub(super) struct Rendered {
    pub(super) yaml: String,
    /// The `version_info` of a discovery file.
    pub(super) version: Option<String>,
}

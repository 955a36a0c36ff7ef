//! `{apiRoot}` of TS 24.558: the path before the API name.

use super::path;

/// A path prefix of whole segments, without the final slash: empty for `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiRoot(Box<str>);

impl ApiRoot {
    /// Parses `/` or a path in normal form; one trailing slash is ignored.
    pub fn parse(text: &str) -> Option<ApiRoot> {
        let good = !text.contains('?') && path::is_normal(text.as_bytes());
        good.then(|| ApiRoot(text.strip_suffix('/').unwrap_or(text).into()))
    }

    /// The path of the API `name` below the root.
    pub fn join(&self, name: &str) -> String {
        format!("{}/{name}", self.0)
    }

    /// What follows the root in `path`: empty or with its leading slash.
    pub fn strip<'a>(&self, path: &'a [u8]) -> Option<&'a [u8]> {
        path.strip_prefix(self.0.as_bytes()).filter(|rest| rest.starts_with(b"/"))
    }
}

//! `{apiRoot}` of TS 24.558: the path before the API name.

use super::path;

/// A path prefix of whole segments, without the final slash: empty for `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiRoot(Box<str>);

impl ApiRoot {
    /// Parses `/` or a path in normal form; one trailing slash is ignored.
    pub fn parse(text: &str) -> Option<ApiRoot> {
        let good = !text.contains('?') && path::is_normal(text.as_bytes());
        good.then(|| ApiRoot(path::text_in_one_spelling(text.strip_suffix('/').unwrap_or(text))))
    }

    /// The root itself: empty for `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path of the API `name` below the root.
    pub fn join(&self, name: &str) -> String {
        format!("{}/{name}", self.0)
    }

    /// What follows the root in `path`, with its leading slash.
    pub fn strip<'a>(&self, path: &'a [u8]) -> Option<&'a [u8]> {
        path.strip_prefix(self.0.as_bytes()).filter(|rest| rest.starts_with(b"/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_taken_off_by_whole_segments() {
        let root = ApiRoot::parse("/edge/A/").expect("a root");
        for (path, rest) in [
            ("/edge/A/x", Some("/x")),
            ("/edge/A/", Some("/")),
            ("/EDGE/a/X", None),
            ("/edge/A", None),
            ("/edge/Ax", None),
            ("/edge/b/x", None),
            ("/e", None),
        ] {
            assert_eq!(root.strip(path.as_bytes()), rest.map(str::as_bytes), "{path}");
        }
    }

    #[test]
    fn a_slash_is_no_root() {
        let root = ApiRoot::parse("/").expect("a root");
        assert_eq!((root.as_str(), root.join("eees-acrevents").as_str()), ("", "/eees-acrevents"));
        assert_eq!(root.strip(b"/X"), Some(&b"/X"[..]));
        assert_eq!(ApiRoot::parse("/edge?x"), None);
        assert_eq!(ApiRoot::parse("/%65dge"), None);
    }
}

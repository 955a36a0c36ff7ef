//! What lenient servers take for a built-in operation, though it is none here.

use super::{OPERATIONS, Operation, Role};
use crate::ascii_twin::in_ascii;
use crate::percent;
use crate::policy::ApiRoot;
use crate::policy::path::is_alike;

/// The method of a request, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method<'a> {
    /// This one, in whatever letters.
    Is(&'a [u8]),
    /// What the server takes from elsewhere.
    Any,
}

impl<'a> Method<'a> {
    /// That of a request with `method`: a POST is what its body says (`_method`) to Rack, Laravel, Slim and Express, and any request is
    /// what its query says to CXF and Express.
    pub fn of(method: &'a [u8], names_method: bool) -> Method<'a> {
        if names_method || method.eq_ignore_ascii_case(b"POST") { Method::Any } else { Method::Is(method) }
    }

    fn is(self, name: &str) -> bool {
        match self {
            Method::Is(method) => method.eq_ignore_ascii_case(name.as_bytes()),
            Method::Any => true,
        }
    }
}

/// Whether a request that is no built-in operation would be one for a lenient server: one that folds case or separators in paths
/// ([`is_alike`]; Django folds case beyond ASCII) or case in methods (Django, Werkzeug), passes over a `/` at the end (Express, Spring), over
/// endings such as `.json` (Rails, Django REST Framework, Jersey), or over spaces around a segment (Spring before 4.3), reads versions as
/// numbers (Spring), or takes the method from elsewhere.
pub fn is_near_miss(role: Role, api_root: &ApiRoot, method: Method<'_>, path: &[u8]) -> bool {
    // On an operation's own path, other methods than its own are other requests.
    let own = |op: &Operation| op.role == role && api_root.strip(path).is_some_and(|path| op.is_at(path));
    let is_other = method != Method::Any && OPERATIONS.iter().any(own);
    let near =
        |op: &Operation, path| op.role == role && (!is_other || method.is(op.method)) && op.is_near(path);
    let is_near =
        |root: &str, path| strip(root, path).is_some_and(|path| OPERATIONS.iter().any(|op| near(op, path)));
    let root = api_root.as_str();
    is_near(root, path)
        || path.contains(&b'%') && is_near(&decoded(root.as_bytes()), decoded(path).as_bytes())
}

/// What follows `root` in `path`, with its leading slash, for a lenient server.
fn strip<'a>(root: &str, path: &'a [u8]) -> Option<&'a [u8]> {
    let (start, rest) = path.split_at_checked(root.len())?;
    (is_alike(start, root.as_bytes()) && rest.starts_with(b"/")).then_some(rest)
}

/// `path` as lenient servers read it: escapes decoded, in ASCII as far as characters stand for some, segments without spaces around them.
fn decoded(path: &[u8]) -> String {
    let text = in_ascii(&String::from_utf8_lossy(&percent::decoded(path)));
    text.split('/').map(str::trim).collect::<Vec<&str>>().join("/")
}

impl Operation {
    /// Whether a lenient server would take `path`, what follows the API root, for that of this operation.
    fn is_near(&self, path: &[u8]) -> bool {
        let rest = path.strip_prefix(b"/").and_then(|path| after(path, self.api));
        let version = rest.and_then(|rest| rest.strip_prefix(b"/")).map(split_segment);
        let rest = version.filter(|(version, _)| is_version_1(version)).map(|(_, rest)| rest);
        let rest = rest.and_then(|rest| after(rest, self.fixed()));
        rest.is_some_and(|rest| if self.is_item() { is_segment_and_nothing(rest) } else { is_nothing(rest) })
    }
}

/// What follows `fixed` in `path`.
fn after<'a>(path: &'a [u8], fixed: &str) -> Option<&'a [u8]> {
    let (start, rest) = path.split_at_checked(fixed.len())?;
    is_alike(start, fixed.as_bytes()).then_some(rest)
}

/// A path up to its next slash, and from there on.
fn split_segment(path: &[u8]) -> (&[u8], &[u8]) {
    path.split_at(path.iter().position(|b| *b == b'/').unwrap_or(path.len()))
}

/// Whether `segment` is of version 1 to who reads numbers: whatever letters stand before it, zeros, smaller numbers behind it.
fn is_version_1(segment: &[u8]) -> bool {
    let number =
        segment.iter().position(u8::is_ascii_digit).and_then(|at| segment.get(at..)).unwrap_or_default();
    let major = number.iter().take_while(|b| **b != b'.').skip_while(|b| **b == b'0');
    major.eq(b"1") && number.iter().all(|b| b.is_ascii_digit() || *b == b'.')
}

/// Whether `rest`, what follows the path of a resource, is nothing to a lenient server: `/` and endings, spaces around them or not.
pub(super) fn is_nothing(rest: &[u8]) -> bool {
    rest.split(|b| *b == b'/').map(<[u8]>::trim_ascii).all(|part| part.is_empty() || part.starts_with(b"."))
}

/// Whether it is one segment that is not empty, and what is nothing to a lenient server.
pub(super) fn is_segment_and_nothing(text: &[u8]) -> bool {
    let (segment, rest) = split_segment(text);
    !segment.is_empty() && is_nothing(rest)
}

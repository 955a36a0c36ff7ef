//! Strings of the filter JSON that stand for something: names, claims, times.

use super::node::Node;
use super::shape::quote;
use crate::counter::is_statistic;
use crate::fqdn::Fqdn;
use crate::json::Pointer;
use crate::time::UnixTime;

/// A point in time, RFC 3339 in UTC.
pub(super) fn time(node: &Node<'_>) -> Option<UnixTime> {
    let text = node.text()?;
    let parsed = UnixTime::from_rfc3339(text);
    if UnixTime::is_rfc3339_before_1970(text) {
        node.error(format!(
            "{} is before 1970, where times begin here; give \"1970-01-01T00:00:00Z\" or a later time",
            quote(text)
        ));
    } else if parsed.is_none() {
        node.error(format!(
            "{} is not a time; give one in UTC such as \"2026-11-01T00:00:00Z\"",
            quote(text)
        ));
    }
    parsed
}

/// A configured host name.
pub(super) fn fqdn(node: &Node<'_>) -> Option<Fqdn> {
    let text = node.text()?;
    let parsed = Fqdn::parse(text);
    if parsed.is_none() {
        node.error(format!(
            "`{text}` is not an FQDN; give a host name of letters, digits and hyphens, such as \
             \"ees1.edge.example.net\", without scheme, port or wildcard"
        ));
    }
    parsed
}

/// An absolute https URI without a fragment; what it is made of can stand in a quoted string (RFC 3986, RFC 9110).
pub(super) fn https_uri(node: &Node<'_>) -> Option<Box<str>> {
    let text = node.text()?;
    let rest = text.get(..8).filter(|scheme| scheme.eq_ignore_ascii_case("https://")).and(text.get(8..));
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~:/?[]@!$&'()*+,;=%".contains(&b));
    if plain && rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')) {
        return Some(text.into());
    }
    node.error(format!(
        "{} is not an absolute https URI without a fragment; give one such as \"https://ees1.edge.example.net/.well-known/oauth-protected-resource\"",
        quote(text)
    ));
    None
}

/// A name within those of statistics.
pub(super) fn statistics_name(node: &Node<'_>) -> Option<Box<str>> {
    let text = node.text()?;
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !plain || text.len() > 40 || !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        node.error(format!(
            "{} is no name for statistics; give a letter, then up to 39 letters, digits and `_`",
            quote(text)
        ));
    } else if is_statistic(text) {
        node.error(format!("{} is how statistics themselves begin; give another name", quote(text)));
    } else {
        return Some(text.into());
    }
    None
}

/// A path to send a request to.
pub(super) fn path<'a>(node: &Node<'a>, example: &str) -> Option<&'a str> {
    let text = node.text()?;
    let good = text.starts_with('/') && text.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
    if !good {
        node.error(format!("{} is not a path; give one such as {}", quote(text), quote(example)));
    }
    good.then_some(text)
}

/// A claim, by its name or by a JSON pointer.
pub(super) fn claim(node: &Node<'_>) -> Option<Pointer> {
    let text = node.text()?;
    if !text.starts_with('/') {
        return Some(Pointer::to_member(text));
    }
    let parsed = Pointer::parse(text);
    if parsed.is_none() {
        node.error(format!("`{text}` is not a JSON pointer; write `~` as \"~0\" (RFC 6901)"));
    }
    parsed
}

//! The normal form of paths: whatever two parsers could read in two ways is refused, never repaired.

use crate::percent::{self, escaped};
use std::borrow::Cow;

/// `target` without its query.
pub fn without_query(target: &[u8]) -> &[u8] {
    if !target.contains(&b'?') {
        return target;
    }
    target.split(|b| *b == b'?').next().unwrap_or_default()
}

/// The query of `target`, with what parts it from the path.
pub fn query(target: &[u8]) -> &[u8] {
    target.get(without_query(target).len()..).unwrap_or_default()
}

/// The names of the parameters in a query, decoded (`application/x-www-form-urlencoded`). Some servers take `;` for `&`.
pub fn parameters(query: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    query
        .split(|b| matches!(b, b'?' | b'&' | b';'))
        .filter(|parameter| !parameter.is_empty())
        .map(|parameter| percent::decoded(parameter.split(|b| *b == b'=').next().unwrap_or_default()))
}

/// Whether some server takes `parameter`, a decoded name, for `wanted` in lower case with `_` in it. PHP leaves out spaces before a name, ends it at
/// `[` and U+0000, and writes `_` for spaces and dots; ASP.NET does not look at case.
pub fn is_parameter(parameter: &[u8], wanted: &[u8]) -> bool {
    let start = parameter.iter().take_while(|b| matches!(b, b' ' | b'+')).count();
    let name = parameter.get(start..).unwrap_or_default();
    let end = name.iter().position(|b| matches!(b, b'[' | 0)).unwrap_or(name.len());
    let read = |b: &u8| if b.is_ascii_alphanumeric() { b.to_ascii_lowercase() } else { b'_' };
    name.get(..end).unwrap_or_default().iter().map(read).eq(wanted.iter().copied())
}

/// Whether a query names a method, which some servers then take for the request's (`_method`: CXF, Express, Rack, Laravel).
pub fn names_method(query: &[u8]) -> bool {
    parameters(query).any(|name| is_parameter(&name, b"_method"))
}

/// What a byte means for a path, as bits; most mean nothing.
static MEANINGS: [u8; 256] = meanings();
/// It is never in a path in normal form.
const STRANGE: u8 = 1;
/// It begins an escape.
const ESCAPE: u8 = 2;
/// It has no place in a path by itself (RFC 3986), and gets through to here: some readers take it for its escape.
const NEEDS_ESCAPE: u8 = 4;

const fn meanings() -> [u8; 256] {
    let mut meanings = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        #[allow(clippy::indexing_slicing, reason = "const, and in bounds by the line above")]
        {
            meanings[byte] = match byte as u8 {
                b'\\' | b';' | b'#' | 0..=0x20 | 0x7f.. => STRANGE,
                b'%' => ESCAPE,
                b'"' | b'<' | b'>' | b'[' | b']' | b'^' | b'`' | b'{' | b'|' | b'}' => NEEDS_ESCAPE,
                _ => 0,
            };
        }
        byte = byte.saturating_add(1);
    }
    meanings
}

fn meaning(byte: u8) -> u8 {
    MEANINGS.get(usize::from(byte)).copied().unwrap_or(STRANGE)
}

/// All that the bytes of `path` mean, in one pass without a branch: nearly all paths have nothing to look at again.
fn meanings_in(path: &[u8]) -> u8 {
    path.iter().fold(0, |all, byte| all | meaning(*byte))
}

/// Whether a path (without query) is in normal form, as `docs/contract.md#paths` lists it.
pub fn is_normal(path: &[u8]) -> bool {
    let found = meanings_in(path);
    found & STRANGE == 0
        && path.starts_with(b"/")
        && segments_are_normal(path)
        && (found & ESCAPE == 0 || escapes_are_normal(path))
}

/// A path in normal form in its one spelling: two spellings of one path are compared in it, and none goes upstream. Escapes
/// of characters that need none in a segment (`pchar`, RFC 3986, section 3.3) are decoded, those that need one have it, hexadecimal
/// digits in upper case.
pub fn in_one_spelling(path: &[u8]) -> Cow<'_, [u8]> {
    if meanings_in(path) & (ESCAPE | NEEDS_ESCAPE) == 0 {
        return Cow::Borrowed(path);
    }
    let mut spelled = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        let escape = if *byte == b'%' { after.split_first_chunk::<2>() } else { None };
        match escape {
            Some((digits, after)) => {
                rest = after;
                match escaped(digits) {
                    Some(value) if b":@!$&'()*+,=".contains(&value) => spelled.push(value),
                    _ => {
                        spelled.push(b'%');
                        spelled.extend(digits.to_ascii_uppercase());
                    }
                }
            }
            None if meaning(*byte) == NEEDS_ESCAPE => spelled.extend(percent::escape(*byte)),
            None => spelled.push(*byte),
        }
    }
    Cow::Owned(spelled)
}

/// Whether a lenient server takes one for the other: without regard to case (Express, ASP.NET), and to which separator is
/// where one is (CherryPy takes any punctuation; CodeIgniter and Zend `_` or `.` for `-`).
pub fn is_alike(one: &[u8], other: &[u8]) -> bool {
    let separator = |byte: u8| byte.is_ascii_punctuation() && byte != b'/' || byte == b' ';
    let same = |(a, b): (&u8, &u8)| a.eq_ignore_ascii_case(b) || (separator(*a) && separator(*b));
    one.len() == other.len() && one.iter().zip(other).all(same)
}

/// [`in_one_spelling`] of a path that is text.
pub fn text_in_one_spelling(path: &str) -> Box<str> {
    // Only ASCII takes the place of ASCII.
    String::from_utf8_lossy(&in_one_spelling(path.as_bytes())).into()
}

/// No empty segment but the last, and none that is `.` or `..`.
fn segments_are_normal(path: &[u8]) -> bool {
    let ((_, after), may_be_strange) = (path.split_at_checked(1).unwrap_or_default(), |pair: (&u8, &u8)| {
        *pair.0 == b'/' && matches!(pair.1, b'/' | b'.')
    });
    if !path.iter().zip(after).any(may_be_strange) {
        return true;
    }
    let mut previous_empty = false;
    for segment in path.split(|b| *b == b'/').skip(1) {
        if previous_empty || matches!(segment, b"." | b"..") {
            return false;
        }
        previous_empty = segment.is_empty();
    }
    true
}

/// Every escape is whole, needed, and decodes to UTF-8 that is no delimiter and no control byte.
fn escapes_are_normal(path: &[u8]) -> bool {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'%' {
            decoded.push(*byte);
            continue;
        }
        let Some((digits, after)) = after.split_first_chunk() else { return false };
        let Some(value) = escaped(digits) else { return false };
        rest = after;
        let unreserved = value.is_ascii_alphanumeric() || matches!(value, b'-' | b'.' | b'_' | b'~');
        let delimiter = matches!(value, b'/' | b'\\' | b'%' | b';' | b'?' | b'#');
        if unreserved || delimiter || value.is_ascii_control() {
            return false;
        }
        decoded.push(value);
    }
    std::str::from_utf8(&decoded).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_spelling_whatever_is_escaped_in_it() {
        for (path, spelled) in [
            ("/a/b", "/a/b"),
            ("/a%3ab", "/a:b"),
            ("/a<b", "/a%3Cb"),
            ("/a%3ab<%c3%bc", "/a:b%3C%C3%BC"),
            ("/%3C", "/%3C"),
            ("/%3", "/%3"),
        ] {
            assert_eq!(String::from_utf8_lossy(&in_one_spelling(path.as_bytes())), spelled, "{path}");
        }
    }
}

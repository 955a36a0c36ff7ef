//! `Location` and `Content-Location`: where a reference leads (RFC 3986, section 5.2), and where in it a seal has its place.

use super::identifier;
use crate::percent;
use crate::policy::path;

/// Where a reference leads.
#[derive(Debug, PartialEq, Eq)]
pub struct Reference<'a> {
    /// The host and port that it names, if it names any.
    pub authority: Option<&'a [u8]>,
    /// The path, in one spelling: the last segment without needless escapes.
    pub path: Vec<u8>,
    /// Where in the text the path ends, and with it the identifier.
    pub path_end: usize,
}

/// Reads a reference in an answer to a request for the path `base`. `None` if it is none to a path in normal form over HTTP, or if
/// readers could differ about it.
pub fn read<'a>(text: &'a [u8], base: &[u8]) -> Option<Reference<'a>> {
    // A comma may be Envoy's, between two values: nobody could tell which one is meant. What is no URI character is read in many ways.
    if text.iter().any(|byte| *byte == b',' || !byte.is_ascii_graphic()) {
        return None;
    }
    let (authority, rest) = authority(text)?;
    let written = rest.split(|byte| matches!(byte, b'?' | b'#')).next().filter(|path| !path.is_empty())?;
    // Before any is decoded: half an escape could become a whole one.
    let digits = |after: &[u8]| after.first_chunk().and_then(percent::escaped).is_some();
    if !written.split(|byte| *byte == b'%').skip(1).all(digits) {
        return None;
    }
    let path_end = text.len().checked_sub(rest.len())?.checked_add(written.len())?;
    let whole = if written.starts_with(b"/") {
        written.to_vec()
    } else if authority.is_some() {
        return None;
    } else {
        let folder = base.iter().rposition(|byte| *byte == b'/').and_then(|slash| base.get(..=slash));
        [folder?, written].concat()
    };
    let whole = without_dot_segments(&whole)?;
    let last = whole.iter().rposition(|byte| *byte == b'/').and_then(|slash| slash.checked_add(1))?;
    let (folder, id) = whole.split_at_checked(last)?;
    let whole = [folder, &*identifier::without_needless_escapes(id)].concat();
    path::is_normal(&whole).then(|| Reference {
        authority,
        path: path::in_one_spelling(&whole).into_owned(),
        path_end,
    })
}

/// The authority of a reference, if it has one, and what follows.
fn authority(text: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    let rest = match text.iter().position(|byte| matches!(byte, b':' | b'/' | b'?' | b'#')) {
        Some(colon) if text.get(colon) == Some(&b':') => {
            let (scheme, rest) = text.split_at_checked(colon)?;
            let http = scheme.eq_ignore_ascii_case(b"http") || scheme.eq_ignore_ascii_case(b"https");
            rest.strip_prefix(b":").filter(|rest| http && rest.starts_with(b"//"))?
        }
        _ => text,
    };
    let Some(rest) = rest.strip_prefix(b"//") else { return Some((None, rest)) };
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at_checked(end)?;
    // A user is none of a host's names, and readers differ about the backslash and about an empty host.
    let plain = !authority.is_empty() && !authority.iter().any(|byte| matches!(byte, b'@' | b'\\'));
    plain.then_some((Some(authority), rest))
}

/// A path that begins with `/`, with `.` and `..` carried out (RFC 3986, section 5.2.4). `None` if a segment before the last is not
/// in normal form, though it may be gone then: to browsers `%2e` is `.` by itself.
fn without_dot_segments(whole: &[u8]) -> Option<Vec<u8>> {
    let segments: Vec<&[u8]> = whole.split(|byte| *byte == b'/').skip(1).collect();
    let (_, folders) = segments.split_last()?;
    let is_odd =
        |segment: &&[u8]| !matches!(*segment, b"." | b"..") && !path::is_normal(&[b"/", *segment].concat());
    if folders.iter().any(is_odd) {
        return None;
    }
    let mut kept: Vec<&[u8]> = Vec::with_capacity(segments.len());
    for (number, segment) in segments.iter().enumerate() {
        let dots = matches!(*segment, b"." | b"..");
        if *segment == b".." {
            kept.pop();
        }
        if !dots {
            kept.push(segment);
        } else if number.saturating_add(1) == segments.len() {
            kept.push(b"");
        }
    }
    Some(kept.iter().flat_map(|segment| [&b"/"[..], segment]).flatten().copied().collect())
}

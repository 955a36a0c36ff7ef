//! Identifiers of resources, the last segment of a path: in one spelling, and with a seal behind.

use crate::percent::escaped;
use crate::policy::path;
use std::borrow::Cow;

/// The length of a seal: base64url of 16 bytes.
pub const SEAL_LENGTH: usize = 22;

/// Parts a segment that ends in `.` and what could be a seal; `None` if it does not. Whether something stands before it, and
/// whether it fits, is for the caller to ask.
pub fn split(segment: &[u8]) -> Option<(&[u8], &[u8])> {
    let (rest, seal) = segment.split_at_checked(segment.len().checked_sub(SEAL_LENGTH)?)?;
    let id = rest.strip_suffix(b".")?;
    let base64url = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    seal.iter().all(base64url).then_some((id, seal))
}

/// A segment with escapes of unreserved characters decoded: some proxies do that on the way to the filter.
pub fn without_needless_escapes(segment: &[u8]) -> Cow<'_, [u8]> {
    if !segment.contains(&b'%') {
        return Cow::Borrowed(segment);
    }
    let mut decoded = Vec::with_capacity(segment.len());
    let mut rest = segment;
    while let Some((byte, after)) = rest.split_first() {
        let escape = if *byte == b'%' { after.split_first_chunk::<2>() } else { None };
        let unreserved = |value: &u8| value.is_ascii_alphanumeric() || b"-._~".contains(value);
        match escape.and_then(|(digits, after)| Some((escaped(digits).filter(unreserved)?, after))) {
            Some((value, after)) => {
                decoded.push(value);
                rest = after;
            }
            None => {
                decoded.push(*byte);
                rest = after;
            }
        }
    }
    Cow::Owned(decoded)
}

/// The identifier as a seal covers it: however it is escaped, it is one.
pub fn in_one_spelling(id: &[u8]) -> Vec<u8> {
    path::in_one_spelling(&without_needless_escapes(id)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_is_a_dot_and_22_characters_at_the_end() {
        let seal = "abcdefghijklmnopqrst-_";
        let parted = |text: &str| {
            split(text.as_bytes()).map(|(id, seal)| {
                (String::from_utf8_lossy(id).into_owned(), String::from_utf8_lossy(seal).into_owned())
            })
        };
        assert_eq!(parted(&format!("r1.{seal}")), Some(("r1".into(), seal.into())));
        assert_eq!(parted(&format!("a.b.{seal}")), Some(("a.b".into(), seal.into())));
        assert_eq!(parted(&format!(".{seal}")), Some((String::new(), seal.into())));
        assert_eq!(parted(&format!("r1.{seal}.{seal}")), Some((format!("r1.{seal}"), seal.into())));
        for other in
            ["", "r1", seal, "r1.bcdefghijklmnopqrst-_", &format!("r1{seal}"), &format!("r1.a{seal}")]
        {
            assert_eq!(parted(other), None, "{other}");
        }
        assert_eq!(parted("r1.abcdefghijklmnopqrst+/"), None);
    }

    #[test]
    fn one_identifier_has_one_spelling() {
        let spelled = |text: &str| String::from_utf8_lossy(&in_one_spelling(text.as_bytes())).into_owned();
        for (written, expected) in [
            ("r1", "r1"),
            ("%72%31", "r1"),
            ("a%2Db%2eC%5f%7E", "a-b.C_~"),
            ("a%40b", "a@b"),
            ("a%3ab", "a:b"),
            ("a%20b", "a%20b"),
            ("%c3%a9", "%C3%A9"),
            ("a|b", "a%7Cb"),
            // No escape of an escape: it stays what it is.
            ("%2572", "%2572"),
            ("%", "%"),
            ("%4", "%4"),
        ] {
            assert_eq!(spelled(written), expected, "{written}");
        }
    }
}

//! What is plain enough to stand in a link: words, names, addresses. Whatever may be a credential is not.

use super::escapes::unescaped;
use super::known::Known;
use super::telltale::names_secret;
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// As leniently as anybody may read it.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The longest text that is taken for a name.
const LONGEST: usize = 256;

/// In how many letters and digits changes of kind are counted, and how many of them are too many for a name.
const WINDOW: usize = 16;
const MOST_CHANGES: usize = 3;

/// Digits in a row: more are no number of anybody's. Letters in a row: more are no word.
const MOST_DIGITS: usize = 19;
const MOST_LETTERS: usize = 31;

impl Known {
    /// Whether `text` may stand in a link.
    pub(super) fn is_plain(&self, text: &str) -> bool {
        let mut text = text.to_owned();
        // As often as somebody may have escaped it.
        for _ in 0..4 {
            if text.len() > LONGEST || !is_named(&text) || self.knows(&text) {
                return false;
            }
            match unescaped(&text) {
                Some(inner) if inner != text => text = inner,
                Some(_) => return true,
                None => return false,
            }
        }
        false
    }

    /// Whether `text` may be public material of a key: base64url and nothing else, and no JSON within.
    pub(super) fn is_public_part(&self, text: &str) -> bool {
        text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
            && !begins_as_json(text)
            && !self.knows(text)
    }
}

fn is_named(text: &str) -> bool {
    let is_taken = |b: u8| b.is_ascii_alphanumeric() || b" -._~:/@|+,*%#".contains(&b);
    text.bytes().all(is_taken)
        && !names_secret(text)
        && !is_random(text)
        && !text.split(is_no_base64).any(begins_as_json)
}

fn is_no_base64(c: char) -> bool {
    !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_')
}

/// Whether letters, digits and cases follow each other as in no name: ids, keys and tokens are made so.
fn is_random(text: &str) -> bool {
    let (mut changes, mut kinds) = (Vec::new(), [0_usize; 2]);
    let mut last = Kind::Other;
    for c in text.bytes() {
        let now = Kind::of(c);
        // A capital begins a word, or ends one.
        let is_change = now != last
            && !matches!((last, now), (Kind::Other, _) | (_, Kind::Other) | (Kind::Upper, Kind::Lower));
        let is_digit = now == Kind::Digit;
        kinds = match now {
            Kind::Other => [0, 0],
            _ if is_digit => [kinds[0].saturating_add(1), 0],
            _ => [0, kinds[1].saturating_add(1)],
        };
        if kinds[0] > MOST_DIGITS || kinds[1] > MOST_LETTERS {
            return true;
        }
        if now != Kind::Other {
            changes.push(is_change);
        }
        last = now;
    }
    let too_many = |window: &[bool]| window.iter().filter(|is_change| **is_change).count() > MOST_CHANGES;
    changes.windows(WINDOW.min(changes.len().max(1))).any(too_many)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Lower,
    Upper,
    Digit,
    Other,
}

impl Kind {
    fn of(c: u8) -> Kind {
        match c {
            b'a'..=b'z' => Kind::Lower,
            b'A'..=b'Z' => Kind::Upper,
            b'0'..=b'9' => Kind::Digit,
            _ => Kind::Other,
        }
    }
}

/// Whether base64url, or its beginning, is that of a JSON object.
fn begins_as_json(text: &str) -> bool {
    let end = match text.len().min(64) {
        length if length % 4 == 1 => length.saturating_sub(1),
        length => length,
    };
    let decoded = text.get(..end).and_then(|text| BASE64URL.decode(text).ok()).unwrap_or_default();
    let mut bytes = decoded.iter().filter(|b| !b.is_ascii_whitespace());
    bytes.next() == Some(&b'{') && matches!(bytes.next(), Some(b'"' | b'}'))
}

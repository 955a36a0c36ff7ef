//! Percent-encoding (RFC 3986, section 2.1).

use crate::byte_class::{FORM, are_all};

/// What `%` and these digits stand for.
pub fn escaped(digits: &[u8; 2]) -> Option<u8> {
    hexadecimal(digits)
}

/// The byte with these hexadecimal digits.
pub fn hexadecimal([high, low]: &[u8; 2]) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some((digit(high)? << 4) | digit(low)?)
}

/// Adds `text` to `out` as `application/x-www-form-urlencoded`.
pub fn push_form(out: &mut String, text: &str) {
    // Nearly every token.
    if are_all(text.as_bytes(), FORM) {
        return out.push_str(text);
    }
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            plain if are_all(&[plain], FORM) => out.push(plain.into()),
            other => out.extend(escape(other).map(char::from)),
        }
    }
}

/// The escape of a byte, in the spelling of RFC 3986, section 2.1.
pub fn escape(byte: u8) -> [u8; 3] {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or_default().to_ascii_uppercase() as u8;
    [b'%', digit(byte >> 4), digit(byte & 0xf)]
}

/// What `%u` and four hexadecimal digits at the start of `text` stand for, and what follows them.
fn long_escape(text: &[u8]) -> Option<(char, &[u8])> {
    let ([high, low], after) =
        text.strip_prefix(b"%u")?.split_first_chunk::<4>().and_then(|(digits, after)| {
            let [a, b, c, d] = *digits;
            Some(([hexadecimal(&[a, b])?, hexadecimal(&[c, d])?], after))
        })?;
    char::from_u32(u32::from(u16::from_be_bytes([high, low]))).map(|unit| (unit, after))
}

/// `text` with its escapes decoded, those of ASP.NET (`%u0065`) too; what is no escape stays.
pub fn decoded(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        if let Some((unit, after)) = long_escape(rest) {
            decoded.extend_from_slice(unit.encode_utf8(&mut [0; 4]).as_bytes());
            rest = after;
            continue;
        }
        let escape = if *byte == b'%' { after.split_first_chunk() } else { None };
        let (value, after) =
            escape.and_then(|(digits, after)| Some((escaped(digits)?, after))).unwrap_or((*byte, after));
        decoded.push(value);
        rest = after;
    }
    decoded
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use super::push_form;

    #[test]
    fn forms_are_those_of_another_writer() {
        let form = |text: &str| {
            let mut out = String::from("x=");
            push_form(&mut out, text);
            out
        };
        let texts = (0..=0x2ff).chain([0x20ac, 0xd7ff, 0xe000, 0xffff, 0x1_0000, 0x10_ffff]);
        for c in texts.filter_map(char::from_u32) {
            for text in [format!("{c}"), format!("a.b{c}c-d"), format!("{c}{c} {c}"), format!("é{c}%")] {
                let theirs: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
                assert_eq!(form(&text), format!("x={theirs}"), "{text:?}");
            }
        }
        assert_eq!(form(""), "x=");
    }
}

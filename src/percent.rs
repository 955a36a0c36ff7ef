//! Percent-encoding (RFC 3986, section 2.1).

/// What `%` and these digits stand for.
pub fn escaped(digits: &[u8; 2]) -> Option<u8> {
    hexadecimal(digits)
}

/// The byte with these hexadecimal digits.
pub fn hexadecimal([high, low]: &[u8; 2]) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some((digit(high)? << 4) | digit(low)?)
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

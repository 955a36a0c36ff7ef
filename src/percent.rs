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

/// `text` with its escapes decoded; what is no escape stays.
pub fn decoded(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        let escape = if *byte == b'%' { after.split_first_chunk() } else { None };
        let (value, after) =
            escape.and_then(|(digits, after)| Some((escaped(digits)?, after))).unwrap_or((*byte, after));
        decoded.push(value);
        rest = after;
    }
    decoded
}

//! The normal form of paths: whatever two parsers could read in two ways is refused, never repaired.

/// `target` without its query.
pub fn without_query(target: &[u8]) -> &[u8] {
    target.split(|b| *b == b'?').next().unwrap_or_default()
}

/// Whether a path (without query) is in normal form, as the contract lists it.
pub fn is_normal(path: &[u8]) -> bool {
    let mut escaped = false;
    for byte in path {
        match byte {
            b'\\' | b';' | b'#' | 0..=0x1f | 0x7f.. => return false,
            b'%' => escaped = true,
            _ => {}
        }
    }
    path.starts_with(b"/") && segments_are_normal(path) && (!escaped || escapes_are_normal(path))
}

/// No empty segment but the last, and none that is `.` or `..`.
fn segments_are_normal(path: &[u8]) -> bool {
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
    let mut rest = path.iter();
    while let Some(byte) = rest.next() {
        if *byte != b'%' {
            decoded.push(*byte);
            continue;
        }
        let (Some(high), Some(low)) = (hex(rest.next()), hex(rest.next())) else { return false };
        let value = (high << 4) | low;
        let unreserved = value.is_ascii_alphanumeric() || matches!(value, b'-' | b'.' | b'_' | b'~');
        let delimiter = matches!(value, b'/' | b'\\' | b'%' | b';' | b'?' | b'#');
        if unreserved || delimiter || value.is_ascii_control() {
            return false;
        }
        decoded.push(value);
    }
    std::str::from_utf8(&decoded).is_ok()
}

fn hex(digit: Option<&u8>) -> Option<u8> {
    char::from(*digit?).to_digit(16).and_then(|d| u8::try_from(d).ok())
}

//! Percent escapes, as a link or a path has them: what hides in them is looked at, too.

/// `text` without percent escapes, however often it was escaped within reason.
pub(super) fn without_escapes(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..4 {
        match unescaped(&text) {
            Some(inner) if inner != text => text = inner,
            Some(_) | None => break,
        }
    }
    text
}

/// `text` without its percent escapes; none if what comes out is no text.
pub(super) fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(b) = rest.next() {
        let ahead: Vec<u8> = rest.clone().take(2).collect();
        let digits = std::str::from_utf8(&ahead).ok().filter(|ahead| ahead.len() == 2);
        match digits.filter(|_| b == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest.by_ref().take(2).for_each(drop);
            }
            None => bytes.push(b),
        }
    }
    String::from_utf8(bytes).ok()
}

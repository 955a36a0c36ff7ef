//! Where in the text of a configuration a JSON path leads, so that a mistake is shown where it is.

use eec_authn::json;
use std::ops::Range;

/// The place of `path` in `text`, in UTF-16 units, as JavaScript counts. What is not there is shown at what it is missing from;
/// a text that is no JSON, where it ceases to be.
pub(crate) fn place(text: &str, path: &str) -> Option<Range<usize>> {
    let bytes = match json::parse_keeping_duplicates(text.as_bytes()) {
        Ok(_) => find(text.as_bytes(), path)?,
        Err(error) => {
            let at = error.at.min(text.len().saturating_sub(1));
            at..at.saturating_add(1)
        }
    };
    Some(utf16(text, bytes.start)..utf16(text, bytes.end))
}

/// How many UTF-16 units stand before the byte at `at`.
fn utf16(text: &str, at: usize) -> usize {
    text.char_indices().take_while(|(offset, _)| *offset < at).map(|(_, c)| c.len_utf16()).sum()
}

/// One step of a path.
#[derive(Debug, PartialEq)]
enum Step {
    Member(String),
    Item(usize),
}

/// `a.b[0]["odd name"]` as steps.
fn steps(path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('[') {
            let mut inner = serde_json::Deserializer::from_str(after).into_iter::<serde_json::Value>();
            let step = match inner.next() {
                Some(Ok(serde_json::Value::String(name))) => Step::Member(name),
                Some(Ok(serde_json::Value::Number(number))) => {
                    Step::Item(number.as_u64().unwrap_or_default() as usize)
                }
                _ => return steps,
            };
            let end = inner.byte_offset();
            rest = after.get(end..).unwrap_or_default().strip_prefix(']').unwrap_or_default();
            steps.push(step);
        } else {
            let name = rest.strip_prefix('.').unwrap_or(rest);
            let end = name.find(['.', '[']).unwrap_or(name.len());
            let (name, after) = name.split_at(end);
            if name.is_empty() {
                return steps;
            }
            steps.push(Step::Member(name.to_owned()));
            rest = after;
        }
    }
    steps
}

/// The bytes of the place in `text`, which is JSON.
fn find(text: &[u8], path: &str) -> Option<Range<usize>> {
    let mut scanner = Scanner { text, at: 0 };
    scanner.space();
    let mut shown = scanner.at..scanner.at.saturating_add(1).min(text.len());
    for step in steps(path) {
        match scanner.enter(&step) {
            Some(place) => shown = place,
            None => break,
        }
    }
    (shown.end <= text.len() && !shown.is_empty()).then_some(shown)
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or_default()
    }

    fn go(&mut self, by: usize) {
        self.at = self.at.saturating_add(by).min(self.text.len());
    }

    fn space(&mut self) {
        while self.peek().is_ascii_whitespace() {
            self.go(1);
        }
    }

    /// Moves from the start of a value to the start of the one that `step` leads to. Gives its place, with its name.
    fn enter(&mut self, step: &Step) -> Option<Range<usize>> {
        let open = self.peek();
        match (open, step) {
            (b'{', Step::Member(_)) | (b'[', Step::Item(_)) => self.go(1),
            _ => return None,
        }
        let mut found = None;
        let mut number = 0_usize;
        loop {
            self.space();
            let start = self.at;
            if matches!(self.peek(), b'}' | b']' | 0) {
                break;
            }
            let fits = if open == b'{' {
                let name = self.text.get(self.string()).unwrap_or_default();
                self.space();
                self.go(1);
                self.space();
                let name = serde_json::from_slice::<String>(name).unwrap_or_default();
                *step == Step::Member(name)
            } else {
                *step == Step::Item(number)
            };
            let value = self.at;
            self.skip();
            if fits {
                // Of two with one name the last: that is the one too many.
                found = Some((start..self.at, value));
            }
            number = number.saturating_add(1);
            self.space();
            if self.peek() == b',' {
                self.go(1);
            }
        }
        let (place, value) = found?;
        self.at = value;
        Some(place)
    }

    /// Over a string; where it is, with its quotes.
    fn string(&mut self) -> Range<usize> {
        let start = self.at;
        self.go(1);
        while !matches!(self.peek(), b'"' | 0) {
            self.go(if self.peek() == b'\\' { 2 } else { 1 });
        }
        self.go(1);
        start..self.at
    }

    /// Over a value.
    fn skip(&mut self) {
        let mut depth = 0_usize;
        loop {
            match self.peek() {
                b'"' => drop(self.string()),
                b'{' | b'[' => {
                    depth = depth.saturating_add(1);
                    self.go(1);
                }
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    self.go(1);
                }
                b',' | b':' | b' ' | b'\n' | b'\r' | b'\t' if depth > 0 => self.go(1),
                0 => return,
                _ => {
                    while !matches!(self.peek(), b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t' | 0) {
                        self.go(1);
                    }
                }
            }
            if depth == 0 {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"é": "𝄞", "a": {"b": [10, {"c": true}], "odd name": {}}, "d": 1, "d": 2}"#;

    fn at(path: &str) -> String {
        let units: Vec<u16> = TEXT.encode_utf16().collect();
        String::from_utf16(&units[place(TEXT, path).expect("a place")]).expect("text")
    }

    #[test]
    fn a_path_leads_to_the_member_with_its_name() {
        assert_eq!(at("a.b[1].c"), r#""c": true"#);
        assert_eq!(at("a.b[0]"), "10");
        assert_eq!(at(r#"a["odd name"]"#), r#""odd name": {}"#);
        assert_eq!(at("d"), r#""d": 2"#, "the one too many");
    }

    #[test]
    fn what_is_missing_is_shown_where_it_should_be() {
        assert_eq!(at("a.b[1].x.y"), r#"{"c": true}"#);
        assert_eq!(at("configuration"), "{");
        assert_eq!(at("a.b[7]"), r#""b": [10, {"c": true}]"#);
    }

    #[test]
    fn a_text_that_is_no_json_is_shown_where_it_ceases_to_be() {
        assert_eq!(place("{\"a\": é}", "configuration"), Some(6..7));
        assert_eq!(place("", "configuration"), Some(0..0));
        for text in ["{\"a", "{\"a\": \"\\", "[", "{]", "\u{0}", "{\"a\" 1}"] {
            for path in ["a", "a.b[0]", "[", "[\"", "..", "a[99999999999999999999]"] {
                place(text, path);
            }
        }
    }
}

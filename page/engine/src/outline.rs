//! Where each value of a JSON text stands: read once, asked as often as one likes.

use eec_authn::json;
use std::ops::Range;

/// A value, and its bytes in the text.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) at: Range<usize>,
    pub(crate) parts: Parts,
}

/// What a value is made of.
#[derive(Debug)]
pub(crate) enum Parts {
    Members(Vec<Member>),
    Items(Vec<Node>),
    Text(String),
    /// A number, `true`, `false` or `null`.
    Word,
}

/// A member of an object.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    /// The name with its quotes.
    pub(crate) name_at: Range<usize>,
    pub(crate) value: Node,
}

impl Member {
    /// From its name to the end of its value.
    pub(crate) fn at(&self) -> Range<usize> {
        self.name_at.start..self.value.at.end
    }
}

/// The outline of `text`.
///
/// # Errors
///
/// Where it ceases to be strict JSON, members that are there twice aside.
pub(crate) fn outline(text: &str) -> Result<Node, usize> {
    json::parse_keeping_duplicates(text.as_bytes()).map_err(|error| error.at)?;
    let mut scanner = Scanner { text, at: 0 };
    scanner.space();
    Ok(scanner.node())
}

/// Goes through a text that is JSON, no deeper than the parser before it.
struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or_default()
    }

    fn go(&mut self, by: usize) {
        self.at = self.at.saturating_add(by).min(self.text.len());
    }

    fn space(&mut self) {
        while self.peek().is_ascii_whitespace() {
            self.go(1);
        }
    }

    fn node(&mut self) -> Node {
        let start = self.at;
        let parts = match self.peek() {
            b'{' => Parts::Members(self.listed(b'}', Scanner::member)),
            b'[' => Parts::Items(self.listed(b']', Scanner::node)),
            b'"' => Parts::Text(self.string()),
            _ => {
                while !matches!(self.peek(), b',' | b'}' | b']' | 0) && !self.peek().is_ascii_whitespace() {
                    self.go(1);
                }
                Parts::Word
            }
        };
        Node { at: start..self.at, parts }
    }

    fn listed<T>(&mut self, close: u8, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let mut found = Vec::new();
        self.go(1);
        self.space();
        while !matches!(self.peek(), 0) && self.peek() != close {
            found.push(one(self));
            self.space();
            if self.peek() == b',' {
                self.go(1);
                self.space();
            }
        }
        self.go(1);
        found
    }

    fn member(&mut self) -> Member {
        let start = self.at;
        let name = self.string();
        let name_at = start..self.at;
        self.space();
        self.go(1);
        self.space();
        Member { name, name_at, value: self.node() }
    }

    /// Over a string.
    fn string(&mut self) -> String {
        let start = self.at;
        self.go(1);
        while !matches!(self.peek(), b'"' | 0) {
            self.go(if self.peek() == b'\\' { 2 } else { 1 });
        }
        self.go(1);
        let quoted = self.text.get(start..self.at).unwrap_or_default();
        // What only one of both parsers reads is no text that anybody knows.
        serde_json::from_str(quoted).unwrap_or_else(|_| char::REPLACEMENT_CHARACTER.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_value_has_its_place() {
        let text = " {\"a\\\"\": [1, {\"b\" : \"x\\\\\"}, true],\n\"a\\\"\": {} }";
        let Parts::Members(members) = outline(text).expect("JSON").parts else { panic!("an object") };
        assert_eq!(members.iter().map(|member| &*member.name).collect::<Vec<_>>(), ["a\"", "a\""]);
        assert_eq!(&text[members[1].at()], "\"a\\\"\": {}");
        let Parts::Items(items) = &members[0].value.parts else { panic!("an array") };
        let texts: Vec<&str> = items.iter().map(|item| &text[item.at.clone()]).collect();
        assert_eq!(texts, ["1", "{\"b\" : \"x\\\\\"}", "true"]);
        let Parts::Members(inner) = &items[1].parts else { panic!("an object") };
        assert!(matches!(&inner[0].value.parts, Parts::Text(text) if text == "x\\"));
        assert_eq!(outline("{\"a\" 1}").err(), Some(5));
        assert!(outline(&"[".repeat(100_000)).is_err());
    }
}

//! Where in the text of a configuration a JSON path leads, so that a mistake is shown where it is.

use crate::outline::{Node, Parts, outline};
use std::ops::Range;

/// A text in which places are looked up.
pub(crate) struct Places {
    /// Its outline, or where it ceases to be JSON.
    outline: Result<Node, usize>,
    /// How many UTF-16 units, as JavaScript counts, stand before each byte; empty where that is the number of bytes.
    units: Vec<usize>,
    length: usize,
}

impl Places {
    pub(crate) fn of(text: &str) -> Places {
        let mut units = Vec::new();
        if !text.is_ascii() {
            let mut before = 0_usize;
            for c in text.chars() {
                units.push(before);
                before = before.saturating_add(c.len_utf16());
                // Within a character is after it.
                units.extend(std::iter::repeat_n(before, c.len_utf8().saturating_sub(1)));
            }
            units.push(before);
        }
        Places { outline: outline(text), units, length: text.len() }
    }

    /// The place of `path`. What is not there is shown at what it is missing from; a text that is no JSON, where it ceases to be.
    pub(crate) fn place(&self, path: &str) -> Range<usize> {
        let bytes = match &self.outline {
            Ok(node) => find(node, path),
            Err(at) => {
                let at = (*at).min(self.length.saturating_sub(1));
                at..at.saturating_add(1)
            }
        };
        self.unit(bytes.start)..self.unit(bytes.end)
    }

    fn unit(&self, byte: usize) -> usize {
        let byte = byte.min(self.length);
        self.units.get(byte).copied().unwrap_or(byte)
    }
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

/// The bytes of the last value that `path` reaches, with its name.
fn find(root: &Node, path: &str) -> Range<usize> {
    let mut node = root;
    let mut shown = root.at.start..root.at.start.saturating_add(1);
    for step in steps(path) {
        match (&node.parts, step) {
            (Parts::Members(members), Step::Member(name)) => {
                // Of two with one name the last: that is the one too many.
                let Some(member) = members.iter().rfind(|member| member.name == name) else { break };
                (node, shown) = (&member.value, member.at());
            }
            (Parts::Items(items), Step::Item(number)) => {
                let Some(item) = items.get(number) else { break };
                (node, shown) = (item, item.at.clone());
            }
            _ => break,
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const TEXT: &str = r#"{"é": "𝄞", "a": {"b": [10, {"c": true}], "odd name": {}}, "d": 1, "d": 2}"#;

    fn at(path: &str) -> String {
        let units: Vec<u16> = TEXT.encode_utf16().collect();
        String::from_utf16(&units[Places::of(TEXT).place(path)]).expect("text")
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
        assert_eq!(Places::of("{\"a\": é}").place("configuration"), 6..7);
        assert_eq!(Places::of("").place("configuration"), 0..0);
        for text in ["{\"a", "{\"a\": \"\\", "[", "{]", "\u{0}", "{\"a\" 1}"] {
            for path in ["a", "a.b[0]", "[", "[\"", "..", "a[99999999999999999999]"] {
                Places::of(text).place(path);
            }
        }
    }
}

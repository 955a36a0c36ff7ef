//! The vocabulary in which the filter JSON is declared, and the walk that holds a document against it.

use super::node::Node;
use crate::json::Json;

/// What a value may be.
#[derive(Debug)]
pub enum Shape {
    /// An object with exactly these members.
    Object(&'static [Member]),
    /// An array of at least `min` items.
    List {
        /// What each item is.
        item: &'static Shape,
        /// How many there must be.
        min: usize,
    },
    /// An object with names of the operator's choice.
    Named(&'static Shape),
    /// A string that is not empty.
    Text,
    /// One of these strings.
    Choice(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// A whole number in this range, written `60` or `60.0`.
    Integer {
        /// The smallest value.
        min: u64,
        /// The largest value.
        max: u64,
    },
    /// A string, a number or a boolean.
    Scalar,
    /// An object that a published standard describes (a JWK, a JWK set); its compiler checks it.
    Foreign,
}

/// One member of an object.
#[derive(Debug)]
pub struct Member {
    /// The name in the JSON.
    pub name: &'static str,
    /// What it may be.
    pub shape: Shape,
    /// Whether it must be there, or what holds where it is not.
    pub presence: Presence,
    /// What it means, for people.
    pub doc: &'static str,
}

/// What an absent member means.
#[derive(Debug, Clone, Copy)]
pub enum Presence {
    /// It must be there.
    Required,
    /// It may be absent, and then says nothing.
    Optional,
    /// A flag's default.
    Flag(bool),
    /// A number's default.
    Integer(u64),
    /// A string's default.
    Text(&'static str),
}

/// Reports everything in `node` that its shape does not allow.
pub(super) fn check(node: &Node<'_>) {
    let Some(json) = node.json() else { return };
    match (node.shape(), json) {
        (Shape::Object(members), Json::Object(given)) => {
            for (name, _) in given {
                if !members.iter().any(|m| m.name == &**name) {
                    node.member(name).error(unknown(name, members));
                }
            }
            for member in *members {
                let child = node.member(member.name);
                if child.json().is_none() && matches!(member.presence, Presence::Required) {
                    child.error(format!("is required; give {}", expectation(&member.shape)));
                }
                check(&child);
            }
            duplicates(node, given);
        }
        (Shape::Named(_), Json::Object(given)) => {
            given.iter().for_each(|(name, _)| check(&node.member(name)));
            duplicates(node, given);
        }
        (Shape::List { min, .. }, Json::Array(given)) => {
            if given.len() < *min {
                node.error(format!("is empty; give {}", expectation(node.shape())));
            }
            node.items().iter().for_each(check);
        }
        (Shape::Foreign, Json::Object(_)) => deep_duplicates(node, json),
        (Shape::Text, Json::String(text)) if text.is_empty() => {
            node.error("is empty; give a string that is not empty, or leave it out".into());
        }
        (Shape::Text, Json::String(_)) | (Shape::Flag, Json::Bool(_)) => {}
        (Shape::Scalar, Json::String(_) | Json::Number(_) | Json::Bool(_)) => {}
        (Shape::Choice(words), Json::String(text)) => {
            if !words.contains(&&**text) {
                node.error(format!("{} is not supported; use {}", quote(text), expectation(node.shape())));
            }
        }
        (Shape::Integer { min, max }, Json::Number(text)) => {
            if whole_number(json).is_none_or(|n| n < *min || n > *max) {
                node.error(format!("`{text}` is out of range; give {}", expectation(node.shape())));
            }
        }
        (shape, json) => node.error(format!("is {}; give {}", json.kind(), expectation(shape))),
    }
}

/// The value of a number without a fraction; doubles beyond 2^53 no longer tell whole numbers apart.
pub(super) fn whole_number(json: &Json) -> Option<u64> {
    let number = json.as_finite()?;
    let whole = number.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&number);
    whole.then_some(number as u64)
}

/// `text` as a JSON string, cut where it would fill a log line.
pub(super) fn quote(text: &str) -> String {
    let short: String = text.chars().take(80).collect();
    serde_json::Value::from(short).to_string()
}

fn duplicates(node: &Node<'_>, given: &[(Box<str>, Json)]) {
    let mut names: Vec<&str> = given.iter().map(|(name, _)| &**name).collect();
    names.sort_unstable();
    for pair in names.windows(2) {
        if let [a, b] = pair
            && a == b
        {
            node.member(a).error("is there twice; keep one of them".into());
        }
    }
}

fn deep_duplicates(node: &Node<'_>, json: &Json) {
    match json {
        Json::Object(given) => {
            duplicates(node, given);
            given.iter().for_each(|(name, value)| deep_duplicates(&node.member(name), value));
        }
        Json::Array(items) => node.items().iter().zip(items).for_each(|(n, j)| deep_duplicates(n, j)),
        _ => {}
    }
}

fn unknown(name: &str, members: &[Member]) -> String {
    if name == "_rules_" {
        // Higress wraps what it configures for single routes and hosts so; it would look like no rule at all.
        return "is how Higress wraps configurations for single routes or hosts, which this filter does not \
                support; give one filter JSON for the whole plugin, and use `rules` in it"
            .into();
    }
    let names: Vec<String> = members.iter().map(|m| format!("\"{}\"", m.name)).collect();
    format!("is not known here; known members are {}", names.join(", "))
}

/// What belongs in a place of this shape, in words.
fn expectation(shape: &Shape) -> String {
    match shape {
        Shape::Object(_) | Shape::Foreign | Shape::Named(_) => "an object".into(),
        Shape::List { item, min: 0 } => format!("an array, each item {}", expectation(item)),
        Shape::List { item, .. } => format!("an array with at least one item, each {}", expectation(item)),
        Shape::Text => "a string".into(),
        Shape::Scalar => "a string, a number or a boolean".into(),
        Shape::Choice(words) => {
            let quoted: Vec<String> = words.iter().map(|w| format!("\"{w}\"")).collect();
            match quoted.split_last() {
                Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
                _ => quoted.concat(),
            }
        }
        Shape::Flag => "true or false".into(),
        Shape::Integer { min, max } => format!("a whole number from {min} to {max}"),
    }
}

//! The vocabulary in which the filter JSON is declared.

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

/// What belongs in a place of this shape, in words.
pub(super) fn expectation(shape: &Shape) -> String {
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

//! The vocabulary in which the filter JSON is declared.

use crate::json::Json;

/// What a value may be.
#[derive(Debug)]
pub enum Shape {
    /// An object with these members and no others.
    Object(&'static [Member]),
    /// The same, of which each document takes exactly one form.
    Forms(&'static [Member], &'static [Form]),
    /// The same, of which at least one of those named must be there.
    AnyOf(&'static [Member], &'static [&'static str]),
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

impl Shape {
    /// The members of an object that is declared; none of anything else.
    pub fn members(&self) -> &'static [Member] {
        match self {
            Shape::Object(members) | Shape::Forms(members, _) | Shape::AnyOf(members, _) => members,
            Shape::List { .. } | Shape::Named(_) | Shape::Text | Shape::Choice(_) | Shape::Flag => &[],
            Shape::Integer { .. } | Shape::Scalar | Shape::Foreign => &[],
        }
    }

    /// The forms that an object may take; none of one that takes no particular form, nor of anything else.
    pub(super) fn forms(&self) -> &'static [Form] {
        match self {
            Shape::Forms(_, forms) => forms,
            Shape::Object(_) | Shape::AnyOf(..) | Shape::List { .. } | Shape::Named(_) => &[],
            Shape::Text | Shape::Choice(_) | Shape::Flag | Shape::Integer { .. } | Shape::Scalar => &[],
            Shape::Foreign => &[],
        }
    }

    /// What each item is, or each member with a name of the operator's choice; anything where nothing says what.
    pub(super) fn below(&self) -> &'static Shape {
        match self {
            Shape::List { item, .. } | Shape::Named(item) => item,
            Shape::Object(_) | Shape::Forms(..) | Shape::AnyOf(..) | Shape::Foreign => &Shape::Foreign,
            Shape::Text | Shape::Choice(_) | Shape::Flag | Shape::Integer { .. } => &Shape::Foreign,
            Shape::Scalar => &Shape::Foreign,
        }
    }
}

/// One of the forms of an object. Members that no form names go with all of them.
#[derive(Debug, PartialEq, Eq)]
pub struct Form {
    /// The members that make it.
    pub needs: &'static [&'static str],
    /// The members that may stand beside them.
    pub takes: &'static [&'static str],
}

impl Form {
    /// Whether the form has this member.
    pub fn has(&self, name: &str) -> bool {
        self.needs.contains(&name) || self.takes.contains(&name)
    }
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
    Json::String(text.chars().take(80).collect()).to_string()
}

/// What belongs in a place of this shape, in words.
pub(super) fn expectation(shape: &Shape) -> String {
    match shape {
        Shape::Object(_) | Shape::Forms(..) | Shape::AnyOf(..) | Shape::Foreign | Shape::Named(_) => {
            "an object".into()
        }
        Shape::List { item, min: 0 } => format!("an array, each item {}", expectation(item)),
        Shape::List { item, .. } => format!("an array with at least one item, each {}", expectation(item)),
        Shape::Text => "a string".into(),
        Shape::Scalar => "a string, a number or a boolean".into(),
        Shape::Choice(words) => alternatives(words.iter().map(|word| format!("\"{word}\""))),
        Shape::Flag => "true or false".into(),
        Shape::Integer { min, max } => format!("a whole number from {min} to {max}"),
    }
}

/// The texts as a choice: `a, b or c`.
pub(super) fn alternatives(texts: impl Iterator<Item = String>) -> String {
    let texts: Vec<String> = texts.collect();
    match texts.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => texts.concat(),
    }
}

/// A member, as it is declared.
pub(super) const fn member(
    name: &'static str,
    shape: Shape,
    presence: Presence,
    doc: &'static str,
) -> Member {
    // A proxy prints no schema: its module needs no descriptions.
    let doc = if cfg!(target_os = "wasi") { "" } else { doc };
    Member { name, shape, presence, doc }
}

#[cfg(test)]
mod tests {
    use super::alternatives;

    #[test]
    fn a_choice_among_any_number() {
        for (texts, choice) in
            [(&[][..], ""), (&["a"], "a"), (&["a", "b"], "a or b"), (&["a", "b", "c"], "a, b or c")]
        {
            assert_eq!(alternatives(texts.iter().map(ToString::to_string)), choice);
        }
    }
}

//! What a rule may ask of a claim.

use crate::json::{Json, Pointer};
use std::fmt;

/// One condition on one claim.
#[derive(Debug)]
pub struct ClaimCheck {
    /// The claim.
    pub claim: Pointer,
    /// What must hold of it.
    pub condition: Condition,
}

/// What must hold of a claim. Except for `Present(false)`, none holds of a claim that is absent.
#[derive(Debug)]
pub enum Condition {
    /// It is this string, number or boolean.
    Equals(Json),
    /// It is one of these.
    OneOf(Vec<Json>),
    /// It is a string that starts so.
    Prefix(Box<str>),
    /// It is a string that ends so.
    Suffix(Box<str>),
    /// It is an array with this member, or a space-separated string with this word (such as `scope`).
    Contains(Box<str>),
    /// It is there, or not.
    Present(bool),
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Condition::Equals(wanted) => write!(f, "equals {wanted}"),
            Condition::OneOf(wanted) => write!(f, "is one of {}", Json::Array(wanted.clone())),
            Condition::Prefix(start) => write!(f, "starts with {start:?}"),
            Condition::Suffix(end) => write!(f, "ends with {end:?}"),
            Condition::Contains(member) => write!(f, "contains {member:?}"),
            Condition::Present(true) => f.write_str("is there"),
            Condition::Present(false) => f.write_str("is absent"),
        }
    }
}

impl Condition {
    /// Whether it holds of `claim`.
    pub fn holds(&self, claim: Option<&Json>) -> bool {
        let Some(claim) = claim else { return matches!(self, Condition::Present(false)) };
        match self {
            Condition::Equals(wanted) => same(claim, wanted),
            Condition::OneOf(wanted) => wanted.iter().any(|wanted| same(claim, wanted)),
            Condition::Prefix(start) => claim.as_str().is_some_and(|text| text.starts_with(&**start)),
            Condition::Suffix(end) => claim.as_str().is_some_and(|text| text.ends_with(&**end)),
            Condition::Contains(member) => match claim {
                Json::Array(items) => items.iter().any(|item| item.as_str() == Some(member)),
                Json::String(words) => words.split(' ').any(|word| word == &**member),
                _ => false,
            },
            Condition::Present(present) => *present,
        }
    }
}

/// Equal as values: `60` and `60.0` are the same number.
fn same(claim: &Json, wanted: &Json) -> bool {
    match (claim, wanted) {
        (Json::Number(_), Json::Number(_)) => {
            claim == wanted || claim.as_finite().is_some_and(|n| Some(n) == wanted.as_finite())
        }
        _ => claim == wanted,
    }
}

//! Names that some reader takes for another name.
//!
//! Readers fold case (Go, Jackson, .NET), drop separators (fastjson), normalize (NFKC), or end a name at U+0000 (cJSON, json-c).
//! Which letters outside ASCII a reader drops depends on the Unicode version it was built with, so here all of them are dropped.

use super::ascii_twin::ascii_twin;

/// The name of a member that is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    text: Box<str>,
    /// What is left of it once folded, if it is a name of ASCII characters that have letters or digits among them.
    skeleton: Option<Box<[u8]>>,
}

impl Name {
    pub(super) fn new(text: &str) -> Name {
        let skeleton: Box<[u8]> = skeleton(text).collect();
        let usable = text.is_ascii() && !skeleton.is_empty();
        Name { text: text.into(), skeleton: usable.then_some(skeleton) }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether `other` is another name that some reader takes for this one.
    pub(super) fn is_look_alike(&self, other: &str) -> bool {
        if *other == *self.text {
            return false;
        }
        let before_nul = other.split_once('\0').map(|(head, _)| head);
        self.folds_like(other) || before_nul.is_some_and(|head| *head == *self.text || self.folds_like(head))
    }

    fn folds_like(&self, other: &str) -> bool {
        match &self.skeleton {
            Some(own) => skeleton(other).eq(own.iter().copied()),
            // Without letters of ASCII there is nothing to compare but case.
            None => fold_case(other).eq(fold_case(&self.text)),
        }
    }
}

/// The ASCII letters and digits of a name, in lower case, those included that other characters stand for.
fn skeleton(name: &str) -> impl Iterator<Item = u8> {
    name.chars().flat_map(|c| {
        let plain = u8::try_from(c).ok().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_lowercase());
        let twin = (!c.is_ascii()).then(|| ascii_twin(c));
        plain.into_iter().chain(twin.into_iter().flatten())
    })
}

fn fold_case(name: &str) -> impl Iterator<Item = char> {
    name.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase)
}

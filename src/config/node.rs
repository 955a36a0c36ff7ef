//! A place in the document together with what is declared for it and where mistakes go.

use super::error::ConfigError;
use super::shape::{Form, Member, Presence, Shape, whole_number};
use crate::json::Json;
use std::cell::RefCell;

/// The mistakes and warnings found so far.
#[derive(Debug, Default)]
pub(super) struct Report {
    errors: RefCell<Vec<ConfigError>>,
    warnings: RefCell<Vec<ConfigError>>,
}

impl Report {
    pub(super) fn into_parts(self) -> (Vec<ConfigError>, Vec<ConfigError>) {
        (self.errors.into_inner(), self.warnings.into_inner())
    }
}

/// A place in the document. Readers return `None` both for what is absent and for what the shape walk has
/// already reported: a compiler then goes on, so that later mistakes are found too.
#[derive(Debug, Clone)]
pub(super) struct Node<'a> {
    json: Option<&'a Json>,
    shape: &'static Shape,
    presence: Presence,
    path: String,
    report: &'a Report,
}

impl<'a> Node<'a> {
    pub(super) fn root(json: &'a Json, shape: &'static Shape, report: &'a Report) -> Node<'a> {
        Node { json: Some(json), shape, presence: Presence::Required, path: String::new(), report }
    }

    pub(super) fn json(&self) -> Option<&'a Json> {
        self.json
    }

    pub(super) fn shape(&self) -> &'static Shape {
        self.shape
    }

    pub(super) fn is_present(&self) -> bool {
        self.json.is_some()
    }

    /// The member `name`, there or not.
    pub(super) fn member(&self, name: &str) -> Node<'a> {
        let declared = self.shape.members().iter().find(|member| member.name == name);
        let shape = declared.map_or(self.shape.below(), |Member { shape, .. }| shape);
        Node {
            json: self.json.and_then(|json| json.get(name)),
            shape,
            presence: declared.map_or(Presence::Optional, |m| m.presence),
            path: join(&self.path, name),
            report: self.report,
        }
    }

    /// The items of an array; none where there is no array.
    pub(super) fn items(&self) -> Vec<Node<'a>> {
        let shape = self.shape.below();
        let items = self.json.and_then(Json::as_array).unwrap_or_default();
        let node = |(i, json)| Node {
            json: Some(json),
            shape,
            presence: Presence::Required,
            path: format!("{}[{i}]", self.path),
            report: self.report,
        };
        items.iter().enumerate().map(node).collect()
    }

    /// The names of an object's members.
    pub(super) fn names(&self) -> Vec<&'a str> {
        let members = self.json.and_then(Json::as_object).unwrap_or_default();
        members.iter().map(|(name, _)| &**name).collect()
    }

    /// A string, or its default.
    pub(super) fn text(&self) -> Option<&'a str> {
        match (self.json, self.presence) {
            (Some(json), _) => json.as_str().filter(|text| !text.is_empty()),
            (None, Presence::Text(text)) => Some(text),
            (None, Presence::Required | Presence::Optional) => None,
            (None, Presence::Flag(_) | Presence::Integer(_)) => None,
        }
    }

    /// A whole number, or its default.
    pub(super) fn integer(&self) -> Option<u64> {
        match (self.json, self.presence) {
            (Some(json), _) => whole_number(json),
            (None, Presence::Integer(number)) => Some(number),
            (None, Presence::Required | Presence::Optional) => None,
            (None, Presence::Flag(_) | Presence::Text(_)) => None,
        }
    }

    /// A flag, or its default.
    pub(super) fn flag(&self) -> Option<bool> {
        match (self.json, self.presence) {
            (Some(Json::Bool(flag)), _) => Some(*flag),
            (None, Presence::Flag(flag)) => Some(flag),
            (Some(_), _) | (None, Presence::Required | Presence::Optional) => None,
            (None, Presence::Integer(_) | Presence::Text(_)) => None,
        }
    }

    /// The word given here, or the default's, as what it stands for.
    pub(super) fn word<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let text = self.text()?;
        words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning)
    }

    /// The form that the object has, by the first member that makes it; `None` where the shape walk has found several
    /// forms or none.
    pub(super) fn form(&self) -> Option<&'static str> {
        match self.forms().as_slice() {
            [form] => form.needs.first().copied(),
            _ => None,
        }
    }

    /// The forms that the object has at least one member of.
    pub(super) fn forms(&self) -> Vec<&'static Form> {
        self.shape.forms().iter().filter(|form| self.begins(form)).collect()
    }

    fn begins(&self, form: &Form) -> bool {
        form.needs.iter().any(|name| self.member(name).is_present())
    }

    /// Reports a mistake at this place.
    pub(super) fn error(&self, message: String) {
        self.report.errors.borrow_mut().push(self.at(message));
    }

    /// Reports something legal that deserves a look.
    pub(super) fn warn(&self, message: String) {
        self.report.warnings.borrow_mut().push(self.at(message));
    }

    /// Reports a mistake at the member path `suffix` (such as `.crv`) below this place.
    pub(super) fn error_below(&self, suffix: &str, message: String) {
        let path = format!("{}{suffix}", self.path);
        self.report.errors.borrow_mut().push(ConfigError { path, message });
    }

    /// Reports a warning at the member path `suffix` below this place.
    pub(super) fn warn_below(&self, suffix: &str, message: String) {
        let path = format!("{}{suffix}", self.path);
        self.report.warnings.borrow_mut().push(ConfigError { path, message });
    }

    fn at(&self, message: String) -> ConfigError {
        let path = if self.path.is_empty() { "configuration".into() } else { self.path.clone() };
        ConfigError { path, message }
    }
}

fn join(path: &str, name: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if name.is_empty() || !name.bytes().all(plain) {
        format!("{path}[{}]", super::shape::quote(name))
    } else if path.is_empty() {
        name.into()
    } else {
        format!("{path}.{name}")
    }
}

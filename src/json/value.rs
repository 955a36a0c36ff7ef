//! A parsed JSON text.

use std::fmt::{self, Write as _};

/// One JSON value. Object members keep their order; the parser has made sure that names are unique.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as it was written.
    Number(Box<str>),
    /// A string, unescaped.
    String(Box<str>),
    /// An array.
    Array(Vec<Json>),
    /// An object.
    Object(Vec<(Box<str>, Json)>),
}

impl From<&str> for Json {
    fn from(text: &str) -> Json {
        Json::String(text.into())
    }
}

impl fmt::Display for Json {
    /// As JSON text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Null => f.write_str("null"),
            Json::Bool(flag) => write!(f, "{flag}"),
            Json::Number(text) => f.write_str(text),
            Json::String(text) => write_string(f, text),
            Json::Array(items) => {
                f.write_str("[")?;
                for (n, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if n == 0 { "" } else { "," })?;
                }
                f.write_str("]")
            }
            Json::Object(members) => {
                f.write_str("{")?;
                for (n, (name, value)) in members.iter().enumerate() {
                    f.write_str(if n == 0 { "" } else { "," })?;
                    write_string(f, name)?;
                    write!(f, ":{value}")?;
                }
                f.write_str("}")
            }
        }
    }
}

/// Whether two names are the same. Names of claims have three letters, most of them, and hardly two end alike: so nearly all are told
/// apart without comparing them.
#[inline]
pub(super) fn is_name(own: &str, other: &str) -> bool {
    match (own.as_bytes(), other.as_bytes()) {
        ([own_start @ .., own_end], [start @ .., end]) => {
            own_start.len() == start.len() && own_end == end && own_start == start
        }
        (own, other) => own == other,
    }
}

/// Escapes what RFC 8259, section 7 says must be, and nothing else.
fn write_string(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\u{8}' => f.write_str("\\b")?,
            '\t' => f.write_str("\\t")?,
            '\n' => f.write_str("\\n")?,
            '\u{c}' => f.write_str("\\f")?,
            '\r' => f.write_str("\\r")?,
            '\0'..='\u{1f}' => write!(f, "\\u{:04x}", u32::from(c))?,
            _ => f.write_char(c)?,
        }
    }
    f.write_char('"')
}

impl Json {
    /// An object of these members, in their order; names must be unique.
    pub fn object<const N: usize>(members: [(&str, Json); N]) -> Json {
        Json::Object(members.map(|(name, value)| (name.into(), value)).into())
    }

    /// The member called `name`, if this is an object that has it.
    pub fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members.iter().find(|(n, _)| is_name(n, name)).map(|(_, v)| v),
            _ => None,
        }
    }

    /// Takes out the members that are null, of all objects in it. Items of an array stay: their place counts.
    pub fn remove_nulls(&mut self) {
        match self {
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
            Json::Array(items) => items.iter_mut().for_each(Json::remove_nulls),
            Json::Object(members) => {
                members.retain(|(_, value)| *value != Json::Null);
                members.iter_mut().for_each(|(_, value)| value.remove_nulls());
            }
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Json::String(text) => Some(text),
            _ => None,
        }
    }

    /// The items of an array.
    pub fn as_array(&self) -> Option<&[Json]> {
        match self {
            Json::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The members of an object.
    pub fn as_object(&self) -> Option<&[(Box<str>, Json)]> {
        match self {
            Json::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The value of a number, if it is finite as a double.
    pub fn as_finite(&self) -> Option<f64> {
        match self {
            // Every date of a token: up to 15 digits are exact as a double, and cheaper than a float to read.
            Json::Number(text) if text.len() <= 15 && text.bytes().all(|b| b.is_ascii_digit()) => {
                text.parse::<u64>().ok().map(|n| n as f64)
            }
            Json::Number(text) => text.parse::<f64>().ok().filter(|n| n.is_finite()),
            _ => None,
        }
    }

    /// A string, or an array of nothing but strings, as a list.
    pub fn strings(&self) -> Option<impl Iterator<Item = &str>> {
        let items = match self {
            Json::Array(items) => items.as_slice(),
            single => std::slice::from_ref(single),
        };
        let all = items.iter().all(|item| item.as_str().is_some());
        all.then(|| items.iter().filter_map(Json::as_str))
    }

    /// A value for people; one that is not there is `absent`.
    pub fn shown(value: Option<&Json>) -> String {
        value.map_or("absent".into(), Json::to_string)
    }

    /// What kind of value this is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "a boolean",
            Json::Number(_) => "a number",
            Json::String(_) => "a string",
            Json::Array(_) => "an array",
            Json::Object(_) => "an object",
        }
    }
}

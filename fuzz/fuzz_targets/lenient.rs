//! Readers as they exist, each by what it does to names before it compares them.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;
use unicode_normalization::UnicodeNormalization as _;

/// A JSON value with every member that stands in the text, duplicates included.
#[derive(Debug, PartialEq)]
pub enum Node {
    Object(Vec<(String, Node)>),
    Array,
    Text(String),
    Other,
}

/// What is left of a name.
pub type Reader = fn(&str) -> String;

pub const READERS: &[(&str, Reader)] = &[
    ("exact", |name| name.into()),
    ("cJSON, json-c", |name| before_nul(name).into()),
    ("cJSON without case", |name| before_nul(name).to_ascii_lowercase()),
    ("Go, .NET", |name| name.to_lowercase()),
    ("Java", |name| {
        name.chars()
            .flat_map(char::to_uppercase)
            .flat_map(char::to_lowercase)
            .filter(|c| *c != '\u{307}')
            .collect()
    }),
    ("Turkish", |name| name.replace(['İ', 'ı', 'I'], "i").to_lowercase()),
    ("fastjson", |name| name.chars().filter(|c| !matches!(c, '_' | '-')).collect::<String>().to_lowercase()),
    ("NFKC", |name| name.nfkc().collect()),
    ("NFKC without case", |name| name.nfkc().collect::<String>().to_lowercase()),
    ("without accents", |name| name.nfkd().filter(|c| c.is_ascii()).collect::<String>().to_lowercase()),
    ("letters and digits alone", |name| {
        name.nfkc().filter(|c| c.is_ascii_alphanumeric()).collect::<String>().to_lowercase()
    }),
    ("the same before a NUL", |name| {
        before_nul(name).nfkc().filter(|c| c.is_ascii_alphanumeric()).collect::<String>().to_lowercase()
    }),
];

fn before_nul(name: &str) -> &str {
    name.split('\0').next().unwrap_or_default()
}

/// Every value that `reader` could find at `path`.
pub fn resolve<'a>(root: &'a Node, path: &[&str], reader: Reader) -> Vec<&'a Node> {
    path.iter().fold(vec![root], |at, wanted| {
        let members = at.into_iter().filter_map(|node| match node {
            Node::Object(members) => Some(members),
            Node::Array | Node::Text(_) | Node::Other => None,
        });
        members.flatten().filter(|(name, _)| reader(name) == reader(wanted)).map(|(_, value)| value).collect()
    })
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(Reading)
    }
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Node::Object(members))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        while seq.next_element::<Node>()?.is_some() {}
        Ok(Node::Array)
    }
    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.into()))
    }
    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Other)
    }
    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Other)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Other)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Other)
    }
    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Other)
    }
}

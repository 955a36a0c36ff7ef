//! `docs/issuers.md` and `docs/token-profiles.md`: what their sections show.
//!
//! A section has JSON blocks: the configuration, the token (`header` and `claims`, or `token` if it is opaque), perhaps what the
//! issuer answers. Indented lines are the identity headers.

use super::find;
use serde_json::{Map, Value, json};
use std::fs;

/// One section: what it shows.
#[derive(Default)]
pub struct Section {
    /// Its heading.
    pub title: String,
    /// The configuration, the token, the answer.
    pub blocks: Vec<Value>,
    /// The identity headers.
    pub headers: Map<String, Value>,
    /// What is changed, and what it comes to.
    pub rows: Vec<(Value, String)>,
}

/// The sections of a page that show something.
pub fn sections(page: &str) -> Vec<Section> {
    let text = fs::read_to_string(find::root().join("docs").join(page)).expect("the page");
    text.split("\n## ").skip(1).map(section).filter(|section| !section.blocks.is_empty()).collect()
}

fn section(text: &str) -> Section {
    let mut found =
        Section { title: text.lines().next().unwrap_or_default().to_owned(), ..Section::default() };
    let json = |text: &str| serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"));
    found.blocks = text
        .split("```json\n")
        .skip(1)
        .map(|block| json(block.split("\n```").next().expect("its end")))
        .collect();
    for line in text.lines() {
        if let Some((name, value)) = line.strip_prefix("    x-").and_then(|line| line.split_once(": ")) {
            found.headers.insert(format!("x-{name}"), json!(value));
        } else if line.starts_with("| `{") {
            let spans: Vec<&str> = line.split('`').collect();
            found.rows.push((json(spans[1]), spans[spans.len() - 2].to_owned()));
        }
    }
    found
}

/// The section with this heading.
pub fn section_of(page: &str, title: &str) -> Section {
    sections(page).into_iter().find(|section| section.title == title).expect("the section")
}

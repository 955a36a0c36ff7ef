//! The secrets that the page knows, in whatever form somebody has written them elsewhere.

use super::escapes::unescaped;
use super::telltale::is_name_of_secret;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use std::collections::BTreeSet;

/// What is longer is looked for as it stands alone.
const LONGEST_TO_ENCODE: usize = 4096;

/// Tokens, proofs, private keys, what stands in fields for secrets.
#[derive(Debug, Default)]
pub(super) struct Known(Vec<Secret>);

/// One of them, in small letters throughout: whoever copies by hand changes the case.
#[derive(Debug)]
struct Secret {
    text: String,
    /// Where it is one: `1234` and `1234.0` are the same.
    number: Option<f64>,
    /// Its base64, as it is within that of a longer text: at each of three places.
    within_base64: Vec<String>,
    /// Its base64 by itself.
    base64: String,
}

impl Known {
    pub(super) fn new<'a>(texts: impl Iterator<Item = &'a str>) -> Known {
        let mut all = BTreeSet::new();
        for text in texts.map(str::trim).filter(|text| !text.is_empty()) {
            all.extend(unescaped(text));
            all.insert(text.to_owned());
        }
        Known(all.iter().map(|text| Secret::new(text)).collect())
    }

    /// What `question` has as `known`, and what the JSON of its `texts` calls a secret.
    pub(super) fn of(question: &Value) -> Known {
        let texts =
            |name: &str| question[name].as_array().into_iter().flatten().filter_map(|text| text.as_str());
        let within: Vec<String> = texts("texts").flat_map(secrets_of).collect();
        Known::new(texts("known").chain(within.iter().map(|text| &**text)))
    }

    /// Whether `text` is one, has one in it, or is a good part of one.
    pub(super) fn knows(&self, text: &str) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let small = text.to_lowercase();
        // As a form writes it.
        let spaced = small.replace('+', " ");
        let base64 = small.replace('+', "-").replace('/', "_");
        let number = small.trim().parse::<f64>().ok();
        self.0.iter().any(|secret| {
            secret.is_in(&small)
                || spaced != small && secret.is_in(&spaced)
                || secret.number.is_some() && secret.number == number
                || secret.base64 == base64.trim_end_matches('=')
                || secret.within_base64.iter().any(|part| overlap(part, &base64))
        })
    }
}

impl Secret {
    fn new(text: &str) -> Secret {
        let bytes: &[u8] = if text.len() > LONGEST_TO_ENCODE { &[] } else { text.as_bytes() };
        let encoded = |before: usize| {
            let all = URL_SAFE_NO_PAD.encode([&[0; 2][..before], bytes].concat());
            // What the neighbours have a part in.
            let end = all.len() - usize::from(!(before + bytes.len()).is_multiple_of(3));
            let start = if before == 0 { 0 } else { before + 1 };
            all.get(start..end).unwrap_or_default().to_lowercase()
        };
        Secret {
            text: text.to_lowercase(),
            number: text.parse().ok(),
            within_base64: (0..3).map(encoded).filter(|part| part.len() > 5).collect(),
            base64: URL_SAFE_NO_PAD.encode(text).to_lowercase(),
        }
    }

    fn is_in(&self, small: &str) -> bool {
        self.text == small || overlap(&self.text, small)
    }
}

/// Whether a text has the secret in it, or is a good part of it.
fn overlap(secret: &str, text: &str) -> bool {
    secret.len() > 5 && text.contains(secret) || text.len() > 7 && secret.contains(text)
}

/// What stands in JSON under names of secrets; all of what is none, unless it is JSON that somebody has not ended yet.
fn secrets_of(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    match serde_json::from_str::<Value>(text) {
        Ok(json) => collect(&json, false, &mut found),
        Err(_) if text.trim_start().starts_with(['{', '[']) => {}
        Err(_) => found.push(text.to_owned()),
    }
    found
}

fn collect(json: &Value, is_secret: bool, found: &mut Vec<String>) {
    match json {
        Value::Object(members) => {
            for (name, value) in members {
                collect(value, is_secret || is_name_of_secret(name), found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, is_secret, found)),
        Value::String(text) if is_secret => found.push(text.clone()),
        Value::Number(number) if is_secret => found.push(number.to_string()),
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

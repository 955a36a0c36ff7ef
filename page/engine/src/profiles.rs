//! The profiles of tokens, out of the page that describes them: what `docs/token-profiles.md` shows is what can be loaded.

use crate::pretty::{pretty, short};
use crate::test_key::TestKey;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

const PAGE: &str = include_str!("../../../docs/token-profiles.md");

/// 2026-11-30T12:00:00Z, the day of the samples on the page.
const NOW: u64 = 1_796_040_000;

/// The key that stands where the page has `…`.
const SEED: [u8; 32] = [25; 32];

/// A section of the page.
pub(crate) struct Profile {
    pub(crate) title: String,
    pub(crate) about: String,
    /// The configuration, the token, and what the issuer answers, if it is asked.
    blocks: Vec<Value>,
    /// What the upstream is told.
    headers: Map<String, Value>,
}

/// Every section that shows something.
pub(crate) fn all() -> Vec<Profile> {
    PAGE.split("\n## ").skip(1).map(Profile::read).filter(|profile| profile.blocks.len() > 1).collect()
}

/// A name for links.
pub(crate) fn slug(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}

impl Profile {
    fn read(section: &str) -> Profile {
        let (title, text) = section.split_once('\n').unwrap_or((section, ""));
        let about = text.trim_start().split("```").next().unwrap_or_default();
        let about = first_words(&about.split("\n\n").next().unwrap_or_default().replace('\n', " "));
        let blocks = text
            .split("```json\n")
            .skip(1)
            .filter_map(|block| serde_json::from_str(block.split("\n```").next()?).ok());
        let headers = text.lines().filter_map(|line| line.strip_prefix("    x-")?.split_once(": "));
        Profile {
            title: title.to_owned(),
            about,
            blocks: blocks.collect(),
            headers: headers.map(|(name, value)| (format!("x-{name}"), json!(value))).collect(),
        }
    }

    pub(crate) fn id(&self) -> String {
        slug(&self.title)
    }

    /// The page's fields.
    pub(crate) fn fields(&self) -> Value {
        let [config, token, answer @ ..] = &*self.blocks else { return Value::Null };
        let path = match config["protects"]["role"].as_str() {
            Some("ecs") => "/eecs-serviceprovisioning/v1/request",
            _ => "/eees-eecregistration/v1/registrations",
        };
        let mut body = json!({"eecId": self.headers.get("x-eec-id")});
        if let Some(gpsi) = self.headers.get("x-eec-gpsi") {
            body["ueId"] = gpsi.clone();
        }
        let token = match token["token"].as_str() {
            Some(opaque) => json!({"text": opaque}),
            None => json!({
                "header": short(&token["header"]), "claims": pretty(&token["claims"]),
                "key": {"alg": token["header"]["alg"], "d": URL_SAFE_NO_PAD.encode(SEED)},
            }),
        };
        json!({
            "config": pretty(&with_keys(config)), "secrets": {}, "now": NOW, "method": "POST", "path": path,
            "host": config["protects"]["fqdns"][0], "headers": [["content-type", "application/json"]],
            "body": body.to_string(), "token": token, "proof": null, "certificate": "",
            "answer": answer.first().map(pretty), "sets": [], "used_proof": false,
        })
    }
}

/// Whole sentences, until there are enough words to know what it is about.
fn first_words(text: &str) -> String {
    let mut words = String::new();
    for sentence in text.replace('`', "").split_inclusive(". ") {
        if words.len() > 60 {
            break;
        }
        words.push_str(sentence);
    }
    words.trim_end().to_owned()
}

/// `value` with our public keys in place of `…`.
fn with_keys(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(with_keys).collect(),
        Value::Object(members) if members.contains_key("kty") => {
            let alg = if members["kty"] == "EC" { "ES256" } else { "EdDSA" };
            let ours = TestKey::new(alg, &SEED).map(|key| key.jwk()).unwrap_or_default();
            let member = |(name, value): (&String, &Value)| {
                (name.clone(), if value == "…" { ours[name].clone() } else { value.clone() })
            };
            members.iter().map(member).collect::<Map<_, _>>().into()
        }
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), with_keys(value))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::look::look;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn each_profile_is_allowed_with_the_headers_that_its_page_shows() {
        let all = all();
        assert_eq!(all.len(), PAGE.matches("\n## ").count(), "a section that shows nothing");
        for profile in all {
            let seen = look(&profile.fields());
            assert_eq!(seen["explanation"]["decision"], "allowed", "{}: {seen:#}", profile.title);
            let headers = &seen["explanation"]["identity_headers"];
            let shown = headers.as_object().expect("headers");
            assert!(shown.iter().all(|(name, value)| profile.headers.get(name) == Some(value)), "{headers}");
            assert_eq!(shown.len(), profile.headers.len(), "{}", profile.title);
            assert!(!profile.about.is_empty() && !profile.about.contains('`'), "{}", profile.about);
        }
    }
}

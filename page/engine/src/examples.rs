//! Examples: the rows of `page/examples.json`, and the profiles as `docs/token-profiles.md` shows them.

use crate::pretty::{pretty, short};
use crate::profiles::{self, slug};
use crate::test_key::TestKey;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eec_authn::decision::DenyReason;
use serde_json::{Map, Value, json};

const TABLE: &str = include_str!("../../examples.json");

/// Every example: what it is called by, its group, name and a sentence about it.
pub(crate) fn listed() -> Value {
    let table = table();
    let cases = table["cases"].as_array().into_iter().flatten();
    let rows = cases.map(|case| {
        let code = code_of(case);
        let group = if code.is_some() { "Why a request is refused" } else { "To begin with" };
        json!({"id": id(case), "group": group, "name": case["name"], "about": case["about"], "code": code})
    });
    let profiles = profiles::all().into_iter().map(|profile| {
        json!({"id": profile.id(), "group": "Token profiles", "name": profile.title, "about": profile.about, "code": null})
    });
    rows.chain(profiles).collect()
}

/// The example called `name`, as the page's fields have it.
pub(crate) fn example(name: &str) -> Option<Value> {
    let table = table();
    let cases = table["cases"].as_array()?;
    if let Some(case) = cases.iter().find(|case| id(case) == name) {
        return Some(fields(&merged(&table["defaults"], case)));
    }
    profiles::all().into_iter().find(|profile| profile.id() == name).map(|profile| profile.fields())
}

fn table() -> Value {
    serde_json::from_str(TABLE).unwrap_or_default()
}

/// The code of a denial, or the name in small letters.
fn id(case: &Value) -> String {
    code_of(case).map_or_else(|| slug(case["name"].as_str().unwrap_or_default()), str::to_owned)
}

fn code_of(case: &Value) -> Option<&'static str> {
    let expected = case["expect"].as_str()?;
    DenyReason::ALL.iter().map(|reason| reason.code()).find(|code| *code == expected)
}

/// The key of a seed, as the tables number them.
fn key(seed: u64) -> (Value, Option<TestKey>) {
    let bytes = [u8::try_from(seed).unwrap_or_default(); 32];
    (json!({"alg": "EdDSA", "d": URL_SAFE_NO_PAD.encode(bytes)}), TestKey::new("EdDSA", &bytes))
}

/// `value` with public keys and thumbprints in place of `@x:1` and `@jkt:1`.
fn with_keys(value: &Value) -> Value {
    let mut text = value.to_string();
    for seed in 1..=3 {
        let Some(key) = key(seed).1 else { continue };
        let jwk = key.jwk();
        text = text.replace(&format!("@x:{seed}"), jwk["x"].as_str().unwrap_or_default());
        text = text.replace(&format!("@jkt:{seed}"), &key.thumbprint());
    }
    serde_json::from_str(&text).unwrap_or_default()
}

fn fields(case: &Value) -> Value {
    let case = &with_keys(case);
    let mut proof = case["proof"].clone();
    if proof["claims"]["ath"] == "@" {
        proof["claims"]["ath"] = json!("@ath");
    }
    let answer = match (case["config"].to_string().contains("\"online\""), &case["answer"]) {
        (true, Value::Null) => json!(false),
        (true, answer) => json!(short(answer)),
        (false, _) => Value::Null,
    };
    json!({
        "config": pretty(&case["config"]), "secrets": case["environment"], "now": case["now"],
        "method": case["method"], "path": case["path"], "host": case["host"], "headers": case["headers"],
        "body": case["body"], "token": made(&case["token"]), "proof": made(&proof), "certificate": "",
        "answer": answer, "sets": [], "used_proof": case["times"].as_u64() > Some(1),
    })
}

/// A token or proof of a table, to be signed.
fn made(given: &Value) -> Value {
    match given {
        Value::Null => Value::Null,
        Value::String(text) => json!({"text": text}),
        parts => {
            let claims =
                parts["claims_text"].as_str().map_or_else(|| pretty(&parts["claims"]), str::to_owned);
            let key = key(parts["key"].as_u64().unwrap_or_default()).0;
            json!({"header": short(&parts["header"]), "claims": claims, "key": key})
        }
    }
}

/// `changes` over `base`, member by member; null takes one away.
fn merged(base: &Value, changes: &Value) -> Value {
    match (base, changes) {
        (Value::Object(base), Value::Object(changes)) => {
            let mut result: Map<String, Value> = base.clone();
            for (name, change) in changes {
                match change {
                    Value::Null => drop(result.shift_remove(name)),
                    change => {
                        let below = result.get(name).unwrap_or(&Value::Null);
                        result.insert(name.clone(), merged(below, change));
                    }
                }
            }
            Value::Object(result)
        }
        (_, change) => change.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::look::look;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn every_code_has_an_example_that_shows_it() {
        for reason in DenyReason::ALL {
            let example = example(reason.code()).unwrap_or_else(|| panic!("no example of {}", reason.code()));
            let seen = look(&example);
            assert_eq!(seen["errors"], json!([]), "{}", reason.code());
            assert_eq!(seen["explanation"]["decision"], format!("denied: {}", reason.code()), "{seen:#}");
        }
    }

    /// What is wrong is seen in the failed check itself, and what to look at is said.
    #[test]
    fn no_code_leaves_one_in_doubt_what_was_found() {
        for (code, wanted) in [
            ("path_not_normal", "up to \\\"/eees-eecregistration/v1/\\\""),
            ("token_malformed", "payload: "),
            ("header_not_allowed", "x-eec-id"),
            ("token_repeated", "`access_token` in the query"),
            ("key_not_valid_now", "over since 2026-11-01T00:00:00Z"),
            ("claim_malformed", "exp \\\"1796043000"),
            ("body_malformed", "duplicate member at byte "),
        ] {
            let seen = look(&example(code).expect(code));
            let checks = seen["explanation"]["checks"].as_array().expect("checks");
            let failed = checks.iter().find(|check| check["state"] == "failed").expect(code);
            let words = format!("{} {}", failed["expected"], failed["found"]);
            assert!(words.contains(wanted), "{code}: {words}");
        }
        for reason in DenyReason::ALL {
            let seen = look(&example(reason.code()).expect("an example"));
            let checks = seen["explanation"]["checks"].as_array().expect("checks");
            let failed = checks.iter().find(|check| check["state"] == "failed").expect("a check");
            assert!(failed["expected"].is_string() && failed["found"].is_string(), "{}", reason.code());
            assert!(seen["look_at"].as_str().is_some_and(|text| text.len() > 5), "{}", reason.code());
        }
    }

    #[test]
    fn what_is_listed_can_be_loaded_and_ends_in_a_decision() {
        let listed = listed();
        let listed = listed.as_array().expect("a list");
        assert!(listed.len() > DenyReason::ALL.len(), "{}", listed.len());
        for entry in listed {
            let id = entry["id"].as_str().expect("an id");
            let seen = look(&example(id).expect(id));
            assert!(seen["explanation"]["decision"].is_string(), "{id}: {seen:#}");
        }
        assert_eq!(example("no-such"), None);
    }

    #[test]
    fn what_the_page_shows_first_is_allowed() {
        let listed = listed();
        let seen = look(&example(listed[0]["id"].as_str().expect("an id")).expect("the first"));
        assert_eq!(seen["explanation"]["decision"], "allowed");
        assert_eq!(seen["explanation"]["identity_headers"]["x-eec-id"], "eec-1");
        assert_eq!(seen["token"]["decoded"]["claims"][1]["meaning"], "EEC ID");
    }

    #[test]
    fn whatever_is_asked_there_is_an_answer() {
        for question in [
            json!(null),
            json!([]),
            json!({"config": 1}),
            json!({"config": "{}", "token": 7, "headers": [1, [2]]}),
        ] {
            assert!(!look(&question)["errors"].as_array().expect("errors").is_empty());
        }
        let mut odd = example("token_expired").expect("an example");
        for (field, value) in [
            ("now", json!(-1e300)),
            ("method", json!("")),
            ("path", json!("<script>")),
            ("certificate", json!("x")),
            ("sets", json!(["{}"])),
            ("proof", json!({"header": "", "claims": "", "key": {}})),
        ] {
            odd[field] = value;
            look(&odd);
        }
    }
}

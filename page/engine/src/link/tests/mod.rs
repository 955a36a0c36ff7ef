//! Nothing of what looks like a credential goes with a link, wherever it stands.

mod brought;
mod credentials;
mod everywhere;
mod keys;
mod known;
mod plain;
mod words;

use super::*;
use crate::examples::example;
use credentials::credentials;
use everywhere::with_everywhere;
use wasm_bindgen_test::wasm_bindgen_test as test;

/// What a link to these fields carries, as text.
fn link(question: &Value) -> String {
    carried(question)["carried"].to_string()
}

#[test]
fn no_credential_goes_wherever_it_stands() {
    let credentials = credentials();
    assert!(credentials.len() > 80, "{}", credentials.len());
    let mut gone = Vec::new();
    for (text, mark) in &credentials {
        for (place, question) in with_everywhere(text) {
            assert!(question.to_string().contains(mark), "{mark}: {question}");
            let link = link(&question);
            if link.contains(mark) {
                gone.push(format!("{text:?} at {place}"));
            }
        }
    }
    assert!(gone.is_empty(), "{} of them:\n{}", gone.len(), gone.join("\n"));
}

/// Escapes hide nothing, those that stand for no character either.
#[test]
fn what_is_escaped_in_json_is_read_as_it_is_meant() {
    for text in [
        "ey\\u004AhbGciOiJFZERTQSJ9.c2lnbmF0dXJl",
        "c2lnbmF0dXJl\\ud800",
        "c2lnbmF0dXJl\\ud834\\udd1e",
        "c2lnbmF0dXJl\\/c2ln",
    ] {
        for (field, json) in [
            ("config", format!("{{\"name\": \"{text}\", \"{text}\": 1}}")),
            ("body", format!("{{\"eecId\": \"{text}\", \"{text}\": 1}}")),
        ] {
            let link = link(&json!({(field): json}));
            assert!(!link.contains("c2lnbmF0dXJl"), "{text}: {link}");
        }
    }
}

/// What looks like nothing is known by its field, whatever is chosen beside it.
#[test]
fn what_the_page_knows_as_a_secret_goes_nowhere_either() {
    let secret = "plain words of mine";
    for (place, mut question) in with_everywhere(secret) {
        question["known"] = json!([format!(" {secret}\n")]);
        assert!(!link(&question).contains(secret), "{place}");
    }
}

#[test]
fn what_a_decision_needs_goes() {
    for id in [
        "a-good-registration",
        "route_denied",
        "host_mismatch",
        "claim_mismatch",
        "body_malformed",
        "header_not_allowed",
    ] {
        let Some(given) = example(id) else { continue };
        let carried = &carried(&given)["carried"];
        for field in ["config", "method", "path", "host"] {
            assert_eq!(carried[field], given[field], "{id}: {field}");
        }
    }
    let mut given = example("a-good-registration").expect("an example");
    given["headers"] = json!([
        ["Content-Type", "application/json; charset=\"utf-8\""],
        ["x-trace", "a"],
        ["Accept", "a/b;q=0.5, c/d"],
        ["authorization", "x"]
    ]);
    given["body"] = json!(
        "{\"eecId\": \"eec-1\", \"ueId\": \"msisdn-491701234567\", \"n\": 17, \"b\": true, \"note\": \"me\"}"
    );
    given["path"] = json!("/eees-eecregistration/v1/registrations/r%201?a=1&b=&c");
    let seen = carried(&given);
    let carried = &seen["carried"];
    assert_eq!(
        carried["headers"],
        json!([
            ["Content-Type", "application/json; charset=\"utf-8\""],
            ["x-trace", LEFT_OUT],
            ["Accept", "a/b;q=0.5, c/d"]
        ])
    );
    assert_eq!(
        carried["body"],
        "{\"eecId\": \"eec-1\", \"ueId\": \"msisdn-491701234567\", \"n\": 0, \"b\": true, \"note\": \"left-out\"}"
    );
    assert_eq!(carried["path"], "/eees-eecregistration/v1/registrations/r%201?a=left-out&b=&left-out");
    assert_eq!(seen["left_out"], 6);
}

/// A mistake is what somebody may want to show.
#[test]
fn a_mistaken_configuration_keeps_its_mistakes_and_their_lines() {
    let config = "{\n  \"protects\": {\"role\": \"eas\", \"role\": \"ees\"},\n  \"max_lifetime\": 5\n}";
    let carried = carried(&json!({"config": config}));
    assert_eq!(carried["carried"]["config"], config.replace(": 5", ": \"left-out\""));
}

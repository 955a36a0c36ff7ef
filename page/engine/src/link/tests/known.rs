//! Secrets that stand in a field, written otherwise elsewhere.

use super::*;
use crate::link::known::Known;
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn a_known_secret_is_known_in_every_case_and_encoding() {
    for (secret, texts) in [
        (
            "opensesame",
            &[
                "opensesame",
                "OpenSesame",
                "x-OPENSESAME-y",
                "%6fpen%73esame",
                "%256Fpensesame",
                "opensesam",
                "b3BlbnNlc2FtZQ",
                "b3BlbnNlc2FtZQ==",
            ][..],
        ),
        // `user:opensesame` and `u:opensesame` as base64: the secret begins at another place of it.
        ("opensesame", &["dXNlcjpvcGVuc2VzYW1l", "dTpvcGVuc2VzYW1l", "eDEyOm9wZW5zZXNhbWU"]),
        ("open sesame now", &["open+sesame+now", "open%20sesame%20now", "Open+Sesame+Now"]),
        ("open%20sesame", &["open sesame"]),
        ("1234", &["1234", "1234.0", "01234", "1.234e3"]),
        ("abc", &["abc", "ABC", "YWJj"]),
        ("\u{ff}\u{fe}ope?>n", &["w7/Dvm9wZT8+bg==", "w7_Dvm9wZT8-bg"]),
    ] {
        let known = Known::new([secret].into_iter());
        for text in texts {
            assert!(!known.is_plain(text) || known.knows(text), "{secret}: {text}");
            assert!(known.knows(text) || text.contains('%'), "{secret}: {text}");
        }
        assert!(!known.knows("ees1.edge.example.net") && !known.knows("12") && !known.knows(""), "{secret}");
    }
}

#[test]
fn a_number_of_the_configuration_can_be_a_known_secret() {
    let config = "{\"token\": {\"max_bytes\": 48291, \"clock_skew_seconds\": 30}}";
    let seen = carried(&json!({"config": config, "known": ["48291"]}));
    assert_eq!(seen["carried"]["config"], config.replace("48291", "\"left-out\""));
    assert_eq!(seen["left_out"], 1);
    let body = json!({"eecId": 48291}).to_string();
    assert_eq!(carried(&json!({"body": body, "known": ["48291"]}))["carried"]["body"], "{\"eecId\":0}");
}

/// Claims that are made here, and an answer: a secret is known by the name of its member.
#[test]
fn what_json_calls_a_secret_is_known() {
    for (texts, is_known) in [
        (json!([json!({"password": "open-sesame"}).to_string()]), true),
        (json!([json!({"a": [{"clientSecret": ["open-sesame"]}]}).to_string()]), true),
        (json!([json!({"access_token": "open-sesame", "sub": "eec-1"}).to_string()]), true),
        (json!(["open-sesame"]), true),
        (json!([json!({"note": "open-sesame"}).to_string()]), false),
        (json!([json!({"token_type": "open-sesame"}).to_string()]), false),
        (json!(["{\"sub\": \"open-sesame\", "]), false),
    ] {
        let question = json!({"path": "/x/open-sesame", "host": "ees1.edge.example.net", "texts": texts});
        let shown = if is_known { "/x/left-out" } else { "/x/open-sesame" };
        assert_eq!(carried(&question)["carried"]["path"], shown, "{texts}");
        assert_eq!(carried(&question)["carried"]["host"], "ees1.edge.example.net");
    }
}

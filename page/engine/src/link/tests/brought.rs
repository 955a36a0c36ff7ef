//! What a link has brought goes through the same rules: a link by somebody else's hand brings no more than one of the page's.

use super::*;
use wasm_bindgen_test::wasm_bindgen_test as test;

fn headers(given: Value) -> (Value, Value) {
    let seen = carried(&json!({"headers": given}));
    (seen["carried"]["headers"].clone(), seen["left_out"].clone())
}

#[test]
fn no_header_is_a_credential_or_becomes_two() {
    for (given, kept, left_out) in [
        (json!([["authorization", "Bearer abc"]]), json!([]), 1),
        (json!([[" Authorization ", "abc"], ["DPOP", "abc"]]), json!([]), 2),
        (json!([["cookie", "a=b"]]), json!([["cookie", LEFT_OUT]]), 1),
        (json!([["accept", "a/b\nauthorization: Bearer abc"]]), json!([["accept", LEFT_OUT]]), 1),
        (json!([["x-a", "b\r\nauthorization: Bearer abc"]]), json!([["x-a", LEFT_OUT]]), 1),
        // A name with a colon in it is another name, with a value.
        (json!([["authorization: abc", ""]]), json!([]), 1),
        (
            json!([["authorization:", "abc"], ["x\nauthorization", "abc"], ["", "authorization: abc"]]),
            json!([]),
            3,
        ),
        (
            json!([["content-type", "application/json"], ["x-a", ""]]),
            json!([["content-type", "application/json"], ["x-a", ""]]),
            0,
        ),
    ] {
        assert_eq!(headers(given.clone()), (kept, json!(left_out)), "{given}");
    }
}

/// Otherwise whoever opens a link of the page's would be told that something of it was left out.
#[test]
fn what_a_link_carries_goes_through_unchanged() {
    let mut questions: Vec<Value> =
        ["a-good-registration", "route_denied", "claim_mismatch", "entitlement_unavailable", "token_revoked"]
            .into_iter()
            .map(|id| example(id).expect(id))
            .collect();
    questions
        .extend(with_everywhere("s3cret eyJhbGciOiJFZERTQSJ9").into_iter().map(|(_, question)| question));
    questions.extend(with_everywhere("plain").into_iter().map(|(_, question)| question));
    for question in questions {
        let first = carried(&question)["carried"].clone();
        assert_eq!(carried(&first), json!({"carried": first, "left_out": 0}), "{question}");
    }
}

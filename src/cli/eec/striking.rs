//! Takes tokens and secrets out of what is shown: a server may repeat what it was sent, in whatever place.

use serde_json::Value;

/// `text` with `by` in the place of each `secret`. The case of letters does not matter: host names lose it.
pub(super) fn without(text: &str, secret: &str, by: &str) -> String {
    let (folded, secret) = (text.to_ascii_lowercase(), secret.to_ascii_lowercase());
    if secret.is_empty() || !folded.contains(&secret) {
        return text.to_owned();
    }
    let mut left = String::with_capacity(text.len());
    let mut from = 0;
    // Letters of ASCII are as long in the other case, so places in the one are those in the other.
    for (at, found) in folded.match_indices(&secret) {
        left.push_str(&text[from..at]);
        left.push_str(by);
        from = at + found.len();
    }
    left.push_str(&text[from..]);
    left
}

/// The same for everything in a JSON value: names, texts, and what a number or another word is written as.
pub(super) fn struck(value: Value, strike: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(strike(&text)),
        Value::Array(items) => items.into_iter().map(|item| struck(item, strike)).collect(),
        Value::Object(members) => {
            let members = members.into_iter();
            Value::Object(members.map(|(name, value)| (strike(&name), struck(value, strike))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            let text = value.to_string();
            let left = strike(&text);
            if left == text { value } else { Value::String(left) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_secret_is_found_in_any_case_and_place() {
        let strike = |text: &str| without(text, "tOk3n", "-");
        assert_eq!(strike("é tOk3ntok3N.x"), "é --.x");
        assert_eq!(strike("token"), "token");
        assert_eq!(without("text", "", "-"), "text");
        let value = json!({"a tok3n": ["TOK3N", 1, null], "n": {"b": true}});
        assert_eq!(struck(value, &strike), json!({"a -": ["-", 1, null], "n": {"b": true}}));
        let number = |text: &str| without(text, "123", "-");
        assert_eq!(struck(json!([51234, 51235.5, 99]), &number), json!(["5-4", "5-5.5", 99]));
    }
}

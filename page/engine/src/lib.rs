//! What the page asks: JSON in, JSON out. Everything is decided by the core; here are only the shapes of questions and answers.
//!
//! A panic reaches the page as an exception with its message; the page says so and starts the module anew.

mod decoded;
mod examples;
mod given;
mod link;
mod look;
mod outline;
mod place;
mod pretty;
mod profiles;
mod remedies;
mod test_key;

use serde_json::Value;
use wasm_bindgen::prelude::wasm_bindgen;

/// Everything about what stands in the page: the configuration's mistakes, the token, the walk, what is protected.
#[wasm_bindgen]
pub fn look(question: &str) -> String {
    with_json(question, look::look)
}

/// The names of the examples, in groups.
#[wasm_bindgen]
pub fn examples() -> String {
    examples::listed().to_string()
}

/// One example, as the page's fields have it; null if there is none of that name.
#[wasm_bindgen]
pub fn example(id: &str) -> String {
    examples::example(id).unwrap_or_default().to_string()
}

/// A test key out of `{"alg", "random"}`, which are 32 random bytes in base64url.
#[wasm_bindgen]
pub fn make_key(question: &str) -> String {
    with_json(question, test_key::make)
}

/// The configuration `{"config", "key", "claims"}` with the public part of the key pinned, alone, at the server that the claims name.
#[wasm_bindgen]
pub fn pin(question: &str) -> String {
    with_json(question, test_key::pin)
}

/// What a link to the question carries: `{"carried", "left_out"}`. `known` are the secrets that stand in the page.
#[wasm_bindgen]
pub fn carried(question: &str) -> String {
    with_json(question, link::carried)
}

/// What is said of a fault in here.
#[wasm_bindgen(start)]
pub fn start() {
    #[cfg(target_family = "wasm")]
    std::panic::set_hook(Box::new(|fault| wasm_bindgen::throw_str(&fault.to_string())));
}

fn with_json(question: &str, answer: impl FnOnce(&Value) -> Value) -> String {
    match serde_json::from_str(question) {
        Ok(question) => answer(&question).to_string(),
        Err(error) => {
            let trouble = format!(
                "what the page asks is no JSON: {error}; half of a character (a lone surrogate) makes it so"
            );
            serde_json::json!({"errors": [], "trouble": trouble}).to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_question_that_cannot_be_read_is_not_taken_for_an_empty_one() {
        for question in ["", "{", r#"{"config": "{\"a\": \"\ud800\"}"}"#] {
            let said: serde_json::Value = serde_json::from_str(&super::look(question)).expect("JSON");
            let trouble = said["trouble"].as_str().expect("a reason");
            assert!(trouble.starts_with("what the page asks is no JSON: "), "{said}");
            assert_eq!(said["errors"], serde_json::json!([]), "{question}");
        }
    }
}

//! What the page asks: JSON in, JSON out. Everything is decided by the core; here are only the shapes of questions and answers.
//!
//! A panic reaches the page as an exception with its message; the page says so and starts the module anew.

mod decoded;
mod examples;
mod given;
mod look;
mod place;
mod pretty;
mod profiles;
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

/// What is said of a fault in here.
#[wasm_bindgen(start)]
pub fn start() {
    #[cfg(target_family = "wasm")]
    std::panic::set_hook(Box::new(|fault| wasm_bindgen::throw_str(&fault.to_string())));
}

fn with_json(question: &str, answer: impl FnOnce(&Value) -> Value) -> String {
    let question = serde_json::from_str(question).unwrap_or_default();
    answer(&question).to_string()
}

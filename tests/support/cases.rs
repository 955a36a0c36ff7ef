//! One token against a fixture over HTTP/1.1; `want` is a code, or empty for allowed.

use super::fixture::{Fixture, Protocol, identity_of_eec_1};
use super::problems::Problems;
use super::request::Request;
use super::token::{Key, claims_text_with, claims_with};
use serde_json::Value;

/// Sends a token.
pub fn token_case(fixture: &Fixture, p: &mut Problems, name: &str, token: impl AsRef<[u8]>, want: &str) {
    let request = Request::register("eec-1").bearer(token);
    match want {
        "" => drop(fixture.allowed_over(Protocol::H1, p, name, &request, &identity_of_eec_1())),
        code => fixture.denied_over(Protocol::H1, p, name, &request, code),
    }
}

/// Sends a token with these claims changed.
pub fn claims_case(fixture: &Fixture, p: &mut Problems, key: &Key, changes: Value, want: &str) {
    let name = changes.to_string();
    token_case(fixture, p, &name, key.token(&claims_with(changes)), want);
}

/// Sends a token whose payload has this member as text, in place of the claim of the same name.
pub fn raw_claim(fixture: &Fixture, p: &mut Problems, key: &Key, name: &str, value: &str, want: &str) {
    let member = format!("\"{name}\":{value}");
    let token = key.token_of(key.header().to_string(), claims_text_with(name, &member));
    token_case(fixture, p, &member, token, want);
}

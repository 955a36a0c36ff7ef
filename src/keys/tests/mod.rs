//! Unit tests of the keys: reading, picking and verifying.
#![allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails")]

/// A key or certificate in PEM, or what is none.
macro_rules! file {
    ($name:literal) => {
        include_str!(concat!("../../../tests/core/vectors/pem/", $name))
    };
}

mod chain;
mod changed_der;
mod host;
mod jwk;
mod key_set;
mod pem;
mod proven_host;
mod rsa;
mod tables;
mod verify;

use super::{Jwk, KeyErrors};
use crate::json::{self, Json};

pub(crate) const ED25519: &str =
    r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
pub(crate) const P256: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

fn json(text: &str) -> Json {
    json::parse(text.as_bytes()).unwrap()
}

fn parse(text: &str) -> Result<Jwk, KeyErrors> {
    Jwk::parse(&json(text))
}

/// `text` with `member` added in front.
fn with(text: &str, member: &str) -> String {
    text.replacen('{', &format!("{{{member},"), 1)
}

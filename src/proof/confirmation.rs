//! `cnf` (RFC 7800): what a token is bound to.

use crate::json::Json;

/// The ways of confirmation that are registered ("JWT Confirmation Methods", RFC 7800, section 6.2) and not checked here: a token that
/// has one is not understood. What is not registered is nobody's promise and is passed over.
const NOT_CHECKED: [&str; 5] = ["jwk", "jwe", "kid", "jku", "osc"];

/// What a token is bound to: a key, a certificate, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// The RFC 7638 thumbprint of the key that makes DPoP proofs (RFC 9449, section 6.1).
    pub jkt: Option<Box<str>>,
    /// The base64url SHA-256 of the client certificate (RFC 8705, section 3.1).
    pub x5t_s256: Option<Box<str>>,
}

impl Confirmation {
    /// Reads `cnf`.
    ///
    /// # Errors
    ///
    /// Why it is none that can be checked.
    pub fn read(cnf: &Json) -> Result<Confirmation, &'static str> {
        if cnf.as_object().is_none() {
            return Err("`cnf` is not an object");
        }
        if NOT_CHECKED.iter().any(|name| cnf.get(name).is_some()) {
            return Err("`cnf` has `jwk`, `jwe`, `kid`, `jku` or `osc`, which are not checked here");
        }
        let text = |name| match cnf.get(name) {
            None => Ok(None),
            Some(Json::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err("`jkt` or `x5t#S256` in `cnf` is not a string"),
        };
        let confirmation = Confirmation { jkt: text("jkt")?, x5t_s256: text("x5t#S256")? };
        if confirmation.jkt.is_none() && confirmation.x5t_s256.is_none() {
            return Err("`cnf` has neither `jkt` nor `x5t#S256`");
        }
        Ok(confirmation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn read(text: &str) -> Result<Confirmation, &'static str> {
        Confirmation::read(&json::parse(text.as_bytes()).expect("JSON"))
    }

    #[test]
    fn a_key_a_certificate_or_both() {
        let both = read(r#"{"jkt":"a","x5t#S256":"b","kc-jkt-type":"x"}"#).expect("both");
        assert_eq!((both.jkt.as_deref(), both.x5t_s256.as_deref()), (Some("a"), Some("b")));
        assert_eq!(read(r#"{"jkt":"a"}"#).expect("a key").x5t_s256, None);
        assert_eq!(read(r#"{"x5t#S256":"b"}"#).expect("a certificate").jkt, None);
    }

    #[test]
    fn anything_else_is_not_understood() {
        for text in [
            "null",
            "\"a\"",
            "[]",
            "{}",
            r#"{"jkt":1}"#,
            r#"{"jkt":null}"#,
            r#"{"jkt":"a","x5t#S256":["b"]}"#,
            r#"{"jkt":"a","jwk":{}}"#,
            r#"{"jkt":"a","jwe":"x"}"#,
            r#"{"jkt":"a","kid":"x"}"#,
            r#"{"jkt":"a","osc":{}}"#,
            r#"{"x5t#S256":"b","jku":null}"#,
            r#"{"kc-jkt-type":"x"}"#,
            r#"{"JKT":"a"}"#,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}

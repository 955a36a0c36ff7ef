//! A token: what is sent, and what may be shown of it.

use crate::cli::clock;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eec_authn::decision::Scheme;
use serde_json::{Map, Value, json};
use std::fmt;

/// A token that is good for less than this is asked for anew, in seconds.
const MARGIN: i64 = 10;

/// An access token of this client. It is never printed: `shown` is what it is known by.
#[derive(Clone)]
pub(crate) struct Token {
    text: String,
    scheme: Scheme,
    /// Seconds since 1970.
    expires: Option<i64>,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({})", self.shown())
    }
}

impl Token {
    /// A token that was given; one that its `cnf` binds to a key goes under `DPoP`, and so does an opaque one if there is a key.
    pub(crate) fn given(text: &str, has_key: bool) -> Result<Token, String> {
        let text = sendable(text.trim())?;
        let claims = part(&text, 1);
        let bound = match &claims {
            Some(claims) => claims.pointer("/cnf/jkt").is_some(),
            None => has_key,
        };
        let expires = claims.as_ref().and_then(|claims| claims["exp"].as_f64()).map(|exp| exp as i64);
        Ok(Token { text, scheme: if bound { Scheme::Dpop } else { Scheme::Bearer }, expires })
    }

    /// The token in the answer of a token endpoint (RFC 6749, section 5.1).
    pub(crate) fn from_answer(answer: &Value) -> Result<Token, String> {
        let member = |name: &str| answer.get(name).and_then(Value::as_str);
        let text = sendable(member("access_token").ok_or("the answer has no `access_token`")?)?;
        let token_type = member("token_type").ok_or("the answer has no `token_type`")?;
        let scheme = [Scheme::Bearer, Scheme::Dpop]
            .into_iter()
            .find(|scheme| scheme.name().eq_ignore_ascii_case(token_type))
            // What it is instead is not told: it may be the token.
            .ok_or("the `token_type` of the answer is neither Bearer nor DPoP")?;
        let expires = answer.get("expires_in").and_then(Value::as_i64);
        let expires = expires.map(|seconds| clock::now().saturating_add(seconds));
        Ok(Token { text, scheme, expires })
    }

    /// The token itself.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The scheme under which it goes.
    pub(crate) fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The value of `Authorization`.
    pub(super) fn authorization(&self) -> String {
        format!("{} {}", self.scheme.name(), self.text)
    }

    /// Whether it can be used for a while yet, as far as is known.
    pub(super) fn is_fresh(&self) -> bool {
        self.expires.is_none_or(|expires| clock::now().saturating_add(MARGIN) < expires)
    }

    /// What it is known by: of a JWT key, issuer, subject, audience, times and identifier. Nothing of it is verified here.
    pub(crate) fn shown(&self) -> Value {
        let mut shown = Map::from_iter([("scheme".to_owned(), json!(self.scheme.name()))]);
        match (part(&self.text, 0), part(&self.text, 1)) {
            (Some(header), Some(claims)) => {
                let mut take = |from: &Value, names: &[&str]| {
                    for name in names {
                        shown.extend(from.get(*name).map(|value| ((*name).to_owned(), value.clone())));
                    }
                };
                take(&header, &["kid"]);
                take(&claims, &["iss", "sub", "aud", "exp", "jti"]);
                if let Some(jkt) = claims.pointer("/cnf/jkt") {
                    shown.insert("jkt".to_owned(), jkt.clone());
                }
            }
            _ => drop(shown.insert("opaque".to_owned(), json!(true))),
        }
        Value::Object(shown)
    }
}

/// A text that can stand in `Authorization` (RFC 6750, section 2.1).
fn sendable(text: &str) -> Result<String, String> {
    let good = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
    if !text.is_empty() && text.bytes().all(good) {
        Ok(text.to_owned())
    } else {
        Err("the token is not one of RFC 6750: letters, digits, `-._~+/=`".to_owned())
    }
}

/// Header or payload of a JWT.
fn part(token: &str, at: usize) -> Option<Value> {
    let parts: Vec<&str> = token.split('.').collect();
    let part = parts.get(at).filter(|_| parts.len() == 3)?;
    let value: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()?;
    value.is_object().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(claims: Value) -> String {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.c2ln", part(json!({"alg": "ES256", "kid": "k1"})), part(claims))
    }

    #[test]
    fn a_token_is_known_by_its_identifiers_and_never_shown() {
        let text = jwt(json!({"sub": "eec-1", "jti": "j1", "secret": "x", "cnf": {"jkt": "t"}}));
        let token = Token::given(&format!("{text}\n"), false).unwrap();
        assert_eq!(
            token.shown(),
            json!({"scheme": "DPoP", "kid": "k1", "sub": "eec-1", "jti": "j1", "jkt": "t"})
        );
        assert!(!format!("{token:?}").contains(&text));
        let opaque = Token::given("abc", false).unwrap();
        assert_eq!(opaque.shown(), json!({"scheme": "Bearer", "opaque": true}));
        assert_eq!(Token::given("abc", true).unwrap().scheme(), Scheme::Dpop);
        assert_eq!(Token::given(&jwt(json!({})), true).unwrap().scheme(), Scheme::Bearer);
        for wrong in ["", " ", "a b", "a\u{e9}", "a,b"] {
            assert!(Token::given(wrong, false).is_err(), "{wrong}");
        }
    }

    #[test]
    fn answers_of_token_endpoints() {
        // The example of RFC 6749, section 5.1, and that of RFC 9449, section 5.
        let answer =
            json!({"access_token": "2YotnFZFEjr1zCsicMWpAA", "token_type": "example", "expires_in": 3600});
        assert!(Token::from_answer(&answer).is_err(), "a type that nobody knows");
        let answer = json!({"access_token": "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU", "token_type": "DPoP", "expires_in": 2677});
        let token = Token::from_answer(&answer).unwrap();
        assert!(token.scheme() == Scheme::Dpop && token.is_fresh());
        let old = Token::from_answer(&json!({"access_token": "a", "token_type": "bearer", "expires_in": 1}))
            .unwrap();
        assert!(old.scheme() == Scheme::Bearer && !old.is_fresh());
        assert!(
            Token::from_answer(&json!({"access_token": "a", "token_type": "bearer"})).unwrap().is_fresh()
        );
        for wrong in [
            json!({}),
            json!({"access_token": 1, "token_type": "Bearer"}),
            json!({"access_token": "a"}),
            json!([]),
        ] {
            assert!(Token::from_answer(&wrong).is_err(), "{wrong}");
        }
    }
}

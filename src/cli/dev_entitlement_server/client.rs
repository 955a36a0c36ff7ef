//! Whose questions are answered.

use crate::cli::failure::Failure;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The only client that may ask.
pub(crate) struct Client {
    id: String,
    secret: String,
}

impl Client {
    /// A client with the secret in the environment variable `variable`.
    #[allow(clippy::disallowed_methods, reason = "the command line is where the environment comes from")]
    pub(super) fn from_environment(id: String, variable: &str) -> Result<Client, Failure> {
        let secret = std::env::var(variable).map_err(Failure::because(format!("`{variable}`")))?;
        Ok(Client { id, secret })
    }

    /// Whether an `Authorization` value is this client's: Basic, with both parts form-encoded (RFC 6749, 2.3.1).
    pub(super) fn is_authenticated_by(&self, authorization: &[u8]) -> bool {
        let credentials = || {
            let (scheme, encoded) = std::str::from_utf8(authorization).ok()?.split_once(' ')?;
            let pair = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
            let (id, secret) = pair.split_once(':')?;
            scheme.eq_ignore_ascii_case("basic").then_some((form_decoded(id)?, form_decoded(secret)?))
        };
        credentials().is_some_and(|(id, secret)| id == self.id && secret == self.secret)
    }

    /// Whether this is the client's ID.
    pub(super) fn is(&self, id: &str) -> bool {
        self.id == id
    }
}

/// One value of `application/x-www-form-urlencoded`.
fn form_decoded(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(authorization: &str) -> bool {
        let client = Client { id: "ees 1".into(), secret: "a:b%+ü".into() };
        client.is_authenticated_by(authorization.as_bytes())
    }

    #[test]
    fn both_parts_are_form_encoded() {
        for pair in ["ees+1:a%3Ab%25%2B%C3%BC", "ees%201:a%3ab%25%2b%c3%bc"] {
            assert!(accepts(&format!("Basic {}", STANDARD.encode(pair))), "{pair}");
            assert!(accepts(&format!("bAsIc {}", STANDARD.encode(pair))), "{pair}");
            assert!(!accepts(&format!("Bearer {}", STANDARD.encode(pair))), "{pair}");
        }
        for pair in ["ees 1:a:b%+ü", "ees+1:", "ees+1", ":a%3Ab%25%2B%C3%BC", "ees+1:%", "ees+1:%zz", ""] {
            assert!(!accepts(&format!("Basic {}", STANDARD.encode(pair))), "{pair}");
        }
        assert!(!accepts("Basic *") && !accepts("Basic") && !accepts(""));
    }
}

//! The Authorization header (RFC 6750, section 2.1).

use crate::decision::{Denial, DenyReason};
use crate::request::RequestView;

/// A token as the client sent it: RFC 6750 characters, not too long, nothing else known.
#[derive(Clone, Copy)]
pub struct Bearer<'a>(&'a str);

impl<'a> Bearer<'a> {
    /// Takes the one bearer token out of a request's headers.
    pub fn from_request(request: &RequestView<'a>, max_bytes: usize) -> Result<Bearer<'a>, Denial> {
        let mut values = request.values(b"authorization");
        let value = match (values.next(), values.next()) {
            (Some(_), Some(_)) => {
                return Err(Denial::new(DenyReason::TokenRepeated, "more than one Authorization header"));
            }
            (Some(value), None) => value,
            (None, _) => return Err(Denial::new(DenyReason::TokenMissing, "no Authorization header")),
        };
        Bearer::from_header(value, max_bytes)
    }

    fn from_header(value: &'a [u8], max_bytes: usize) -> Result<Bearer<'a>, Denial> {
        let (scheme, rest) = value.split_at_checked(6).unwrap_or((value, b""));
        let bearer = scheme.eq_ignore_ascii_case(b"bearer");
        // Two headers that a proxy has joined; a comma is no token character.
        if bearer && rest.contains(&b',') {
            return Err(Denial::new(
                DenyReason::TokenRepeated,
                "several credentials in one Authorization header",
            ));
        }
        if !bearer || rest.first().is_some_and(|b| *b != b' ') {
            return Err(Denial::new(DenyReason::TokenMissing, "another scheme than Bearer"));
        }
        let spaces = rest.iter().take_while(|b| **b == b' ').count();
        let token = rest.get(spaces..).unwrap_or_default();
        if token.len() > max_bytes {
            return Err(Denial::new(DenyReason::TokenTooLarge, "longer than `token.max_bytes`"));
        }
        match std::str::from_utf8(token) {
            Ok(text) if is_b64token(token) => Ok(Bearer(text)),
            _ => Err(Denial::new(DenyReason::TokenMalformed, "not one token of RFC 6750 characters")),
        }
    }

    /// The token.
    pub fn as_str(&self) -> &'a str {
        self.0
    }
}

/// `b64token` of RFC 6750: at least one character, `=` only at the end.
fn is_b64token(token: &[u8]) -> bool {
    let padding = token.iter().rev().take_while(|b| **b == b'=').count();
    let body = token.get(..token.len().saturating_sub(padding)).unwrap_or_default();
    !body.is_empty() && body.iter().all(|b| b.is_ascii_alphanumeric() || b"-._~+/".contains(b))
}

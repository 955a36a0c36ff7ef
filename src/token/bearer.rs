//! The Authorization header (RFC 6750, section 2.1; RFC 9449, section 7.1).

use crate::byte_class::{TOKEN, are_all};
use crate::decision::{Check, Denial, DenyReason, Scheme, Trace};
use crate::policy::path;
use crate::request::RequestView;

/// The one Authorization header of a request.
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    value: &'a [u8],
    /// The scheme, if it is one that may bring a token, and what follows its name.
    found: Option<(Scheme, &'a [u8])>,
}

impl<'a> Credentials<'a> {
    /// Takes the credentials out of a request's headers; those of `DPoP` are some only where proofs are checked.
    ///
    /// # Errors
    ///
    /// `token_missing` without an Authorization header, `token_repeated` with several.
    pub fn from_request(
        request: &RequestView<'a>,
        takes_dpop: bool,
        trace: &mut Trace,
    ) -> Result<Credentials<'a>, Denial> {
        trace.note(Check::Credentials, || {
            let schemes = request.values(b"authorization").map(|value| {
                let scheme = value.split(|b| *b == b' ').next().unwrap_or_default();
                format!("`{}`", String::from_utf8_lossy(scheme).chars().take(16).collect::<String>())
            });
            let schemes: Vec<String> = schemes.collect();
            let mut found = if schemes.is_empty() { "none".into() } else { schemes.join(", ") };
            if query_has_token(request.target) {
                found.push_str(", and `access_token` in the query");
            }
            let schemes = if takes_dpop { "`Bearer` or `DPoP`" } else { "`Bearer`" };
            (format!("one Authorization header, {schemes}, and no token in the query"), found)
        });
        if query_has_token(request.target) {
            let because = "an `access_token` in the query, where the server could find another token";
            return Err(Denial::new(DenyReason::TokenRepeated, because));
        }
        let mut values = request.values(b"authorization");
        match (values.next(), values.next()) {
            (Some(_), Some(_)) => {
                Err(Denial::new(DenyReason::TokenRepeated, "more than one Authorization header"))
            }
            (Some(value), None) => Ok(Credentials { value, found: scheme(value, takes_dpop) }),
            (None, _) => Err(Denial::new(DenyReason::TokenMissing, "no Authorization header")),
        }
    }

    /// What stands where a token would: good for comparing with tokens that are known, and no more.
    pub fn place_of_token(self) -> &'a [u8] {
        let rest = self.found.map_or(&b""[..], |(_, rest)| rest);
        rest.get(leading_spaces(rest)..).unwrap_or_default()
    }

    /// The scheme under which the token comes.
    pub fn scheme(self) -> Scheme {
        self.found.map_or(Scheme::Bearer, |(scheme, _)| scheme)
    }

    /// The one token that they are.
    ///
    /// # Errors
    ///
    /// `token_missing` under another scheme, `token_repeated` for values joined on the way, `token_too_large`, and
    /// `token_malformed` for what RFC 6750 calls no token.
    pub fn bearer(self, max_bytes: usize, trace: &mut Trace) -> Result<Bearer<'a>, Denial> {
        let token = self.place_of_token();
        let is_token = is_b64token(token);
        let takes_token = || [Scheme::Bearer, Scheme::Dpop].iter().any(|s| s.strip(self.value).is_some());
        // Two headers that a proxy has joined; a comma is no token character.
        if !is_token && takes_token() && self.value.contains(&b',') {
            return Err(Denial::new(
                DenyReason::TokenRepeated,
                "several credentials in one Authorization header",
            ));
        }
        if self.found.is_none() {
            return Err(Denial::new(DenyReason::TokenMissing, "a scheme that brings no token here"));
        }
        trace.note(Check::TokenSize, || {
            (format!("at most {max_bytes} bytes"), format!("{} bytes", token.len()))
        });
        if token.len() > max_bytes {
            return Err(Denial::new(DenyReason::TokenTooLarge, "longer than `token.max_bytes`"));
        }
        match std::str::from_utf8(token) {
            Ok(text) if is_token => Ok(Bearer(text)),
            _ => Err(Denial::new(DenyReason::TokenMalformed, "not one token of RFC 6750 characters")),
        }
    }
}

/// The scheme of an Authorization header, if it may bring a token, and what follows its name: nothing, or a space first.
fn scheme(value: &[u8], takes_dpop: bool) -> Option<(Scheme, &[u8])> {
    let schemes = if takes_dpop { &[Scheme::Bearer, Scheme::Dpop][..] } else { &[Scheme::Bearer] };
    schemes.iter().find_map(|scheme| {
        let rest = scheme.strip(value).filter(|rest| rest.first().is_none_or(|b| *b == b' '))?;
        Some((*scheme, rest))
    })
}

/// Whether the query brings a token, as RFC 6750, section 2.3 lets clients do: the server behind us could take that one.
fn query_has_token(target: &[u8]) -> bool {
    path::parameters(path::query(target)).any(|name| path::is_parameter(&name, b"access_token"))
}

/// A token as the client sent it: RFC 6750 characters, not too long, nothing else known.
#[derive(Clone, Copy)]
pub struct Bearer<'a>(&'a str);

impl<'a> Bearer<'a> {
    /// The token.
    pub fn as_str(&self) -> &'a str {
        self.0
    }
}

fn leading_spaces(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|b| **b == b' ').count()
}

/// `b64token` of RFC 6750: at least one character, `=` only at the end.
fn is_b64token(token: &[u8]) -> bool {
    let padding = token.iter().rev().take_while(|b| **b == b'=').count();
    let body = token.get(..token.len().saturating_sub(padding)).unwrap_or_default();
    !body.is_empty() && are_all(body, TOKEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials<'a>(pairs: &'a [(&'a [u8], &'a [u8])], trace: &mut Trace) -> Credentials<'a> {
        Credentials::from_request(&RequestView::new(pairs, true), true, trace).expect("one header")
    }

    fn token(value: &[u8], max_bytes: usize) -> Result<String, DenyReason> {
        let pairs = [(&b"authorization"[..], value)];
        let mut trace = Trace::off();
        let bearer = credentials(&pairs, &mut trace).bearer(max_bytes, &mut trace);
        bearer.map(|bearer| bearer.as_str().to_owned()).map_err(|denial| denial.reason)
    }

    #[test]
    fn a_token_follows_the_scheme_and_is_no_longer_than_is_allowed() {
        for value in ["Bearer abc", "bearer   abc", "DPoP abc"] {
            assert_eq!(token(value.as_bytes(), 3), Ok("abc".into()), "{value}");
            assert_eq!(token(value.as_bytes(), 2), Err(DenyReason::TokenTooLarge), "{value}");
        }
        for value in ["Basic abc", "Bearerabc", ""] {
            assert_eq!(token(value.as_bytes(), 99), Err(DenyReason::TokenMissing), "{value}");
        }
        assert_eq!(token(b"Bearer abc, Bearer def", 99), Err(DenyReason::TokenRepeated));
    }

    #[test]
    fn a_token_is_of_the_characters_of_rfc_6750_alone() {
        let allowed = b"-._~+/";
        for byte in 0..=255_u8 {
            let value = [b"Bearer a", &[byte][..], b"c"].concat();
            let is_good = byte.is_ascii_alphanumeric() || allowed.contains(&byte);
            assert_eq!(token(&value, 99).is_ok(), is_good, "{byte:#04x}");
        }
        for value in ["Bearer a=", "Bearer a=="] {
            assert!(token(value.as_bytes(), 99).is_ok(), "{value}");
        }
        for value in ["Bearer", "Bearer ", "Bearer =", "Bearer a=b", "Bearer a b", "Bearer a "] {
            assert_eq!(token(value.as_bytes(), 99), Err(DenyReason::TokenMalformed), "{value}");
        }
    }

    #[test]
    fn of_credentials_the_scheme_is_told_and_nothing_of_the_token() {
        let pairs = [(&b"authorization"[..], &b"Bearer s3cr3t"[..])];
        let mut trace = Trace::on();
        credentials(&pairs, &mut trace);
        let endings = trace.endings(None);
        let found = endings.iter().find_map(|(check, _, note)| note.filter(|_| *check == Check::Credentials));
        assert_eq!(found.map(|note| note.found.as_str()), Some("`Bearer`"));
    }
}

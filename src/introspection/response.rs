//! What an entitlement server says about a token. Its answers are read as a stranger's.

use crate::json::{self, Json};
use crate::policy::media_type;
use crate::policy::online::Method;
use crate::token::Claims;
use std::rc::Rc;

/// The longest answer that is read, in bytes.
const MAX_ANSWER: usize = 65_536;

/// An HTTP answer as it came.
#[derive(Debug, Clone, Copy)]
pub struct RawResponse<'a> {
    /// `:status`; `None` where no answer came at all.
    pub status: Option<u16>,
    /// The `Content-Type` values.
    pub content_types: &'a [&'a [u8]],
    /// The body.
    pub body: &'a [u8],
}

/// What is known about a token.
#[derive(Debug, Clone)]
pub enum TokenStatus {
    /// It is good; introspection says more about it.
    Active(Rc<Claims>),
    /// It is not, or not any more.
    Inactive,
    /// The server could not be asked.
    Unavailable,
}

impl TokenStatus {
    /// The memory that it takes beyond its own place.
    pub(super) fn allocated_bytes(&self) -> usize {
        match self {
            TokenStatus::Active(claims) => claims.allocated_bytes(),
            TokenStatus::Inactive | TokenStatus::Unavailable => 0,
        }
    }
}

/// What a raw answer comes to.
#[derive(Debug)]
pub enum Reading {
    /// This is the answer.
    Is(TokenStatus),
    /// The server wants GET (TS.43).
    AskWithGet,
    /// The filter's own credentials were refused: no answer, and something for the operator to mend.
    CredentialsRefused,
}

/// Reads an answer. Whatever is not clearly "active" or "inactive" is no answer.
pub fn read(method: &Method, raw: &RawResponse<'_>) -> Reading {
    let Some(status) = raw.status else { return Reading::Is(TokenStatus::Unavailable) };
    match (method, status) {
        (Method::Rfc7662 { .. }, 200) => Reading::Is(introspection(raw)),
        (Method::Rfc7662 { .. }, 401 | 403) => Reading::CredentialsRefused,
        (Method::Ts43 { .. }, 200) => Reading::Is(validity(raw)),
        (Method::Ts43 { .. }, 401 | 403 | 511) => Reading::Is(TokenStatus::Inactive),
        (Method::Ts43 { .. }, 405 | 501) => Reading::AskWithGet,
        _ => Reading::Is(TokenStatus::Unavailable),
    }
}

/// RFC 7662, section 2.2.
fn introspection(raw: &RawResponse<'_>) -> TokenStatus {
    let Some(object) = object(raw) else { return TokenStatus::Unavailable };
    match object.get("active") {
        Some(Json::Bool(true)) => TokenStatus::Active(Rc::new(Claims::new(object))),
        _ => TokenStatus::Inactive,
    }
}

/// TS.43, 14.1.6.1: `OperatorTokenValidity` 1 means valid. It says nothing else about the token.
fn validity(raw: &RawResponse<'_>) -> TokenStatus {
    let Some(object) = object(raw) else { return TokenStatus::Unavailable };
    let valid = match object.get("OperatorTokenValidity") {
        None => return TokenStatus::Unavailable,
        Some(Json::String(text)) => &**text == "1",
        Some(number) => number.as_finite() == Some(1.0),
    };
    if valid {
        TokenStatus::Active(Rc::new(Claims::new(Json::Object(Vec::new()))))
    } else {
        TokenStatus::Inactive
    }
}

fn object(raw: &RawResponse<'_>) -> Option<Json> {
    let declared = media_type::is_json_answer(raw.content_types.iter().copied());
    match json::parse(raw.body) {
        Ok(object @ Json::Object(_)) if declared && raw.body.len() <= MAX_ANSWER => Some(object),
        _ => None,
    }
}

//! What an entitlement server says about a token. Its answers are read as a stranger's.

use super::cause::Cause;
use super::request::TS43_APP;
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
    /// Whether the proxy made it up itself, since none came from the server.
    pub by_proxy: bool,
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
    Unavailable(Cause),
}

impl TokenStatus {
    /// The memory that it takes beyond its own place.
    pub(super) fn allocated_bytes(&self) -> usize {
        match self {
            TokenStatus::Active(claims) => claims.allocated_bytes(),
            TokenStatus::Inactive | TokenStatus::Unavailable(_) => 0,
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
    /// It is no answer.
    None(Cause),
}

impl Reading {
    /// What it says about the token, if it is the last word.
    pub fn last_word(self) -> TokenStatus {
        match self {
            Reading::Is(answer) => answer,
            Reading::AskWithGet => TokenStatus::Unavailable(Cause::Unreadable),
            Reading::None(cause) => TokenStatus::Unavailable(cause),
        }
    }
}

/// Reads an answer. Whatever is not clearly "active" or "inactive" is no answer.
pub fn read(method: &Method, raw: &RawResponse<'_>) -> Reading {
    let Some(status) = raw.status.filter(|_| !raw.by_proxy) else {
        return Reading::None(Cause::of_proxy(raw.status));
    };
    let known = |answer: Option<TokenStatus>| answer.map_or(Reading::None(Cause::Unreadable), Reading::Is);
    match (method, status) {
        (Method::Rfc7662 { .. }, 200) => known(introspection(raw)),
        (Method::Rfc7662 { .. }, 401 | 403) => Reading::None(Cause::Credentials),
        (Method::Ts43 { .. }, 200) => known(validity(raw)),
        // They refuse whoever asks, whatever the token (TS.43, 2.10).
        (Method::Ts43 { .. }, 401 | 403 | 511) => Reading::None(Cause::Credentials),
        (Method::Ts43 { .. }, 405 | 501) => Reading::AskWithGet,
        (Method::Rfc7662 { .. } | Method::Ts43 { .. }, status) => Reading::None(Cause::Status(status)),
    }
}

/// RFC 7662, section 2.2.
fn introspection(raw: &RawResponse<'_>) -> Option<TokenStatus> {
    let mut object = object(raw)?;
    // Servers whose JSON library writes what is absent as null say nothing by it.
    object.remove_nulls();
    Some(match object.get("active") {
        Some(Json::Bool(true)) => TokenStatus::Active(Rc::new(Claims::new(object))),
        Some(_) | None => TokenStatus::Inactive,
    })
}

/// TS.43, 14.1.6.1. The answer says nothing else about the token.
fn validity(raw: &RawResponse<'_>) -> Option<TokenStatus> {
    let valid = is_valid(&object(raw)?)?;
    let nothing_more = || Rc::new(Claims::new(Json::Object(Vec::new())));
    Some(if valid { TokenStatus::Active(nothing_more()) } else { TokenStatus::Inactive })
}

/// Members stand at the top or within the app's own object (TS.43, 2.9.4); `None`: it is not said.
fn is_valid(answer: &Json) -> Option<bool> {
    let app = answer.get(TS43_APP);
    let mut validities = [Some(answer), app]
        .into_iter()
        .flatten()
        .filter_map(|place| place.get("OperatorTokenValidity"))
        .peekable();
    if validities.peek().is_some() {
        return Some(validities.all(is_one));
    }
    // The convention of servers that know no `OperatorTokenValidity`.
    let app = app?;
    let done = app.get("OperationResult").is_some_and(is_one);
    app.get("OperatorTokenStatus").filter(|_| done).map(is_one)
}

/// Numbers are written as strings by some servers.
fn is_one(value: &Json) -> bool {
    match value {
        Json::String(text) => &**text == "1",
        other => other.as_finite() == Some(1.0),
    }
}

fn object(raw: &RawResponse<'_>) -> Option<Json> {
    let declared = media_type::is_json_answer(raw.content_types.iter().copied());
    match json::parse(raw.body) {
        Ok(object @ Json::Object(_)) if declared && raw.body.len() <= MAX_ANSWER => Some(object),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_an_object_declared_as_json_and_not_too_long() {
        let is_one = |content_types: &[&[u8]], body: &str| {
            let raw =
                RawResponse { status: Some(200), by_proxy: false, content_types, body: body.as_bytes() };
            object(&raw).is_some()
        };
        let padded = |length: usize| format!("{{\"x\":\"{}\"}}", "y".repeat(length - r#"{"x":""}"#.len()));
        let json: &[&[u8]] = &[b"application/json"];
        assert!(is_one(json, "{}") && is_one(json, &padded(MAX_ANSWER)));
        assert!(!is_one(json, &padded(MAX_ANSWER + 1)));
        assert!(!is_one(json, "[]") && !is_one(json, "{"));
        assert!(!is_one(&[], "{}") && !is_one(&[b"text/html"], "{}"));
    }
}

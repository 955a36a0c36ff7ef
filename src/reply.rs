//! The answer to a refused request (`docs/contract.md#replies`): RFC 6750 challenge and ProblemDetails (TS 29.122).

use crate::decision::{Challenge, Denial, DenyReason, Hint};
use crate::json::Json;

/// A reply, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Response headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty for HEAD.
    pub body: String,
    /// For `%RESPONSE_CODE_DETAILS%`.
    pub details: String,
}

impl Reply {
    /// The reply to `denial`. The client gets the code and nothing else about why.
    pub fn to_denial(denial: &Denial, realm: &str, is_head: bool) -> Reply {
        let reason = denial.reason;
        let mut headers = vec![("cache-control", "no-store".to_owned())];
        headers.extend(challenge(reason, realm).map(|challenge| ("www-authenticate", challenge)));
        if reason == DenyReason::EntitlementUnavailable {
            headers.push(("retry-after", "1".to_owned()));
        }
        if let Hint::Accept { patch, coding } = denial.hint {
            let patches = "application/merge-patch+json, application/json";
            headers.extend(patch.then(|| ("accept-patch", patches.to_owned())));
            headers.extend(coding.then(|| ("accept-encoding", "identity".to_owned())));
        }
        let mut body = String::new();
        if !is_head {
            headers.push(("content-type", "application/problem+json".to_owned()));
            body = problem(denial);
        }
        Reply {
            status: reason.status().code(),
            headers,
            body,
            details: format!("eec_authn.{}", reason.code()),
        }
    }
}

fn challenge(reason: DenyReason, realm: &str) -> Option<String> {
    match reason.challenge() {
        Challenge::None => None,
        Challenge::Plain => Some(format!("Bearer realm=\"{realm}\"")),
        Challenge::Error(error) => {
            let code = reason.code();
            Some(format!("Bearer realm=\"{realm}\", error=\"{error}\", error_description=\"{code}\""))
        }
    }
}

fn problem(denial: &Denial) -> String {
    let reason = denial.reason;
    let (code, status) = (reason.code(), reason.status());
    let invalid_params = match &denial.hint {
        Hint::Member(pointer) => Some(Json::Array(vec![Json::object([("param", Json::from(&**pointer))])])),
        Hint::None | Hint::Accept { .. } => None,
    };
    let mut members =
        vec![("cause", Json::String(code.to_ascii_uppercase().into())), ("detail", code.into())];
    members.extend(invalid_params.map(|params| ("invalidParams", params)));
    members.push(("status", Json::Number(status.code().to_string().into())));
    members.push(("title", status.title().into()));
    Json::Object(members.into_iter().map(|(name, value)| (name.into(), value)).collect()).to_string()
}

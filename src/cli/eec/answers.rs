//! What an answer comes to, and what of it may be shown.

use super::call::Called;
use super::report::{Outcome, Report};
use axum::body::Bytes;
use hyper::Response;
use serde_json::{Value, json};

/// Why a step cannot go on, and what the one that was asked said.
pub(super) type Stopped = (Outcome, Option<Called>);

/// Notes that a request had to be sent again.
pub(super) fn note_nonce(called: &Called, report: &mut Report) {
    if called.nonce_asked {
        report.notes.push("sent again with the nonce that the server asked for".into());
    }
}

/// 4xx is a refusal; what is no answer of this operation is a failure.
pub(super) fn refused_or_failed(status: u16, body: &[u8]) -> Outcome {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    // `ProblemDetails` (TS 29.122), and the errors of RFC 6749.
    let cause = ["cause", "error", "title"].iter().find_map(|name| body.get(*name).and_then(Value::as_str));
    match (status, cause) {
        (400..500, cause) => Outcome::Refused(status, cause.map(str::to_owned)),
        (_, Some(cause)) => Outcome::Failed(format!("answered {status} {cause}")),
        (_, None) => Outcome::Failed(format!("answered {status}")),
    }
}

/// A body; as a text where it is not JSON.
pub(super) fn shown(answer: &Response<Bytes>) -> Option<Value> {
    let body = answer.body();
    let text = || json!(String::from_utf8_lossy(body));
    (!body.is_empty()).then(|| serde_json::from_slice(body).unwrap_or_else(|_| text()))
}

/// What a token endpoint says of a problem, and nothing else: a token may stand in any answer of it.
pub(super) fn problem(answer: &Response<Bytes>) -> Option<Value> {
    const TOLD: [&str; 6] = ["error", "error_description", "title", "status", "detail", "cause"];
    let mut body: Value = serde_json::from_slice(answer.body()).ok()?;
    body.as_object_mut()?.retain(|name, _| TOLD.contains(&name.as_str()));
    Some(body)
}

//! What came of a step.

use crate::cli::eec::Token;
use axum::body::Bytes;
use eec_authn::decision::Scheme;
use hyper::{Response, Uri};
use serde_json::Value;

/// What came of it.
pub(super) struct Observed {
    pub(super) answer: Response<Bytes>,
    /// The answer's body, null where it is not JSON.
    pub(super) body: Value,
    /// Whether the EES got a request.
    pub(super) reached_ees: bool,
    /// The token that was sent.
    pub(super) token: Option<Token>,
    /// The scheme under which it was sent.
    pub(super) scheme: Scheme,
}

impl Observed {
    /// The status, and after it the code of a refusal, as `Expected::text` has them.
    pub(super) fn text(&self) -> String {
        let status = self.answer.status().as_u16();
        match self.body.get("cause").and_then(Value::as_str) {
            Some(cause) => format!("{status} {}", cause.to_ascii_lowercase()),
            None => status.to_string(),
        }
    }

    /// A header of the answer, all its values as one list; empty where there is none.
    pub(super) fn header(&self, name: &str) -> String {
        let values = self.answer.headers().get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.collect::<Vec<_>>().join(", ")
    }

    /// The path of its `Location`; empty where there is none.
    pub(super) fn location_path(&self) -> String {
        let location: Option<Uri> = self.header("location").parse().ok();
        location.map(|uri| uri.path().to_owned()).unwrap_or_default()
    }

    /// The identity that the EES saw.
    pub(super) fn seen(&self) -> Option<&Value> {
        self.body.get("seen")
    }
}

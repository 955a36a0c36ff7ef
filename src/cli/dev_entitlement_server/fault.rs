//! What can be ordered to go wrong.

use serde::{Deserialize, Serialize};

/// What is wrong with the answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// Nothing but the delay.
    #[default]
    None,
    /// `status`, and a problem.
    Status,
    /// `status`, `media_type` and `body` as they are ordered.
    Answer,
    /// 200 with JSON's media type and bytes that are none.
    Garbage,
    /// 1 MiB of JSON that says the token is good.
    Huge,
    /// The first half of an answer that says the token is good, then the end of the connection.
    Half,
    /// 307 to the same resource.
    Redirect,
    /// The right answer as `text/html`.
    WrongMediaType,
    /// The TCP connection is reset.
    Reset,
}

/// An order. All members are optional.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Fault {
    /// What is wrong.
    pub(super) kind: Kind,
    /// Waits so long before anything else.
    pub(super) delay_ms: u64,
    /// For `status` (503 by default) and `answer` (200).
    pub(super) status: Option<u16>,
    /// For `answer`.
    pub(super) media_type: Option<String>,
    /// For `answer`.
    pub(super) body: Option<String>,
    /// Only questions with this HTTP method.
    pub(super) method: Option<String>,
    /// How many questions are disturbed; all until it is ended, if absent.
    pub(super) times: Option<u64>,
}

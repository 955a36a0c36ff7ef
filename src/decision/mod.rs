//! What is decided about a request, and why: no type here knows how a decision was reached.

mod deny_reason;

pub use deny_reason::{BearerError, DenyReason};

/// A refusal: the stable code, and what helps the operator (never the client) to understand it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// The stable code.
    pub reason: DenyReason,
    /// Why, in words that name no token, claim value or key: it goes to the log.
    pub because: &'static str,
    /// The JSON pointer into the body that a binding failed at; the client is told it.
    pub pointer: Option<Box<str>>,
}

impl Denial {
    /// A refusal for `reason`, with the operator's explanation.
    pub fn new(reason: DenyReason, because: &'static str) -> Denial {
        Denial { reason, because, pointer: None }
    }

    /// A refusal because of the member at `pointer` in the body.
    pub fn at_pointer(reason: DenyReason, because: &'static str, pointer: &str) -> Denial {
        Denial { reason, because, pointer: Some(pointer.into()) }
    }
}

//! How a check ended, and whether that was only recorded.

use crate::decision::{DenyReason, Ending};

/// The ending of a check, as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// It decided, or did not.
    Decided(Ending),
    /// It failed, and a rule in shadow mode lets the request go on.
    Recorded(DenyReason),
}

impl Shown {
    /// In a word.
    pub fn state(self) -> &'static str {
        match self {
            Shown::Decided(Ending::Passed) => "passed",
            Shown::Decided(Ending::Failed(_)) => "failed",
            Shown::Decided(Ending::NotReached) => "not reached",
            Shown::Decided(Ending::DoesNotApply) => "does not apply",
            Shown::Recorded(_) => "recorded",
        }
    }

    /// The code that it denies with, or would.
    pub fn code(self) -> Option<&'static str> {
        match self {
            Shown::Decided(Ending::Failed(reason)) | Shown::Recorded(reason) => Some(reason.code()),
            Shown::Decided(Ending::Passed | Ending::NotReached | Ending::DoesNotApply) => None,
        }
    }
}

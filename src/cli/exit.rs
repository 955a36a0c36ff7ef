//! Exit codes: scripts and pipelines key on them.

use std::process::ExitCode;

/// How a verb ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "the codes are one contract, whichever verbs are built in")]
pub(crate) enum Exit {
    /// All went as asked; for `explain`: the request would be allowed.
    Fine = 0,
    /// Wrong usage, an unreadable file, a port in use, a step that did not go as told.
    Failure = 1,
    /// The request would be denied; for `conformance`: a case failed.
    Denied = 2,
    /// The filter configuration has errors.
    ConfigurationInvalid = 3,
    /// A server could not be reached, or gave no answer to go on with.
    NoAnswer = 4,
    /// It depends on something that was not given.
    Undecided = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

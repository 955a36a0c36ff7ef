//! What a verb reports when it cannot do its work.

use std::fmt;

/// A message for the user: what failed, and why.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    /// A failure with nothing underneath.
    pub(crate) fn new(what: impl Into<String>) -> Failure {
        Failure(what.into())
    }

    /// For `map_err`: `what` failed because of the error.
    pub(crate) fn because<E: fmt::Display>(what: impl fmt::Display) -> impl FnOnce(E) -> Failure {
        move |error| Failure(format!("{what}: {error}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

//! What is decided about a request, and why: no type here knows how a decision was reached.

mod about;
mod check;
mod deny_reason;
mod scheme;
mod status;
mod trace;

pub use about::About;
pub use check::Check;
pub use deny_reason::{Challenge, DenyReason};
pub use scheme::Scheme;
pub use status::Status;
pub use trace::{Ending, Note, OperationName, Trace};

use std::borrow::Cow;

/// A refusal: the stable code, and what helps the operator (never the client) to understand it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// The stable code.
    pub reason: DenyReason,
    /// Why, in words that name no token, claim value or key: it goes to the log.
    pub because: &'static str,
    /// What the client is told beside the code.
    pub hint: Hint,
    /// What it is about, as far as that is known where it was decided.
    pub about: Option<Box<About>>,
}

/// What helps the client to do better, without a word about the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// The code says it all.
    None,
    /// The JSON pointer into the body that a binding failed at.
    Member(Box<str>),
    /// Which declarations of a body are good.
    Accept {
        /// The method is PATCH, which takes a merge patch as well (RFC 5789, section 2.2).
        patch: bool,
        /// The body had a content coding (RFC 9110, section 15.5.16).
        coding: bool,
    },
    /// A nonce for the next proof (RFC 9449, section 9).
    Nonce(Box<str>),
    /// The scope that would do (RFC 6750, section 3).
    Scope(&'static str),
}

impl Denial {
    /// A refusal for `reason`, with the operator's explanation.
    pub fn new(reason: DenyReason, because: &'static str) -> Denial {
        Denial { reason, because, hint: Hint::None, about: None }
    }

    /// A refusal because of the member at `pointer` in the body.
    pub fn at_pointer(reason: DenyReason, because: &'static str, pointer: &str) -> Denial {
        Denial { hint: Hint::Member(pointer.into()), ..Denial::new(reason, because) }
    }

    /// Why, with the place that it is about: for the operator alone.
    pub fn explained(&self) -> Cow<'static, str> {
        let claim = self.about.as_deref().and_then(About::claim_asked_for);
        match (&self.hint, claim) {
            (Hint::Member(pointer), _) => format!("{} at {pointer}", self.because).into(),
            (Hint::None | Hint::Accept { .. } | Hint::Nonce(_) | Hint::Scope(_), claim) => {
                claim.map_or(self.because.into(), |claim| format!("{}: {claim}", self.because).into())
            }
        }
    }

    /// The same, and what it is about.
    pub fn about(self, note: impl FnOnce(&mut About)) -> Denial {
        let mut about = self.about.unwrap_or_default();
        note(&mut about);
        Denial { about: Some(about), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operator_reads_the_place_that_a_denial_is_about() {
        let plain = Denial::new(DenyReason::ClaimMismatch, "it differs");
        assert_eq!(plain.explained(), "it differs");
        assert_eq!(plain.about(|about| about.claim("/roles")).explained(), "it differs: /roles");
        let body = Denial::at_pointer(DenyReason::BindingMismatch, "it differs", "/eecId");
        assert_eq!(body.explained(), "it differs at /eecId");
        assert_eq!(body.about(|about| about.rule("widgets")).explained(), "it differs at /eecId");
    }
}

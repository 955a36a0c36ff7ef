//! The permission to go upstream.

use crate::decision::Denial;
use crate::token::ValidToken;

/// The permission to go upstream. Only the walk can make one, and only with what justifies it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant(());

impl Grant {
    /// The request speaks for the client that this token names.
    pub(super) fn client(_: &ValidToken) -> Grant {
        Grant(())
    }

    /// A rule lets it pass without a token.
    pub(super) fn without_token() -> Grant {
        Grant(())
    }

    /// The whole filter only watches: this denial has been recorded instead.
    pub(super) fn watched(_: &Denial) -> Grant {
        Grant(())
    }
}

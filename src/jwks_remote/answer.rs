//! An answer about keys, as values: as it came, and what it comes to.

use crate::keys::PinnedKey;
use crate::policy::JwksRemote;
use crate::time::UnixTime;

/// An HTTP answer as it came.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// `:status`; `None` where no answer came at all.
    pub status: Option<u16>,
    /// The `Content-Type` values.
    pub content_types: &'a [&'a [u8]],
    /// The `Content-Encoding` values.
    pub content_encodings: &'a [&'a [u8]],
    /// The body.
    pub body: &'a [u8],
}

/// In which form a set comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As JSON (RFC 7517).
    Plain,
    /// As a compact JWS (OpenID Federation 1.0, section 5.2.1).
    Signed,
}

impl Form {
    /// The form that `remote` wants.
    pub fn of(remote: &JwksRemote) -> Form {
        if remote.signed_by.keys().is_empty() { Form::Plain } else { Form::Signed }
    }

    /// Its media types, the first of which is the right one.
    pub fn media_types(self) -> &'static [&'static str] {
        match self {
            Form::Plain => &["application/jwk-set+json", "application/json"],
            Form::Signed => &["application/jwk-set+jwt"],
        }
    }

    /// What is asked for.
    pub(super) fn accept(self) -> &'static str {
        match self {
            Form::Plain => "application/jwk-set+json, application/json",
            Form::Signed => "application/jwk-set+jwt",
        }
    }
}

/// When an answer is read, and by whose clock.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Now.
    pub now: UnixTime,
    /// When the answer was asked for: from then on the set gets stale.
    pub fetched_at: UnixTime,
    /// How far clocks may differ, in seconds.
    pub skew: f64,
    /// The newest `iat` that has been accepted for this server.
    pub newest_issue: Option<f64>,
}

/// A set that can be used.
#[derive(Debug)]
pub struct KeySetAnswer {
    /// Its keys, but for those that are pinned as well: all others count for nothing. Their numbers are not given yet.
    pub keys: Vec<PinnedKey>,
    /// Why others were left out, if some were: the first reason.
    pub left_out: Option<String>,
    /// `iat`; `None` if it is not signed.
    pub issued_at: Option<f64>,
    /// The moment from which it is not used any more.
    pub until: UnixTime,
}

/// Why an answer is no set. It names no key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// In words.
    pub because: String,
}

impl From<&str> for Failure {
    fn from(because: &str) -> Failure {
        Failure { because: because.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_what_is_taken() {
        for form in [Form::Plain, Form::Signed] {
            assert_eq!(form.accept(), form.media_types().join(", "), "{form:?}");
        }
    }
}

//! What is wrong with a key, said so that the operator can put it right.

use std::fmt;

/// Whether a key set may leave the key out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFault {
    /// Not a key for our purpose (`use`, `key_ops`, `kty`, `crv` or `alg`). RFC 7517, section 5 wants such
    /// members of a set ignored, so there it is a warning.
    Unusable,
    /// Malformed, weak, symmetric or private: an error everywhere.
    Invalid,
}

/// One thing that is wrong with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyError {
    /// Where in the key: empty, or such as `.crv` or `.keys[1].x`, to be appended to the key's JSON path.
    pub member: String,
    /// What is wrong and what to do. It never repeats key material.
    pub message: String,
    /// Whether a key set may leave the key out.
    pub fault: KeyFault,
}

/// Everything that is wrong with a key: at least one error.
pub type KeyErrors = Vec<KeyError>;

impl KeyError {
    /// An error that stands wherever the key stands.
    pub fn invalid(member: impl Into<String>, message: impl Into<String>) -> KeyError {
        KeyError { member: member.into(), message: message.into(), fault: KeyFault::Invalid }
    }

    /// An error that is a warning in a key set.
    pub fn unusable(member: impl Into<String>, message: impl Into<String>) -> KeyError {
        KeyError { member: member.into(), message: message.into(), fault: KeyFault::Unusable }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.member, self.message)
    }
}

impl std::error::Error for KeyError {}

/// A short text of the user's in quotes. Long ones are cut: they may be something pasted into the wrong member.
pub(super) fn quoted(text: &str) -> String {
    const MOST: usize = 32;
    if text.chars().count() <= MOST {
        return format!("{text:?}");
    }
    let head: String = text.chars().take(MOST).collect();
    format!("{head:?}…")
}

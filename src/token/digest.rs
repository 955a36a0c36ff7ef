//! A token in 32 bytes.

use sha2::{Digest as _, Sha256};

/// A token at an entitlement server, in 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// The digest of `token` as a token of the entitlement server with this number.
    pub fn new(server: usize, token: &str) -> TokenDigest {
        let mut hash = Sha256::new();
        hash.update(server.to_le_bytes());
        hash.update(token);
        TokenDigest(hash.finalize().into())
    }

    /// Its bytes, by which maps keep what is known of the token.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

//! Tokens that entitlement servers have called inactive, in a form that all workers of a host can share.
//!
//! Where tokens pass unasked during an outage, a worker that has never asked about a token must know what another
//! has been told, and a new configuration what the old one was. What hosts share is a map of bytes without removal, so
//! it is bounded by its keys: each holds so many digests, of which the oldest gives way.

use sha2::{Digest as _, Sha256};

/// Bytes of a digest that are kept.
const LENGTH: usize = 16;

/// Digests to a key: with 4,096 keys, room for 131,072 tokens in 2 MB.
const PER_KEY: usize = 32;

/// A token of an entitlement server, whatever configuration names that server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedDigest {
    key: String,
    digest: [u8; LENGTH],
}

impl SharedDigest {
    /// The digest of `token` as a token of the entitlement server that calls itself `issuer`.
    pub fn new(issuer: &str, token: &str) -> SharedDigest {
        let mut hash = Sha256::new();
        hash.update(issuer.len().to_le_bytes());
        hash.update(issuer);
        hash.update(token);
        let hash: [u8; 32] = hash.finalize().into();
        let [a, b, digest @ ..] = hash;
        let mut kept = [0; LENGTH];
        kept.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        SharedDigest {
            key: format!("eec_authn.inactive.{:03x}", u16::from_be_bytes([a, b]) >> 4),
            digest: kept,
        }
    }

    /// Where the host keeps it.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether it is in what the host has there.
    pub fn is_in(&self, kept: &[u8]) -> bool {
        kept.chunks_exact(LENGTH).any(|digest| digest == self.digest)
    }

    /// What the host is to have there, once this token is `inactive` or no longer; `None` if that is what it has.
    pub fn put(&self, kept: &[u8], inactive: bool) -> Option<Vec<u8>> {
        if self.is_in(kept) == inactive {
            return None;
        }
        let others = kept.chunks_exact(LENGTH).filter(|digest| **digest != self.digest);
        let room = PER_KEY.saturating_sub(usize::from(inactive));
        let surplus = others.clone().count().saturating_sub(room);
        let oldest_first = others.skip(surplus).chain(inactive.then_some(&self.digest[..]));
        Some(oldest_first.flatten().copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(token: usize) -> SharedDigest {
        SharedDigest::new("aes.example.org", &token.to_string())
    }

    #[test]
    fn what_is_put_is_there_until_it_is_taken_out() {
        let (one, two) = (digest(1), digest(2));
        let kept = one.put(&[], true).expect("a change");
        assert!(one.is_in(&kept) && !two.is_in(&kept));
        assert_eq!(one.put(&kept, true), None);
        let kept = two.put(&kept, true).expect("a change");
        assert!(one.is_in(&kept) && two.is_in(&kept));
        let kept = one.put(&kept, false).expect("a change");
        assert!(!one.is_in(&kept) && two.is_in(&kept));
        assert_eq!(one.put(&kept, false), None);
    }

    #[test]
    fn the_oldest_gives_way() {
        let all: Vec<SharedDigest> = (0..=PER_KEY).map(digest).collect();
        let kept = all.iter().fold(Vec::new(), |kept, one| one.put(&kept, true).expect("a change"));
        assert_eq!(kept.len(), PER_KEY * LENGTH);
        assert!(!all[0].is_in(&kept) && all[1..].iter().all(|one| one.is_in(&kept)));
    }

    #[test]
    fn servers_and_tokens_are_told_apart() {
        assert_ne!(SharedDigest::new("a.example", "t"), SharedDigest::new("b.example", "t"));
        assert_ne!(digest(1), digest(2));
    }
}

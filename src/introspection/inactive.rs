//! Tokens that entitlement servers have called inactive, in a form that all workers of a host can share.
//!
//! Where tokens pass unasked during an outage, a worker that has never asked about a token must know what another
//! has been told, and a new configuration what the old one was. What hosts share is a map of bytes without removal, so
//! it is bounded by its names: each holds so many digests, of which the oldest gives way. Nobody outside can choose
//! which: digests are made with a secret that the workers of a host have agreed on.

use crate::shared_map::{self, Read, SharedMap};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use std::fmt;

/// Bytes of a digest that are kept.
const LENGTH: usize = 16;

/// Digests to a name: with 4,096 names, room for 131,072 tokens in 2 MB.
const TO_A_NAME: usize = 32;

/// Where the secret is. Other modules of the same `vm_id` can read it there, clients cannot.
const NAME_OF_SECRET: &str = "eec_authn.inactive.secret";

/// Bytes of the secret: a block of SHA-256, which HMAC takes as it is.
const SECRET: usize = 64;

/// A token that a pinned key of its issuer has verified. Whatever its signature: one that can be written in two
/// ways makes one token.
#[derive(Debug, Clone, Copy)]
pub struct LastingToken<'a> {
    /// How the entitlement server calls itself, whatever configuration names it.
    pub issuer: &'a str,
    /// What has been signed: header and payload.
    pub signing_input: &'a str,
}

/// What the workers of a host have been told, as one of them sees it.
pub struct InactiveTokens {
    /// `None`: the workers could not agree on one, and nothing can be remembered.
    secret: Option<[u8; SECRET]>,
}

impl fmt::Debug for InactiveTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InactiveTokens(…)")
    }
}

impl InactiveTokens {
    /// Agrees on the secret with the other workers; `random` is this one's proposal.
    pub fn agree(map: &dyn SharedMap, random: Option<[u8; SECRET]>) -> InactiveTokens {
        let secret = random.and_then(|random| shared_map::agree(map, NAME_OF_SECRET, &random));
        InactiveTokens { secret }
    }

    /// Whether `token` must be taken for inactive: some worker was told so, or it cannot be known.
    pub fn hold(&self, map: &dyn SharedMap, token: LastingToken<'_>) -> bool {
        let Some(place) = self.place(token) else { return true };
        match map.get(&place.name) {
            Read::Nothing => false,
            Read::Value(kept, _) => place.is_in(&kept),
            Read::Failed => true,
        }
    }

    /// Remembers that `token` is `inactive`, or is not any more. Whether that is known to all now.
    pub fn record(&self, map: &dyn SharedMap, token: LastingToken<'_>, inactive: bool) -> bool {
        let Some(place) = self.place(token) else { return false };
        shared_map::update(map, &place.name, &|kept| place.put(kept, inactive))
    }

    fn place(&self, token: LastingToken<'_>) -> Option<Place> {
        let mut hash = Hmac::<Sha256>::new(&self.secret?.into());
        hash.update(&(token.issuer.len() as u64).to_le_bytes());
        hash.update(token.issuer.as_bytes());
        hash.update(token.signing_input.as_bytes());
        let hash: [u8; 32] = hash.finalize().into_bytes().into();
        let (name, digest) = hash.split_first_chunk::<2>()?;
        let name = format!("eec_authn.inactive.{:03x}", u16::from_be_bytes(*name) >> 4);
        Some(Place { name, digest: *digest.first_chunk()? })
    }
}

/// Where a token is remembered, and as what.
#[derive(Debug)]
struct Place {
    name: String,
    digest: [u8; LENGTH],
}

impl Place {
    fn is_in(&self, kept: &[u8]) -> bool {
        kept.chunks_exact(LENGTH).any(|digest| digest == self.digest)
    }

    /// What is to be there, once the token is `inactive` or no longer; `None` if it is.
    fn put(&self, kept: &[u8], inactive: bool) -> Option<Vec<u8>> {
        if self.is_in(kept) == inactive {
            return None;
        }
        let others = kept.chunks_exact(LENGTH).filter(|digest| **digest != self.digest);
        let room = TO_A_NAME.saturating_sub(usize::from(inactive));
        let surplus = others.clone().count().saturating_sub(room);
        let oldest_first = others.skip(surplus).chain(inactive.then_some(&self.digest[..]));
        Some(oldest_first.flatten().copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared_map::fake::{FakeMap, NoMap};
    use std::collections::BTreeSet;

    fn token(signing_input: &str) -> LastingToken<'_> {
        LastingToken { issuer: "aes.example.org", signing_input }
    }

    fn worker(map: &FakeMap, random: u8) -> InactiveTokens {
        InactiveTokens::agree(map, Some([random; SECRET]))
    }

    /// Tokens of which all are remembered under one name.
    fn neighbours(tokens: &InactiveTokens, number: usize) -> Vec<String> {
        let name = |text: &str| tokens.place(token(text)).expect("a secret").name;
        let all = (0..).map(|n| format!("token-{n}")).filter(|text| name(text) == name("token-0"));
        all.take(number).collect()
    }

    #[test]
    fn what_one_worker_is_told_another_knows_until_it_is_told_otherwise() {
        let map = FakeMap::default();
        let (one, other) = (worker(&map, 1), worker(&map, 2));
        assert!(!other.hold(&map, token("a.b")));
        assert!(one.record(&map, token("a.b"), true));
        assert!(other.hold(&map, token("a.b")) && !other.hold(&map, token("a.c")));
        assert!(other.record(&map, token("a.c"), true) && other.record(&map, token("a.c"), true));
        assert!(other.record(&map, token("a.b"), false));
        assert!(!one.hold(&map, token("a.b")) && one.hold(&map, token("a.c")));
    }

    #[test]
    fn two_workers_that_start_at_once_know_each_other_s_tokens() {
        let map = FakeMap::default();
        map.before_put(|map| assert!(worker(map, 1).record(map, token("a.b"), true)));
        assert!(worker(&map, 2).hold(&map, token("a.b")));
    }

    #[test]
    fn two_first_tokens_under_one_name_are_both_remembered() {
        let map = FakeMap::default();
        let one = worker(&map, 1);
        let pair = neighbours(&one, 2);
        let (first, second) = (pair[0].clone(), pair[1].clone());
        map.before_put(move |map| assert!(worker(map, 2).record(map, token(&first), true)));
        assert!(one.record(&map, token(&second), true));
        assert_eq!(map.still_to_come(), 0);
        assert!(pair.iter().all(|text| one.hold(&map, token(text))), "one overwrote the other");
    }

    #[test]
    fn the_oldest_gives_way() {
        let digest = |n| Place { name: String::new(), digest: [n; LENGTH] };
        let put = |kept: Vec<u8>, n: u8| digest(n).put(&kept, true).expect("a change");
        let kept = (0..=32).fold(Vec::new(), put);
        assert_eq!(kept.len(), 512);
        assert!(!digest(0).is_in(&kept) && (1..=32).all(|n| digest(n).is_in(&kept)));
    }

    #[test]
    fn the_secret_decides_who_stands_beside_whom() {
        let one = worker(&FakeMap::default(), 1);
        let other = worker(&FakeMap::default(), 2);
        let neighbours = neighbours(&one, 6);
        let names = neighbours.iter().map(|text| other.place(token(text)).expect("a secret").name);
        let names: BTreeSet<String> = names.collect();
        assert!(names.len() > 3, "{names:?}");
    }

    #[test]
    fn servers_and_tokens_are_told_apart() {
        let map = FakeMap::default();
        let one = worker(&map, 1);
        assert!(one.record(&map, LastingToken { issuer: "a.example", signing_input: "t.u" }, true));
        assert!(!one.hold(&map, LastingToken { issuer: "b.example", signing_input: "t.u" }));
        assert!(!one.hold(&map, LastingToken { issuer: "a.examplet", signing_input: ".u" }));
    }

    #[test]
    fn what_cannot_be_known_is_inactive() {
        let random = Some([1; SECRET]);
        for (tokens, map) in [
            (InactiveTokens::agree(&NoMap, random), &NoMap as &dyn SharedMap),
            (InactiveTokens::agree(&FakeMap::default(), None), &FakeMap::default()),
            (InactiveTokens::agree(&FakeMap::default(), random), &NoMap),
        ] {
            assert!(tokens.hold(map, token("a.b")));
            assert!(!tokens.record(map, token("a.b"), true));
        }
    }

    #[test]
    fn what_is_remembered_is_not_shown() {
        assert_eq!(format!("{:?}", worker(&FakeMap::default(), 7)), "InactiveTokens(…)");
    }
}

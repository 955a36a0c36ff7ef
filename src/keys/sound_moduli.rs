//! RSA moduli that have been looked at already.
//!
//! To look for the weaknesses that a modulus shows takes half a millisecond, and a push may pin hundreds. The host hands each
//! configuration to its main thread first, then to every worker: what one has found sound, the others take from the
//! map that they share, and so does the next configuration. Only what is sound is told, so that a weak modulus is
//! always looked at, and refused, anew. Who could write into the map is another plugin of the same VM id in the operator's own
//! configuration; all that it could do is let a weak key pass that the operator has pinned.

use crate::shared_map::{self, Read, SharedMap};
use sha2::{Digest as _, Sha256};
use std::sync::{Mutex, MutexGuard, PoisonError};

const NAME: &str = "eec_authn.sound_rsa_moduli";

/// How many are remembered; then it begins anew.
const MOST: usize = 1_024;

/// SHA-256 of a modulus.
type Digest = [u8; 32];

static KNOWN: Mutex<Vec<Digest>> = Mutex::new(Vec::new());

fn known() -> MutexGuard<'static, Vec<Digest>> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What `weakness` says about `modulus`, unless it is known to be sound.
pub(super) fn weakness_of(
    modulus: &[u8],
    weakness: impl FnOnce(&[u8]) -> Option<&'static str>,
) -> Option<&'static str> {
    let digest = Sha256::digest(modulus).into();
    if known().contains(&digest) {
        return None;
    }
    let found = weakness(modulus);
    if found.is_none() {
        remember([digest]);
    }
    found
}

/// Learns what others have found sound: to be called before a configuration is read.
pub fn recall_sound_moduli(map: &dyn SharedMap) {
    if let Read::Value(value, _) = map.get(NAME) {
        remember(value.as_chunks().0.iter().copied());
    }
}

/// Tells the others: to be called after a configuration has been read.
pub fn share_sound_moduli(map: &dyn SharedMap) {
    let own = known().clone();
    shared_map::update(map, NAME, &|value| {
        let there: &[Digest] = value.as_chunks().0;
        if own.iter().all(|digest| there.contains(digest)) {
            return None;
        }
        let others = there.iter().filter(|digest| !own.contains(digest));
        let all: Vec<Digest> = own.iter().chain(others).take(MOST).copied().collect();
        Some(all.concat())
    });
}

fn remember(digests: impl IntoIterator<Item = Digest>) {
    let mut known = known();
    for digest in digests {
        if known.contains(&digest) {
            continue;
        }
        if known.len() >= MOST {
            known.clear();
        }
        known.push(digest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared_map::fake::{FakeMap, NoMap};

    fn looked_at(modulus: &[u8], found: Option<&'static str>) -> bool {
        let mut looked = false;
        let answer = weakness_of(modulus, |_| {
            looked = true;
            found
        });
        assert_eq!(answer, if looked { found } else { None });
        looked
    }

    #[test]
    fn what_is_sound_is_looked_at_once_and_what_is_weak_each_time() {
        let sound = [b"sound, once", b"also, once "];
        assert!(sound.iter().all(|modulus| looked_at(*modulus, None)));
        assert!(!sound.iter().any(|modulus| looked_at(*modulus, None)));
        for _ in 0..3 {
            assert!(looked_at(b"weak", Some("weak")));
        }
    }

    #[test]
    fn what_another_worker_has_found_sound_need_not_be_looked_at() {
        let map = FakeMap::default();
        let digest: Digest = Sha256::digest(b"found elsewhere").into();
        assert!(shared_map::update(&map, NAME, &|_| Some(digest.to_vec())));
        recall_sound_moduli(&map);
        assert!(!looked_at(b"found elsewhere", Some("weak")));
        assert!(looked_at(b"found here", None));
        share_sound_moduli(&map);
        let Read::Value(value, _) = map.get(NAME) else { panic!("something is told") };
        for modulus in ["found here", "found elsewhere"] {
            let digest: Digest = Sha256::digest(modulus).into();
            assert!(value.as_chunks().0.contains(&digest), "{modulus}");
        }
        let weak: Digest = Sha256::digest(b"weak").into();
        assert!(!value.as_chunks().0.contains(&weak));
    }

    #[test]
    fn what_others_have_told_stays_told() {
        let map = FakeMap::default();
        let digest: Digest = Sha256::digest(b"told by another").into();
        assert!(shared_map::update(&map, NAME, &|_| Some(digest.to_vec())));
        assert!(looked_at(b"told by this one", None));
        share_sound_moduli(&map);
        let Read::Value(value, _) = map.get(NAME) else { panic!("something is told") };
        let told: &[Digest] = value.as_chunks().0;
        assert!(told.contains(&digest));
        assert!(told.iter().enumerate().all(|(at, digest)| !told[..at].contains(digest)));
    }

    #[test]
    fn nonsense_in_the_map_means_nothing() {
        let map = FakeMap::default();
        assert!(shared_map::update(&map, NAME, &|_| Some(b"no digest".to_vec())));
        recall_sound_moduli(&map);
        assert!(looked_at(b"never seen", None));
        recall_sound_moduli(&NoMap);
        share_sound_moduli(&NoMap);
    }
}

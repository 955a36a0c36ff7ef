//! The fetched keys that one worker verifies with.

use super::answer::KeySetAnswer;
use super::schedule::Brought;
use crate::keys::{Fetched, KeySet, PinnedKey, TableStore};
use crate::policy::EntitlementServer;
use crate::time::UnixTime;
use std::collections::BTreeMap;

/// The sets in force, by the number of their server.
#[derive(Debug)]
pub struct FetchedKeys {
    /// Where they have their tables, as pinned keys have.
    tables: TableStore,
    sets: BTreeMap<usize, Set>,
    /// How many keys have been numbered.
    numbered: u64,
}

#[derive(Debug)]
struct Set {
    /// The number of the fetch that brought it.
    number: u64,
    fetched_at: UnixTime,
    until: UnixTime,
    /// The newest `iat` of a signed set.
    newest_issue: Option<f64>,
    /// The pinned keys of the server, and then those of the set.
    keys: KeySet,
}

/// What a set has changed.
#[derive(Debug, PartialEq, Eq)]
pub struct Taken {
    /// Whether there is a new key in it.
    pub brought: Brought,
    /// The numbers that no key has any more: of those that are gone, and of those that end earlier now.
    pub gone: Vec<u64>,
}

impl FetchedKeys {
    /// No set yet; its keys will have tables of `tables`.
    pub fn new(tables: &TableStore) -> FetchedKeys {
        FetchedKeys { tables: tables.clone(), sets: BTreeMap::new(), numbered: 0 }
    }

    /// The keys of `server` at `now`: those that are pinned, and those of its set if that is to be used still.
    pub fn keys<'a>(&'a self, server: &'a EntitlementServer, now: UnixTime) -> &'a KeySet {
        self.in_force(server.number, now).map_or(&server.keys, |set| &set.keys)
    }

    /// Whether the server with this number has a set that can be used at `now`.
    pub fn has_set(&self, server: usize, now: UnixTime) -> bool {
        self.in_force(server, now).is_some()
    }

    /// How many keys of the set can be used at `now`.
    pub fn size(&self, server: usize, now: UnixTime) -> usize {
        self.in_force(server, now).map_or(0, |set| set.fetched().count())
    }

    /// When the server's set was asked for, whether it can be used still or not; `None` without one.
    pub fn fetched_at(&self, server: usize) -> Option<UnixTime> {
        self.sets.get(&server).map(|set| set.fetched_at)
    }

    /// The number of the fetch that brought the server's set; 0 without one.
    pub fn set_number(&self, server: usize) -> u64 {
        self.sets.get(&server).map_or(0, |set| set.number)
    }

    /// The newest `iat` that this worker has accepted.
    pub fn newest_issue(&self, server: usize) -> Option<f64> {
        self.sets.get(&server).and_then(|set| set.newest_issue)
    }

    /// Takes the set that the fetch `number` has brought for `server`. A key that was there before (the same key, `kid` and
    /// window) stays the same one, with all that was computed for it; where this set ends before the last one, with another number.
    pub fn take(
        &mut self,
        server: &EntitlementServer,
        number: u64,
        fetched_at: UnixTime,
        answer: KeySetAnswer,
    ) -> Taken {
        // It lasts until the new one has its tables: those of a key that stays are shared, and go with the last that has them.
        let before = self.sets.remove(&server.number);
        let newest = before.as_ref().and_then(|set| set.newest_issue);
        let mut old: Vec<&PinnedKey> = before.iter().flat_map(Set::fetched).collect();
        let mut gone = Vec::new();
        let mut brought = Brought::Same;
        let mut keys = server.keys.keys().to_vec();
        for key in answer.keys {
            let same = old.iter().position(|old| is_same(old, &key)).map(|place| old.swap_remove(place));
            let number = match same.and_then(|same| same.fetched) {
                Some(fetched) if fetched.until <= answer.until => fetched.number,
                // Tokens that it has verified would be kept until the end of the old set: they are to be seen anew.
                Some(fetched) => {
                    gone.push(fetched.number);
                    self.next_number()
                }
                None => {
                    brought = Brought::New;
                    self.next_number()
                }
            };
            keys.push(PinnedKey { fetched: Some(Fetched { number, until: answer.until }), ..key });
        }
        gone.extend(old.iter().filter_map(|key| key.fetched).map(|fetched| fetched.number));
        let newest_issue = [newest, answer.issued_at].into_iter().flatten().reduce(f64::max);
        let keys = KeySet::new(keys);
        keys.prepare(&self.tables);
        let set = Set { number, fetched_at, until: answer.until, newest_issue, keys };
        self.sets.insert(server.number, set);
        Taken { brought, gone }
    }

    fn next_number(&mut self) -> u64 {
        self.numbered = self.numbered.saturating_add(1);
        self.numbered
    }

    fn in_force(&self, server: usize, now: UnixTime) -> Option<&Set> {
        self.sets.get(&server).filter(|set| now < set.until)
    }
}

impl Set {
    fn fetched(&self) -> impl Iterator<Item = &PinnedKey> {
        self.keys.keys().iter().filter(|key| key.fetched.is_some())
    }
}

fn is_same(one: &PinnedKey, other: &PinnedKey) -> bool {
    let same_key =
        one.key.thumbprint() == other.key.thumbprint() && one.key.algorithm() == other.key.algorithm();
    same_key && one.kid == other.kid && one.window == other.window
}

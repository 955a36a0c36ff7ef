//! A bounded map from tokens (or their digests) to what is known about them.
//!
//! Constant cost per look-up: a hash picks one slot, whose whole key is compared. The hash is keyed by the
//! worker's own random state, so that nobody can aim collisions; two keys of one hash replace each other.
//! It is full at so many entries, or, where they are weighed, at what they weigh together. Then the clock algorithm
//! evicts: an entry that was used since the hand last passed stays.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

/// How many entries the hand may spare before one goes anyway: this keeps the cost of an insertion constant.
const MAX_SPARED: usize = 32;

/// How much of a key's end is hashed. A token ends in its signature, which differs where anything differs.
const HASHED_BYTES: usize = 32;

/// A bounded map.
#[derive(Debug)]
pub struct BoundedMap<V> {
    capacity: usize,
    state: RandomState,
    places: HashMap<u64, usize, PassThrough>,
    entries: Vec<Entry<V>>,
    hand: usize,
    /// What all entries may weigh together, and what they do.
    budget: usize,
    weight: usize,
}

#[derive(Debug)]
struct Entry<V> {
    hash: u64,
    key: Box<[u8]>,
    value: V,
    weight: usize,
    used: bool,
}

impl<V> BoundedMap<V> {
    /// A map of at most `capacity` entries, hashing with `state`; memory is taken as it fills.
    pub fn new(capacity: usize, state: RandomState) -> BoundedMap<V> {
        BoundedMap::with_budget(capacity, usize::MAX, state)
    }

    /// The same, of which all entries together weigh at most `budget`.
    pub fn with_budget(capacity: usize, budget: usize, state: RandomState) -> BoundedMap<V> {
        let (places, entries) = (HashMap::default(), Vec::new());
        BoundedMap { capacity, state, places, entries, hand: 0, budget, weight: 0 }
    }

    /// Whether it can hold anything.
    pub fn is_on(&self) -> bool {
        self.capacity > 0
    }

    /// What is kept for `key`.
    pub fn get(&mut self, key: &[u8]) -> Option<&V> {
        // Where nothing is ever kept, no key is worth its hash.
        if self.entries.is_empty() {
            return None;
        }
        let place = *self.places.get(&self.hash(key))?;
        let entry = self.entries.get_mut(place).filter(|entry| are_equal(&entry.key, key))?;
        entry.used = true;
        Some(&entry.value)
    }

    /// Keeps `value` for `key`, at the cost of another entry if it is full.
    pub fn insert(&mut self, key: &[u8], value: V) {
        self.insert_weighing(key, value, 0);
    }

    /// The same for a value that weighs so much; one that weighs more than the whole budget is not kept.
    pub fn insert_weighing(&mut self, key: &[u8], value: V, weight: usize) {
        if self.capacity == 0 {
            return;
        }
        let hash = self.hash(key);
        if let Some(place) = self.places.get(&hash) {
            self.take_out(*place);
        }
        if weight > self.budget {
            return;
        }
        while self.entries.len() >= self.capacity || self.weight.saturating_add(weight) > self.budget {
            self.evict();
        }
        self.weight = self.weight.saturating_add(weight);
        self.places.insert(hash, self.entries.len());
        self.entries.push(Entry { hash, key: key.into(), value, weight, used: false });
    }

    /// Keeps nothing for `key` any more.
    pub fn remove(&mut self, key: &[u8]) {
        if self.get(key).is_some()
            && let Some(place) = self.places.get(&self.hash(key))
        {
            self.take_out(*place);
        }
    }

    /// Keeps only what `keep` wants.
    pub fn retain(&mut self, keep: impl Fn(&V) -> bool) {
        for place in (0..self.entries.len()).rev() {
            if self.entries.get(place).is_some_and(|entry| !keep(&entry.value)) {
                self.take_out(place);
            }
        }
    }

    /// Lets one entry go.
    fn evict(&mut self) {
        self.hand = self.hand.min(self.entries.len().saturating_sub(1));
        for _ in 0..MAX_SPARED {
            let spared = self.entries.get_mut(self.hand).is_some_and(|entry| std::mem::take(&mut entry.used));
            if !spared {
                break;
            }
            self.hand = self.after(self.hand);
        }
        self.take_out(self.hand);
        // What has come to its place is the newest.
        self.hand = self.after(self.hand);
    }

    /// Takes out the entry at `place`; the last one comes there.
    fn take_out(&mut self, place: usize) {
        if place >= self.entries.len() {
            return;
        }
        let gone = self.entries.swap_remove(place);
        self.places.remove(&gone.hash);
        self.weight = self.weight.saturating_sub(gone.weight);
        if let Some(moved) = self.entries.get(place) {
            self.places.insert(moved.hash, place);
        }
    }

    fn after(&self, place: usize) -> usize {
        let next = place.saturating_add(1);
        if next < self.entries.len() { next } else { 0 }
    }

    fn hash(&self, key: &[u8]) -> u64 {
        let end = key.len().saturating_sub(HASHED_BYTES);
        let mut hasher = self.state.build_hasher();
        hasher.write(key.get(end..).unwrap_or(key));
        hasher.finish()
    }
}

/// Compares by words and without a branch, so that the memory of a key is fetched in one go: it is rarely near.
fn are_equal(a: &[u8], b: &[u8]) -> bool {
    let ((a_words, a_end), (b_words, b_end)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let pairs = a_words.iter().zip(b_words);
    let difference = pairs.fold(0, |sum, (a, b)| sum | (u64::from_ne_bytes(*a) ^ u64::from_ne_bytes(*b)));
    a.len() == b.len() && difference == 0 && a_end == b_end
}

/// The keys of `places` are hashes already.
#[derive(Debug, Clone, Default)]
struct PassThrough;

#[derive(Default)]
struct Taken(u64);

impl BuildHasher for PassThrough {
    type Hasher = Taken;
    fn build_hasher(&self) -> Taken {
        Taken::default()
    }
}

impl Hasher for Taken {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|b| self.0 = self.0.rotate_left(8) ^ u64::from(*b));
    }
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests;

//! A bounded map from tokens (or their digests) to what is known about them.
//!
//! Constant cost per look-up: a hash picks one slot, whose whole key is compared. The hash is keyed by the
//! worker's own random state, so that nobody can aim collisions; two keys of one hash replace each other.
//! When it is full, the clock algorithm evicts: an entry that was used since the hand last passed stays.

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
}

#[derive(Debug)]
struct Entry<V> {
    hash: u64,
    key: Box<[u8]>,
    value: V,
    used: bool,
}

impl<V> BoundedMap<V> {
    /// A map of at most `capacity` entries, hashing with `state`; memory is taken as it fills.
    pub fn new(capacity: usize, state: RandomState) -> BoundedMap<V> {
        BoundedMap { capacity, state, places: HashMap::default(), entries: Vec::new(), hand: 0 }
    }

    /// Whether it can hold anything.
    pub fn is_on(&self) -> bool {
        self.capacity > 0
    }

    /// What is kept for `key`.
    pub fn get(&mut self, key: &[u8]) -> Option<&V> {
        let place = *self.places.get(&self.hash(key))?;
        let entry = self.entries.get_mut(place).filter(|entry| are_equal(&entry.key, key))?;
        entry.used = true;
        Some(&entry.value)
    }

    /// Keeps `value` for `key`, at the cost of another entry if it is full.
    pub fn insert(&mut self, key: &[u8], value: V) {
        if self.capacity == 0 {
            return;
        }
        let hash = self.hash(key);
        let entry = Entry { hash, key: key.into(), value, used: false };
        let place = match self.places.get(&hash) {
            Some(place) => *place,
            None if self.entries.len() < self.capacity => self.entries.len(),
            None => self.evict(),
        };
        match self.entries.get_mut(place) {
            Some(old) => *old = entry,
            None => self.entries.push(entry),
        }
        self.places.insert(hash, place);
    }

    /// Chooses a place whose entry goes.
    fn evict(&mut self) -> usize {
        for _ in 0..MAX_SPARED {
            let spared = self.entries.get_mut(self.hand).is_some_and(|entry| std::mem::take(&mut entry.used));
            if !spared {
                break;
            }
            self.hand = self.after(self.hand);
        }
        let place = self.hand;
        self.hand = self.after(place);
        if let Some(entry) = self.entries.get(place) {
            self.places.remove(&entry.hash);
        }
        place
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

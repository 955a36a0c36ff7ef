//! What the workers of a host share: a map from names to bytes, with a version for each value and without removal.
//!
//! Workers are threads, and nothing but the map itself makes one wait for another. So whoever changes a value says
//! which version it has seen, and looks again where another was faster.

use std::cell::RefCell;
use std::collections::BTreeMap;

/// A version that no value has: where it is expected, a value is put only if there is none yet. (0 is no such
/// version: it would replace whatever is there.)
const NONE_YET: u32 = 0xffff_fff0;

/// How often a change is tried. Each try that fails is another worker's success, so this is far more than enough.
const ATTEMPTS: usize = 1_000;

/// The host's map.
pub trait SharedMap {
    /// What is there under `name`.
    fn get(&self, name: &str) -> Read;
    /// Puts `value` there if the version is still `version`, or if there is nothing.
    fn put(&self, name: &str, value: &[u8], version: u32) -> Put;
}

/// What a look at the map brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// Nobody has put anything there.
    Nothing,
    /// This value, and its version.
    Value(Vec<u8>, u32),
    /// The host cannot say.
    Failed,
}

/// What becomes of a value that is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is there.
    Done,
    /// Another was faster: it is not there.
    Overtaken,
    /// The host cannot do it.
    Failed,
}

/// Makes of what is there under `name` (nothing: no bytes) what `change` wants; `None` wants it as it is. Whether it
/// is as wanted now.
pub fn update(map: &dyn SharedMap, name: &str, change: &dyn Fn(&[u8]) -> Option<Vec<u8>>) -> bool {
    for _ in 0..ATTEMPTS {
        let (value, version) = match map.get(name) {
            Read::Nothing => (Vec::new(), NONE_YET),
            Read::Value(value, version) => (value, version),
            Read::Failed => return false,
        };
        let Some(wanted) = change(&value) else { return true };
        match map.put(name, &wanted, version) {
            Put::Done => return true,
            Put::Overtaken => {}
            Put::Failed => return false,
        }
    }
    false
}

/// The value on which all who ask agree: that of the first one, which may be `mine`. `None` if the host fails.
pub fn agree<const LENGTH: usize>(
    map: &dyn SharedMap,
    name: &str,
    mine: &[u8; LENGTH],
) -> Option<[u8; LENGTH]> {
    // What somebody else has left there in another length is no such value.
    let wanted = |there: &[u8]| (there.len() != LENGTH).then(|| mine.to_vec());
    if !update(map, name, &wanted) {
        return None;
    }
    match map.get(name) {
        Read::Value(value, _) => value.try_into().ok(),
        Read::Nothing | Read::Failed => None,
    }
}

/// The map of one worker that shares with nobody: where there is no host.
#[derive(Debug, Default)]
pub struct OwnMap(RefCell<BTreeMap<String, (Vec<u8>, u32)>>);

impl SharedMap for OwnMap {
    fn get(&self, name: &str) -> Read {
        match self.0.borrow().get(name) {
            None => Read::Nothing,
            Some((value, version)) => Read::Value(value.clone(), *version),
        }
    }

    fn put(&self, name: &str, value: &[u8], _version: u32) -> Put {
        // Nobody can have come between.
        let mut values = self.0.borrow_mut();
        let version = values.get(name).map_or(0, |(_, version)| *version).wrapping_add(1);
        values.insert(name.to_owned(), (value.to_vec(), version));
        Put::Done
    }
}

#[cfg(test)]
pub(crate) mod fake {
    //! A host's map by the rules of proxy-wasm hosts, in which another can be made to act between two steps.

    use super::{Put, Read, SharedMap};
    use std::collections::HashMap;
    use std::sync::Mutex;

    /// What another does.
    type Act = Box<dyn FnOnce(&FakeMap) + Send>;

    #[derive(Default)]
    pub(crate) struct FakeMap {
        state: Mutex<State>,
    }

    #[derive(Default)]
    struct State {
        values: HashMap<String, (Vec<u8>, u32)>,
        versions: u32,
        before_puts: Vec<Act>,
    }

    impl FakeMap {
        /// Before one of the next puts, `other` acts.
        pub(crate) fn before_put(&self, other: impl FnOnce(&FakeMap) + Send + 'static) {
            self.state.lock().expect("the state").before_puts.push(Box::new(other));
        }

        /// How many values it has.
        pub(crate) fn len(&self) -> usize {
            self.state.lock().expect("the state").values.len()
        }

        /// How many puts nobody has come before yet.
        pub(crate) fn still_to_come(&self) -> usize {
            self.state.lock().expect("the state").before_puts.len()
        }
    }

    impl SharedMap for FakeMap {
        fn get(&self, name: &str) -> Read {
            match self.state.lock().expect("the state").values.get(name) {
                None => Read::Nothing,
                Some((value, version)) => Read::Value(value.clone(), *version),
            }
        }

        fn put(&self, name: &str, value: &[u8], version: u32) -> Put {
            let other = self.state.lock().expect("the state").before_puts.pop();
            if let Some(other) = other {
                other(self);
            }
            let mut state = self.state.lock().expect("the state");
            if state.values.get(name).is_some_and(|(_, there)| version != 0 && version != *there) {
                return Put::Overtaken;
            }
            state.versions = state.versions.saturating_add(1);
            let versioned = (value.to_vec(), state.versions);
            state.values.insert(name.to_owned(), versioned);
            Put::Done
        }
    }

    /// A host that can do nothing.
    pub(crate) struct NoMap;

    impl SharedMap for NoMap {
        fn get(&self, _name: &str) -> Read {
            Read::Failed
        }
        fn put(&self, _name: &str, _value: &[u8], _version: u32) -> Put {
            Put::Failed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fake::{FakeMap, NoMap};
    use super::*;

    fn append(map: &FakeMap, byte: u8) -> bool {
        update(map, "name", &|there| Some([there, &[byte]].concat()))
    }

    fn sorted(map: &FakeMap) -> Vec<u8> {
        let Read::Value(mut value, _) = map.get("name") else { return Vec::new() };
        value.sort_unstable();
        value
    }

    #[test]
    fn two_first_writes_at_once_lose_nothing() {
        let map = FakeMap::default();
        map.before_put(|map| assert!(append(map, 2)));
        assert!(append(&map, 1));
        assert_eq!((sorted(&map), map.still_to_come()), (vec![1, 2], 0));
    }

    #[test]
    fn however_many_come_between_nothing_is_lost() {
        let map = FakeMap::default();
        assert!(append(&map, 1));
        for byte in 2..=200 {
            map.before_put(move |map| assert!(append(map, byte)));
        }
        assert!(append(&map, 201));
        assert_eq!((sorted(&map), map.still_to_come()), ((1..=201).collect(), 0));
    }

    #[test]
    fn workers_in_threads_lose_nothing() {
        let map = FakeMap::default();
        std::thread::scope(|scope| {
            for bytes in [0..50, 50..100, 100..150, 150..200] {
                let map = &map;
                scope.spawn(move || bytes.for_each(|byte| assert!(append(map, byte))));
            }
        });
        assert_eq!(sorted(&map), (0..200).collect::<Vec<u8>>());
    }

    #[test]
    fn all_agree_on_the_first_value() {
        let map = FakeMap::default();
        map.before_put(|map| assert_eq!(agree(map, "name", b"first"), Some(*b"first")));
        assert_eq!(agree(&map, "name", b"later"), Some(*b"first"));
        assert_eq!(agree(&map, "name", b"third"), Some(*b"first"));
        assert_eq!(agree(&map, "name", b"of another length"), Some(*b"of another length"));
    }

    #[test]
    fn a_host_that_fails_is_no_success() {
        assert!(!update(&NoMap, "name", &|_| Some(vec![1])));
        assert_eq!(agree(&NoMap, "name", b"mine"), None);
    }
}

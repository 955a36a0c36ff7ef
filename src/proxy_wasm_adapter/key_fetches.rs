//! Fetches of key sets on their way, and the streams that wait for them.

use super::shared_data::SharedData;
use crate::exchange::Exchange;
use crate::plugin_state::StreamId;
use crate::policy::Policy;
use crate::shared_map::{OwnMap, Put, SharedMap};
use crate::time::UnixTime;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Weak;
use std::time::Duration;

/// How soon a set is seen that another worker has fetched, while requests wait for it.
pub(super) const WHILE_WAITED_FOR: Duration = Duration::from_millis(5);

/// The same while none does.
const OTHERWISE: Duration = Duration::from_millis(500);

/// Fetches on their way and the streams that wait for them.
pub(super) struct KeyFetches {
    pub(super) map: Box<dyn SharedMap>,
    /// The server whose keys a stream wants, in whose callback the root context is running.
    pub(super) wanted: Cell<Option<usize>>,
    pub(super) under_way: RefCell<HashMap<u32, Fetch>>,
    pub(super) waiting: RefCell<BTreeMap<usize, Vec<Waiting>>>,
    /// By server, the number of a fetch whose set was not taken over: it is not read again with each request.
    refused: RefCell<BTreeMap<usize, u64>>,
}

/// A fetch on its way.
pub(super) struct Fetch {
    pub(super) server: usize,
    pub(super) number: u64,
    pub(super) asked_at: UnixTime,
}

/// A stream that waits for keys.
pub(super) struct Waiting {
    pub(super) stream: StreamId,
    pub(super) exchange: Weak<RefCell<Exchange>>,
}

impl KeyFetches {
    pub(super) fn new() -> KeyFetches {
        // A host without shared data leaves each worker to itself.
        let shares = SharedData.put("eec_authn.jwks", b"", 0) == Put::Done;
        let map: Box<dyn SharedMap> = if shares { Box::new(SharedData) } else { Box::<OwnMap>::default() };
        KeyFetches {
            map,
            wanted: Cell::new(None),
            under_way: RefCell::default(),
            waiting: RefCell::default(),
            refused: RefCell::default(),
        }
    }

    /// Whether the set that the fetch `number` has brought for `server` cannot be used.
    pub(super) fn is_refused(&self, server: usize, number: u64) -> bool {
        self.refused.borrow().get(&server) == Some(&number)
    }

    /// The set that the fetch `number` has brought for `server` cannot be used.
    pub(super) fn refuse(&self, server: usize, number: u64) {
        self.refused.borrow_mut().insert(server, number);
    }

    /// A stream does not wait any longer.
    pub(super) fn leave(&self, stream: StreamId) {
        self.waiting.borrow_mut().values_mut().for_each(|all| all.retain(|waiting| waiting.stream != stream));
    }

    /// How often there must be a look at what others do.
    pub(super) fn period(&self, policy: &Policy) -> Option<Duration> {
        let waits = self.waiting.borrow().values().any(|waiting| !waiting.is_empty());
        let fetches = policy.fetching().next().is_some();
        if waits { Some(WHILE_WAITED_FOR) } else { fetches.then_some(OTHERWISE) }
    }
}

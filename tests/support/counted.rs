//! What the filter has counted, as far as a fixture knows it. The filter tells Envoy a moment after the answer, so a counter is
//! waited for where it is known what it has to come to; where others have sent requests meanwhile, it is read when it rests.

use super::envoy::Envoy;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long a counter may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Counters that are known, and how many requests Envoy had seen then.
#[derive(Default)]
pub struct Counted {
    known: RefCell<BTreeMap<String, u64>>,
    requests: Cell<u64>,
    /// Whether requests came that the fixture did not count.
    others: Cell<bool>,
}

impl Counted {
    /// The counter, before a request of the fixture's.
    pub fn before(&self, envoy: &Envoy, name: &str) -> u64 {
        let requests = envoy.requests();
        if requests != self.requests.replace(requests) {
            self.others.set(true);
            self.known.borrow_mut().clear();
        }
        let mut known = self.known.borrow_mut();
        *known.entry(name.to_owned()).or_insert_with(|| match self.others.get() {
            true => envoy.filter_stat(name),
            // Nothing else has been counted in this process.
            false => 0,
        })
    }

    /// The counter after the one request that came since, which is to bring it to `expected`.
    pub fn after(&self, envoy: &Envoy, name: &str, expected: u64) -> u64 {
        let begin = Instant::now();
        let mut count = envoy.filter_stat_now(name);
        while count != expected && begin.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(2));
            count = envoy.filter_stat_now(name);
        }
        self.known.borrow_mut().insert(name.to_owned(), count);
        self.requests.set(self.requests.get() + 1);
        count
    }
}

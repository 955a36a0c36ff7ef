//! How many fetched keys each entitlement server has, and how old its set is.

use super::hostcalls::{self, Metric};
use super::statistics::{full_name, handle};
use crate::gauge::Gauge;
use crate::plugin_state::PluginState;
use crate::policy::Policy;
use crate::time::{Recurring, UnixTime};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

/// How often they are recorded, in seconds.
const PERIOD: f64 = 10.0;

thread_local! {
    /// How many configurations of this VM record the gauges of a server: the last one to go leaves them at 0, since no gauge
    /// can be removed.
    static RECORDED: RefCell<BTreeMap<String, usize>> = const { RefCell::new(BTreeMap::new()) };
}

/// The gauges of one configuration.
pub(super) struct JwksGauges {
    gauges: Vec<Gauges>,
    all: Recurring,
}

struct Gauges {
    server: usize,
    /// The full name of the first one.
    name: String,
    /// The set that was recorded last.
    set: Cell<u64>,
    keys: Option<u32>,
    age: Option<u32>,
}

impl JwksGauges {
    pub(super) fn define(policy: &Policy) -> JwksGauges {
        let gauges = policy.fetching().map(|(server, _)| {
            let server = server.number;
            let name = full_name(policy, &Gauge::JwksKeys { server }.name());
            let age = full_name(policy, &Gauge::JwksAgeSeconds { server }.name());
            let (keys, age) = [name.clone(), age].map(|name| handle(Metric::Gauge, name)).into();
            Gauges { server, set: Cell::new(0), keys, age, name }
        });
        let gauges: Vec<Gauges> = gauges.collect();
        RECORDED.with_borrow_mut(|recorded| {
            for gauges in &gauges {
                let count = recorded.entry(gauges.name.clone()).or_default();
                *count = count.saturating_add(1);
            }
        });
        JwksGauges { gauges, all: Recurring::every(PERIOD) }
    }

    /// Records them, if it is time or a set is new.
    pub(super) fn record(&self, plugin: &PluginState, now: UnixTime) {
        let fetched = plugin.fetched.borrow();
        let is_time = self.all.is_due(now);
        for gauges in &self.gauges {
            let set = fetched.set_number(gauges.server);
            if gauges.set.replace(set) != set || is_time {
                let (size, age) = fetched.size_and_age(gauges.server, now);
                gauges.write(size as u64, age as u64);
            }
        }
    }
}

impl Gauges {
    fn write(&self, keys: u64, age: u64) {
        self.keys.into_iter().for_each(|id| hostcalls::record_metric(id, keys));
        self.age.into_iter().for_each(|id| hostcalls::record_metric(id, age));
    }
}

impl Drop for JwksGauges {
    fn drop(&mut self) {
        RECORDED.with_borrow_mut(|recorded| {
            for gauges in &self.gauges {
                let left = recorded.remove(&gauges.name).unwrap_or_default().saturating_sub(1);
                if left > 0 {
                    recorded.insert(gauges.name.clone(), left);
                } else {
                    gauges.write(0, 0);
                }
            }
        });
    }
}

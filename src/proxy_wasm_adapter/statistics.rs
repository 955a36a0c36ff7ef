//! Envoy statistics, `wasmcustom.eec_authn.*`: defined once, so that counting is one host call.

use super::hostcalls::{self, Metric};
use crate::counter::Counter;
use crate::policy::Policy;
use crate::time::UnixTime;
use std::cell::RefCell;
use std::collections::HashMap;

/// The handles of all statistics.
pub(super) struct Statistics {
    /// In the order of [`Counter::all`].
    counters: Vec<Option<u32>>,
    waiting: Option<u32>,
    generation: Option<u32>,
    /// The days that keys with an end date have left: handle and end.
    key_valid_days: Vec<(u32, UnixTime)>,
}

impl Statistics {
    /// Defines everything that `policy` can count.
    pub(super) fn define(policy: &Policy) -> Statistics {
        let define = |metric, name: &str| hostcalls::define_metric(metric, &full_name(policy, name));
        let gauge = |name: &str| define(Metric::Gauge, name);
        let mut key_valid_days = Vec::new();
        for (s, server) in policy.entitlement_servers.iter().enumerate() {
            for (k, key) in server.keys.keys().iter().enumerate() {
                if let Some(end) = key.window.not_after
                    && let Some(id) = gauge(&format!("key_valid_days.{s}_{k}"))
                {
                    key_valid_days.push((id, end));
                }
            }
        }
        retire(policy, key_valid_days.iter().map(|(id, _)| *id).collect());
        Statistics {
            counters: Counter::all().map(|counter| define(Metric::Counter, &counter.name())).collect(),
            waiting: gauge("online.waiting"),
            generation: gauge("config.generation"),
            key_valid_days,
        }
    }

    /// Adds one to a counter.
    pub(super) fn count(&self, counter: Counter) {
        if let Some(Some(id)) = self.counters.get(counter.index()) {
            hostcalls::increment_metric(*id, 1);
        }
    }

    /// Adds to the number of requests that wait for an answer, of all workers together.
    pub(super) fn add_waiting(&self, change: i64) {
        if let Some(id) = self.waiting {
            hostcalls::increment_metric(id, change);
        }
    }

    /// Whether a key has an end date, so that [`Statistics::record_key_days`] has to be called now and then.
    pub(super) fn has_key_days(&self) -> bool {
        !self.key_valid_days.is_empty()
    }

    /// Records how many days each key with an end date has left, the last one begun included: 0 is over.
    pub(super) fn record_key_days(&self, now: UnixTime) {
        for (id, end) in &self.key_valid_days {
            let days = (end.seconds() - now.seconds()) / 86_400.0;
            // A cast of a float saturates: a key that is over has no days left.
            hostcalls::record_metric(*id, days.ceil() as u64);
        }
    }

    /// Records which configuration is in force, as a number that all workers agree on.
    pub(super) fn record_generation(&self, generation: u32) {
        if let Some(id) = self.generation {
            hostcalls::record_metric(id, generation.into());
        }
    }
}

/// The host's name of a statistic.
pub(super) fn full_name(policy: &Policy, name: &str) -> String {
    match &policy.name {
        Some(plugin) => format!("eec_authn.{plugin}.{name}"),
        None => format!("eec_authn.{name}"),
    }
}

/// A plugin among those of one VM, across its configurations: its `name` and the first of its `fqdns`.
type PluginName = (Option<Box<str>>, Box<str>);

thread_local! {
    /// The gauges of keys that the last configuration of each plugin had. A push makes a new root context, so that only what
    /// belongs to the VM outlives it.
    static LAST: RefCell<HashMap<PluginName, Vec<u32>>> = RefCell::default();
}

/// Brings those gauges to 0 that only the plugin's last configuration had: the host cannot take them away.
fn retire(policy: &Policy, gauges: Vec<u32>) {
    let plugin = (policy.name.clone(), policy.protects.realm.clone());
    let earlier = LAST.with_borrow_mut(|last| last.insert(plugin, gauges.clone())).unwrap_or_default();
    for id in earlier.into_iter().filter(|id| !gauges.contains(id)) {
        hostcalls::record_metric(id, 0);
    }
}

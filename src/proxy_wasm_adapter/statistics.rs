//! Envoy statistics, `wasmcustom.eec_authn.*`: what the core has counted is told to the host on a tick.

use super::hostcalls::{self, Metric};
use crate::counter::Counter;
use crate::gauge::Gauge;
use crate::plugin_state::PluginState;
use crate::policy::Policy;
use crate::tally::Tally;
use crate::time::{Recurring, UnixTime};
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
    /// When they are counted anew.
    key_days: Recurring,
}

/// How often the days that keys have left are counted anew, in seconds.
pub(super) const KEY_DAYS_PERIOD: u32 = 3_600;

impl Statistics {
    /// Defines everything that `plugin` can count.
    pub(super) fn define(plugin: &PluginState) -> Statistics {
        let policy = &plugin.policy;
        let define = |metric, name: &str| handle(metric, full_name(policy, name));
        let gauge = |gauge: Gauge| define(Metric::Gauge, &gauge.name());
        let mut key_valid_days = Vec::new();
        for (s, server) in policy.entitlement_servers.iter().enumerate() {
            for (k, key) in server.keys.keys().iter().enumerate() {
                if let Some(end) = key.window.not_after
                    && let Some(id) = gauge(Gauge::KeyValidDays { server: s, key: k })
                {
                    key_valid_days.push((id, end));
                }
            }
        }
        retire(policy, key_valid_days.iter().map(|(id, _)| *id).collect());
        Statistics {
            counters: Counter::all(plugin.tally.extent())
                .map(|counter| define(Metric::Counter, &counter.name()))
                .collect(),
            waiting: gauge(Gauge::OnlineWaiting {}),
            generation: gauge(Gauge::ConfigGeneration {}),
            key_valid_days,
            key_days: Recurring::every(KEY_DAYS_PERIOD.into()),
        }
    }

    /// Tells the host what has been counted since.
    pub(super) fn tell(&self, tally: &Tally) {
        for (place, count) in tally.take() {
            if let Some(Some(id)) = self.counters.get(place) {
                hostcalls::increment_metric(*id, i64::try_from(count).unwrap_or(i64::MAX));
            }
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

    /// Records how many days each key with an end date has left, the last one begun included: 0 is over. Only if it is time.
    pub(super) fn record_key_days(&self, now: UnixTime) {
        if !self.key_days.is_due(now) {
            return;
        }
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

/// The handle of a statistic. The host gives a new one, and keeps it, each time that a name is defined: once in a VM is enough.
pub(super) fn handle(metric: Metric, name: String) -> Option<u32> {
    let known = HANDLES.with_borrow(|handles| handles.get(&name).copied());
    known.or_else(|| {
        let id = hostcalls::define_metric(metric, &name)?;
        HANDLES.with_borrow_mut(|handles| handles.insert(name, id));
        Some(id)
    })
}

/// A plugin among those of one VM, across its configurations: its `name` and the first of its `fqdns`.
type PluginName = (Option<Box<str>>, Box<str>);

thread_local! {
    static HANDLES: RefCell<HashMap<String, u32>> = RefCell::default();
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

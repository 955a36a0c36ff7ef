//! Envoy statistics, `wasmcustom.eec_authn.*`: what the core has counted is told to the host on a tick.

use super::hostcalls::{self, Metric};
use crate::counter::Counter;
use crate::gauge::Gauge;
use crate::plugin_state::PluginState;
use crate::policy::Policy;
use crate::tally::Tally;
use std::cell::RefCell;
use std::collections::HashMap;

/// The handles of all statistics.
pub(super) struct Statistics {
    /// In the order of [`Counter::all`].
    counters: Vec<Option<u32>>,
    waiting: Option<u32>,
}

impl Statistics {
    /// Defines everything that `plugin` can count.
    pub(super) fn define(plugin: &PluginState) -> Statistics {
        let policy = &plugin.policy;
        let define = |metric, name: &str| handle(metric, full_name(policy, name));
        Statistics {
            counters: Counter::all(plugin.tally.extent())
                .map(|counter| define(Metric::Counter, &counter.name()))
                .collect(),
            waiting: define(Metric::Gauge, &Gauge::OnlineWaiting {}.name()),
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

thread_local! {
    static HANDLES: RefCell<HashMap<String, u32>> = RefCell::default();
}

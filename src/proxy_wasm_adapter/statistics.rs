//! Envoy statistics, `wasmcustom.eec_authn.*`: defined once, so that counting is one host call.

use super::hostcalls::{self, Metric};
use crate::counter::Counter;
use crate::policy::Policy;
use crate::time::UnixTime;
use sha2::{Digest as _, Sha256};

/// The handles of all statistics.
pub(super) struct Statistics {
    /// In the order of [`Counter::all`].
    counters: Vec<Option<u32>>,
    waiting: Option<u32>,
    /// The days that keys with an end date have left: handle and end.
    key_valid_days: Vec<(u32, UnixTime)>,
}

impl Statistics {
    /// Defines everything that `policy` can count.
    pub(super) fn define(policy: &Policy) -> Statistics {
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
        let counter =
            |c: Counter| hostcalls::define_metric(Metric::Counter, &format!("eec_authn.{}", c.name()));
        Statistics {
            counters: Counter::all().map(counter).collect(),
            waiting: gauge("online.waiting"),
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

    /// Records how many whole days each key with an end date has left.
    pub(super) fn record_key_days(&self, now: UnixTime) {
        for (id, end) in &self.key_valid_days {
            let days = (end.seconds() - now.seconds()) / 86_400.0;
            // A cast of a float saturates: a key that is over has no days left.
            hostcalls::record_metric(*id, days as u64);
        }
    }

    /// Records which configuration is in force, as a number that all workers agree on.
    pub(super) fn record_generation(configuration: &[u8]) {
        let digest: [u8; 32] = Sha256::digest(configuration).into();
        let [a, b, c, ..] = digest;
        if let Some(id) = gauge("config.generation") {
            hostcalls::record_metric(id, u64::from(u32::from_be_bytes([0, a, b, c])));
        }
    }
}

fn gauge(name: &str) -> Option<u32> {
    hostcalls::define_metric(Metric::Gauge, &format!("eec_authn.{name}"))
}

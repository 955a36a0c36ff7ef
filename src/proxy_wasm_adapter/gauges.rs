//! What is measured of one configuration, and the host's gauges: which are its own, the workers agree on (`measure`).

use super::clock::now;
use super::hostcalls::{self, Metric};
use super::key_fetches::KeyFetches;
use super::shared_data::{SharedData, random};
use super::statistics::{full_name, handle};
use crate::gauge::Gauge;
use crate::jwks_remote::SharedSets;
use crate::measure::{Measure, PERIOD, Shown};
use crate::plugin_state::PluginState;
use crate::policy::Policy;
use crate::proof::MemoryOwner;
use crate::time::{Recurring, UnixTime};
use std::cell::RefCell;
use std::rc::Rc;

/// The gauges of one configuration.
pub(super) struct Gauges {
    plugin: Rc<PluginState>,
    generation: u32,
    /// The host's names of them, sorted.
    handles: Vec<(Gauge, u32)>,
    measure: RefCell<Measure>,
    all: Recurring,
    /// The fetched sets that were told of last.
    sets: RefCell<Vec<u64>>,
}

impl Gauges {
    pub(super) fn define(plugin: &Rc<PluginState>, generation: u32) -> Gauges {
        let policy = &plugin.policy;
        let gauges = of(policy);
        let id = |gauge: &Gauge| handle(Metric::Gauge, full_name(policy, &gauge.name()));
        let mut handles: Vec<(Gauge, u32)> =
            gauges.iter().filter_map(|gauge| Some((*gauge, id(gauge)?))).collect();
        handles.sort_unstable();
        let holder = random().map_or(0, u64::from_le_bytes);
        let owner = MemoryOwner::of(policy);
        let measure = Measure::new(owner.name, owner.fqdn, generation, gauges, holder);
        Gauges {
            plugin: Rc::clone(plugin),
            generation,
            handles,
            measure: RefCell::new(measure),
            all: Recurring::every(PERIOD),
            sets: RefCell::default(),
        }
    }

    /// Measures, if it is time or a set is new. The first time, this configuration is in force from then on: so not for one that is
    /// only tried, nor for one that the host refuses for something else.
    pub(super) fn record(&self, fetches: &KeyFetches, now: UnixTime) {
        let is_time = self.all.is_due(now);
        let fetched = self.plugin.fetched.borrow();
        let servers = self.plugin.policy.fetching().map(|(server, _)| server.number);
        let sets: Vec<u64> = servers.map(|server| fetched.set_number(server)).collect();
        drop(fetched);
        let is_new = *self.sets.borrow() != sets;
        self.sets.replace(sets);
        if !is_new && !is_time {
            return;
        }
        let shown = self.measure.borrow_mut().hold(&SharedData, now);
        self.show(&shown, |gauge| self.value(gauge, fetches, now));
    }

    fn show(&self, shown: &Shown, value: impl Fn(Gauge) -> u64) {
        for gauge in &shown.over {
            // One that another configuration had may have no handle here.
            let id = handle(Metric::Gauge, full_name(&self.plugin.policy, &gauge.name()));
            id.into_iter().for_each(|id| hostcalls::record_metric(id, 0));
        }
        for gauge in &shown.own {
            let place = self.handles.binary_search_by_key(gauge, |(own, _)| *own);
            let id = place.ok().and_then(|place| self.handles.get(place));
            id.into_iter().for_each(|(_, id)| hostcalls::record_metric(*id, value(*gauge)));
        }
    }

    fn value(&self, gauge: Gauge, fetches: &KeyFetches, now: UnixTime) -> u64 {
        let plugin = &self.plugin;
        // A cast of a float saturates, so that what is less than nothing is nothing.
        match gauge {
            // Workers add to it what they have, each for itself.
            Gauge::OnlineWaiting {} => 0,
            Gauge::ConfigGeneration {} => self.generation.into(),
            Gauge::KeyValidDays { server, key } => {
                let end = end_of_key(&plugin.policy, server, key);
                // The last day that has begun counts: 0 is over.
                end.map_or(0, |end| ((end.seconds() - now.seconds()) / 86_400.0).ceil() as u64)
            }
            Gauge::JwksKeys { server } => plugin.fetched.borrow().size(server, now) as u64,
            Gauge::JwksAgeSeconds { server } => {
                let own = plugin.fetched.borrow().fetched_at(server);
                let since = own.or_else(|| {
                    let (_, remote) =
                        plugin.policy.fetching().find(|(fetching, _)| fetching.number == server)?;
                    Some(SharedSets::new(&*fetches.map, remote).without_a_set_since(now))
                });
                since.map_or(0, |since| (now.seconds() - since.seconds()) as u64)
            }
        }
    }
}

impl Drop for Gauges {
    fn drop(&mut self) {
        let shown = self.measure.borrow_mut().leave(&SharedData, now());
        self.show(&shown, |_| 0);
    }
}

/// The gauges that a configuration has.
fn of(policy: &Policy) -> Vec<Gauge> {
    let mut gauges = vec![Gauge::ConfigGeneration {}];
    for (server, of_server) in policy.entitlement_servers.iter().enumerate() {
        let keys = of_server.keys.keys().iter().enumerate();
        let ending = keys.filter(|(_, key)| key.window.not_after.is_some());
        gauges.extend(ending.map(|(key, _)| Gauge::KeyValidDays { server, key }));
    }
    for (server, _) in policy.fetching() {
        let server = server.number;
        gauges.extend([Gauge::JwksKeys { server }, Gauge::JwksAgeSeconds { server }]);
    }
    gauges
}

fn end_of_key(policy: &Policy, server: usize, key: usize) -> Option<UnixTime> {
    policy.entitlement_servers.get(server)?.keys.keys().get(key)?.window.not_after
}

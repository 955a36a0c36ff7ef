//! The plugin in one worker: its configuration and what all requests share.

use super::answers;
use super::calls::Calls;
use super::clock::now;
use super::fetching;
use super::gauges::Gauges;
use super::going_on;
use super::hostcalls::{self, Buffer, Level};
use super::key_fetches::KeyFetches;
use super::limited_log::LimitedLog;
use super::native_verifier;
use super::ready::Ready;
use super::shared::{Shared, TELL_AFTER};
use super::shared_data::{SharedData, random};
use super::statistics::Statistics;
use super::streams;
use super::ticks::Ticks;
use crate::config::{self, Loaded};
use crate::introspection::InactiveTokens;
use crate::keys::{TableStore, recall_sound_moduli, share_sound_moduli};
use crate::measure;
use crate::plugin_state::PluginState;
use crate::proof::{MemoryOwner, ProofMemory};
use proxy_wasm::traits::{Context, RootContext};
use std::hash::RandomState;
use std::rc::Rc;
use std::time::Duration;

/// From a configuration to its first measures, and the first fetch of keys. A host's canary never gets there: it has no ticks.
const SOON: Duration = Duration::from_millis(1);

thread_local! {
    /// The tables of the keys that are pinned or fetched, of all configurations in this VM.
    static TABLES: TableStore = TableStore::default();
}

/// The root context.
pub(super) struct Root {
    id: u32,
    shared: Option<Rc<Shared>>,
}

impl Root {
    pub(super) fn new(id: u32) -> Root {
        Root { id, shared: None }
    }
}

impl Root {
    /// How often there is something to do without a request.
    fn period(&self, shared: &Shared) -> Duration {
        Ticks::shortest([
            Some(Duration::from_secs_f64(measure::PERIOD)),
            shared.ready.period(),
            shared.fetches.period(&shared.plugin.policy),
            shared.plugin.tally.has_news().then_some(TELL_AFTER),
        ])
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        if let Some(shared) = &self.shared {
            fetching::abandon(shared);
        }
    }
}

impl Context for Root {
    fn on_http_call_response(&mut self, call: u32, headers: usize, _body: usize, _trailers: usize) {
        if let Some(shared) = &self.shared {
            if fetching::on_response(shared, call, headers > 0) {
                shared.gauges.record(&shared.fetches, now());
            } else {
                answers::on_response(shared, call, headers > 0);
            }
            going_on::some(shared);
            shared.ticks.every(self.period(shared), self.id);
        }
    }
}

impl RootContext for Root {
    /// `false` makes Envoy reject the update and keep the configuration it has.
    fn on_configure(&mut self, size: usize) -> bool {
        let bytes = hostcalls::buffer(Buffer::PluginConfiguration, size).unwrap_or_default();
        recall_sound_moduli(&SharedData);
        let loaded = config::parse(&bytes, &environment);
        share_sound_moduli(&SharedData);
        match loaded {
            Ok(Loaded { policy, warnings, generation }) => {
                for warning in warnings {
                    hostcalls::log(Level::Warn, &format!("configuration: {warning}"));
                }
                let verifier = native_verifier::proven(&policy);
                let owner = MemoryOwner::of(&policy);
                let proofs = ProofMemory::agree(Box::new(SharedData), owner, random(), now());
                let sharing = |tables: &_| PluginState::sharing(policy, RandomState::new(), proofs, tables);
                let plugin = Rc::new(TABLES.with(sharing));
                let statistics = Statistics::define(&plugin);
                let calls = Calls::new(self.id);
                let inactive = InactiveTokens::agree(&SharedData, random());
                let (ticks, fetches) = (Ticks::new(self.id), KeyFetches::new());
                let gauges = Gauges::define(&plugin, generation);
                let log = LimitedLog::new(plugin.policy.name.clone());
                let shared = Rc::new(Shared {
                    plugin,
                    statistics,
                    calls,
                    ready: Ready::default(),
                    ticks,
                    fetches,
                    gauges,
                    verifier,
                    inactive,
                    log,
                });
                // What others have fetched is there before the first request.
                for (server, _) in shared.plugin.policy.fetching() {
                    fetching::take_over(&shared, server.number, now());
                }
                shared.ticks.every(SOON, self.id);
                streams::serve(self.id, &shared);
                self.shared = Some(shared);
                true
            }
            Err(errors) => {
                for error in &errors {
                    hostcalls::log(Level::Error, &format!("configuration refused: {error}"));
                }
                false
            }
        }
    }

    /// The clock, or a stream that wants its question sent.
    fn on_tick(&mut self) {
        if let Some(shared) = &self.shared {
            shared.calls.send_all();
            fetching::begin_wanted(shared);
            if shared.calls.is_in_stream() {
                return;
            }
            fetching::on_clock(shared);
            going_on::some(shared);
            shared.gauges.record(&shared.fetches, now());
            shared.statistics.tell(&shared.plugin.tally);
            shared.ticks.every(self.period(shared), self.id);
        }
    }
}

// The adapter is where the environment comes in; the core takes it as an argument.
#[allow(clippy::disallowed_methods)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

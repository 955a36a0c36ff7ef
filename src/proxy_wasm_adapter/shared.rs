//! What all requests of one configuration share in one worker, with the host behind it.

use super::calls::Calls;
use super::gauges::Gauges;
use super::key_fetches::KeyFetches;
use super::limited_log::LimitedLog;
use super::native_verifier::NativeVerifier;
use super::ready::Ready;
use super::statistics::Statistics;
use super::ticks::Ticks;
use crate::introspection::InactiveTokens;
use crate::keys::ProvenHost;
use crate::plugin_state::PluginState;
use std::rc::Rc;
use std::time::Duration;

/// How long the host waits for what has been counted.
pub(super) const TELL_AFTER: Duration = Duration::from_millis(10);

/// What all requests of one configuration share: a request keeps the one it started with.
pub(super) struct Shared {
    pub(super) plugin: Rc<PluginState>,
    pub(super) statistics: Statistics,
    pub(super) calls: Calls,
    pub(super) ready: Ready,
    pub(super) ticks: Ticks,
    pub(super) fetches: KeyFetches,
    pub(super) gauges: Gauges,
    pub(super) verifier: ProvenHost<NativeVerifier>,
    pub(super) inactive: InactiveTokens,
    pub(super) log: LimitedLog,
}

impl Shared {
    /// Sees to it that the host is told what has been counted; `context` is the effective one.
    pub(super) fn tell_soon(&self, context: u32) {
        if self.plugin.tally.has_news() {
            self.ticks.at_least_every(TELL_AFTER, context);
        }
    }
}

/// A configuration that is not needed any more has no ticks either.
impl Drop for Shared {
    fn drop(&mut self) {
        self.statistics.tell(&self.plugin.tally);
    }
}

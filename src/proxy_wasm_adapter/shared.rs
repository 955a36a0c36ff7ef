//! What all requests of one configuration share in one worker, with the host behind it.

use super::calls::Calls;
use super::jwks_gauges::JwksGauges;
use super::key_fetches::KeyFetches;
use super::native_verifier::NativeVerifier;
use super::statistics::Statistics;
use super::ticks::Ticks;
use crate::introspection::InactiveTokens;
use crate::keys::ProvenHost;
use crate::plugin_state::PluginState;
use std::rc::Rc;

/// What all requests of one configuration share: a request keeps the one it started with.
pub(super) struct Shared {
    pub(super) plugin: Rc<PluginState>,
    pub(super) statistics: Statistics,
    pub(super) calls: Calls,
    pub(super) ticks: Ticks,
    pub(super) fetches: KeyFetches,
    pub(super) jwks_gauges: JwksGauges,
    pub(super) verifier: ProvenHost<NativeVerifier>,
    pub(super) inactive: InactiveTokens,
}

//! What all requests of one configuration share in one worker. A request keeps the one it started with, so a
//! new configuration starts with nothing known.

use crate::cache::BoundedMap;
use crate::introspection::InFlight;
use crate::policy::Policy;
use crate::token::ValidToken;
use std::cell::RefCell;
use std::hash::RandomState;
use std::rc::Rc;

/// Verified tokens, by the whole token.
pub type TokenCache = BoundedMap<Rc<ValidToken>>;

/// Names a waiting request: the host's number of its stream.
pub type StreamId = u32;

/// The shared state of one configuration in one worker.
#[derive(Debug)]
pub struct PluginState {
    /// What the operator wants.
    pub policy: Policy,
    /// Tokens verified before.
    pub tokens: RefCell<TokenCache>,
    /// Questions to entitlement servers.
    pub in_flight: RefCell<InFlight<StreamId>>,
}

impl PluginState {
    /// The state before the first request: nothing known; its maps hash with `state`.
    pub fn new(policy: Policy, state: RandomState) -> PluginState {
        let tokens = RefCell::new(BoundedMap::new(policy.cached_tokens, state.clone()));
        let servers = policy.entitlement_servers.iter().filter(|server| server.online.is_some()).count();
        let in_flight = RefCell::new(InFlight::new(state, servers));
        PluginState { policy, tokens, in_flight }
    }
}

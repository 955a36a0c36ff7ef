//! What all requests of one configuration share in one worker. A request keeps the one it started with, so a
//! new configuration starts with nothing known.

use crate::cache::BoundedMap;
use crate::counter::Extent;
use crate::introspection::InFlight;
use crate::jwks_remote::{Brought, FetchedKeys, KeySetAnswer};
use crate::keys::TableStore;
use crate::policy::{EntitlementServer, Policy};
use crate::proof::{MemoryOwner, ProofMemory};
use crate::shared_map::OwnMap;
use crate::tally::Tally;
use crate::time::UnixTime;
use crate::token::ValidToken;
use std::cell::RefCell;
use std::hash::{BuildHasher as _, RandomState};
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
    /// Proofs of possession that were used, by all workers together.
    pub proofs: ProofMemory,
    /// What is counted.
    pub tally: Tally,
    /// Keys that were fetched.
    pub fetched: RefCell<FetchedKeys>,
}

impl PluginState {
    /// A plugin that starts with nothing known and shares with nobody; its maps hash with `state`.
    pub fn new(policy: Policy, state: RandomState) -> PluginState {
        let random = std::array::from_fn(|place| state.hash_one(place) as u8);
        let owner = MemoryOwner::of(&policy);
        let proofs = ProofMemory::agree(Box::new(OwnMap::default()), owner, Some(random), UnixTime::EPOCH);
        PluginState::sharing(policy, state, proofs, &TableStore::new(0))
    }

    /// The same, but what it knows of used proofs is `proofs`, and its keys have tables of `tables`.
    pub fn sharing(
        policy: Policy,
        state: RandomState,
        proofs: ProofMemory,
        tables: &TableStore,
    ) -> PluginState {
        policy.entitlement_servers.iter().for_each(|server| server.keys.prepare(tables));
        let tokens = RefCell::new(BoundedMap::new(policy.cached_tokens, state.clone()));
        let servers = policy.entitlement_servers.iter().filter(|server| server.online.is_some()).count();
        let in_flight = RefCell::new(InFlight::new(state, servers));
        let extent =
            Extent { servers: policy.entitlement_servers.len(), rules: policy.rules.as_slice().len() };
        let (tally, fetched) = (Tally::new(extent), RefCell::new(FetchedKeys::new(tables)));
        PluginState { policy, tokens, in_flight, proofs, tally, fetched }
    }

    /// Takes the set that the fetch `number` has brought for `server`: tokens that a key has verified which is gone are
    /// forgotten at the same moment. Whether there is a new key in it.
    pub fn take_set(
        &self,
        server: &EntitlementServer,
        number: u64,
        fetched_at: UnixTime,
        answer: KeySetAnswer,
    ) -> Brought {
        let taken = self.fetched.borrow_mut().take(server, number, fetched_at, answer);
        if !taken.gone.is_empty() {
            let is_there = |number: u64| !taken.gone.contains(&number);
            self.tokens.borrow_mut().retain(|token| token.fetched_key().is_none_or(is_there));
        }
        taken.brought
    }
}

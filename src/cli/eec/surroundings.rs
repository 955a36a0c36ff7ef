//! What a client finds around it.

use super::network::Network;
use super::token_source::TokenSource;
use super::url::Url;

/// What all clients of a run share.
pub(crate) struct Surroundings {
    pub(crate) network: Network,
    pub(crate) source: TokenSource,
    /// The root of the edge ECS, where the EES is to be found there.
    pub(crate) ecs: Option<Url>,
    /// The root of the EES, where it is known.
    pub(crate) ees: Option<Url>,
    /// Further hosts that may be sent a token for them.
    pub(crate) accepted: Vec<String>,
}

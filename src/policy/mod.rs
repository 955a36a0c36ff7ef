//! What the operator wants, compiled: everything here is ready to be asked, nothing is parsed any more.

pub mod api_root;
pub mod binding;
pub mod claim_check;
pub mod entitlement_server;
pub mod forward;
pub mod identity;
pub mod jwks_remote;
pub mod media_type;
pub mod mode;
pub mod online;
pub mod operations;
pub mod ownership;
pub mod path;
pub mod proof;
pub mod revocation;
pub mod rule;
pub mod rule_index;
pub mod template;

use crate::fqdn::Fqdn;
use crate::json::Pointer;
use crate::time::UnixTime;
use std::sync::Arc;

pub use api_root::ApiRoot;
pub use binding::GpsiMode;
pub use claim_check::{ClaimCheck, Condition};
pub use entitlement_server::{Asked, ClientClaims, EntitlementServer, IssuerName};
pub use forward::Forward;
pub use identity::{Identities, Identity};
pub use jwks_remote::JwksRemote;
pub use mode::Mode;
pub use online::Online;
pub use operations::{Operation, Role};
pub use ownership::Ownership;
pub use proof::{DpopRules, ProofRules};
pub use revocation::{Revocable, Revocation};
pub use rule::{Action, Binding, Matcher, Rule};
pub use rule_index::Rules;
pub use template::Template;

/// A whole configuration.
#[derive(Debug)]
pub struct Policy {
    /// What stands in the names of its statistics.
    pub name: Option<Box<str>>,
    /// What a denial does.
    pub mode: Mode,
    /// The edge server behind the filter.
    pub protects: Protects,
    /// Whose tokens are accepted.
    pub entitlement_servers: Vec<Arc<EntitlementServer>>,
    /// What a token must look like.
    pub token: TokenRules,
    /// How a client proves that a token is its own; `None`: no bound token is accepted.
    pub proof: Option<ProofRules>,
    /// Rules, tried before the built-in operations.
    pub rules: Rules,
    /// Which operations apply without a rule.
    pub operations: Operations,
    /// How UE IDs are bound.
    pub gpsi: GpsiMode,
    /// How bodies are looked at.
    pub body: BodyRules,
    /// What has been revoked by configuration.
    pub revoked: Revocation,
    /// How many verified tokens a worker keeps.
    pub cached_tokens: usize,
    /// The entitlement server that is asked about tokens which are no JWTs.
    pub opaque_server: Option<Asked>,
    /// Where bodies name the client.
    pub identities: Identities,
    /// What the upstream gets to see.
    pub forward: Forward,
    /// Whether resources belong to those who made them; `None`: nobody asks.
    pub ownership: Option<Ownership>,
}

impl Policy {
    /// The servers whose keys are fetched, and how.
    pub fn fetching(&self) -> impl Iterator<Item = (&EntitlementServer, &JwksRemote)> {
        self.entitlement_servers.iter().filter_map(|server| Some((&**server, server.jwks_remote.as_deref()?)))
    }

    /// Whether the headers of a request are held back until its body is checked.
    pub fn holds_headers(&self) -> bool {
        self.body.hold_headers && self.mode == Mode::Enforce
    }

    /// How DPoP proofs are checked, if they are.
    pub fn dpop(&self) -> Option<&DpopRules> {
        self.proof.as_ref()?.dpop.as_ref()
    }

    /// Whether a token may be bound to the client's certificate.
    pub fn asks_for_certificate(&self) -> bool {
        self.proof.as_ref().is_some_and(|proof| proof.client_certificate)
    }
}

/// The edge server behind the filter.
#[derive(Debug)]
pub struct Protects {
    /// Which interface it serves.
    pub role: Role,
    /// Its FQDNs; never empty.
    pub fqdns: Vec<Fqdn>,
    /// The first of them as the operator spelled it: the realm in challenges.
    pub realm: Box<str>,
    /// The path before the API name.
    pub api_root: ApiRoot,
    /// Whether `:authority` must be one of `fqdns`.
    pub check_host: bool,
    /// Where clients read about the resource (RFC 9728): goes into every challenge.
    pub resource_metadata: Option<Box<str>>,
}

/// What a token must look like.
#[derive(Debug)]
pub struct TokenRules {
    /// The longest token, in bytes.
    pub max_bytes: usize,
    /// How far clocks may differ, in seconds.
    pub clock_skew_seconds: f64,
    /// The longest lifetime, in seconds.
    pub max_lifetime_seconds: f64,
    /// Claims that must be there besides those of solution #25.
    pub require_claims: Vec<Pointer>,
    /// What `typ` must say.
    pub typ: RequiredType,
    /// Which scopes a built-in operation needs.
    pub scopes: Scopes,
}

impl TokenRules {
    /// Whether what is good until `exp` is over, however clocks differ (RFC 7519, section 4.1.4).
    pub fn is_over(&self, exp: f64, now: UnixTime) -> bool {
        now.seconds() >= exp + self.clock_skew_seconds
    }

    /// Whether what is good, or was made, from `start` on lies ahead, however clocks differ (section 4.1.5).
    pub fn lies_ahead(&self, start: f64, now: UnixTime) -> bool {
        start > now.seconds() + self.clock_skew_seconds
    }
}

/// Which operations apply without a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operations {
    /// Those that are built in.
    BuiltIn,
    /// None.
    None,
}

impl Operations {
    /// Whether those that are built in are among them.
    pub fn are_built_in(self) -> bool {
        match self {
            Operations::BuiltIn => true,
            Operations::None => false,
        }
    }
}

/// Which scopes a built-in operation needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scopes {
    /// None.
    Off,
    /// The name of its API.
    PerApi,
}

impl Scopes {
    /// Whether it is the name of the API.
    pub fn are_per_api(self) -> bool {
        match self {
            Scopes::Off => false,
            Scopes::PerApi => true,
        }
    }
}

/// What the `typ` of a JWT must say; `application/` before it and case do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequiredType {
    /// That it is a token, if anything.
    AnyOrNone,
    /// That it is an access token (RFC 9068).
    AccessToken,
    /// That it is a JWT.
    Jwt,
}

/// How bodies are looked at.
#[derive(Debug)]
pub struct BodyRules {
    /// The longest body, in bytes.
    pub limit_bytes: usize,
    /// Whether the upstream sees nothing before the body is checked.
    pub hold_headers: bool,
}

#[cfg(test)]
mod tests {
    /// The fuzz targets keep one in a `static`, and they are not built with the rest.
    #[test]
    fn a_policy_can_be_shared_between_threads() {
        fn check<T: Send + Sync>() -> usize {
            size_of::<T>()
        }
        assert!(check::<super::Policy>() > 0);
    }
}

//! What the operator wants, compiled: everything here is ready to be asked, nothing is parsed any more.

pub mod api_root;
pub mod binding;
pub mod claim_check;
pub mod forward;
pub mod identity;
pub mod jwks_remote;
pub mod media_type;
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
use crate::json::{Json, Pointer};
use crate::keys::KeySet;
use std::sync::Arc;

pub use api_root::ApiRoot;
pub use binding::GpsiMode;
pub use claim_check::{ClaimCheck, Condition};
pub use forward::Forward;
pub use identity::{Identities, Identity};
pub use jwks_remote::JwksRemote;
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
    /// Whether the built-in operations apply.
    pub built_in_operations: bool,
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

/// What a denial does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It refuses the request.
    Enforce,
    /// It is counted and recorded, and the request goes on as if it were allowed.
    Shadow,
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

/// An entitlement server that is asked, and how.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The server.
    pub server: Arc<EntitlementServer>,
    /// How it is asked.
    pub online: Arc<Online>,
}

/// An entitlement server and its pinned keys.
#[derive(Debug)]
pub struct EntitlementServer {
    /// Its place in the configuration.
    pub number: usize,
    /// How its tokens name it.
    pub identity: IssuerName,
    /// `iss` in the configured spelling, for conditions of rules.
    pub spelled: Json,
    /// What names the edge server in `aud` of its tokens beside the FQDNs, to the letter.
    pub audiences: Vec<Box<str>>,
    /// Where its tokens name the client.
    pub claims: ClientClaims,
    /// Where they have their scopes.
    pub scope_claim: Pointer,
    /// Its keys, and no other server's; none if only its answers count.
    pub keys: KeySet,
    /// Where more of its keys come from, if they do.
    pub jwks_remote: Option<Arc<JwksRemote>>,
    /// How it is asked, if it is.
    pub online: Option<Arc<Online>>,
}

/// The claims that name the client.
#[derive(Debug, Clone)]
pub struct ClientClaims {
    /// The claim with the EEC ID.
    pub eec_id: Pointer,
    /// The claim with the GPSI(s).
    pub gpsi: Pointer,
}

impl EntitlementServer {
    /// Whether it has keys: pinned ones, or a place where they are fetched from, also before any has come.
    pub fn has_keys(&self) -> bool {
        !self.keys.keys().is_empty() || self.jwks_remote.is_some()
    }

    /// This server, if it is asked at all.
    pub fn asked(self: &Arc<Self>) -> Option<Asked> {
        let online = Arc::clone(self.online.as_ref()?);
        Some(Asked { server: Arc::clone(self), online })
    }
}

/// How `iss` names an entitlement server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IssuerName {
    /// By its FQDN, bare or as `https://FQDN`.
    Fqdn {
        /// The name to compare with.
        fqdn: Fqdn,
        /// As the operator spelled it: what the upstream is told.
        spelling: Box<str>,
    },
    /// By exactly this string.
    Exact(Box<str>),
}

impl IssuerName {
    /// Whether `iss` names this server.
    pub fn matches(&self, iss: &str) -> bool {
        match self {
            IssuerName::Fqdn { fqdn, .. } => fqdn.is_named_by(iss),
            IssuerName::Exact(issuer) => **issuer == *iss,
        }
    }

    /// Whether `iss` is a URL or name on the same host, which is what people see who compare the two: a hint, never a match.
    pub fn has_host_of(&self, iss: &str) -> bool {
        let own = host_of(self.as_str());
        !own.is_empty() && own.eq_ignore_ascii_case(host_of(iss))
    }

    /// The configured spelling.
    pub fn as_str(&self) -> &str {
        match self {
            IssuerName::Fqdn { spelling, .. } => spelling,
            IssuerName::Exact(issuer) => issuer,
        }
    }

    /// Whether `iss` is compared to the letter.
    pub fn is_exact(&self) -> bool {
        matches!(self, IssuerName::Exact(_))
    }

    /// The one spelling of the name, however it is configured.
    pub fn canonical(&self) -> &str {
        match self {
            IssuerName::Fqdn { fqdn, .. } => fqdn.as_str(),
            IssuerName::Exact(issuer) => issuer,
        }
    }

    /// Whether some `iss` could name both servers.
    pub fn overlaps(&self, other: &IssuerName) -> bool {
        self.matches(other.as_str()) || other.matches(self.as_str())
    }
}

/// The host in whatever looks like a URL or a name, without scheme, user, port, path and a dot at its end.
fn host_of(text: &str) -> &str {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    host.strip_suffix('.').unwrap_or(host)
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
    /// Whether a built-in operation needs the name of its API among the token's scopes.
    pub scope_per_api: bool,
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
    use super::*;

    #[test]
    fn an_issuer_is_compared_to_the_letter_or_by_its_host_and_has_one_spelling() {
        let exact = IssuerName::Exact("https://Es.example.net/a".into());
        let fqdn = Fqdn::parse("Es.example.net").expect("a name");
        let named = IssuerName::Fqdn { fqdn, spelling: "Es.example.net".into() };
        assert_eq!((exact.is_exact(), named.is_exact()), (true, false));
        assert_eq!(exact.canonical(), "https://Es.example.net/a");
        assert_eq!(named.canonical(), "es.example.net");
        assert!(exact.matches("https://Es.example.net/a") && !exact.matches("https://es.example.net/a"));
        assert!(named.matches("https://es.example.net") && !named.matches("https://es.example.net/a"));
    }

    /// The fuzz targets keep one in a `static`, and they are not built with the rest.
    #[test]
    fn a_policy_can_be_shared_between_threads() {
        fn check<T: Send + Sync>() -> usize {
            size_of::<T>()
        }
        assert!(check::<super::Policy>() > 0);
    }
}

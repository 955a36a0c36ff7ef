//! An entitlement server: how tokens name it, its keys, and how it is asked.

use super::jwks_remote::JwksRemote;
use super::online::Online;
use crate::fqdn::Fqdn;
use crate::json::{Json, Pointer};
use crate::keys::KeySet;
use std::sync::Arc;

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
}

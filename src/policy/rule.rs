//! Rules of the operator, tried before the built-in operations (`docs/contract.md#rules`).

use super::operations::Operation;
use super::template::Template;
use super::{ClaimCheck, Mode};
use crate::fqdn::Fqdn;
use crate::json::Pointer;

/// One rule: which requests it takes, and what becomes of them.
#[derive(Debug)]
pub struct Rule {
    /// Its name, for messages.
    pub name: Option<Box<str>>,
    /// Which requests it takes.
    pub matcher: Matcher,
    /// What becomes of them.
    pub action: Action,
    /// Only for [`Action::Authenticate`]: what must hold of the token; all of it.
    pub claims: Vec<ClaimCheck>,
    /// Only for [`Action::Authenticate`]: what the body must say; all of it.
    pub bind: Vec<Binding>,
    /// Whether the identity binding of a built-in operation applies as well.
    pub built_in_binding: bool,
    /// What a failure of `claims` or `bind` does.
    pub mode: Mode,
}

/// What becomes of a request that a rule takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It needs a valid token.
    Authenticate,
    /// It goes on unseen: no token is looked at.
    PassWithoutToken,
    /// It is refused.
    Deny,
}

/// Which requests a rule takes: everything that is given must hold.
#[derive(Debug, Default)]
pub struct Matcher {
    /// Any of these methods; all methods if empty.
    pub methods: Vec<Box<str>>,
    /// Any of these hosts; all hosts if empty.
    pub hosts: Vec<Fqdn>,
    /// Exactly this path.
    pub path: Option<Box<str>>,
    /// This path and everything below it; without a final slash, empty for all.
    pub path_prefix: Option<Box<str>>,
    /// A path with `{name}` for one segment.
    pub path_template: Option<Template>,
    /// The built-in operations of this API.
    pub api: Option<Box<str>>,
}

/// What a rule asks of a place in the body.
#[derive(Debug)]
pub enum Binding {
    /// The string there must be a claim's.
    Claim {
        /// The claim: a string, or an array of strings of which one must fit.
        claim: Pointer,
        /// The place in the body.
        body: Pointer,
        /// Whether it must be there at all.
        required: bool,
    },
    /// Nothing may be there.
    Absent(Pointer),
}

impl Binding {
    /// The place in the body.
    pub fn place(&self) -> &Pointer {
        match self {
            Binding::Claim { body: place, .. } | Binding::Absent(place) => place,
        }
    }
}

impl Matcher {
    /// Whether a request is one of those; `operation` is the built-in operation that it is.
    pub fn takes(&self, method: &[u8], authority: &[u8], path: &[u8], operation: Option<&Operation>) -> bool {
        (self.methods.is_empty() || self.methods.iter().any(|m| m.as_bytes() == method))
            && self.path.as_ref().is_none_or(|own| own.as_bytes() == path)
            && self.path_prefix.as_ref().is_none_or(|prefix| is_below(prefix.as_bytes(), path))
            && self.path_template.as_ref().is_none_or(|template| template.matches(path))
            && self.api.as_deref().is_none_or(|api| operation.is_some_and(|op| op.api == api))
            && (self.hosts.is_empty() || self.hosts.iter().any(|host| host.is_authority(authority)))
    }
}

/// Whether `path` is `prefix` or lies below it, by whole segments.
fn is_below(prefix: &[u8], path: &[u8]) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

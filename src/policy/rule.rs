//! Rules of the operator, tried before the built-in operations (`docs/contract.md#rules`).

use super::operations::Operation;
use super::template::Template;
use super::{ApiRoot, ClaimCheck, Mode};
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

    /// Whether `operation` at `host` is one of those, with an identifier that no path names, unless as `{id}`.
    pub fn takes_operation(&self, operation: &Operation, api_root: &ApiRoot, host: &str) -> bool {
        let path = operation.path(api_root).replace("{id}", "id");
        self.takes(operation.method.as_bytes(), host.as_bytes(), path.as_bytes(), Some(operation))
    }
}

/// Whether `path` is `prefix` or lies below it, by whole segments.
fn is_below(prefix: &[u8], path: &[u8]) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::operations::OPERATIONS;

    const PATH: &[u8] = b"/eees-eecregistration/v1/registrations/r1";

    fn operation(api: &str) -> Option<&'static Operation> {
        OPERATIONS.iter().find(|op| op.api == api)
    }

    fn takes(matcher: &Matcher) -> bool {
        matcher.takes(b"PUT", b"ees1.example.net", PATH, operation("eees-eecregistration"))
    }

    /// Everything that can be given, and all of it holds.
    fn all() -> Matcher {
        Matcher {
            methods: vec!["GET".into(), "PUT".into()],
            hosts: vec![Fqdn::parse("ees1.example.net").expect("a name")],
            path: Some("/eees-eecregistration/v1/registrations/r1".into()),
            path_prefix: Some("/eees-eecregistration/v1".into()),
            path_template: Template::parse("/eees-eecregistration/v1/registrations/{id}"),
            api: Some("eees-eecregistration".into()),
        }
    }

    #[test]
    fn a_rule_takes_what_all_of_its_members_take() {
        assert!(takes(&Matcher::default()));
        assert!(takes(&all()));
        assert!(!takes(&Matcher { methods: vec!["POST".into()], ..all() }));
        assert!(!takes(&Matcher { hosts: Fqdn::parse("ees2.example.net").into_iter().collect(), ..all() }));
        assert!(!takes(&Matcher { path: Some("/eees-eecregistration/v1/registrations/r2".into()), ..all() }));
        assert!(!takes(&Matcher { path_prefix: Some("/eees-eecregistration/v1/reg".into()), ..all() }));
        assert!(!takes(&Matcher {
            path_template: Template::parse("/eees-eecregistration/v1/{id}"),
            ..all()
        }));
        assert!(!takes(&Matcher { api: Some("eees-acrevents".into()), ..all() }));
    }

    #[test]
    fn an_api_is_asked_of_the_operation_and_of_nothing_else() {
        let api = Matcher { api: Some("eees-acrevents".into()), ..Matcher::default() };
        let taken = |operation| api.takes(b"POST", b"h", b"/eees-acrevents/v1/subscriptions", operation);
        assert!(taken(operation("eees-acrevents")));
        assert!(!taken(operation("eees-easdiscovery")));
        assert!(!taken(None));
    }

    #[test]
    fn an_operation_is_taken_below_its_root_at_its_host() {
        let matcher = Matcher {
            hosts: all().hosts,
            path_template: Template::parse("/edge/eees-eecregistration/v1/registrations/{id}"),
            ..Matcher::default()
        };
        let put = OPERATIONS.iter().find(|op| op.method == "PUT" && op.api == "eees-eecregistration");
        let put = put.expect("an operation");
        let taken = |root: &str, host: &str| {
            matcher.takes_operation(put, &ApiRoot::parse(root).expect("a root"), host)
        };
        assert!(taken("/edge", "ees1.example.net"));
        assert!(!taken("/", "ees1.example.net"));
        assert!(!taken("/edge", "ees2.example.net"));
    }

    #[test]
    fn a_prefix_is_of_whole_segments() {
        let found = |path: &str| is_below(b"/ops", path.as_bytes());
        assert_eq!(["/ops", "/ops/", "/ops/x"].map(found), [true; 3]);
        assert_eq!(["/opsx", "/op", "/x/ops", ""].map(found), [false; 4]);
    }
}

//! Where a request's path leads.

use super::described;
use super::step::Meanwhile;
use crate::decision::{Check, Denial, DenyReason, OperationName, Trace};
use crate::ownership::Subject;
use crate::policy::operations::{self, Method, Operation};
use crate::policy::{Action, Identity, Matcher, Policy, Rule, path};
use crate::request::RequestView;
use std::sync::Arc;

/// What covers a request: a rule, a built-in operation, or both.
#[derive(Debug)]
pub(super) struct Route {
    rule: Option<Arc<Rule>>,
    operation: Option<&'static Operation>,
    /// The resource with an owner that it is about.
    pub(super) subject: Option<Box<Subject>>,
}

/// Where a request's path leads.
#[derive(Debug)]
pub(super) enum Entry {
    /// To a rule that lets it pass without a token.
    Pass,
    /// To something that needs a token.
    Authenticate(Route),
}

impl Route {
    /// The rule that takes the request.
    pub(super) fn rule(&self) -> Option<&Rule> {
        self.rule.as_deref()
    }

    /// The built-in operation whose identity binding applies.
    pub(super) fn bound_operation(&self) -> Option<&'static Operation> {
        self.operation.filter(|operation| self.is_bound() && operation.identity != Identity::NoBody)
    }

    /// Whether no rule turns off what holds for built-in operations.
    pub(super) fn is_bound(&self) -> bool {
        self.rule().is_none_or(|rule| rule.built_in_binding)
    }

    /// The same without the resource, of which nothing is kept while the request waits.
    pub(super) fn without_subject(self) -> Route {
        Route { subject: None, ..self }
    }

    /// The same with the resource that `request`, whose way this is, is about.
    pub(super) fn with_subject(&self, policy: &Policy, request: &RequestView<'_>) -> Route {
        let subject = Subject::new(policy, request, self.operation).map(Box::new);
        Route { rule: self.rule.clone(), operation: self.operation, subject }
    }

    /// The API of the built-in operation, whether or not its identity binding applies.
    pub(super) fn api(&self) -> Option<&'static str> {
        self.operation.map(|operation| operation.api)
    }

    /// Whether the body has to be seen before the request is decided.
    pub(super) fn needs_body(&self) -> bool {
        self.rule().is_some_and(|rule| !rule.bind.is_empty()) || self.bound_operation().is_some()
    }

    /// What the host does with the body while the request is held at its headers.
    pub(super) fn meanwhile(&self, policy: &Policy) -> Meanwhile {
        match (self.needs_body(), policy.holds_headers()) {
            (false, _) => Meanwhile::Slow,
            (true, false) => Meanwhile::Keep,
            (true, true) => Meanwhile::Show,
        }
    }
}

/// The rule that takes a request, and its number.
type Taken<'p> = (usize, &'p Arc<Rule>);

/// Path, rule or operation, and host; the rule that takes the request, whatever comes of it.
pub(super) fn route<'p>(
    policy: &'p Policy,
    request: &RequestView<'_>,
    trace: &mut Trace,
) -> (Option<Taken<'p>>, Result<Entry, Denial>) {
    let mut taken = None;
    let entry = entry(policy, request, &mut taken, trace);
    (taken, entry)
}

fn entry<'p>(
    policy: &'p Policy,
    request: &RequestView<'_>,
    taken: &mut Option<Taken<'p>>,
    trace: &mut Trace,
) -> Result<Entry, Denial> {
    let sent = path::without_query(request.target);
    trace.note(Check::Path, || ("in normal form".into(), lossy(sent)));
    if !path::is_normal(sent) {
        trace.note(Check::Path, || {
            // Of a very long path only the beginning: each is looked at from its start.
            let mut beginnings = (1..sent.len().min(2048)).rev().filter_map(|end| sent.get(..end));
            let good = beginnings.find(|beginning| path::is_normal(beginning)).unwrap_or_default();
            ("in normal form".into(), format!("{}, which is so up to {:?}", lossy(sent), lossy(good)))
        });
        return Err(Denial::new(DenyReason::PathNotNormal, "the path is not in normal form"));
    }
    if request.values(b"connection").any(|value| policy.forward.drops_protected(value)) {
        trace.note(Check::Connection, || {
            let found: Vec<String> = request.values(b"connection").map(lossy).collect();
            ("no identity header, `authorization` or `dpop` in it".into(), found.join(", "))
        });
        let because = "`Connection` names an identity header, `authorization` or `dpop`";
        return Err(Denial::new(DenyReason::HeaderNotAllowed, because));
    }
    let path = &*path::in_one_spelling(sent);
    let protects = &policy.protects;
    // Where a body is bound, a method in the query is refused with it.
    let overrides = path::names_method(request.target.get(sent.len()..).unwrap_or_default());
    let operation = operations::find(protects.role, &protects.api_root, request.method, path)
        .filter(|operation| !overrides || operation.identity != Identity::NoBody);
    trace.note_operation(|| {
        operation.map(|op| OperationName { api: op.api, method: op.method, resource: op.resource })
    });
    let method = Method::of(request.method, overrides);
    let near_miss =
        operation.is_none() && operations::is_near_miss(protects.role, &protects.api_root, method, path);
    let takes = |matcher: &Matcher| {
        (!near_miss || matcher.path.is_some())
            && matcher.takes(request.method, request.authority, path, operation)
    };
    let found = policy.rules.first(path, &takes);
    *taken = found;
    trace.note(Check::Route, || {
        let rule = found.map(|(number, rule)| {
            format!("rules[{number}] {}", rule.name.as_deref().unwrap_or_default()).trim_end().to_owned()
        });
        let operation = operation.map(|op| format!("{} of {} {}", op.method, op.api, op.resource));
        let covered: Vec<String> = [rule, operation].into_iter().flatten().collect();
        let request = format!("{} {}", lossy(request.method), lossy(path));
        let wanted = described::route(found.map(|(_, rule)| rule.action));
        (wanted.into(), format!("{request}: {}", or_nothing(&covered.join(", "))))
    });
    match found.map(|(_, rule)| rule.action) {
        Some(Action::PassWithoutToken) => return Ok(Entry::Pass),
        Some(Action::Deny) => {
            return Err(Denial::new(DenyReason::RouteDenied, "a rule refuses this request"));
        }
        Some(Action::Authenticate) => {}
        None if operation.is_some() && policy.operations.are_built_in() => {}
        None => {
            let because = if near_miss {
                "a lenient server would take it for a built-in operation, and no rule has exactly this `path`"
            } else {
                "no rule and no operation covers this method and path"
            };
            return Err(Denial::new(DenyReason::RouteUnmatched, because));
        }
    }
    // Without a body of its own it would be a whole request before anybody has seen one.
    let is_read = operation.is_some() || found.is_some_and(|(_, rule)| !rule.bind.is_empty());
    if is_read && request.is_upgrade() {
        trace.note(Check::Connection, || {
            let found: Vec<String> = request.values(b"upgrade").map(lossy).collect();
            ("no `Upgrade`".into(), found.join(", "))
        });
        let because = "`Upgrade` on a built-in operation, or where a rule binds the body";
        return Err(Denial::new(DenyReason::HeaderNotAllowed, because));
    }
    if protects.check_host {
        trace.note(Check::Host, || {
            let fqdns: Vec<&str> = protects.fqdns.iter().map(|fqdn| fqdn.as_str()).collect();
            (fqdns.join(" or "), lossy(request.authority))
        });
        if !protects.fqdns.iter().any(|fqdn| fqdn.is_authority(request.authority)) {
            return Err(Denial::new(DenyReason::HostMismatch, "`:authority` is not one of `protects.fqdns`"));
        }
    }
    let rule = found.map(|(_, rule)| Arc::clone(rule));
    let subject = Subject::new(policy, request, operation).map(Box::new);
    Ok(Entry::Authenticate(Route { rule, operation, subject }))
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn or_nothing(text: &str) -> &str {
    if text.is_empty() { "nothing" } else { text }
}

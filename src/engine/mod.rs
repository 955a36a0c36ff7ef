//! The whole walk of a decision, in the order of the contract's table.
//!
//! A request can wait twice on its way (for the entitlement server, for its body), so the walk is cut into
//! the legs between: [`route`], [`authenticate`] and [`settle`], [`authorize`], [`check_body`]. [`decide`]
//! walks them all for a request that is complete.

mod authentication;

use crate::cache::BoundedMap;
use crate::decision::{Denial, DenyReason, Hint};
use crate::json::{self, Json};
use crate::keys::HostVerifier;
use crate::online::Answer;
use crate::policy::{Action, Matcher, Operation, Policy, Rule, binding, media_type, operations, path};
use crate::request::RequestView;
use crate::time::UnixTime;
use crate::token::ValidToken;
use std::hash::RandomState;
use std::rc::Rc;

pub use authentication::{Asking, Authentication, Settled, authenticate, keep_until, lasting_digest, settle};

/// What becomes of a request.
#[derive(Debug)]
pub enum Decision {
    /// It goes on, as the client that the token names.
    Allow(Grant),
    /// A rule lets it pass; no token was looked at.
    Pass,
    /// It is refused.
    Deny(Denial),
}

/// The permission to go on. Only this module can make one.
#[derive(Debug)]
pub struct Grant {
    token: Rc<ValidToken>,
    noted: Option<Denial>,
}

impl Grant {
    /// Whom the request speaks for.
    pub fn token(&self) -> &ValidToken {
        &self.token
    }

    /// The denial that a rule in shadow mode would have made.
    pub fn noted(&self) -> Option<&Denial> {
        self.noted.as_ref()
    }
}

/// What covers a request: a rule, a built-in operation, or both. It stands for itself, without the policy.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    rule: Option<usize>,
    operation: Option<&'static Operation>,
}

impl Route {
    /// The number of the rule that takes the request.
    pub fn rule_number(&self) -> Option<usize> {
        self.rule
    }

    /// The built-in operation that the request is.
    pub fn operation(&self) -> Option<&'static Operation> {
        self.operation
    }
}

/// Where a request's path leads.
#[derive(Debug)]
pub enum Entry {
    /// To a rule that lets it pass without a token.
    Pass,
    /// To something that needs a token.
    Authenticate(Route),
}

/// Decides about a request that is complete. `body` is `None` where the request ends with its headers; `ask`
/// answers for the entitlement server, should it be asked.
pub fn decide(
    policy: &Policy,
    request: &RequestView<'_>,
    body: Option<&[u8]>,
    now: UnixTime,
    host: &dyn HostVerifier,
    ask: &dyn Fn(&Asking) -> Answer,
) -> Decision {
    let walk = || {
        let Entry::Authenticate(route) = route(policy, request)? else { return Ok(Decision::Pass) };
        let mut nothing_known = BoundedMap::new(0, RandomState::new());
        let token = match authenticate(policy, &mut nothing_known, request, now, host)? {
            Authentication::Known { token, .. } => token,
            Authentication::Ask { asking, .. } => settle(policy, &asking, &ask(&asking), now)?.token,
        };
        let mut noted = authorize(policy, route, &token)?;
        check_body_headers(policy, route, request)?;
        if needs_body(policy, route) {
            noted = noted.or(check_body(policy, route, &token, body.unwrap_or_default())?);
        }
        Ok(Decision::Allow(Grant { token, noted }))
    };
    walk().unwrap_or_else(Decision::Deny)
}

/// Path, rule or operation, and host.
pub fn route(policy: &Policy, request: &RequestView<'_>) -> Result<Entry, Denial> {
    let sent = path::without_query(request.target);
    if !path::is_normal(sent) {
        return Err(Denial::new(DenyReason::PathNotNormal, "the path is not in normal form"));
    }
    if request.values(b"connection").any(|value| policy.forward.drops_protected(value)) {
        let because = "`Connection` names an identity header, `authorization` or `dpop`";
        return Err(Denial::new(DenyReason::HeaderNotAllowed, because));
    }
    let path = &*path::in_one_spelling(sent);
    let protects = &policy.protects;
    let operation = operations::find(protects.role, &protects.api_root, request.method, path);
    let near_miss = operation.is_none()
        && operations::is_near_miss(protects.role, &protects.api_root, request.method, path);
    let takes = |matcher: &Matcher| {
        (!near_miss || matcher.path.is_some())
            && matcher.takes(request.method, request.authority, path, operation)
    };
    let rule = policy.rules.first(path, &takes);
    match rule.and_then(|number| policy.rules.get(number)).map(|rule| rule.action) {
        Some(Action::PassWithoutToken) => return Ok(Entry::Pass),
        Some(Action::Deny) => {
            return Err(Denial::new(DenyReason::RouteDenied, "a rule refuses this request"));
        }
        Some(Action::Authenticate) => {}
        None if operation.is_some() && policy.built_in_operations => {}
        None => {
            let because = if near_miss {
                "a lenient server would take it for a built-in operation, and no rule has exactly this `path`"
            } else {
                "no rule and no operation covers this method and path"
            };
            return Err(Denial::new(DenyReason::RouteUnmatched, because));
        }
    }
    let known = protects.fqdns.iter().any(|fqdn| fqdn.is_authority(request.authority));
    if protects.check_host && !known {
        return Err(Denial::new(DenyReason::HostMismatch, "`:authority` is not one of `protects.fqdns`"));
    }
    Ok(Entry::Authenticate(Route { rule, operation }))
}

/// What the rule asks of the token. What a rule in shadow mode finds is returned, not held against it.
pub fn authorize(policy: &Policy, route: Route, token: &ValidToken) -> Result<Option<Denial>, Denial> {
    let Some(rule) = rule(policy, route) else { return Ok(None) };
    if rule.claims.iter().all(|check| token.satisfies(check)) {
        return Ok(None);
    }
    shadowed(rule, Denial::new(DenyReason::ClaimMismatch, "a claim check of the rule fails"))
}

/// Whether the body has to be seen before the request is decided.
pub fn needs_body(policy: &Policy, route: Route) -> bool {
    let bound = rule(policy, route).is_some_and(|rule| !rule.bind.is_empty());
    bound || bound_operation(policy, route).is_some()
}

/// What the headers say about a body that has to be seen.
pub fn check_body_headers(policy: &Policy, route: Route, request: &RequestView<'_>) -> Result<(), Denial> {
    if !needs_body(policy, route) {
        return Ok(());
    }
    if request.end_of_stream {
        return Err(Denial::new(DenyReason::BodyRequired, "the request ends with its headers"));
    }
    let (types, codings) = (request.values(b"content-type"), request.values(b"content-encoding"));
    if let Err(unsupported) = media_type::check(types, codings, request.method) {
        let hint = Hint::Accept { patch: unsupported.patch, coding: unsupported.coded };
        let denial = Denial::new(DenyReason::MediaTypeUnsupported, "the body is not declared as plain JSON");
        return Err(Denial { hint, ..denial });
    }
    let length =
        request.values(b"content-length").next().and_then(|v| std::str::from_utf8(v).ok()?.parse().ok());
    check_body_size(policy, length.unwrap_or(0))
}

/// Whether a body of `size` bytes (so far) is short enough.
pub fn check_body_size(policy: &Policy, size: u64) -> Result<(), Denial> {
    if usize::try_from(size).is_ok_and(|size| size <= policy.body.limit_bytes) {
        Ok(())
    } else {
        Err(Denial::new(DenyReason::BodyTooLarge, "the body is longer than `body.limit_bytes`"))
    }
}

/// Whether the body speaks for the client that the token names. What a rule in shadow mode finds is returned.
pub fn check_body(
    policy: &Policy,
    route: Route,
    token: &ValidToken,
    body: &[u8],
) -> Result<Option<Denial>, Denial> {
    if body.is_empty() {
        return Err(Denial::new(DenyReason::BodyRequired, "the body is empty"));
    }
    check_body_size(policy, body.len() as u64)?;
    let body = match json::parse(body) {
        Ok(object @ Json::Object(_)) => object,
        _ => return Err(Denial::new(DenyReason::BodyMalformed, "the body is not one strict JSON object")),
    };
    let built_in = bound_operation(policy, route).map_or(Ok(()), |operation| {
        let client = token.client();
        binding::check_operation(operation.identity, &policy.pointers, policy.gpsi, &client, &body)
    });
    let Some(rule) = rule(policy, route) else { return built_in.map(|()| None) };
    let own = binding::check_rule(&rule.bind, &body, |claim| token.strings(claim));
    match (built_in, own) {
        (Ok(()), Ok(())) => Ok(None),
        (Err(denial), Ok(())) => Err(denial),
        (Ok(()), Err(denial)) => shadowed(rule, denial),
        (Err(built_in), Err(own)) if !rule.shadow && own.reason < built_in.reason => Err(own),
        (Err(built_in), Err(_)) => Err(built_in),
    }
}

fn rule(policy: &Policy, route: Route) -> Option<&Rule> {
    route.rule.and_then(|number| policy.rules.get(number))
}

/// The built-in operation whose identity binding applies.
fn bound_operation(policy: &Policy, route: Route) -> Option<&'static Operation> {
    let wanted = rule(policy, route).is_none_or(|rule| rule.built_in_binding);
    route.operation.filter(|operation| wanted && operation.identity != operations::Identity::NoBody)
}

fn shadowed(rule: &Rule, denial: Denial) -> Result<Option<Denial>, Denial> {
    if rule.shadow { Ok(Some(denial)) } else { Err(denial) }
}

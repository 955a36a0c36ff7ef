//! What the request asks for: the rule's claims, and a body that speaks for the client that the token names.

use super::described;
use super::route::Route;
use crate::decision::{Check, Denial, DenyReason, Hint, Trace};
use crate::json::{self, Json, Pointer};
use crate::policy::{Binding, ClaimCheck, Condition, Mode, Policy, Rule, binding, media_type, path};
use crate::request::RequestView;
use crate::token::ValidToken;

/// Reads all of the body that waits.
pub type ReadBody<'a> = dyn Fn() -> Option<Vec<u8>> + 'a;

/// What the API and the rule ask of the token. What a rule in shadow mode finds is returned, not held against it.
pub(super) fn authorize(
    policy: &Policy,
    route: &Route,
    token: &ValidToken,
    trace: &mut Trace,
) -> Result<Option<Denial>, Denial> {
    if let Some(api) = route.api().filter(|_| policy.token.scopes.are_per_api()) {
        check_scope(api, token, trace)?;
    }
    let Some(rule) = route.rule() else { return Ok(None) };
    let failed = rule.claims.iter().find(|check| !token.satisfies(check));
    if !rule.claims.is_empty() {
        trace.note(Check::RuleClaims, || described::claims(rule, failed, token));
    }
    match failed {
        None => Ok(None),
        Some(check) => {
            let denial = Denial::new(DenyReason::ClaimMismatch, "a claim check of the rule fails");
            shadowed(rule, denial.about(|about| about.claim(check.claim.as_str())))
        }
    }
}

/// The name of the API must be among the token's scopes (RFC 6749, section 3.3): a string of words, or an array.
fn check_scope(api: &'static str, token: &ValidToken, trace: &mut Trace) -> Result<(), Denial> {
    let claim = token.server().scope_claim.clone();
    let wanted = ClaimCheck { claim, condition: Condition::Contains(api.into()) };
    trace.note(Check::RuleClaims, || {
        let claim = wanted.claim.as_str();
        let expected = format!("{claim} {}, by `token.scopes`", wanted.condition);
        (expected, format!("{claim} {}", token.shown(&wanted.claim)))
    });
    if token.satisfies(&wanted) {
        return Ok(());
    }
    let denial =
        Denial::new(DenyReason::ClaimMismatch, "the API of the operation is not among the token's scopes");
    Err(Denial { hint: Hint::Scope(api), ..denial })
}

/// What the headers say about a body that has to be seen.
pub(super) fn check_headers(
    policy: &Policy,
    route: &Route,
    request: &RequestView<'_>,
    trace: &mut Trace,
) -> Result<(), Denial> {
    if !route.needs_body() {
        return Ok(());
    }
    let (types, codings) = (request.values(b"content-type"), request.values(b"content-encoding"));
    trace.note(Check::Body, || {
        ("a body".into(), if request.end_of_stream { "none" } else { "one that follows" }.into())
    });
    trace.note(Check::MediaType, || {
        let values = |name| request.values(name).map(|value| String::from_utf8_lossy(value).into_owned());
        let found: Vec<String> = values(b"content-type").chain(values(b"content-encoding")).collect();
        ("application/json in UTF-8, no coding".into(), found.join(" "))
    });
    if request.end_of_stream {
        return Err(Denial::new(DenyReason::BodyRequired, "the request ends with its headers"));
    }
    if let Err(unsupported) = media_type::check(types, codings, request.method) {
        let hint = Hint::Accept { patch: unsupported.patch, coding: unsupported.coded };
        let denial = Denial::new(DenyReason::MediaTypeUnsupported, "the body is not declared as plain JSON");
        return Err(Denial { hint, ..denial });
    }
    let length =
        request.values(b"content-length").next().and_then(|v| std::str::from_utf8(v).ok()?.parse().ok());
    check_size(policy, length.unwrap_or(0), trace)?;
    if query_names_bound_member(policy, route, request.target) {
        let because = "the query names what is bound in the body: some servers would take it from there";
        return Err(Denial::new(DenyReason::BodyMalformed, because));
    }
    Ok(())
}

/// Whether the query has a parameter for which a server could leave the body's member aside (Rails and Laravel put both into one
/// map, the query first), that brings members by an object's prototype, or that makes the request another one (`_method`).
fn query_names_bound_member(policy: &Policy, route: &Route, target: &[u8]) -> bool {
    let mut parameters = path::parameters(path::query(target)).peekable();
    if parameters.peek().is_none() {
        return false;
    }
    let built_in = route.bound_operation().map(|operation| policy.identities.of(operation.identity).all());
    let own = route.rule().into_iter().flat_map(|rule| rule.bind.iter().map(Binding::place));
    let bound: Vec<&Pointer> = built_in.into_iter().flatten().chain(own).collect();
    parameters.any(|name| {
        let text = String::from_utf8_lossy(&name);
        let prototype = text.split(['[', '.']).next() == Some("__proto__");
        let overrides = path::is_parameter(&name, b"_method");
        prototype || overrides || bound.iter().any(|pointer| pointer.is_named_by(&text))
    })
}

/// Whether a body of `size` bytes (so far) is short enough.
pub(super) fn check_size(policy: &Policy, size: u64, trace: &mut Trace) -> Result<(), Denial> {
    let limit = policy.body.limit_bytes;
    if size > 0 {
        trace.note(Check::BodySize, || (format!("at most {limit} bytes"), format!("{size} bytes")));
    }
    if usize::try_from(size).is_ok_and(|size| size <= limit) {
        Ok(())
    } else {
        Err(Denial::new(DenyReason::BodyTooLarge, "the body is longer than `body.limit_bytes`"))
    }
}

/// Whether the body speaks for the client that the token names. What a rule in shadow mode finds is returned.
pub(super) fn check(
    policy: &Policy,
    route: &Route,
    token: &ValidToken,
    body: &[u8],
    trace: &mut Trace,
) -> Result<Option<Denial>, Denial> {
    trace.note(Check::Body, || ("a body".into(), format!("{} bytes", body.len())));
    if body.is_empty() {
        return Err(Denial::new(DenyReason::BodyRequired, "the body is empty"));
    }
    check_size(policy, body.len() as u64, trace)?;
    let form = || "one strict JSON object, no look-alikes".to_owned();
    trace.note(Check::BodyForm, || (form(), start_of(body)));
    let body = match json::parse(body) {
        Ok(object @ Json::Object(_)) => object,
        other => {
            trace.note(Check::BodyForm, || {
                let why = other.map_or_else(|error| error.to_string(), |json| json.kind().to_owned());
                (form(), format!("{why}: {}", start_of(body)))
            });
            return Err(Denial::new(DenyReason::BodyMalformed, "the body is not one strict JSON object"));
        }
    };
    let places = route.bound_operation().map(|operation| policy.identities.of(operation.identity));
    trace.note(Check::Binding, || described::binding(places, policy.gpsi, route.rule(), token, &body));
    let built_in =
        places.map_or(Ok(()), |places| binding::check_operation(places, policy.gpsi, &token.client(), &body));
    let Some(rule) = route.rule() else { return built_in.map(|()| None) };
    let own = binding::check_rule(&rule.bind, &body, |claim| token.strings(claim));
    match (built_in, own) {
        (Ok(()), Ok(())) => Ok(None),
        (Err(denial), Ok(())) => Err(denial),
        (Ok(()), Err(denial)) => shadowed(rule, denial),
        (Err(built_in), Err(own)) if rule.mode == Mode::Enforce && own.reason < built_in.reason => Err(own),
        (Err(built_in), Err(_)) => Err(built_in),
    }
}

fn shadowed(rule: &Rule, denial: Denial) -> Result<Option<Denial>, Denial> {
    match rule.mode {
        Mode::Shadow => Ok(Some(denial)),
        Mode::Enforce => Err(denial),
    }
}

fn start_of(body: &[u8]) -> String {
    String::from_utf8_lossy(body.get(..200).unwrap_or(body)).into_owned()
}

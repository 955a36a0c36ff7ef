//! `rules`: the operator's own, tried before the built-in operations.

use super::matcher::{BuiltIn, matcher};
use super::node::Node;
use super::shape::quote;
use super::values::claim;
use crate::json::{Json, Pointer};
use crate::policy::{Action, Binding, ClaimCheck, Condition, Rule};

/// The members of a claim check that say what must hold.
const CONDITIONS: [&str; 6] = ["equals", "one_of", "prefix", "suffix", "contains", "present"];

/// Compiles the rules; without `built_in`, a mistake reported elsewhere, `api` is not looked at.
pub(super) fn rules(node: &Node<'_>, built_in: Option<BuiltIn<'_>>) -> Option<Vec<Rule>> {
    every(node, |item| rule(item, built_in))
}

/// Compiles every item, also after one that is wrong, so that all mistakes are found.
fn every<T>(node: &Node<'_>, compile: impl Fn(&Node<'_>) -> Option<T>) -> Option<Vec<T>> {
    let compiled: Vec<Option<T>> = node.items().iter().map(compile).collect();
    compiled.into_iter().collect()
}

fn rule(node: &Node<'_>, built_in: Option<BuiltIn<'_>>) -> Option<Rule> {
    let action = match node.member("action").text() {
        Some("authenticate") => Some(Action::Authenticate),
        Some("pass_without_token") => Some(Action::PassWithoutToken),
        Some("deny") => Some(Action::Deny),
        _ => None,
    };
    if matches!(action, Some(Action::PassWithoutToken | Action::Deny)) {
        for name in ["claims", "bind", "built_in_binding", "mode"] {
            let member = node.member(name);
            if member.is_present() {
                member.error(
                    "means nothing here; use it with `action` \"authenticate\" or leave it out".into(),
                );
            }
        }
    }
    let built_in_binding = node.member("built_in_binding");
    if built_in_binding.flag() == Some(false) {
        built_in_binding.warn("a token of one EEC can speak for another in these operations".into());
    }
    let matcher = matcher(&node.member("match"), built_in);
    let claims = every(&node.member("claims"), claim_check);
    let bind = every(&node.member("bind"), binding);
    Some(Rule {
        name: node.member("name").text().map(Box::from),
        matcher: matcher?,
        action: action?,
        claims: claims?,
        bind: bind?,
        built_in_binding: built_in_binding.flag()?,
        shadow: node.member("mode").text()? == "shadow",
    })
}

fn claim_check(node: &Node<'_>) -> Option<ClaimCheck> {
    let given: Vec<&str> = CONDITIONS.into_iter().filter(|name| node.member(name).is_present()).collect();
    let [condition] = given.as_slice() else {
        node.error(format!("has {} conditions; give exactly one of {}", given.len(), CONDITIONS.join(", ")));
        return None;
    };
    let member = node.member(condition);
    let condition = match *condition {
        "equals" => Condition::Equals(member.json()?.clone()),
        "one_of" => Condition::OneOf(member.json().and_then(Json::as_array)?.to_vec()),
        "prefix" => Condition::Prefix(member.text()?.into()),
        "suffix" => Condition::Suffix(member.text()?.into()),
        "contains" => Condition::Contains(member.text()?.into()),
        _ => Condition::Present(member.flag()?),
    };
    Some(ClaimCheck { claim: claim(&node.member("claim"))?, condition })
}

fn binding(node: &Node<'_>) -> Option<Binding> {
    let absent = node.member("absent");
    let others = ["claim", "body", "required"].map(|name| node.member(name));
    if absent.is_present() {
        for other in others.iter().filter(|other| other.is_present()) {
            other.error("means nothing beside \"absent\"; leave one of them out".into());
        }
        return pointer(&absent).map(Binding::Absent);
    }
    let [source, body, required] = others;
    let is_object = node.json().is_some_and(|json| json.as_object().is_some());
    for member in [&source, &body].into_iter().filter(|member| is_object && !member.is_present()) {
        member.error("is required; give a string".into());
    }
    let (claim, body) = (claim(&source), pointer(&body));
    Some(Binding::Claim { claim: claim?, body: body?, required: required.flag()? })
}

/// A place in the body.
fn pointer(node: &Node<'_>) -> Option<Pointer> {
    let text = node.text()?;
    let parsed = Pointer::parse(text);
    if parsed.is_none() {
        node.error(format!(
            "{} is not a JSON pointer; give one such as \"/operator/eecId\" (RFC 6901)",
            quote(text)
        ));
    }
    parsed
}

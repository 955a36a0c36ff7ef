//! `rules`: the operator's own, tried before the built-in operations.

use super::node::Node;
use super::shape::quote;
use super::values::{claim, fqdn};
use crate::json::{Json, Pointer};
use crate::policy::{
    Action, Binding, ClaimCheck, Condition, Matcher, Role, Rule, Template, operations, path,
};

/// The members of a match that name paths; a rule needs one of them.
const PATH_MEMBERS: [&str; 4] = ["path", "path_prefix", "path_template", "api"];

/// The members of a claim check that say what must hold.
const CONDITIONS: [&str; 6] = ["equals", "one_of", "prefix", "suffix", "contains", "present"];

/// Compiles the rules; without a `role`, which is a mistake reported elsewhere, `api` is not looked at.
pub(super) fn rules(node: &Node<'_>, role: Option<Role>) -> Option<Vec<Rule>> {
    every(node, |item| rule(item, role))
}

/// Compiles every item, also after one that is wrong, so that all mistakes are found.
fn every<T>(node: &Node<'_>, compile: impl Fn(&Node<'_>) -> Option<T>) -> Option<Vec<T>> {
    let compiled: Vec<Option<T>> = node.items().iter().map(compile).collect();
    compiled.into_iter().collect()
}

fn rule(node: &Node<'_>, role: Option<Role>) -> Option<Rule> {
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
    let matcher = matcher(&node.member("match"), role);
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

fn matcher(node: &Node<'_>, role: Option<Role>) -> Option<Matcher> {
    let is_object = node.json().is_some_and(|json| json.as_object().is_some());
    if is_object && PATH_MEMBERS.iter().all(|name| !node.member(name).is_present()) {
        node.error("names no path; give \"path\", \"path_prefix\", \"path_template\" or \"api\"".into());
    }
    let methods = node.member("methods").items();
    let template = node.member("path_template");
    Some(Matcher {
        methods: methods.iter().filter_map(method).collect(),
        hosts: node.member("hosts").items().iter().filter_map(fqdn).collect(),
        path: plain_path(&node.member("path")).map(Box::from),
        path_prefix: plain_path(&node.member("path_prefix")).map(|p| p.strip_suffix('/').unwrap_or(p).into()),
        path_template: template.text().and_then(|text| {
            let parsed = Template::parse(text);
            if parsed.is_none() {
                template.error(format!(
                    "{} is not a path template; give a path in normal form with `{{name}}` for whole segments",
                    quote(text)
                ));
            }
            parsed
        }),
        api: api(&node.member("api"), role).map(Box::from),
    })
}

fn method(node: &Node<'_>) -> Option<Box<str>> {
    let text = node.text()?;
    let good = text.bytes().all(|b| b.is_ascii_uppercase() || b == b'-');
    if !good {
        node.error(format!("{} is not a method; give one in capitals, such as \"POST\"", quote(text)));
    }
    good.then(|| text.into())
}

fn plain_path<'a>(node: &Node<'a>) -> Option<&'a str> {
    let text = node.text()?;
    let good = !text.contains('?') && path::is_normal(text.as_bytes());
    if !good {
        node.error(format!(
            "{} is not a path in normal form, so no request could match it; give a path such as \"/healthz\"",
            quote(text)
        ));
    }
    good.then_some(text)
}

fn api<'a>(node: &Node<'a>, role: Option<Role>) -> Option<&'a str> {
    let text = node.text()?;
    let known = operations::apis(role?);
    if !known.contains(&text) {
        let known: Vec<String> = known.iter().map(|api| format!("\"{api}\"")).collect();
        node.error(format!(
            "{} has no built-in operations for this role; use {}",
            quote(text),
            known.join(", ")
        ));
    }
    Some(text)
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
    let body = node.member("body");
    let pointer = body.text().and_then(|text| {
        let parsed = Pointer::parse(text);
        if parsed.is_none() {
            body.error(format!(
                "{} is not a JSON pointer; give one such as \"/operator/eecId\" (RFC 6901)",
                quote(text)
            ));
        }
        parsed
    });
    Some(Binding {
        claim: claim(&node.member("claim"))?,
        body: pointer?,
        required: node.member("required").flag()?,
    })
}

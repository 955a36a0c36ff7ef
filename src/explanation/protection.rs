//! What a configuration protects: each built-in operation with what is checked of it, and the rules in their order.

use super::found::{number_of, text_or_null};
use crate::config;
use crate::json::Json;
use crate::policy::identity::{Presence, UeId};
use crate::policy::operations::{self, OPERATIONS};
use crate::policy::{
    Action, Binding, GpsiMode, Identity, Matcher, Mode, Operation, Policy, Role, Rule, Template,
};
use std::sync::Arc;

/// The operations and the rules of `policy`, for people who look at them side by side.
pub fn protection(policy: &Policy) -> Json {
    let protects = &policy.protects;
    let own = OPERATIONS.iter().filter(|operation| operation.role == protects.role);
    let rules = policy.rules.as_slice();
    let hidden = config::hidden_rules(policy);
    let listed = rules.iter().zip(hidden).enumerate();
    let listed = listed.map(|(number, (rule, hidden_by))| shown_rule(number, rule, hidden_by));
    let fqdns = protects.fqdns.iter().map(|fqdn| Json::from(fqdn.as_str()));
    let servers = policy.entitlement_servers.iter().map(|server| Json::from(server.identity.as_str()));
    Json::object([
        ("api_root", protects.api_root.as_str().into()),
        ("built_in_operations", Json::Bool(policy.operations.are_built_in())),
        ("entitlement_servers", Json::Array(servers.collect())),
        ("fqdns", Json::Array(fqdns.collect())),
        ("operations", Json::Array(own.map(|operation| shown_operation(policy, operation)).collect())),
        ("role", if protects.role == Role::Ees { "ees" } else { "ecs" }.into()),
        ("rules", Json::Array(listed.collect())),
        ("shadow", Json::Bool(policy.mode == Mode::Shadow)),
    ])
}

fn shown_operation(policy: &Policy, operation: &'static Operation) -> Json {
    let protects = &policy.protects;
    let takes = |matcher: &Matcher| matcher.takes_operation(operation, &protects.api_root, &protects.realm);
    let rules = policy.rules.as_slice().iter().enumerate();
    let taking: Vec<(usize, &Arc<Rule>)> = rules.filter(|(_, rule)| takes(&rule.matcher)).collect();
    let (number, rule) =
        taking.first().map_or((None, None), |(number, rule)| (Some(*number), Some(&***rule)));
    let outcome = match rule.map(|rule| rule.action) {
        Some(action) => outcome_of(action),
        None if policy.operations.are_built_in() => outcome_of(Action::Authenticate),
        None => "refused: no rule takes it",
    };
    let is_authenticated = outcome == outcome_of(Action::Authenticate);
    let checks = if is_authenticated { checks(policy, operation, rule) } else { Vec::new() };
    let later = taking.iter().skip(1).map(|(number, _)| number_of(*number));
    Json::object([
        ("api", operation.api.into()),
        ("checks", texts(checks)),
        ("hidden_rules", Json::Array(later.collect())),
        ("method", operation.method.into()),
        ("outcome", outcome.into()),
        ("path", (&*operation.path(&protects.api_root)).into()),
        ("rule", number.map_or(Json::Null, number_of)),
    ])
}

fn outcome_of(action: Action) -> &'static str {
    match action {
        Action::Authenticate => "needs a token",
        Action::PassWithoutToken => "passes without a token",
        Action::Deny => "refused by a rule",
    }
}

/// What is checked beside the token itself.
fn checks(policy: &Policy, operation: &'static Operation, rule: Option<&Rule>) -> Vec<String> {
    let mut found = Vec::new();
    if policy.token.scopes.are_per_api() {
        found.push(format!("the scopes contain {}", operation.api));
    }
    if let Some(proof) = &policy.proof {
        found.push(
            if proof.required { "a proof of possession" } else { "a proof, if the token is bound" }.into(),
        );
    }
    let is_watched = |rule: &Rule| if rule.mode == Mode::Shadow { " (only recorded)" } else { "" };
    if let Some(rule) = rule {
        let claims = rule.claims.iter();
        found.extend(
            claims.map(|check| format!("{} {}{}", check.claim.as_claim(), check.condition, is_watched(rule))),
        );
    }
    if policy.ownership.is_some() {
        if operation.collection().is_some() {
            found.push("the identifier in the path has the client's seal".into());
        } else if operations::item_made_by(operation).is_some() {
            found.push("the answer's Location gets the client's seal".into());
        }
    }
    if rule.is_none_or(|rule| rule.built_in_binding) && operation.identity != Identity::NoBody {
        found.extend(bound(policy, operation));
    }
    if let Some(rule) = rule {
        found.extend(rule.bind.iter().map(|binding| format!("{}{}", described(binding), is_watched(rule))));
    }
    found
}

/// What the body must say of the client.
fn bound(policy: &Policy, operation: &Operation) -> Vec<String> {
    let places = policy.identities.of(operation.identity);
    let mut found = Vec::new();
    if let Some((place, presence)) = &places.eec_id {
        let open = if *presence == Presence::IfThere { ", if it is there" } else { "" };
        found.push(format!("{} is the token's EEC ID{open}", place.as_str()));
    }
    let (ue_id, place) = &places.ue_id;
    let place = place.as_str();
    match (*ue_id, policy.gpsi) {
        (UeId::None, _) | (_, GpsiMode::Off) => {}
        (UeId::Own, _) => found.push(format!("{place} is a GPSI of the token")),
        (UeId::AsConfigured, GpsiMode::Required) => {
            found.push(format!("{place} is a GPSI of the token, if it is there"));
        }
        (UeId::AsConfigured, GpsiMode::IfPresent) => {
            found.push(format!("{place} is a GPSI of the token, if both are there"));
        }
    }
    found.extend(places.absent.iter().map(|place| format!("{} is absent", place.as_str())));
    found
}

fn described(binding: &Binding) -> String {
    match binding {
        Binding::Claim { claim, body, required } => {
            let open = if *required { "" } else { ", if it is there" };
            format!("{} is the token's {}{open}", body.as_str(), claim.as_claim())
        }
        Binding::Absent(place) => format!("{} is absent", place.as_str()),
    }
}

fn shown_rule(number: usize, rule: &Rule, hidden_by: Option<usize>) -> Json {
    let claims = rule.claims.iter().map(|check| format!("{} {}", check.claim.as_claim(), check.condition));
    Json::object([
        ("bind", texts(rule.bind.iter().map(described))),
        ("built_in_binding", Json::Bool(rule.built_in_binding)),
        ("claims", texts(claims)),
        ("hidden_by", hidden_by.map_or(Json::Null, number_of)),
        ("name", text_or_null(rule.name.as_deref())),
        ("number", number_of(number)),
        ("only_recorded", Json::Bool(rule.mode == Mode::Shadow)),
        ("outcome", outcome_of(rule.action).into()),
        ("takes", texts(taken_by(&rule.matcher))),
    ])
}

/// Which requests a rule takes, a member each.
fn taken_by(matcher: &Matcher) -> Vec<String> {
    let Matcher { methods, hosts, path, path_prefix, path_template, api } = matcher;
    let mut found = Vec::new();
    if !methods.is_empty() {
        found.push(methods.join(" or "));
    }
    found.extend(path.as_deref().map(str::to_owned));
    found.extend(path_prefix.as_deref().map(|prefix| match prefix {
        "" => "every path".to_owned(),
        prefix => format!("{prefix} and below"),
    }));
    found.extend(path_template.as_ref().map(spelled));
    found.extend(api.as_deref().map(|api| format!("the operations of {api}")));
    if !hosts.is_empty() {
        let hosts: Vec<&str> = hosts.iter().map(|host| host.as_str()).collect();
        found.push(format!("at {}", hosts.join(" or ")));
    }
    found
}

fn spelled(template: &Template) -> String {
    template.segments().map(|segment| format!("/{}", segment.unwrap_or("{}"))).collect()
}

fn texts(texts: impl IntoIterator<Item = String>) -> Json {
    Json::Array(texts.into_iter().map(|text| Json::from(&*text)).collect())
}

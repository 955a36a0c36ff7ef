//! Rules that do more, or less, than they seem to.

use super::Say;
use crate::policy::operations::OPERATIONS;
use crate::policy::{Action, Binding, Matcher, Mode, Operation, Policy, Rule};
use std::sync::Arc;

pub(super) fn advise(policy: &Policy, say: Say<'_>) {
    let rules = policy.rules.as_slice();
    for (number, rule) in rules.iter().enumerate() {
        let path = format!("rules[{number}]");
        if rule.mode == Mode::Shadow {
            say(format!("{path}.mode"), "this rule's `claims` and `bind` are only recorded");
        }
        match rule.action {
            Action::Authenticate => authenticates(policy, rule, &path, say),
            Action::PassWithoutToken => passes(policy, rule, &path, say),
            Action::Deny if takes_all(&rule.matcher) => {
                let message = "refuses every request that no earlier rule takes, built-in operations too";
                say(format!("{path}.match"), message);
            }
            Action::Deny => {}
        }
        if let Some(earlier) = hidden_by(rules, number) {
            let message = format!("never reached: rules[{earlier}] takes all of its requests");
            say(format!("{path}.match"), &message);
        }
    }
    if !policy.built_in_operations && !rules.iter().any(|rule| rule.action == Action::Authenticate) {
        let message =
            "with \"none\" and no rule with `action` \"authenticate\", no client gets through with its token";
        say("operations".into(), message);
    }
}

fn authenticates(policy: &Policy, rule: &Rule, path: &str, say: Say<'_>) {
    let bound = rule.bind.iter().any(|binding| matches!(binding, Binding::Claim { .. }));
    if is_wide(&rule.matcher) && rule.matcher.api.is_none() && !bound {
        let message = "takes a whole tree of paths without `bind`: what no built-in operation covers there is open to \
                       every client with a token, whomever its body names";
        say(format!("{path}.match"), message);
    }
    let hosts = &rule.matcher.hosts;
    let ours = hosts.iter().any(|host| policy.protects.fqdns.contains(host));
    if policy.protects.check_host && !hosts.is_empty() && !ours {
        let message = "none of them is one of `protects.fqdns`: what comes to them is `host_mismatch`";
        say(format!("{path}.match.hosts"), message);
    }
}

fn passes(policy: &Policy, rule: &Rule, path: &str, say: Say<'_>) {
    let path = format!("{path}.match");
    if takes_all(&rule.matcher) {
        say(
            path,
            "lets everything that no earlier rule takes pass without a token: no client is authenticated",
        );
    } else if let Some(operation) = taken_operation(policy, &rule.matcher) {
        let what = format!("{} of {} {}", operation.method, operation.api, operation.resource);
        let message = format!(
            "lets built-in operations pass without a token, such as {what}: whoever calls them is nobody in particular"
        );
        say(path, &message);
    } else if is_wide(&rule.matcher) {
        say(path, "lets a whole tree of paths pass without a token");
    }
}

/// A built-in operation that the rule would take.
fn taken_operation(policy: &Policy, matcher: &Matcher) -> Option<&'static Operation> {
    let protects = &policy.protects;
    let mut own = OPERATIONS.iter().filter(|operation| operation.role == protects.role);
    own.find(|operation| {
        let path = format!("{}/v1{}", protects.api_root.join(operation.api), operation.resource);
        let path = path.replace("{id}", "id");
        let host = matcher.hosts.first().map_or(&*protects.realm, |host| host.as_str());
        matcher.takes(operation.method.as_bytes(), host.as_bytes(), path.as_bytes(), Some(operation))
    })
}

/// Whether the rule takes every path of every host.
fn takes_all(matcher: &Matcher) -> bool {
    let all_paths = matcher.path_prefix.as_deref() == Some("") && is_wide(matcher) && matcher.api.is_none();
    all_paths && matcher.methods.is_empty() && matcher.hosts.is_empty()
}

pub(super) fn is_wide(matcher: &Matcher) -> bool {
    matcher.path.is_none() && matcher.path_template.is_none()
}

/// The first of `rules` that takes every request of the one with this number before it.
pub fn hidden_by(rules: &[Arc<Rule>], number: usize) -> Option<usize> {
    let rule = rules.get(number)?;
    rules.iter().take(number).position(|earlier| covers(&earlier.matcher, &rule.matcher))
}

/// Whether every request that `later` takes is certainly taken by `earlier` before.
fn covers(earlier: &Matcher, later: &Matcher) -> bool {
    let methods = earlier.methods.is_empty()
        || (!later.methods.is_empty() && later.methods.iter().all(|m| earlier.methods.contains(m)));
    let hosts = earlier.hosts.is_empty()
        || (!later.hosts.is_empty() && later.hosts.iter().all(|h| earlier.hosts.contains(h)));
    let same = |a: &Option<Box<str>>, b: &Option<Box<str>>| a.is_none() || a == b;
    let template = earlier.path_template.as_ref().is_none_or(|template| {
        later.path.as_deref().is_some_and(|path| template.matches(path.as_bytes()))
            || later.path_template.as_ref().is_some_and(|later| template.covers(later))
    });
    let prefix = earlier.path_prefix.as_deref().is_none_or(|prefix| {
        let below =
            |path: &str| path.strip_prefix(prefix).is_some_and(|r| r.is_empty() || r.starts_with('/'));
        prefix.is_empty()
            || later.path.as_deref().is_some_and(below)
            || later.path_prefix.as_deref().is_some_and(below)
            || later.path_template.as_ref().is_some_and(|template| template.is_below(prefix))
    });
    methods
        && hosts
        && template
        && prefix
        && same(&earlier.path, &later.path)
        && same(&earlier.api, &later.api)
}

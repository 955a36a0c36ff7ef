//! Rules that do more, or less, than they seem to.

use super::Say;
use crate::policy::operations::OPERATIONS;
use crate::policy::{Action, Binding, Matcher, Mode, Operation, Policy, Rule, Template};

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
        hidden(policy, number, &rule.matcher, &path, say);
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
    let host = matcher.hosts.first().map_or(&*protects.realm, |host| host.as_str());
    let mut own = OPERATIONS.iter().filter(|operation| operation.role == protects.role);
    own.find(|operation| matcher.takes_operation(operation, &protects.api_root, host))
}

/// Whether the rule takes every path of every host.
fn takes_all(matcher: &Matcher) -> bool {
    let all_paths = matcher.path_prefix.as_deref() == Some("") && is_wide(matcher) && matcher.api.is_none();
    all_paths && matcher.methods.is_empty() && matcher.hosts.is_empty()
}

pub(super) fn is_wide(matcher: &Matcher) -> bool {
    matcher.path.is_none() && matcher.path_template.is_none()
}

/// The first of the rules that takes every request of the one with this number before it.
pub fn hidden_by(policy: &Policy, number: usize) -> Option<usize> {
    let rules = policy.rules.as_slice();
    let matcher = &rules.get(number)?.matcher;
    let methods: Vec<&str> = matcher.methods.iter().map(|method| &**method).collect();
    rules.iter().take(number).position(|earlier| covers(policy, &earlier.matcher, matcher, &methods))
}

/// What earlier rules leave to a rule: nothing, or only what is no built-in operation.
fn hidden(policy: &Policy, number: usize, matcher: &Matcher, path: &str, say: Say<'_>) {
    if let Some(earlier) = hidden_by(policy, number) {
        say(format!("{path}.match"), &format!("never reached: rules[{earlier}] takes all of its requests"));
        return;
    }
    // Of an API, an earlier rule takes the built-in operations alone, and other methods come as far as this one.
    let built_in: Vec<&str> = operations(policy)
        .filter(|(_, template)| is_at(matcher, template))
        .map(|(op, _)| op.method)
        .collect();
    if !matcher.methods.is_empty() || built_in.is_empty() {
        return;
    }
    let takes_these =
        |earlier: &Matcher| earlier.api.is_some() && covers(policy, earlier, matcher, &built_in);
    let mut before = policy.rules.as_slice().iter().take(number);
    if let Some(earlier) = before.position(|earlier| takes_these(&earlier.matcher)) {
        let message = format!(
            "rules[{earlier}] takes the built-in operations at this path ({}) before: only other methods come here",
            built_in.join(", ")
        );
        say(format!("{path}.match"), &message);
    }
}

/// The built-in operations of the role, with their paths.
fn operations(policy: &Policy) -> impl Iterator<Item = (&'static Operation, Template)> {
    let protects = &policy.protects;
    let own = OPERATIONS.iter().filter(|operation| operation.role == protects.role);
    own.filter_map(|operation| Some((operation, Template::parse(&operation.path(&protects.api_root))?)))
}

/// Whether all paths of a matcher with a path or template are those of `template`.
fn is_at(matcher: &Matcher, template: &Template) -> bool {
    matcher.path.as_deref().is_some_and(|path| template.matches(path.as_bytes()))
        || matcher.path_template.as_ref().is_some_and(|own| template.covers(own))
}

/// Whether every request with one of `methods` (all, if none) that `later` takes is certainly taken by `earlier` before.
fn covers(policy: &Policy, earlier: &Matcher, later: &Matcher, methods: &[&str]) -> bool {
    let of_later: Vec<(&Operation, Template)> = operations(policy)
        .filter(|(op, _)| later.api.as_deref() == Some(op.api))
        .filter(|(op, _)| methods.is_empty() || methods.contains(&op.method))
        .collect();
    // With `api`, a rule takes nothing but operations: what holds for all of those holds for its requests.
    let all_operations = |holds: &dyn Fn(&Operation, &Template) -> bool| {
        !of_later.is_empty() && of_later.iter().all(|(op, template)| holds(op, template))
    };
    let takes_method = |method: &str| earlier.methods.iter().any(|own| **own == *method);
    let all_methods = earlier.methods.is_empty()
        || (!methods.is_empty() && methods.iter().all(|method| takes_method(method)))
        || all_operations(&|op, _| takes_method(op.method));
    let hosts = earlier.hosts.is_empty()
        || (!later.hosts.is_empty() && later.hosts.iter().all(|h| earlier.hosts.contains(h)));
    let path = earlier.path.as_deref().is_none_or(|path| {
        later.path.as_deref() == Some(path)
            || Template::parse(path).is_some_and(|path| all_operations(&|_, of_op| path.covers(of_op)))
    });
    let template = earlier.path_template.as_ref().is_none_or(|template| {
        later.path.as_deref().is_some_and(|path| template.matches(path.as_bytes()))
            || later.path_template.as_ref().is_some_and(|later| template.covers(later))
            || all_operations(&|_, of_op| template.covers(of_op))
    });
    let prefix = earlier.path_prefix.as_deref().is_none_or(|prefix| {
        let below =
            |path: &str| path.strip_prefix(prefix).is_some_and(|r| r.is_empty() || r.starts_with('/'));
        prefix.is_empty()
            || later.path.as_deref().is_some_and(below)
            || later.path_prefix.as_deref().is_some_and(below)
            || later.path_template.as_ref().is_some_and(|template| template.is_below(prefix))
            || all_operations(&|_, of_op| of_op.is_below(prefix))
    });
    let api = earlier.api.as_deref().is_none_or(|api| {
        let is_operation = |method: &&str| {
            operations(policy)
                .any(|(op, of_op)| op.api == api && op.method == *method && is_at(later, &of_op))
        };
        later.api.as_deref() == Some(api) || (!methods.is_empty() && methods.iter().all(is_operation))
    });
    all_methods && hosts && template && prefix && path && api
}

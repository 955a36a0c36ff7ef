//! Rules that do more, or less, than they seem to.

use super::super::error::Say;
use crate::policy::operations::OPERATIONS;
use crate::policy::{Action, Binding, Matcher, Mode, Operation, Policy, Rule, Template};
use std::sync::Arc;

pub(super) fn advise(policy: &Policy, say: Say<'_>) {
    let rules = policy.rules.as_slice();
    let order = Order::new(policy);
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
        order.hidden(number, &rule.matcher, &path, say);
    }
    if !policy.operations.are_built_in() && !rules.iter().any(|rule| rule.action == Action::Authenticate) {
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
pub(super) fn takes_all(matcher: &Matcher) -> bool {
    let all_paths = matcher.path_prefix.as_deref() == Some("") && is_wide(matcher) && matcher.api.is_none();
    all_paths && matcher.methods.is_empty() && matcher.hosts.is_empty()
}

fn is_wide(matcher: &Matcher) -> bool {
    matcher.path.is_none() && matcher.path_template.is_none()
}

/// For each rule the first that takes every request of it before.
pub fn hidden_rules(policy: &Policy) -> Vec<Option<usize>> {
    let order = Order::new(policy);
    policy
        .rules
        .as_slice()
        .iter()
        .enumerate()
        .map(|(number, rule)| order.before(number, &rule.matcher))
        .collect()
}

/// What the order of the rules does. Rules are compared in pairs, of which there may be millions: what only depends on one of
/// them is found once.
struct Order<'a> {
    rules: &'a [Arc<Rule>],
    /// The built-in operations of the role, with their paths.
    operations: Vec<(&'static Operation, Template)>,
}

/// A rule, as far as earlier ones may take its requests.
struct Later<'a> {
    matcher: &'a Matcher,
    /// The methods of these requests; all, if none.
    methods: &'a [&'a str],
    /// With `api`, a rule takes nothing but operations: what holds for all of those holds for its requests.
    operations: Vec<&'a (&'static Operation, Template)>,
}

impl Later<'_> {
    fn all_operations(&self, holds: &dyn Fn(&Operation, &Template) -> bool) -> bool {
        !self.operations.is_empty() && self.operations.iter().all(|(op, template)| holds(op, template))
    }
}

impl<'a> Order<'a> {
    fn new(policy: &'a Policy) -> Order<'a> {
        let protects = &policy.protects;
        let own = OPERATIONS.iter().filter(|operation| operation.role == protects.role);
        let with_path = |operation: &'static Operation| {
            Some((operation, Template::parse(&operation.path(&protects.api_root))?))
        };
        Order { rules: policy.rules.as_slice(), operations: own.filter_map(with_path).collect() }
    }

    /// The first of the rules before `number` that takes every request of its matcher.
    fn before(&self, number: usize, matcher: &Matcher) -> Option<usize> {
        let methods: Vec<&str> = matcher.methods.iter().map(|method| &**method).collect();
        let later = self.later(matcher, &methods);
        self.rules.iter().take(number).position(|earlier| self.covers(&earlier.matcher, &later))
    }

    /// What earlier rules leave to a rule: nothing, or only what is no built-in operation.
    fn hidden(&self, number: usize, matcher: &Matcher, path: &str, say: Say<'_>) {
        if let Some(earlier) = self.before(number, matcher) {
            say(
                format!("{path}.match"),
                &format!("never reached: rules[{earlier}] takes all of its requests"),
            );
            return;
        }
        // Of an API, an earlier rule takes the built-in operations alone, and other methods come as far as this one.
        let at_path = self.operations.iter().filter(|(_, template)| is_at(matcher, template));
        let built_in: Vec<&str> = at_path.map(|(op, _)| op.method).collect();
        if !matcher.methods.is_empty() || built_in.is_empty() {
            return;
        }
        let later = self.later(matcher, &built_in);
        let takes_these = |earlier: &Matcher| earlier.api.is_some() && self.covers(earlier, &later);
        let mut before = self.rules.iter().take(number);
        if let Some(earlier) = before.position(|earlier| takes_these(&earlier.matcher)) {
            let message = format!(
                "rules[{earlier}] takes the built-in operations at this path ({}) before: only other methods come here",
                built_in.join(", ")
            );
            say(format!("{path}.match"), &message);
        }
    }

    fn later<'b>(&'b self, matcher: &'b Matcher, methods: &'b [&'b str]) -> Later<'b> {
        let own = self.operations.iter().filter(|(op, _)| matcher.api.as_deref() == Some(op.api));
        let operations = own.filter(|(op, _)| methods.is_empty() || methods.contains(&op.method)).collect();
        Later { matcher, methods, operations }
    }

    /// Whether every request of `later` is certainly taken by `earlier` before.
    fn covers(&self, earlier: &Matcher, later: &Later<'_>) -> bool {
        let Later { matcher, methods, .. } = later;
        let takes_method = |method: &str| earlier.methods.iter().any(|own| **own == *method);
        let all_methods = earlier.methods.is_empty()
            || (!methods.is_empty() && methods.iter().all(|method| takes_method(method)))
            || later.all_operations(&|op, _| takes_method(op.method));
        let hosts = || {
            earlier.hosts.is_empty()
                || (!matcher.hosts.is_empty() && matcher.hosts.iter().all(|h| earlier.hosts.contains(h)))
        };
        all_methods && hosts() && self.covers_api(earlier, later) && covers_paths(earlier, later)
    }

    fn covers_api(&self, earlier: &Matcher, later: &Later<'_>) -> bool {
        let Later { matcher, methods, .. } = later;
        earlier.api.as_deref().is_none_or(|api| {
            let is_operation = |method: &&str| {
                let mut own = self.operations.iter().filter(|(op, _)| op.api == api && op.method == *method);
                own.any(|(_, of_op)| is_at(matcher, of_op))
            };
            matcher.api.as_deref() == Some(api) || (!methods.is_empty() && methods.iter().all(is_operation))
        })
    }
}

/// Whether all paths of `later` are among those of `earlier`.
fn covers_paths(earlier: &Matcher, later: &Later<'_>) -> bool {
    let matcher = later.matcher;
    let path = earlier.path.as_deref().is_none_or(|path| {
        let is_of_operations =
            || Template::parse(path).is_some_and(|path| later.all_operations(&|_, of_op| path.covers(of_op)));
        matcher.path.as_deref() == Some(path) || (!later.operations.is_empty() && is_of_operations())
    });
    let template = earlier.path_template.as_ref().is_none_or(|template| {
        matcher.path.as_deref().is_some_and(|path| template.matches(path.as_bytes()))
            || matcher.path_template.as_ref().is_some_and(|later| template.covers(later))
            || later.all_operations(&|_, of_op| template.covers(of_op))
    });
    let prefix = earlier.path_prefix.as_deref().is_none_or(|prefix| {
        let below =
            |path: &str| path.strip_prefix(prefix).is_some_and(|r| r.is_empty() || r.starts_with('/'));
        prefix.is_empty()
            || matcher.path.as_deref().is_some_and(below)
            || matcher.path_prefix.as_deref().is_some_and(below)
            || matcher.path_template.as_ref().is_some_and(|template| template.is_below(prefix))
            || later.all_operations(&|_, of_op| of_op.is_below(prefix))
    });
    path && template && prefix
}

/// Whether all paths of a matcher with a path or template are those of `template`.
fn is_at(matcher: &Matcher, template: &Template) -> bool {
    matcher.path.as_deref().is_some_and(|path| template.matches(path.as_bytes()))
        || matcher.path_template.as_ref().is_some_and(|own| template.covers(own))
}

//! What stands twice, and once would be enough or was meant for something else.

use super::super::error::Say;
use crate::config::shape::quote;
use crate::policy::Policy;
use std::collections::BTreeMap;

pub(super) fn advise(policy: &Policy, say: Say<'_>) {
    for (number, fqdn) in policy.protects.fqdns.iter().enumerate() {
        if policy.protects.fqdns.iter().take(number).any(|earlier| earlier == fqdn) {
            say(format!("protects.fqdns[{number}]"), "is there once more; leave it out");
        }
    }
    let rules = policy.rules.as_slice();
    for (number, rule) in rules.iter().enumerate() {
        let earlier = || rules.iter().take(number).position(|earlier| earlier.name == rule.name);
        if let Some((earlier, name)) = rule.name.as_ref().and_then(|name| Some((earlier()?, name))) {
            let message = format!(
                "{} is the name of rules[{earlier}] as well: access logs would not tell which of them refused a request",
                quote(name)
            );
            say(format!("rules[{number}].name"), &message);
        }
    }
    let servers = &policy.entitlement_servers;
    let mut first_with: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, server) in servers.iter().enumerate() {
        let owners =
            server.keys.keys().iter().map(|key| *first_with.entry(key.key.thumbprint()).or_insert(number));
        if let Some(earlier) = owners.filter(|owner| *owner != number).min() {
            let message = format!(
                "has a key of entitlement_servers[{earlier}]: whoever signs for one can sign for the other; give each its own"
            );
            say(format!("entitlement_servers[{number}].keys"), &message);
        }
        for (place, audience) in server.audiences.iter().enumerate() {
            if server.audiences.iter().take(place).any(|earlier| earlier == audience) {
                say(
                    format!("entitlement_servers[{number}].audiences[{place}]"),
                    "is there once more; leave it out",
                );
            }
        }
    }
}

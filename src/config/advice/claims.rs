//! Claims that cannot be as they are asked for.

use super::super::error::Say;
use crate::json::Pointer;
use crate::policy::{Binding, ClaimCheck, Condition, Policy, Rule};

pub(super) fn advise(policy: &Policy, say: Say<'_>) {
    for (number, rule) in policy.rules.as_slice().iter().enumerate() {
        if let Some(claim) =
            rule.claims.iter().map(|check| &check.claim).find(|claim| never_holds(rule, claim))
        {
            let message = format!(
                "what is asked of {} cannot hold at once: every request that the rule takes is `claim_mismatch`",
                claim.as_str()
            );
            say(format!("rules[{number}].claims"), &message);
        }
        let absent = |place: &Pointer| {
            rule.bind.iter().any(|other| matches!(other, Binding::Absent(absent) if absent == place))
        };
        for (at, binding) in rule.bind.iter().enumerate() {
            let Binding::Claim { body, .. } = binding else { continue };
            if absent(body) {
                let message = format!("{} is to be a claim and to be absent", body.as_str());
                say(format!("rules[{number}].bind[{at}]"), &message);
            }
        }
    }
}

/// Whether no token can have what the rule asks of this claim.
fn never_holds(rule: &Rule, claim: &Pointer) -> bool {
    let asked: Vec<&ClaimCheck> = rule.claims.iter().filter(|check| check.claim == *claim).collect();
    // A check of `iss` takes the configured spelling as well as the token's, so two may hold.
    if claim.is_issuer() {
        return false;
    }
    if asked.iter().any(|check| matches!(check.condition, Condition::Present(false))) {
        return asked.iter().any(|check| !matches!(check.condition, Condition::Present(false)));
    }
    asked.iter().any(|check| {
        let values = match &check.condition {
            Condition::Equals(value) => std::slice::from_ref(value),
            Condition::OneOf(values) => values,
            Condition::Prefix(_) | Condition::Suffix(_) | Condition::Contains(_) => return false,
            Condition::Present(_) => return false,
        };
        let fits = |value| asked.iter().all(|other| other.condition.holds(Some(value)));
        !values.iter().any(fits)
    })
}

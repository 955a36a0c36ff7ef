//! What is legal in a configuration but deserves a look.

mod claims;
mod dates;
mod eec_id;
mod issuers;
mod repeated;
mod revoked;
mod rules;
mod servers;

pub use dates::dates;
pub use rules::hidden_rules;

use super::error::ConfigError;
use crate::policy::operations::OPERATIONS;
use crate::policy::ownership::Unsealed;
use crate::policy::{Action, GpsiMode, Matcher, Mode, Operation, Ownership, Policy, Role};

/// The lifetime of tokens, in seconds, above which proofs should carry a nonce (RFC 9449, section 11.2).
const LONG_WITHOUT_NONCE: f64 = 3_600.0;

/// How long tokens may be used past their end, in seconds, before that is worth a word.
const LONG_SKEW: f64 = 300.0;

/// The lifetime of tokens, in seconds, that is worth a word: more than a month.
const LONG_LIFETIME: f64 = 31.0 * 86_400.0;

/// The size of bodies, in bytes, that is worth a word.
const LARGE_BODY: usize = 1_048_576;

/// Advice about an accepted configuration. It depends on the policy alone; what the clock has to say about keys
/// is for the caller.
pub fn advice(policy: &Policy) -> Vec<ConfigError> {
    let mut found = Vec::new();
    let mut say = |path: String, message: &str| found.push(ConfigError { path, message: message.into() });
    if policy.mode == Mode::Shadow {
        say("mode".into(), "nothing is refused in shadow mode; use \"enforce\" when the counters are quiet");
    }
    if !policy.protects.check_host {
        say("protects.check_host".into(), "a token for one host is accepted at any other that routes here");
    }
    for (number, fqdn) in policy.protects.fqdns.iter().enumerate() {
        if !fqdn.as_str().contains('.') {
            let message = "has no dot: `aud` and :authority must be just this word, and whoever else has a host of that name could use the \
                           same tokens; give the full name";
            say(format!("protects.fqdns[{number}]"), message);
        }
    }
    match policy.gpsi {
        GpsiMode::Off if policy.operations.are_built_in() => {
            let message = match policy.protects.role {
                Role::Ees => {
                    "with \"off\", POST /get of eees-ueidentifier answers about any UE that a body names"
                }
                Role::Ecs => "with \"off\", an edge ECS answers for any UE that a body names",
            };
            say("gpsi".into(), message);
        }
        GpsiMode::IfPresent => {
            say(
                "gpsi".into(),
                "with \"if_present\", a token without a GPSI may name any UE ID; \"required\" refuses it",
            );
        }
        GpsiMode::Off | GpsiMode::Required => {}
    }
    match &policy.ownership {
        None if serves_items(policy) => {
            let message = "without it, every client with a token can replace, change and delete the resources of others, \
                           unless the server compares their owner with the identity headers";
            say("ownership".into(), message);
        }
        Some(Ownership { unsealed: Unsealed::Allow, .. }) => {
            let message = "with \"allow\" nothing is protected: whoever leaves a seal off can change the resources of \
                           others; use \"deny\" as soon as clients have sealed identifiers";
            say("ownership.unsealed".into(), message);
        }
        None | Some(Ownership { unsealed: Unsealed::Deny, .. }) => {}
    }
    if policy.token.clock_skew_seconds > LONG_SKEW {
        say("token.clock_skew_seconds".into(), "an expired token passes for this long");
    }
    let is_enough_alone = policy.proof.as_ref().is_none_or(|proof| !proof.required);
    if is_enough_alone && policy.token.max_lifetime_seconds > LONG_LIFETIME {
        let message = "whoever gets hold of a token may use it for this long: let tokens be short-lived, and clients ask for new ones";
        say("token.max_lifetime_seconds".into(), message);
    }
    if policy.body.limit_bytes > LARGE_BODY {
        let message = "so much of Envoy's memory is held for each request until its body is whole: bodies of these APIs are a few kilobytes";
        say("body.limit_bytes".into(), message);
    }
    if policy.forward.token {
        say("forward.token".into(), "the upstream gets the client's token and could use it elsewhere");
    }
    if let Some(proof) = &policy.proof {
        if !proof.required {
            let message = "a token without `cnf` passes without a proof: whoever steals one can use it";
            say("proof.required".into(), message);
        }
        if policy.dpop().is_some_and(|dpop| dpop.nonce.is_none())
            && policy.token.max_lifetime_seconds > LONG_WITHOUT_NONCE
        {
            let message = "without `proof.dpop.nonce` a client can make proofs for later beforehand: tokens that last over an hour leave \
                           much time for them";
            say("token.max_lifetime_seconds".into(), message);
        }
    }
    servers::advise(policy, &mut say);
    revoked::advise(policy, &mut say);
    rules::advise(policy, &mut say);
    claims::advise(policy, &mut say);
    repeated::advise(policy, &mut say);
    found.extend(eec_id::advice(policy));
    found
}

/// Whether clients can act on items of the built-in collections.
fn serves_items(policy: &Policy) -> bool {
    let protects = &policy.protects;
    let items = OPERATIONS.iter().filter(|op| op.role == protects.role);
    let mut items = items.filter(|op| op.collection().is_some());
    let is_taken = |op: &Operation| {
        let takes = |matcher: &Matcher| matcher.takes_operation(op, &protects.api_root, &protects.realm);
        policy.rules.as_slice().iter().any(|rule| rule.action == Action::Authenticate && takes(&rule.matcher))
    };
    items.any(|item| policy.operations.are_built_in() || is_taken(item))
}

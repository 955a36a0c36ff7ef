//! What is legal in a configuration but deserves a look.

mod claims;
mod dates;
mod eec_id;
mod issuers;
mod repeated;
mod rules;

pub use dates::dates;
pub use rules::hidden_rules;

use super::error::ConfigError;
use super::shape::quote;
use crate::json::Pointer;
use crate::policy::online::{ApplyTo, Method, OnUnavailable};
use crate::policy::operations::OPERATIONS;
use crate::policy::ownership::Unsealed;
use crate::policy::{Action, GpsiMode, Matcher, Mode, Operation, Ownership, Policy, Role};

/// The lifetime of tokens, in seconds, above which proofs should carry a nonce (RFC 9449, section 11.2).
const LONG_WITHOUT_NONCE: f64 = 3_600.0;

/// How long tokens may be used past their end, in seconds, before that is worth a word.
const LONG_SKEW: f64 = 300.0;

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
        GpsiMode::Off if policy.protects.role == Role::Ees && policy.operations.are_built_in() => {
            let message =
                "with \"off\", POST /get of eees-ueidentifier answers about any UE that a body names";
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
    for (number, server) in policy.entitlement_servers.iter().enumerate() {
        let Some(online) = &server.online else { continue };
        let path = format!("entitlement_servers[{number}].online");
        if online.on_unavailable == OnUnavailable::AllowVerified {
            let message = "while the server cannot be asked, a token that it has revoked passes until `exp`";
            say(format!("{path}.on_unavailable"), message);
        }
        if online.apply_to == ApplyTo::All && online.cache_seconds > 300.0 {
            let message = "a revocation at the server takes effect only after this long";
            say(format!("{path}.cache_seconds"), message);
        }
        if let Method::Ts43 { parameters } = &online.method
            && !parameters.iter().any(|(name, _)| matches!(&**name, "client_id" | "scope"))
        {
            let message = "with neither `client_id` nor `parameters.scope`, which TS.43 14.1.6 asks for, a server may refuse to answer";
            say(path.clone(), message);
        }
        let message = "the answers of this cluster are trusted: it must use TLS and check the server's name";
        say(format!("{path}.cluster"), message);
    }
    for (number, server) in policy.entitlement_servers.iter().enumerate() {
        let Some(remote) = &server.jwks_remote else { continue };
        let path = format!("entitlement_servers[{number}].keys");
        if remote.signed_by.keys().is_empty() && remote.trust_anchors.is_empty() {
            let message = "a fetched set that nobody signs is trusted as far as its cluster: it must use TLS and check the \
                           server's name; `signed_by` or `trust_anchors_pem` would anchor it to something pinned";
            say(format!("{path}.jwks_remote"), message);
        }
        if remote.max_stale_seconds < remote.refresh_seconds {
            let message = "shorter than `refresh_seconds`: between two fetches there would be no keys";
            say(format!("{path}.jwks_remote.max_stale_seconds"), message);
        }
    }
    for (number, server) in policy.entitlement_servers.iter().enumerate() {
        let path = format!("entitlement_servers[{number}]");
        if let Some((member, message)) = issuers::advice(policy, server) {
            say(format!("{path}.{member}"), message);
        }
        if !policy.token.scopes.are_per_api() && server.scope_claim != Pointer::to_member("scope") {
            say(format!("{path}.scope_claim"), "is not looked at while `token.scopes` is \"off\"");
        }
    }
    let all_pinned = policy.entitlement_servers.iter().all(|server| server.jwks_remote.is_none());
    let known: Vec<&str> = policy.entitlement_servers.iter().flat_map(|server| server.keys.names()).collect();
    for id in policy.revoked.key_ids().filter(|id| all_pinned && !known.contains(id)) {
        let message = format!("{} names no pinned key: no kid, thumbprint or x5t#S256 is that", quote(id));
        say("revoked.key_ids".into(), &message);
    }
    for (number, server) in policy.entitlement_servers.iter().enumerate() {
        let mut keys = server.keys.keys().iter().peekable();
        let is_revoked = |name: &str| policy.revoked.key_ids().any(|id| id == name);
        let gone = keys.peek().is_some()
            && server.jwks_remote.is_none()
            && keys.all(|key| key.names().any(is_revoked));
        if gone {
            let message = format!(
                "revokes every key of entitlement_servers[{number}]: none of the tokens that they verify passes; pin a new key"
            );
            say("revoked.key_ids".into(), &message);
        }
    }
    if policy.revoked.needs_token_id() && !policy.token.require_claims.contains(&Pointer::to_member("jti")) {
        let message = "refuses every token without `jti` as well; require it (`token.require_claims`: [\"jti\"]), so that such \
                       tokens are told what they lack";
        say("revoked.token_ids".into(), message);
    }
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

//! Where something names another claim than the one with the EEC ID of a server's tokens.

use super::super::error::ConfigError;
use crate::policy::forward::{DEFAULT_NAMES, HeaderClaim};
use crate::policy::{Binding, EntitlementServer, Policy};
use std::sync::Arc;

/// The header that carries the EEC ID where none is configured.
const EEC_ID_HEADER: &str = DEFAULT_NAMES[0];

/// One warning a server for the headers, and one for each binding.
pub(super) fn advice(policy: &Policy) -> Vec<ConfigError> {
    let mut found = Vec::new();
    for server in &policy.entitlement_servers {
        found.extend(headers(policy, server));
    }
    for (rule, number) in policy.rules.as_slice().iter().zip(0_usize..) {
        for (binding, place) in rule.bind.iter().zip(0_usize..) {
            let stranger = policy.entitlement_servers.iter().find(|server| misses(policy, binding, server));
            if let (Some(server), Binding::Claim { claim, .. }) = (stranger, binding) {
                let message = format!("`{}` is compared, and {}", claim.as_claim(), elsewhere(server));
                found.push(ConfigError { path: format!("rules[{number}].bind[{place}].claim"), message });
            }
        }
    }
    found
}

/// What the upstream is told of a client of this server.
fn headers(policy: &Policy, server: &EntitlementServer) -> Option<ConfigError> {
    let (names, claims) = (&policy.forward.names, &policy.forward.claims);
    let usual = names.iter().zip(claims).find(|(name, _)| name.replace('_', "-") == EEC_ID_HEADER);
    let own = |claim: &HeaderClaim| claim.is_eec_id(&server.claims);
    if let Some((name, claim)) = usual.filter(|(_, claim)| !own(claim)) {
        let carried = claim.place(&server.claims).as_claim();
        let message = format!(
            "carries `{carried}`, and {}: the upstream would take another value for it",
            elsewhere(server)
        );
        return Some(ConfigError { path: format!("forward.headers.{name}"), message });
    }
    if claims.iter().any(own) {
        return None;
    }
    let message = format!(
        "no header carries the EEC ID: {}; the upstream is not told who is calling",
        elsewhere(server)
    );
    Some(ConfigError { path: "forward.headers".into(), message })
}

/// Whether a binding is for the EEC ID, and looks for it where this server's tokens do not have it.
fn misses(policy: &Policy, binding: &Binding, server: &EntitlementServer) -> bool {
    let Binding::Claim { claim, body, .. } = binding else { return false };
    let of_another = |other: &Arc<EntitlementServer>| other.claims.eec_id == *claim;
    let for_eec_id = body.as_str().ends_with("/eecId") || policy.entitlement_servers.iter().any(of_another);
    for_eec_id && *claim != server.claims.eec_id
}

fn elsewhere(server: &EntitlementServer) -> String {
    let (number, claim) = (server.number, server.claims.eec_id.as_claim());
    format!("the EEC ID in tokens of entitlement_servers[{number}] is `{claim}`")
}

//! What is revoked without effect, or with more of it than was meant.

use super::super::error::Say;
use crate::config::shape::quote;
use crate::json::Pointer;
use crate::policy::Policy;

pub(super) fn advise(policy: &Policy, say: Say<'_>) {
    let servers = &policy.entitlement_servers;
    let all_pinned = servers.iter().all(|server| server.jwks_remote.is_none());
    let known: Vec<&str> = servers.iter().flat_map(|server| server.keys.names()).collect();
    for id in policy.revoked.key_ids().filter(|id| all_pinned && !known.contains(id)) {
        let message = format!("{} names no pinned key: no kid, thumbprint or x5t#S256 is that", quote(id));
        say("revoked.key_ids".into(), &message);
    }
    for (number, server) in servers.iter().enumerate() {
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
}

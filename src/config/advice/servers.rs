//! Entitlement servers: their names and keys, and what they are asked.

use super::super::error::Say;
use super::issuers;
use crate::json::Pointer;
use crate::keys::PinnedKey;
use crate::policy::forward::HeaderClaim;
use crate::policy::online::{ApplyTo, Method, OnUnavailable, Online};
use crate::policy::{EntitlementServer, JwksRemote, Policy};

pub(super) fn advise(policy: &Policy, say: Say<'_>) {
    for (number, server) in policy.entitlement_servers.iter().enumerate() {
        let path = format!("entitlement_servers[{number}]");
        if let Some(online) = &server.online {
            is_asked(online, &format!("{path}.online"), say);
        }
        if let Some(remote) = &server.jwks_remote {
            keys_are_fetched(remote, &format!("{path}.keys.jwks_remote"), say);
        }
        if has_nameless_key_among_others(server) {
            let message = "one has no `kid`, and others are of its algorithm: it verifies no token that names a `kid`, nor one \
                           that names none, since several keys would fit; give each the `kid` that its tokens have";
            say(format!("{path}.keys"), message);
        }
        names(server, &path, say);
        if let Some((member, message)) = issuers::advice(policy, server) {
            say(format!("{path}.{member}"), message);
        }
        if !policy.token.scopes.are_per_api() && server.scope_claim != Pointer::to_member("scope") {
            say(format!("{path}.scope_claim"), "is not looked at while `token.scopes` is \"off\"");
        }
    }
    issuers_look_the_same(policy, say);
}

/// The upstream has to know whose client it is: by the issuer, or by another claim that tells the servers apart.
fn issuers_look_the_same(policy: &Policy, say: Say<'_>) {
    let (servers, claims) = (&policy.entitlement_servers, &policy.forward.claims);
    let is_eec_id = |claim: &HeaderClaim| servers.iter().any(|server| claim.is_eec_id(&server.claims));
    let token_id = Pointer::to_member("jti");
    let tells_apart = |claim: &HeaderClaim| {
        servers
            .iter()
            .map(|server| &server.claims)
            .all(|claims| ![&claims.eec_id, &claims.gpsi, &token_id].contains(&claim.place(claims)))
    };
    if servers.len() > 1 && claims.iter().any(is_eec_id) && !claims.iter().any(tells_apart) {
        let message = "no header carries `iss`: two entitlement servers may give one EEC ID to different clients, and the upstream \
                       could not tell them apart";
        say("forward.headers".into(), message);
    }
}

fn is_asked(online: &Online, path: &str, say: Say<'_>) {
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
        say(path.into(), message);
    }
    let message = "the answers of this cluster are trusted: it must use TLS and check the server's name";
    say(format!("{path}.cluster"), message);
}

fn keys_are_fetched(remote: &JwksRemote, path: &str, say: Say<'_>) {
    if remote.signed_by.keys().is_empty() && remote.trust_anchors.is_empty() {
        let message = "a fetched set that nobody signs is trusted as far as its cluster: it must use TLS and check the \
                       server's name; `signed_by` or `trust_anchors_pem` would anchor it to something pinned";
        say(path.into(), message);
    }
    if remote.max_stale_seconds < remote.refresh_seconds {
        let message = "shorter than `refresh_seconds`: between two fetches there would be no keys";
        say(format!("{path}.max_stale_seconds"), message);
    }
}

/// Whether some key has nothing by which a token could name it, and another of its algorithm is good at the same time for good: a
/// rotation is over some day.
fn has_nameless_key_among_others(server: &EntitlementServer) -> bool {
    let keys = server.keys.keys();
    let competes = |one: &PinnedKey, other: &PinnedKey| {
        one.key.algorithm() == other.key.algorithm()
            && one.window.narrowed_by(&other.window).not_after.is_none()
    };
    let mut nameless = keys.iter().filter(|key| key.kid.is_none() && key.x5t_s256.is_none());
    nameless.any(|key| keys.iter().any(|other| !std::ptr::eq(key, other) && competes(key, other)))
}

fn names(server: &EntitlementServer, path: &str, say: Say<'_>) {
    let issuer = (format!("{path}.issuer"), server.identity.canonical());
    let audiences = server.audiences.iter().enumerate();
    let audiences = audiences.map(|(place, name)| (format!("{path}.audiences[{place}]"), &**name));
    for (path, name) in std::iter::once(issuer).chain(audiences) {
        // They are compared to the letter.
        if name.trim() != name {
            say(path, "has white space around it, which counts: no token names it so");
        } else if name.contains('*') {
            say(path, "the `*` stands for itself: no token fits but one that has this to the letter");
        }
    }
}

//! `entitlement_servers`: who may issue tokens, and with which keys.

use super::compile::fqdn;
use super::node::Node;
use super::shape::quote;
use super::{Environment, online};
use crate::keys::{Jwk, JwkSet, KeySet, PinnedKey, Window};
use crate::policy::online::{ApplyTo, Method};
use crate::policy::{EntitlementServer, IssuerName};

pub(super) fn entitlement_servers(
    node: &Node<'_>,
    environment: &Environment<'_>,
) -> Option<Vec<EntitlementServer>> {
    let items = node.items();
    let compiled: Vec<Option<EntitlementServer>> =
        items.iter().map(|item| entitlement_server(item, environment)).collect();
    for (i, later) in compiled.iter().enumerate() {
        for (j, earlier) in compiled.iter().take(i).enumerate() {
            if let (Some(earlier), Some(later), Some(item)) = (earlier, later, items.get(i))
                && later.identity.overlaps(&earlier.identity)
            {
                item.error(format!(
                    "the same `iss` could name this server and entitlement_servers[{j}]; \
                     give each its own \"fqdn\" or \"issuer\""
                ));
            }
        }
    }
    let takes_opaque = |server: &Option<EntitlementServer>| {
        let online = server.as_ref().and_then(|server| server.online.as_ref());
        online.is_some_and(|o| matches!(o.method, Method::Rfc7662 { .. }) && o.apply_to == ApplyTo::Opaque)
    };
    let mut takers = compiled.iter().zip(&items).filter(|(server, _)| takes_opaque(server)).skip(1);
    if let Some((_, item)) = takers.next() {
        let message =
            "another server takes opaque tokens already, and only one can; give \"all\" here or there";
        item.error_below(".online.apply_to", message.into());
    }
    compiled.into_iter().collect()
}

fn entitlement_server(node: &Node<'_>, environment: &Environment<'_>) -> Option<EntitlementServer> {
    let name = node.member("fqdn");
    let fqdn = fqdn(&name);
    let pinned = node.member("keys");
    let keys = keys(&pinned);
    let online = online::online(&node.member("online"), &pinned, name.text(), environment);
    let identity = match node.member("issuer").text() {
        Some(issuer) => IssuerName::Exact(issuer.into()),
        None => IssuerName::Fqdn { fqdn: fqdn?, spelling: name.text()?.into() },
    };
    Some(EntitlementServer { identity, keys: KeySet::new(keys), online: online? })
}

fn keys(node: &Node<'_>) -> Vec<PinnedKey> {
    let mut keys: Vec<PinnedKey> = Vec::new();
    for entry in node.items() {
        let (jwk, jwks) = (entry.member("jwk"), entry.member("jwks"));
        let added = match (jwk.is_present(), jwks.is_present()) {
            (true, false) => single(&jwk).into_iter().collect(),
            (false, true) => set(&jwks),
            (false, false) => {
                entry.error("gives no key; give one of \"jwk\", \"jwks\"".into());
                Vec::new()
            }
            (true, true) => {
                entry.error("gives several keys; give one of \"jwk\", \"jwks\" in each entry".into());
                Vec::new()
            }
        };
        for key in added {
            if let Some(kid) = key.kid.as_deref()
                && keys.iter().any(|other| other.kid.as_deref() == Some(kid))
            {
                entry.error(format!(
                    "`kid` {} is there twice in this server; give each key its own",
                    quote(kid)
                ));
            }
            keys.push(key);
        }
    }
    keys
}

/// A key by itself: whatever is wrong with it is an error.
fn single(node: &Node<'_>) -> Option<PinnedKey> {
    let jwk = node.json().filter(|json| json.as_object().is_some())?;
    match Jwk::parse(jwk) {
        Ok(jwk) => Some(pinned(jwk)),
        Err(faults) => {
            faults.into_iter().for_each(|fault| node.error_below(&fault.member, fault.message));
            None
        }
    }
}

/// A key set as its issuer publishes it: keys for other uses are left out, with a warning.
fn set(node: &Node<'_>) -> Vec<PinnedKey> {
    let Some(jwks) = node.json().filter(|json| json.as_object().is_some()) else { return Vec::new() };
    match JwkSet::parse(jwks) {
        Ok(set) => {
            set.warnings.into_iter().for_each(|fault| node.warn_below(&fault.member, fault.message));
            set.keys.into_iter().map(|(_, jwk)| pinned(jwk)).collect()
        }
        Err(faults) => {
            faults.into_iter().for_each(|fault| node.error_below(&fault.member, fault.message));
            Vec::new()
        }
    }
}

fn pinned(jwk: Jwk) -> PinnedKey {
    PinnedKey { key: jwk.key, kid: jwk.kid, x5t_s256: None, window: Window::default() }
}

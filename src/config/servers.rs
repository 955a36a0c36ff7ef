//! `entitlement_servers`: who may issue tokens, and with which keys.

use super::node::Node;
use super::pinned_keys::pinned_keys;
use super::secret_env::Environment;
use super::values::{claim, fqdn};
use super::{jwks_remote, online};
use crate::json::Pointer;
use crate::keys::KeySet;
use crate::policy::online::{ApplyTo, Method};
use crate::policy::{ClientClaims, EntitlementServer, IssuerName};
use std::sync::Arc;

pub(super) fn entitlement_servers(
    node: &Node<'_>,
    usual: Option<&ClientClaims>,
    environment: &Environment<'_>,
) -> Option<Vec<Arc<EntitlementServer>>> {
    let items = node.items();
    let compiled: Vec<Option<EntitlementServer>> = items
        .iter()
        .zip(0..)
        .map(|(item, number)| entitlement_server(item, number, usual, environment))
        .collect();
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
    compiled.into_iter().map(|server| server.map(Arc::new)).collect()
}

fn entitlement_server(
    node: &Node<'_>,
    number: usize,
    usual: Option<&ClientClaims>,
    environment: &Environment<'_>,
) -> Option<EntitlementServer> {
    let name = node.member("fqdn");
    let fqdn = fqdn(&name);
    let pinned = node.member("keys");
    let keys = pinned_keys(&pinned, fqdn.as_ref());
    let online = online::online(&node.member("online"), &pinned, name.text(), environment);
    let identity = match node.member("issuer").text() {
        Some(issuer) => IssuerName::Exact(issuer.into()),
        None => IssuerName::Fqdn { fqdn: fqdn.clone()?, spelling: name.text()?.into() },
    };
    let audiences = node.member("audiences").items();
    let claims = client_claims(node, usual);
    let scope_claim = claim(&node.member("scope_claim"));
    let remote = jwks_remote::jwks_remote(&pinned, fqdn.as_ref(), &identity);
    Some(EntitlementServer {
        number,
        spelled: identity.as_str().into(),
        identity,
        audiences: audiences.iter().filter_map(|item| item.text()).map(Box::from).collect(),
        claims: claims?,
        scope_claim: scope_claim?,
        keys: KeySet::new(keys),
        jwks_remote: remote?.map(Arc::new),
        online: online?.map(Arc::new),
    })
}

/// Where the server's tokens name the client: as it says, else as usual.
fn client_claims(server: &Node<'_>, usual: Option<&ClientClaims>) -> Option<ClientClaims> {
    let own = |name, usual: Option<&Pointer>| {
        let member = server.member(name);
        if member.is_present() { claim(&member) } else { usual.cloned() }
    };
    let eec_id = own("eec_id_claim", usual.map(|usual| &usual.eec_id));
    let gpsi = own("gpsi_claim", usual.map(|usual| &usual.gpsi));
    Some(ClientClaims { eec_id: eec_id?, gpsi: gpsi? })
}

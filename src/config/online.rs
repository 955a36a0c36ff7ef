//! `online`: how an entitlement server is asked.

use super::node::Node;
use super::secret_env::{self, Environment};
use super::values;
use super::words::{self, MethodName};
use crate::policy::online::{ApplyTo, Credentials, Method, OnUnavailable, Online, Parameters};
use crate::policy::{Asked, EntitlementServer};
use std::sync::Arc;

/// Compiles `online`: `Some(None)` where there is none. `keys` is the server's member of that name.
pub(super) fn online(
    node: &Node<'_>,
    keys: &Node<'_>,
    fqdn: Option<&str>,
    environment: &Environment<'_>,
) -> Option<Option<Online>> {
    let name = node.member("method").word(&words::METHOD);
    let introspects = name == Some(MethodName::Rfc7662);
    if !keys.is_present() && !introspects {
        keys.error("is required; pin a key, or give `online` with \"method\": \"rfc7662\"".into());
    }
    if !node.is_present() {
        return Some(None);
    }
    let apply_to = node.member("apply_to").word(&words::APPLY_TO)?;
    let on_unavailable = node.member("on_unavailable").word(&words::ON_UNAVAILABLE)?;
    let verified = apply_to == ApplyTo::All && keys.is_present();
    if on_unavailable == OnUnavailable::AllowVerified && !verified {
        let message = "\"allow_verified\" needs \"apply_to\": \"all\" and pinned `keys`; use \"deny\"";
        node.member("on_unavailable").error(message.into());
    }
    let path = path(&node.member("path"), name);
    let method = match name {
        Some(MethodName::Rfc7662) => rfc7662(node, environment),
        Some(MethodName::Ts43) => ts43(node, verified),
        None => None,
    };
    let milliseconds = node.member("timeout_ms").integer();
    let seconds = |name| node.member(name).integer().map(|n| n as f64);
    Some(Some(Online {
        method: method?,
        cluster: node.member("cluster").text()?.into(),
        path: path?.into(),
        authority: node.member("authority").text().or(fqdn)?.into(),
        timeout_ms: milliseconds?,
        apply_to,
        cache_seconds: seconds("cache_seconds")?,
        negative_cache_seconds: seconds("negative_cache_seconds")?,
        on_unavailable,
    }))
}

fn rfc7662(node: &Node<'_>, environment: &Environment<'_>) -> Option<Method> {
    let (client_id, variable) = (node.member("client_id"), node.member("client_secret_env"));
    let credentials = match (client_id.text(), secret_env::variable(&variable)) {
        (Some(client_id), Some(name)) => {
            Some(Credentials::new(client_id, &secret_env::password(&variable, name, environment)?))
        }
        (Some(_), None) if !variable.is_present() => {
            variable.error("is required with `client_id`; give the variable that holds the secret".into());
            None
        }
        (None, _) if variable.is_present() && !client_id.is_present() => {
            client_id.error("is required with `client_secret_env`; give the name that goes with it".into());
            None
        }
        _ => None,
    };
    let parameters = node.member("parameters");
    if parameters.is_present() {
        parameters.error("means nothing with \"rfc7662\"; leave it out".into());
    }
    Some(Method::Rfc7662 { credentials })
}

fn ts43(node: &Node<'_>, verified: bool) -> Option<Method> {
    let secret = node.member("client_secret_env");
    if secret.is_present() {
        secret.error("means nothing with \"ts43\", which has no HTTP Basic; leave it out".into());
        secret_env::variable(&secret);
    }
    if !verified {
        let message = "\"ts43\" returns no claims: it needs \"apply_to\": \"all\" and pinned `keys`";
        node.member("method").error(message.into());
    }
    let client_id = node.member("client_id").text().map(|id| ("client_id".into(), id.into()));
    Some(Method::Ts43 {
        parameters: client_id.into_iter().chain(parameters(&node.member("parameters"))).collect(),
    })
}

/// More members of the request (TS.43, 2.2 and 14.1.6).
fn parameters(node: &Node<'_>) -> Parameters {
    let mut given = Parameters::new();
    for name in node.names() {
        let member = node.member(name);
        match name {
            "app" | "operation" | "operator_token" => {
                member.error("is what the filter itself asks with; leave it out".into());
            }
            "client_id" => member.error("stands beside `parameters`; move it there".into()),
            name => given.extend(member.text().map(|text| (name.into(), text.into()))),
        }
    }
    given
}

fn path<'a>(node: &Node<'a>, method: Option<MethodName>) -> Option<&'a str> {
    if method == Some(MethodName::Ts43) && !node.is_present() {
        node.error("is required with \"ts43\"; give the path of the entitlement server".into());
    }
    values::path(node, "/oauth2/introspect")
}

/// The one server that is asked about tokens which are no JWTs: the only one with `rfc7662`, or the only one of
/// those with `apply_to: opaque`.
pub(super) fn opaque_server(servers: &[Arc<EntitlementServer>]) -> Option<Asked> {
    let introspecting = |wanted: &dyn Fn(&Online) -> bool| {
        let takes = |online: &Online| matches!(online.method, Method::Rfc7662 { .. }) && wanted(online);
        let asked = servers.iter().filter_map(EntitlementServer::asked);
        let mut found = asked.filter(|asked| takes(&asked.online));
        match (found.next(), found.next()) {
            (Some(asked), None) => Some(asked),
            _ => None,
        }
    };
    introspecting(&|online| online.apply_to == ApplyTo::Opaque).or_else(|| introspecting(&|_| true))
}

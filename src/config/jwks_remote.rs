//! `jwks_remote` among the `keys` of an entitlement server: where more of them are fetched.

use super::node::Node;
use super::pinned_keys::entry_keys;
use super::values;
use crate::fqdn::Fqdn;
use crate::json::Json;
use crate::keys::{KeySet, TrustAnchors};
use crate::policy::IssuerName;
use crate::policy::jwks_remote::{JwksRemote, Name};

/// The form of a `keys` entry that this is.
pub(super) const FORM: &str = "jwks_remote";

/// Compiles the one `jwks_remote` in `keys`: `Some(None)` where there is none.
pub(super) fn jwks_remote(
    keys: &Node<'_>,
    fqdn: Option<&Fqdn>,
    server: &IssuerName,
) -> Option<Option<JwksRemote>> {
    let entries = keys.items();
    let mut remotes = entries.iter().filter(|entry| entry.form() == Some(FORM));
    let Some(first) = remotes.next() else { return Some(None) };
    if let Some(second) = remotes.next() {
        second
            .member(FORM)
            .error("is there twice in this server; fetch all of its keys from one place".into());
    }
    remote(&first.member(FORM), fqdn?, server).map(Some)
}

fn remote(node: &Node<'_>, fqdn: &Fqdn, server: &IssuerName) -> Option<JwksRemote> {
    let signer = node.member("signed_by");
    let anchors = node.member("trust_anchors_pem");
    let cluster = node.member("cluster").text()?;
    let path = values::path(&node.member("path"), "/jwks")?;
    let authority = node.member("authority").text().unwrap_or(fqdn.as_str());
    let numbers =
        ["refresh_seconds", "timeout_ms", "max_stale_seconds"].map(|name| node.member(name).integer());
    let [Some(refresh_seconds), Some(timeout_ms), Some(max_stale_seconds)] = numbers else { return None };
    let issuer = match server {
        IssuerName::Fqdn { .. } => "",
        IssuerName::Exact(issuer) => issuer,
    };
    let of_server = ["eec_authn jwks 1", fqdn.as_str(), issuer];
    let configured = [
        cluster.to_owned(),
        path.to_owned(),
        authority.to_owned(),
        format!("{refresh_seconds} {timeout_ms} {max_stale_seconds}"),
        signer.json().map(in_one_spelling).unwrap_or_default(),
        anchors.json().map(in_one_spelling).unwrap_or_default(),
    ];
    Some(JwksRemote {
        cluster: cluster.into(),
        path: path.into(),
        authority: authority.into(),
        refresh_seconds,
        timeout_ms,
        max_stale_seconds,
        signed_by: KeySet::new(entry_keys(&signer, Some(fqdn))),
        trust_anchors: trust_anchors(&anchors),
        fqdn: fqdn.clone(),
        server_name: Name::of(of_server),
        set_name: Name::of(of_server.into_iter().chain(configured.iter().map(String::as_str))),
    })
}

fn trust_anchors(node: &Node<'_>) -> TrustAnchors {
    let mut anchors = TrustAnchors::default();
    for item in node.items() {
        let added = item.text().map(|text| anchors.add_pem(text));
        added.and_then(Result::err).into_iter().flatten().for_each(|fault| item.error(fault.message));
    }
    anchors
}

/// A JSON text that is the same however the members are ordered.
fn in_one_spelling(json: &Json) -> String {
    fn sorted(json: &Json) -> Json {
        match json {
            Json::Object(members) => {
                let mut members: Vec<(Box<str>, Json)> =
                    members.iter().map(|(name, value)| (name.clone(), sorted(value))).collect();
                members.sort_by(|(a, _), (b, _)| a.cmp(b));
                Json::Object(members)
            }
            Json::Array(items) => Json::Array(items.iter().map(sorted).collect()),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => json.clone(),
        }
    }
    sorted(json).to_string()
}

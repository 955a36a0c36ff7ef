//! What a request makes or acts on, as the request names it.

use super::{Owner, identifier};
use crate::policy::operations::{self, Operation};
use crate::policy::{IssuerName, Policy, Protects, path};
use crate::request::RequestView;
use crate::token::ValidToken;

/// The methods by which nothing is changed (RFC 9110, section 9.2.1). A rule may let others through than those of the API, POST for
/// one, which servers with a method override take for any.
const SAFE: [&[u8]; 3] = [b"GET", b"HEAD", b"OPTIONS"];

/// The resource that a request is about, in one of the built-in collections.
#[derive(Debug)]
pub struct Subject {
    /// What the request does.
    pub deed: Deed,
    api: &'static str,
    /// The host that the request names.
    fqdn: Box<str>,
    /// The path of the collection's items up to the identifier, in one spelling.
    items: Box<[u8]>,
    /// As the client sent it, with its query until the request has gone on.
    target: Box<[u8]>,
}

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// It adds an item to a collection.
    Makes,
    /// It replaces, changes or deletes an item, or may.
    Changes,
    /// It looks at an item, as a rule allows.
    Touches,
}

impl Subject {
    /// What `request`, whose path is in normal form, is about; `None` if that has no owner, or owners are not looked at.
    pub fn new(
        policy: &Policy,
        request: &RequestView<'_>,
        operation: Option<&'static Operation>,
    ) -> Option<Subject> {
        policy.ownership.as_ref()?;
        let protects = &policy.protects;
        let path = path::in_one_spelling(path::without_query(request.target));
        let (deed, item) = match operation.and_then(operations::item_made_by) {
            Some(item) => (Deed::Makes, item),
            None => {
                let item = operations::item_at(protects.role, &protects.api_root, &path)?;
                let is_safe =
                    SAFE.contains(&request.method) && !path::names_method(path::query(request.target));
                (if is_safe { Deed::Touches } else { Deed::Changes }, item)
            }
        };
        let folder = item.resource.strip_suffix("{id}").unwrap_or(item.resource);
        Some(Subject {
            deed,
            api: item.api,
            fqdn: named_host(protects, request.authority)?.into(),
            items: format!("{}/v1{folder}", protects.api_root.join(item.api)).into_bytes().into(),
            target: request.target.into(),
        })
    }

    /// The identifier of the item, with its seal, as the client wrote it.
    pub fn segment(&self) -> &[u8] {
        last_segment(&self.target)
    }

    /// What has the form of a seal behind the identifier, and the identifier before it.
    pub fn sealed(&self) -> Option<(&[u8], &[u8])> {
        identifier::split(self.segment())
    }

    /// The target with `seal` (its dot included) behind the identifier.
    pub fn sealed_target(&self, seal: &str) -> Option<Vec<u8>> {
        let (path, query) = self.target.split_at_checked(self.path().len())?;
        Some([path, seal.as_bytes(), query].concat())
    }

    /// The target without its seal.
    pub fn unsealed_target(&self) -> Option<Vec<u8>> {
        without_seal(&self.target)
    }

    /// Keeps the path alone: that is all that counts once the request has gone on.
    pub fn forget_query(&mut self) {
        if self.path().len() < self.target.len() {
            self.target = self.path().into();
        }
    }

    /// The path that the client asked for, without its query.
    pub(super) fn path(&self) -> &[u8] {
        path::without_query(&self.target)
    }

    /// The identifier of an item of this collection, if `path` (in one spelling) is one.
    pub(super) fn id_of<'a>(&self, path: &'a [u8]) -> Option<&'a [u8]> {
        path.strip_prefix(&*self.items).filter(|id| !id.is_empty() && !id.contains(&b'/'))
    }

    /// The host that the request names.
    pub(super) fn fqdn(&self) -> &str {
        &self.fqdn
    }

    /// The client that an entitlement server calls `eec_id` as the owner of this resource.
    pub fn owner<'a>(&'a self, policy: &'a Policy, issuer: &'a IssuerName, eec_id: &'a str) -> Owner<'a> {
        let api_root = policy.protects.api_root.as_str();
        Owner { fqdn: &self.fqdn, api_root, api: self.api, issuer: issuer.canonical(), eec_id }
    }

    /// The client of `token` as the owner of this resource.
    pub fn owned_by<'a>(&'a self, policy: &'a Policy, token: &'a ValidToken) -> Owner<'a> {
        self.owner(policy, &token.server().identity, token.client().eec_id)
    }
}

/// A target without what has the form of a seal behind its last segment; `None` if there is none, or no identifier before it: a
/// segment of dots would lead elsewhere.
pub fn without_seal(target: &[u8]) -> Option<Vec<u8>> {
    let is_one = |id: &[u8]| !matches!(id, b"" | b"." | b"..");
    let (id, _) = identifier::split(last_segment(target)).filter(|(id, _)| is_one(id))?;
    let path = path::without_query(target);
    let start = path.len().checked_sub(last_segment(target).len())?;
    let (folder, query) = (path.get(..start)?, target.get(path.len()..)?);
    Some([folder, id, query].concat())
}

fn last_segment(target: &[u8]) -> &[u8] {
    path::without_query(target).rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}

/// The name that seals have for the host `authority`: where hosts are not checked, all are one.
pub(super) fn named_host<'a>(protects: &'a Protects, authority: &[u8]) -> Option<&'a str> {
    let named = protects.fqdns.iter().find(|fqdn| !protects.check_host || fqdn.is_authority(authority));
    named.map(|fqdn| fqdn.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_stands_behind_the_identifier_and_before_the_query() {
        for (target, sealed) in [
            ("/edge/r1", "/edge/r1.seal"),
            ("/edge/r1?a=/b?c", "/edge/r1.seal?a=/b?c"),
            ("/edge/r1?", "/edge/r1.seal?"),
        ] {
            let subject = Subject {
                deed: Deed::Changes,
                api: "eees-eecregistration",
                fqdn: "ees1.example.net".into(),
                items: (*b"/edge/").into(),
                target: target.as_bytes().into(),
            };
            assert_eq!(subject.sealed_target(".seal").as_deref(), Some(sealed.as_bytes()), "{target}");
        }
    }
}

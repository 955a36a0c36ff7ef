//! Sealing what the server's own answer names: the item that a client has just made, or the one whose seal it has shown.

use super::reference::{self, Reference};
use super::subject::named_host;
use super::{Deed, Subject};
use crate::counter::Counter;
use crate::policy::Policy;
use crate::token::ValidToken;

/// The headers that can name the item.
const NAMING: [&str; 2] = ["location", "content-location"];

/// An answer, as far as it matters here.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// `:status`
    pub status: &'a [u8],
    /// Whether the server itself gave it: neither the proxy nor this filter.
    pub is_upstreams: bool,
    /// All headers; names are in lower case.
    pub headers: &'a [(&'a [u8], &'a [u8])],
}

/// What becomes of an answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sealing {
    /// Headers with their new values.
    pub headers: Vec<(&'static str, Vec<u8>)>,
    /// What is counted.
    pub count: Option<Counter>,
}

/// Seals what `answer` names, if it is the item that the client of `token` has made, or has opened the seal of.
pub fn seal(policy: &Policy, subject: &Subject, token: &ValidToken, answer: &Answer<'_>) -> Sealing {
    let Some(key) = policy.ownership.as_ref().and_then(|ownership| ownership.keys.first()) else {
        return Sealing::default();
    };
    if !answer.is_upstreams || (subject.deed == Deed::Makes && answer.status != b"201") {
        return Sealing::default();
    }
    let [location, content_location] = NAMING.map(|name| {
        let mut values =
            answer.headers.iter().filter(|(n, _)| *n == name.as_bytes()).map(|(_, value)| *value);
        let only = values.next().filter(|_| values.next().is_none());
        only.and_then(|value| Some((name, value, Item::named(policy, subject, value)?)))
    });
    // Whose it is by the answer: the one made, which `Location` alone names, or the one whose seal was opened. What servers take from
    // `x-forwarded-prefix` and the like stands before the path of what was made, which a `?` or `#` in it would cut off.
    let own = match subject.deed {
        Deed::Makes => location
            .as_ref()
            .filter(|(_, value, item)| item.end == value.len())
            .map(|(_, _, item)| item.clone()),
        Deed::Changes => subject.sealed().map(|(id, _)| Item::of_request(id)),
        Deed::Touches => None,
    };
    let owner = subject.owned_by(policy, token);
    let sealed = |(name, value, item): (&'static str, &[u8], Item)| {
        let own = own.as_ref().filter(|own| own.id == item.id)?;
        let (start, end) = value.split_at_checked(item.end)?;
        Some((name, [start, owner.seal(key, &own.id).as_bytes(), end].concat()))
    };
    let headers: Vec<_> = [location, content_location].into_iter().flatten().filter_map(sealed).collect();
    let count = match (subject.deed, headers.is_empty()) {
        (_, false) => Some(Counter::OwnershipSealed),
        (Deed::Makes, true) => Some(Counter::OwnershipUnsealable),
        (Deed::Changes | Deed::Touches, true) => None,
    };
    Sealing { headers, count }
}

/// An item of the collection at the host of the request, as something names it.
#[derive(Debug, Clone)]
struct Item {
    /// In one spelling.
    id: Vec<u8>,
    /// Where a seal has its place in the text.
    end: usize,
}

impl Item {
    /// The item that a header names. What is at another host is another, were it one of this server's names: servers take the host
    /// from `x-forwarded-host`.
    fn named(policy: &Policy, subject: &Subject, value: &[u8]) -> Option<Item> {
        let Reference { authority, path, path_end } = reference::read(value, subject.path())?;
        let protects = &policy.protects;
        let is_here = authority.is_none_or(|authority| {
            protects.fqdns.iter().any(|fqdn| fqdn.is_authority(authority))
                && named_host(protects, authority) == Some(subject.fqdn())
        });
        Some(Item { id: subject.id_of(&path).filter(|_| is_here)?.into(), end: path_end })
    }

    /// The item that the request acts on.
    fn of_request(id: &[u8]) -> Item {
        Item { id: super::identifier::in_one_spelling(id), end: 0 }
    }
}

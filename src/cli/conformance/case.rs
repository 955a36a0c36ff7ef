//! One case of the catalogue, and when it holds.

use super::kit::Kit;
use super::operations::Operation;
use super::wire::{Answer, Request};

/// A row of the catalogue.
pub(super) struct Case {
    /// Stays for ever; begins with its group's prefix.
    pub(super) id: String,
    /// What must hold.
    pub(super) title: String,
    /// Where that is said.
    pub(super) clause: String,
    /// What it is tried on.
    pub(super) on: On,
    /// Makes the request, for the path that `on` gives.
    pub(super) request: Make,
    /// What must become of it.
    pub(super) want: Want,
}

/// Makes a request from what the run knows and a path; `None`: the key cannot be used for that.
type Make = Box<dyn Fn(&Kit, &str) -> Option<Request>>;

/// What a case is tried on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum On {
    /// The good request of the run (`Kit::good`).
    Target,
    /// An operation of the interface, once a good request for it is let through.
    Operation(&'static Operation),
    /// A resource that another client has made.
    ForeignItem(&'static Operation),
}

/// What must become of a request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Want {
    /// 2xx.
    LetThrough,
    /// Refused because of its token.
    RefusedToken,
    /// Refused because of its body.
    RefusedBody,
    /// Refused, or nothing is there: for paths and host names that are not the server's.
    RefusedPlace,
    /// Refused, or hidden from whoever is not its owner.
    RefusedItem,
    /// Refused because of its token, and the answer says so in its own way.
    RefusedWith(fn(&Kit, &Answer) -> Result<(), String>),
    /// Let through once, and refused when the same bytes come again.
    RefusedAgain,
}

impl Want {
    /// The statuses that count as refused (`docs/contract.md#conformance`).
    pub(super) fn refusals(self) -> &'static [u16] {
        match self {
            Want::RefusedToken | Want::RefusedWith(_) | Want::RefusedAgain => &[400, 401, 403, 421],
            Want::RefusedBody => &[400, 403, 415, 422],
            Want::RefusedPlace => &[400, 401, 403, 404, 405, 421],
            Want::RefusedItem => &[400, 401, 403, 404, 421],
            // What a good request may be refused with.
            Want::LetThrough => &[400, 401, 403, 415, 421, 422],
        }
    }
}

impl Case {
    /// A case on the good request of the run. Most rows are this, with `refused` or `let_through`.
    pub(super) fn new(
        id: &str,
        title: &str,
        clause: &str,
        want: Want,
        request: impl Fn(&Kit) -> Option<Request> + 'static,
    ) -> Case {
        Case {
            id: id.to_owned(),
            title: title.to_owned(),
            clause: clause.to_owned(),
            on: On::Target,
            request: Box::new(move |kit, _| request(kit)),
            want,
        }
    }
}

/// The good request with another token must be refused.
pub(super) fn refused(id: &str, title: &str, clause: &str, token: fn(&Kit) -> String) -> Case {
    Case::new(id, title, clause, Want::RefusedToken, move |kit| Some(kit.good().bearer(&token(kit))))
}

/// The same, with a token that not every kind of key can make.
pub(super) fn refused_if(id: &str, title: &str, clause: &str, token: fn(&Kit) -> Option<String>) -> Case {
    Case::new(id, title, clause, Want::RefusedToken, move |kit| Some(kit.good().bearer(&token(kit)?)))
}

/// The good request with another token must be let through.
pub(super) fn let_through(id: &str, title: &str, clause: &str, token: fn(&Kit) -> String) -> Case {
    Case::new(id, title, clause, Want::LetThrough, move |kit| Some(kit.good().bearer(&token(kit))))
}

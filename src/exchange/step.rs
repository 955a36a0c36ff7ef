//! What the host has to do about an event.

use super::grant::Grant;
use super::pending::PendingIntrospection;
use crate::decision::Denial;
use crate::introspection::{HttpVerb, IntrospectionRequest};
use crate::reply::Reply;
use crate::token::ValidToken;
use std::rc::Rc;

/// What the host has to do, in the order of the members.
#[derive(Debug, Default)]
pub struct Step<'a> {
    /// Headers or trailers that a client must not send upstream: removed first, on every path.
    pub spoofed: Vec<&'a [u8]>,
    /// The path that the upstream gets instead of the client's, query included.
    pub target: Option<Vec<u8>>,
    /// What of the content goes no further.
    pub dropped: Dropped,
    /// Whether the Authorization header goes no further.
    pub remove_token: bool,
    /// Whether the `DPoP` header, which is there, goes no further.
    pub remove_proof: bool,
    /// Whom the upstream is told about.
    pub identity: Option<Rc<ValidToken>>,
    /// Whether it passes although nobody could be asked.
    pub unasked: bool,
    /// A denial that is only recorded, for shadow mode.
    pub noted: Option<Denial>,
    /// What becomes of the request.
    pub next: Next,
}

/// What of a request's content goes no further. A server that does not read it would take it for the next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dropped {
    /// Nothing of it.
    #[default]
    Nothing,
    /// That there is any.
    Framing,
    /// What has come of it.
    Piece,
}

/// What becomes of the request.
#[derive(Debug, Default)]
pub enum Next {
    /// It goes on.
    Continue(Grant),
    /// It waits here for more of itself.
    #[default]
    Pause,
    /// It waits here for an answer to this question, which has to be sent if it is given.
    Await(Option<Inquiry>),
    /// It waits here for keys of the entitlement server with this number.
    AwaitKeys(usize),
    /// It ends here.
    Refuse(Denial, Reply),
}

/// What the host does with the body of a request that is held at its headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meanwhile {
    /// It shows the body as it comes: the headers stay until all of it is there.
    Show,
    /// It keeps the body, which will be held back as a whole, as far as its buffer goes, and then refuses the request.
    Keep,
    /// It keeps what its buffer takes, and lets the client wait with the rest, which nobody will hold back.
    Slow,
}

/// A question to be sent, and for which token.
#[derive(Debug)]
pub struct Inquiry {
    /// What the question is about.
    pub pending: Rc<PendingIntrospection>,
    /// How to put it.
    pub verb: HttpVerb,
}

impl Inquiry {
    /// The request that asks it.
    pub fn question(&self) -> IntrospectionRequest<'_> {
        IntrospectionRequest::new(&self.pending.asked.online, &self.pending.token.0, self.verb)
    }
}

//! What the host has to do about an event.

use crate::counter::Counter;
use crate::decision::Denial;
use crate::engine::Asking;
use crate::online::{HttpQuestion, HttpVerb};
use crate::policy::Policy;
use crate::reply::Reply;
use crate::token::ValidToken;
use std::rc::Rc;

/// What the host has to do, in the order of the members.
#[derive(Debug, Default)]
pub struct Step<'a> {
    /// Headers or trailers that a client must not send upstream: removed first, on every path.
    pub spoofed: Vec<&'a [u8]>,
    /// Whether the Authorization header goes no further.
    pub remove_token: bool,
    /// Whom the upstream is told about.
    pub identity: Option<Rc<ValidToken>>,
    /// What is counted.
    pub counts: Vec<Counter>,
    /// A denial that is only recorded, for shadow mode.
    pub noted: Option<Denial>,
    /// What becomes of the request.
    pub next: Next,
}

/// What becomes of the request.
#[derive(Debug, Default)]
pub enum Next {
    /// It goes on.
    #[default]
    Continue,
    /// It waits here for more of itself.
    Pause,
    /// It waits here for an answer to this question, which has to be sent if it is given.
    Await(Option<Box<Inquiry>>),
    /// It ends here.
    Refuse(Denial, Reply),
}

/// A question to be sent, and for which token.
#[derive(Debug)]
pub struct Inquiry {
    /// What the question is about.
    pub asking: Rc<Asking>,
    /// How to put it.
    pub question: HttpQuestion,
}

/// The request that asks about a token.
pub fn inquiry(policy: &Policy, asking: &Rc<Asking>, verb: HttpVerb) -> Option<Inquiry> {
    let online = policy.entitlement_servers.get(asking.server)?.online.as_ref()?;
    let question = HttpQuestion::new(online, &asking.token.0, verb);
    Some(Inquiry { asking: Rc::clone(asking), question })
}

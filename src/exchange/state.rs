//! The state of one exchange: what is known of the request, and what it waits for.

use super::grant::Grant;
use super::ownership::Named;
use super::pending::PendingIntrospection;
use super::route::Route;
use super::step::Meanwhile;
use crate::decision::{Denial, Scheme, Trace};
use crate::plugin_state::{PluginState, StreamId};
use crate::policy::Rule;
use crate::token::ValidToken;
use std::rc::Rc;
use std::sync::Arc;

/// The state of one exchange.
#[derive(Debug)]
pub struct Exchange {
    pub(super) plugin: Rc<PluginState>,
    pub(super) stream: StreamId,
    pub(super) is_head: bool,
    /// The scheme under which the token came.
    pub(super) scheme: Scheme,
    /// Whether there is a `DPoP` header, which goes no further than the token.
    pub(super) has_proof: bool,
    /// Whether its content goes no further.
    pub(super) drops_content: bool,
    pub(super) state: State,
    /// What the answer may name.
    pub(super) named: Option<Named>,
    /// The rule that took the request.
    pub(super) rule: Option<(usize, Arc<Rule>)>,
    /// The path that the upstream gets, once the request goes on.
    pub(super) target: Option<Vec<u8>>,
    pub(super) trace: Trace,
}

#[derive(Debug)]
pub(super) enum State {
    /// Nothing has come yet.
    New,
    /// Nothing more is looked at.
    Open(Grant),
    /// The entitlement server is being asked.
    Awaiting(Box<Awaiting>),
    /// Keys are being fetched. Once that is over, the walk begins anew.
    AwaitingKeys(AwaitingKeys),
    /// The body has to be seen first.
    HoldingBody { route: Route, token: Rc<ValidToken>, noted: Option<Denial> },
    /// Answered; should anything more arrive, it goes nowhere.
    Refused,
}

/// What the host has told of a request beside its headers, which it keeps.
#[derive(Debug, Clone, Copy)]
pub(super) struct AwaitingKeys {
    pub(super) end_of_stream: bool,
    pub(super) client_certificate: Option<[u8; 32]>,
    /// What the host does with the body meanwhile.
    pub(super) meanwhile: Meanwhile,
    /// How much of the body has arrived meanwhile.
    pub(super) arrived: Arrived,
}

#[derive(Debug)]
pub(super) struct Awaiting {
    pub(super) route: Route,
    pub(super) pending: Rc<PendingIntrospection>,
    /// What counts of the headers once more.
    pub(super) again: Again,
    /// What the headers say about the body, for later.
    pub(super) body: Result<(), Denial>,
    /// How much of the body has arrived meanwhile.
    pub(super) arrived: Arrived,
}

/// For what the headers are read once more when the answer has come. The host keeps them, however long they are: nothing of them is
/// kept here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Again {
    /// For the resource that the request is about.
    pub(super) subject: bool,
    /// For what it has brought, where only the answer says what the token is bound to.
    pub(super) presented: bool,
    /// For the path that the upstream gets even if the request is refused, which is then recorded alone.
    pub(super) target: bool,
    /// This is not in the headers.
    pub(super) client_certificate: Option<[u8; 32]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrived {
    Nothing,
    Some,
    All,
}

impl Exchange {
    /// A new exchange, decided by this worker's policy however long it takes.
    pub fn new(plugin: Rc<PluginState>, stream: StreamId) -> Exchange {
        Exchange {
            plugin,
            stream,
            is_head: false,
            scheme: Scheme::Bearer,
            has_proof: false,
            drops_content: false,
            state: State::New,
            named: None,
            rule: None,
            target: None,
            trace: Trace::off(),
        }
    }

    /// The same, and it notes what its checks compare.
    #[cfg(not(target_os = "wasi"))]
    pub fn traced(plugin: Rc<PluginState>) -> Exchange {
        Exchange { trace: Trace::on(), ..Exchange::new(plugin, 0) }
    }

    /// The host's number of the stream.
    pub fn stream(&self) -> StreamId {
        self.stream
    }

    /// Whether what was decided is all that will be: nothing is waited for, nor wanted of the answer.
    pub fn is_settled(&self) -> bool {
        self.named.is_none() && matches!(self.state, State::Open(_) | State::Refused)
    }

    /// The permission to go upstream, once nothing more of it is looked at.
    pub fn grant(&self) -> Option<Grant> {
        match self.state {
            State::Open(grant) => Some(grant),
            State::New | State::Awaiting(_) | State::AwaitingKeys(_) => None,
            State::HoldingBody { .. } | State::Refused => None,
        }
    }
}

//! One HTTP exchange: events of the host in, steps for the host out. No I/O happens here.
//!
//! `walk` orders the checks, and is the only one that does; `route`, `authentication` and `body` are its stretches, cut where
//! a request may have to wait. `rehearsal` plays whole requests without a proxy, for whoever wants to see the walk.

mod authentication;
mod body;
mod described;
mod grant;
mod ownership;
#[cfg(not(target_os = "wasi"))]
pub mod rehearsal;
mod route;
mod step;
mod walk;

use crate::decision::{Denial, Scheme, Trace};
use crate::introspection::TokenStatus;
use crate::keys::HostVerifier;
use crate::plugin_state::{PluginState, StreamId};
use crate::policy::Rule;
use crate::request::RequestView;
use crate::time::UnixTime;
use crate::token::ValidToken;
use std::rc::Rc;
use std::sync::Arc;

use route::Route;

pub use authentication::{PendingIntrospection, is_told_inactive, keep_until, lasting_token};
pub use grant::Grant;
pub use ownership::Named;
pub use step::{Inquiry, Next, Step};

/// The state of one exchange.
#[derive(Debug)]
pub struct Exchange {
    plugin: Rc<PluginState>,
    stream: StreamId,
    is_head: bool,
    /// The scheme under which the token came.
    scheme: Scheme,
    /// Whether there is a `DPoP` header, which goes no further than the token.
    has_proof: bool,
    state: State,
    /// What the answer may name.
    named: Option<Named>,
    /// The rule that took the request.
    rule: Option<(usize, Arc<Rule>)>,
    /// The path that the upstream gets, once the request goes on.
    target: Option<Vec<u8>>,
    trace: Trace,
}

#[derive(Debug)]
enum State {
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
struct AwaitingKeys {
    end_of_stream: bool,
    client_certificate: Option<[u8; 32]>,
    /// What the host does with the body meanwhile.
    meanwhile: Meanwhile,
    /// How much of the body has arrived meanwhile.
    arrived: Arrived,
}

#[derive(Debug)]
struct Awaiting {
    route: Route,
    pending: Rc<PendingIntrospection>,
    /// What counts of the headers once more.
    again: Again,
    /// What the headers say about the body, for later.
    body: Result<(), Denial>,
    /// How much of the body has arrived meanwhile.
    arrived: Arrived,
}

/// For what the headers are read once more when the answer has come. The host keeps them, however long they are: nothing of them is
/// kept here.
#[derive(Debug, Clone, Copy)]
struct Again {
    /// For the resource that the request is about.
    subject: bool,
    /// For what it has brought, where only the answer says what the token is bound to.
    presented: bool,
    /// For the path that the upstream gets even if the request is refused, which is then recorded alone.
    target: bool,
    /// This is not in the headers.
    client_certificate: Option<[u8; 32]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arrived {
    Nothing,
    Some,
    All,
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

/// Reads all of the body that waits.
pub type ReadBody<'a> = dyn Fn() -> Option<Vec<u8>> + 'a;

impl Exchange {
    /// A new exchange, decided by this worker's policy however long it takes.
    pub fn new(plugin: Rc<PluginState>, stream: StreamId) -> Exchange {
        Exchange {
            plugin,
            stream,
            is_head: false,
            scheme: Scheme::Bearer,
            has_proof: false,
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

    /// The request's headers have arrived.
    pub fn on_request_headers<'a>(
        &mut self,
        request: &RequestView<'a>,
        now: UnixTime,
        host: &dyn HostVerifier,
    ) -> Step<'a> {
        self.is_head = request.method == b"HEAD";
        self.has_proof = request.values(b"dpop").next().is_some();
        let forward = &self.plugin.policy.forward;
        let spoofed = reserved_names(request.headers, |name| forward.is_reserved(name));
        let step = self.decide_headers(request, None, now, host).unwrap_or_else(|denial| self.deny(denial));
        Step { spoofed, ..step }
    }

    /// There are newer keys than those that made this exchange wait: it is decided with them, or waits for others still. Of
    /// `request` only the headers count.
    pub fn on_newer_keys<'a>(
        &mut self,
        request: &RequestView<'a>,
        now: UnixTime,
        host: &dyn HostVerifier,
    ) -> Step<'a> {
        let State::AwaitingKeys(AwaitingKeys { end_of_stream, client_certificate, .. }) = self.state else {
            return Step::default();
        };
        self.state = State::Refused;
        let request = &RequestView { end_of_stream, client_certificate, ..*request };
        self.decide_headers(request, None, now, host).unwrap_or_else(|denial| self.deny(denial))
    }

    /// It has been seen to the keys that this exchange waits for: it is decided with those that are there. Of `request` only the
    /// headers count, which are the same as before but for those that it must not have.
    pub fn on_keys<'a>(
        &mut self,
        request: &RequestView<'a>,
        now: UnixTime,
        host: &dyn HostVerifier,
        read: &ReadBody<'_>,
    ) -> Step<'a> {
        let State::AwaitingKeys(AwaitingKeys { end_of_stream, client_certificate, arrived, .. }) = self.state
        else {
            return Step::default();
        };
        self.state = State::Refused;
        let request = &RequestView { end_of_stream, client_certificate, ..*request };
        let decided = self.decide_headers(request, Some(arrived), now, host);
        let step = decided.unwrap_or_else(|denial| self.deny(denial));
        self.go_on_with_body(step, arrived, read)
    }

    /// What the host does with the body while this exchange is held at its headers.
    pub fn meanwhile(&self) -> Meanwhile {
        match &self.state {
            State::Awaiting(awaiting) => awaiting.route.meanwhile(&self.plugin.policy),
            State::AwaitingKeys(awaiting) => awaiting.meanwhile,
            State::New | State::Open(_) | State::HoldingBody { .. } | State::Refused => Meanwhile::Show,
        }
    }

    /// Whether the answer that this exchange waits for needs the request's headers beside it.
    pub fn reads_headers_again(&self) -> bool {
        match &self.state {
            State::Awaiting(awaiting) => {
                let Again { subject, presented, target, client_certificate: _ } = awaiting.again;
                subject || presented || target
            }
            State::New
            | State::Open(_)
            | State::AwaitingKeys(_)
            | State::HoldingBody { .. }
            | State::Refused => false,
        }
    }

    /// The answer that this exchange waits for has come. Of `request`, which is wanted if [`Self::reads_headers_again`], only the
    /// headers count, which are the same as before but for those that it must not have.
    pub fn on_answer<'a>(
        &mut self,
        answer: &TokenStatus,
        request: Option<&RequestView<'_>>,
        now: UnixTime,
        host: &dyn HostVerifier,
        read: &ReadBody<'_>,
    ) -> Step<'a> {
        match std::mem::replace(&mut self.state, State::Refused) {
            State::Awaiting(awaiting) => {
                let arrived = awaiting.arrived;
                let step = self.settle(*awaiting, answer, request, now, host);
                self.go_on_with_body(step, arrived, read)
            }
            state => {
                self.state = state;
                Step::default()
            }
        }
    }

    /// The step after a wait: the rest of the body may have come before what was waited for.
    fn go_on_with_body<'a>(&mut self, step: Step<'a>, arrived: Arrived, read: &ReadBody<'_>) -> Step<'a> {
        if arrived != Arrived::All || !matches!(self.state, State::HoldingBody { .. }) {
            return step;
        }
        let decided = self.decide_body(read);
        let Step { identity, remove_token, remove_proof, target, unasked, .. } = step;
        Step { identity, remove_token, remove_proof, target, unasked, ..decided }
    }

    /// Some of the body has arrived: `size` bytes wait so far, and `read` copies them.
    pub fn on_request_body<'a>(&mut self, size: usize, end_of_stream: bool, read: &ReadBody<'_>) -> Step<'a> {
        match &mut self.state {
            State::Open(grant) => Step { next: Next::Continue(*grant), ..Step::default() },
            State::New | State::Refused => Step::default(),
            State::Awaiting(awaiting) => {
                awaiting.arrived = if end_of_stream { Arrived::All } else { Arrived::Some };
                Step::default()
            }
            State::AwaitingKeys(awaiting) => {
                awaiting.arrived = if end_of_stream { Arrived::All } else { Arrived::Some };
                Step::default()
            }
            State::HoldingBody { token, .. } => {
                match body::check_size(&self.plugin.policy, size as u64, &mut self.trace) {
                    Err(denial) => {
                        let denial = token.refused(denial);
                        self.deny(denial)
                    }
                    Ok(()) if end_of_stream => self.decide_body(read),
                    Ok(()) => Step::default(),
                }
            }
        }
    }

    /// The request's trailers have arrived: with them the body is complete.
    pub fn on_request_trailers<'a>(
        &mut self,
        trailers: &'a [(&'a [u8], &'a [u8])],
        read: &ReadBody<'_>,
    ) -> Step<'a> {
        let forward = &self.plugin.policy.forward;
        let spoofed = reserved_names(trailers, |name| forward.is_reserved_trailer(name));
        let step = match &mut self.state {
            State::Open(grant) => Step { next: Next::Continue(*grant), ..Step::default() },
            State::New | State::Refused => Step::default(),
            State::Awaiting(awaiting) => {
                awaiting.arrived = Arrived::All;
                Step::default()
            }
            State::AwaitingKeys(awaiting) => {
                awaiting.arrived = Arrived::All;
                Step::default()
            }
            State::HoldingBody { .. } => self.decide_body(read),
        };
        Step { spoofed, ..step }
    }

    /// What the answer, which is about to arrive, may name; once, and only if the request went on as a whole.
    pub fn take_named(&mut self) -> Option<Named> {
        self.named.take().filter(|_| self.is_open())
    }

    /// Whether what was decided is all that will be: nothing is waited for, nor wanted of the answer.
    pub fn is_settled(&self) -> bool {
        self.named.is_none() && matches!(self.state, State::Open(_) | State::Refused)
    }

    /// The stream is gone; whoever else waits for the same answer still gets it.
    pub fn on_gone(&mut self) {
        if let State::Awaiting(awaiting) = &self.state {
            self.plugin.in_flight.borrow_mut().leave(awaiting.pending.digest, &self.stream);
        }
        self.state = State::Refused;
    }

    /// Whether nothing more of it is looked at.
    fn is_open(&self) -> bool {
        matches!(self.state, State::Open(_))
    }
}

/// The names of those fields that are reserved.
fn reserved_names<'a>(
    fields: &'a [(&'a [u8], &'a [u8])],
    is_reserved: impl Fn(&[u8]) -> bool,
) -> Vec<&'a [u8]> {
    fields.iter().map(|(name, _)| *name).filter(|name| is_reserved(name)).collect()
}

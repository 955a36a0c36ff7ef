//! One HTTP exchange: events of the host in, steps for the host out. No I/O happens here.

use crate::decision::Denial;
use crate::engine::{self, Entry, Route};
use crate::keys::HostVerifier;
use crate::policy::{Mode, Policy};
use crate::reply::Reply;
use crate::request::RequestView;
use crate::time::UnixTime;
use crate::token::ValidToken;
use std::rc::Rc;

/// What the host has to do, in the order of the members.
#[derive(Debug, Default)]
pub struct Step<'a> {
    /// Headers or trailers that a client must not send upstream: removed first, on every path.
    pub spoofed: Vec<&'a [u8]>,
    /// Whom the upstream is told about.
    pub identity: Option<Rc<ValidToken>>,
    /// Whether the Authorization header goes no further.
    pub remove_token: bool,
    /// What is counted as allowed.
    pub admitted: Option<Admitted>,
    /// A denial that is only recorded, for shadow mode.
    pub noted: Option<Denial>,
    /// What becomes of the request.
    pub next: Next,
}

/// Why a request goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admitted {
    /// With a verified identity.
    Allowed,
    /// By a rule, without a token.
    PassedWithoutToken,
}

/// What becomes of the request.
#[derive(Debug, Default)]
pub enum Next {
    /// It goes on.
    #[default]
    Continue,
    /// It waits here for more of itself.
    Pause,
    /// It ends here.
    Refuse(Denial, Reply),
}

/// The state of one exchange.
#[derive(Debug)]
pub struct Exchange {
    policy: Rc<Policy>,
    is_head: bool,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Nothing more is looked at.
    Open,
    /// The body has to be seen first.
    HoldingBody { route: Route, token: Rc<ValidToken>, noted: Option<Denial> },
    /// Answered; should anything more arrive, it goes nowhere.
    Refused,
}

impl Exchange {
    /// A new exchange, decided by `policy` however long it takes.
    pub fn new(policy: Rc<Policy>) -> Exchange {
        Exchange { policy, is_head: false, state: State::Open }
    }

    /// The request's headers have arrived.
    pub fn on_request_headers<'a>(
        &mut self,
        request: &RequestView<'a>,
        now: UnixTime,
        host: &dyn HostVerifier,
    ) -> Step<'a> {
        self.is_head = request.method == b"HEAD";
        let spoofed = self.reserved(request.headers);
        let step = self.decide_headers(request, now, host);
        Step { spoofed, ..step }
    }

    fn decide_headers<'a>(
        &mut self,
        request: &RequestView<'_>,
        now: UnixTime,
        host: &dyn HostVerifier,
    ) -> Step<'a> {
        let policy = Rc::clone(&self.policy);
        let route = match engine::route(&policy, request) {
            Ok(Entry::Authenticate(route)) => route,
            Ok(Entry::Pass) => {
                return Step { admitted: Some(Admitted::PassedWithoutToken), ..Step::default() };
            }
            Err(denial) => return self.deny(denial),
        };
        let token = match engine::authenticate(&policy, request, now, host) {
            Ok(token) => Rc::new(token),
            Err(denial) => return self.deny(denial),
        };
        let step = self.admit(request, route, &token);
        let refused = matches!(step.next, Next::Refuse(..));
        Step {
            identity: (!refused).then_some(token),
            remove_token: !refused && !policy.forward.token && policy.mode == Mode::Enforce,
            ..step
        }
    }

    /// The client is known; what remains is what it asks for.
    fn admit<'a>(&mut self, request: &RequestView<'_>, route: Route, token: &Rc<ValidToken>) -> Step<'a> {
        let policy = Rc::clone(&self.policy);
        let noted = match engine::authorize(&policy, route, token) {
            Ok(noted) => noted,
            Err(denial) => return self.deny(denial),
        };
        if !engine::needs_body(&policy, route) {
            return Step { admitted: Some(Admitted::Allowed), noted, ..Step::default() };
        }
        if let Err(denial) = engine::check_body_headers(&policy, request) {
            return self.deny(denial);
        }
        self.state = State::HoldingBody { route, token: Rc::clone(token), noted };
        let hold = policy.body.hold_headers && policy.mode == Mode::Enforce;
        Step { next: if hold { Next::Pause } else { Next::Continue }, ..Step::default() }
    }

    /// Some of the body has arrived: `size` bytes wait so far, and `read` copies them.
    pub fn on_request_body<'a>(
        &mut self,
        size: usize,
        end_of_stream: bool,
        read: &dyn Fn() -> Option<Vec<u8>>,
    ) -> Step<'a> {
        match &self.state {
            State::Open => Step::default(),
            State::Refused => Step { next: Next::Pause, ..Step::default() },
            State::HoldingBody { .. } => {
                if let Err(denial) = engine::check_body_size(&self.policy, size as u64) {
                    return self.deny(denial);
                }
                if end_of_stream {
                    self.decide_body(read)
                } else {
                    Step { next: Next::Pause, ..Step::default() }
                }
            }
        }
    }

    /// The request's trailers have arrived: with them the body is complete.
    pub fn on_request_trailers<'a>(
        &mut self,
        trailers: &'a [(&'a [u8], &'a [u8])],
        read: &dyn Fn() -> Option<Vec<u8>>,
    ) -> Step<'a> {
        let spoofed = self.reserved(trailers);
        let step = match &self.state {
            State::Open => Step::default(),
            State::Refused => Step { next: Next::Pause, ..Step::default() },
            State::HoldingBody { .. } => self.decide_body(read),
        };
        Step { spoofed, ..step }
    }

    fn decide_body<'a>(&mut self, read: &dyn Fn() -> Option<Vec<u8>>) -> Step<'a> {
        let State::HoldingBody { route, token, noted } = std::mem::replace(&mut self.state, State::Open)
        else {
            return Step::default();
        };
        let body = read().unwrap_or_default();
        match engine::check_body(&self.policy, route, &token, &body) {
            Ok(found) => {
                Step { admitted: Some(Admitted::Allowed), noted: noted.or(found), ..Step::default() }
            }
            Err(denial) => self.deny(denial),
        }
    }

    /// A denial refuses the request, or is noted where the whole filter only watches.
    fn deny<'a>(&mut self, denial: Denial) -> Step<'a> {
        match self.policy.mode {
            Mode::Enforce => {
                self.state = State::Refused;
                let reply = Reply::to_denial(&denial, &self.policy.protects.realm, self.is_head);
                Step { next: Next::Refuse(denial, reply), ..Step::default() }
            }
            Mode::Shadow => {
                self.state = State::Open;
                Step { noted: Some(denial), ..Step::default() }
            }
        }
    }

    fn reserved<'a>(&self, pairs: &'a [(&'a [u8], &'a [u8])]) -> Vec<&'a [u8]> {
        pairs.iter().map(|(name, _)| *name).filter(|name| self.policy.forward.is_reserved(name)).collect()
    }
}

//! One HTTP exchange: events of the host in, steps for the host out. No I/O happens here.

mod step;

use crate::counter::Counter;
use crate::decision::{Denial, DenyReason};
use crate::engine::{self, Asking, Authentication, Entry, Route};
use crate::keys::HostVerifier;
use crate::online::{Answer, Asked, HttpVerb};
use crate::policy::Mode;
use crate::reply::Reply;
use crate::request::RequestView;
use crate::time::UnixTime;
use crate::token::ValidToken;
use crate::worker::{StreamId, Worker};
use std::rc::Rc;

pub use step::{Inquiry, Next, Step, inquiry};

/// The state of one exchange.
#[derive(Debug)]
pub struct Exchange {
    worker: Rc<Worker>,
    stream: StreamId,
    is_head: bool,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Nothing more is looked at.
    Open,
    /// The entitlement server is being asked.
    Awaiting(Box<Awaiting>),
    /// The body has to be seen first.
    HoldingBody { route: Route, token: Rc<ValidToken>, noted: Option<Denial> },
    /// Answered; should anything more arrive, it goes nowhere.
    Refused,
}

#[derive(Debug)]
struct Awaiting {
    route: Route,
    asking: Rc<Asking>,
    /// What the headers say about the body, for later.
    body: Result<(), Denial>,
    /// How much of the body has arrived meanwhile.
    arrived: Arrived,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arrived {
    Nothing,
    Some,
    All,
}

/// Reads all of the body that waits.
pub type ReadBody<'a> = dyn Fn() -> Option<Vec<u8>> + 'a;

impl Exchange {
    /// A new exchange, decided by this worker's policy however long it takes.
    pub fn new(worker: Rc<Worker>, stream: StreamId) -> Exchange {
        Exchange { worker, stream, is_head: false, state: State::Open }
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
        let spoofed = self.reserved(request.headers);
        let step = self.decide_headers(request, now, host).unwrap_or_else(|denial| self.deny(denial));
        Step { spoofed, ..step }
    }

    fn decide_headers<'a>(
        &mut self,
        request: &RequestView<'_>,
        now: UnixTime,
        host: &dyn HostVerifier,
    ) -> Result<Step<'a>, Denial> {
        let worker = Rc::clone(&self.worker);
        let policy = &worker.policy;
        let Entry::Authenticate(route) = engine::route(policy, request)? else {
            return Ok(Step { counts: vec![Counter::PassedWithoutToken], ..Step::default() });
        };
        let mut counts = Vec::new();
        let authentication =
            engine::authenticate(policy, &mut worker.tokens.borrow_mut(), request, now, host);
        match authentication {
            Ok(Authentication::Known { token, cached }) => {
                counts.extend(cached.map(cache_counter));
                let body = engine::check_body_headers(policy, route, request);
                Ok(self.admit(route, token, body, Arrived::Nothing, counts))
            }
            Ok(Authentication::Ask { asking, cached }) => {
                counts.extend(cached.map(cache_counter));
                let body = engine::check_body_headers(policy, route, request);
                self.ask(route, asking, body, now, counts)
            }
            Err(denial) => {
                let token_was_looked_up =
                    denial.reason > DenyReason::TokenTooLarge && worker.policy.cached_tokens > 0;
                counts.extend(token_was_looked_up.then_some(Counter::CacheMiss));
                let step = self.deny(denial);
                Ok(Step { counts, ..step })
            }
        }
    }

    fn ask<'a>(
        &mut self,
        route: Route,
        asking: Asking,
        body: Result<(), Denial>,
        now: UnixTime,
        mut counts: Vec<Counter>,
    ) -> Result<Step<'a>, Denial> {
        let asked = self.worker.desk.borrow_mut().ask(asking.digest, self.stream, now);
        let asking = Rc::new(asking);
        let send = match asked {
            Asked::Known(answer) => {
                counts.push(Counter::OnlineCacheHit);
                let awaiting = Awaiting { route, asking, body, arrived: Arrived::Nothing };
                return Ok(self.settle(awaiting, &answer, now, counts));
            }
            Asked::Full => {
                let because = "too many requests wait for entitlement servers";
                return Err(Denial::new(DenyReason::EntitlementUnavailable, because));
            }
            Asked::Send => inquiry(&self.worker.policy, &asking, HttpVerb::Post),
            Asked::Wait => None,
        };
        let awaiting = Awaiting { route, asking, body, arrived: Arrived::Nothing };
        self.state = State::Awaiting(Box::new(awaiting));
        Ok(Step { counts, next: Next::Await(send.map(Box::new)), ..Step::default() })
    }

    /// The answer that this exchange waits for has come.
    pub fn on_answer<'a>(&mut self, answer: &Answer, now: UnixTime, read: &ReadBody<'_>) -> Step<'a> {
        match std::mem::replace(&mut self.state, State::Open) {
            State::Awaiting(awaiting) => {
                let arrived = awaiting.arrived;
                let step = self.settle(*awaiting, answer, now, Vec::new());
                // The rest of the body may have come before the answer.
                if arrived == Arrived::All && matches!(self.state, State::HoldingBody { .. }) {
                    let decided = self.decide_body(read);
                    let counts = step.counts.into_iter().chain(decided.counts).collect();
                    Step { identity: step.identity, remove_token: step.remove_token, counts, ..decided }
                } else {
                    step
                }
            }
            state => {
                self.state = state;
                Step { next: Next::Pause, ..Step::default() }
            }
        }
    }

    fn settle<'a>(
        &mut self,
        awaiting: Awaiting,
        answer: &Answer,
        now: UnixTime,
        mut counts: Vec<Counter>,
    ) -> Step<'a> {
        let worker = Rc::clone(&self.worker);
        match engine::settle(&worker.policy, &awaiting.asking, answer, now) {
            Ok(settled) => {
                counts.extend(settled.unasked.then_some(Counter::OnlineAllowedUnasked));
                self.admit(awaiting.route, settled.token, awaiting.body, awaiting.arrived, counts)
            }
            Err(denial) => {
                let step = self.deny(denial);
                Step { counts, ..step }
            }
        }
    }

    /// The client is known; what remains is what it asks for.
    fn admit<'a>(
        &mut self,
        route: Route,
        token: Rc<ValidToken>,
        body: Result<(), Denial>,
        arrived: Arrived,
        mut counts: Vec<Counter>,
    ) -> Step<'a> {
        let worker = Rc::clone(&self.worker);
        let policy = &worker.policy;
        let mut step = match engine::authorize(policy, route, &token) {
            Err(denial) => self.deny(denial),
            Ok(noted) if !engine::needs_body(policy, route) => {
                counts.push(Counter::Allowed);
                Step { noted, ..Step::default() }
            }
            Ok(noted) => match body {
                Err(denial) => self.deny(denial),
                Ok(()) => {
                    self.state = State::HoldingBody { route, token: Rc::clone(&token), noted };
                    let hold = policy.body.hold_headers && policy.mode == Mode::Enforce;
                    let next = if hold || arrived != Arrived::Nothing { Next::Pause } else { Next::Continue };
                    Step { next, ..Step::default() }
                }
            },
        };
        step.counts = counts;
        if !matches!(step.next, Next::Refuse(..)) {
            step.identity = Some(token);
            step.remove_token = !policy.forward.token && policy.mode == Mode::Enforce;
        }
        step
    }

    /// Some of the body has arrived: `size` bytes wait so far, and `read` copies them.
    pub fn on_request_body<'a>(&mut self, size: usize, end_of_stream: bool, read: &ReadBody<'_>) -> Step<'a> {
        let pause = Step { next: Next::Pause, ..Step::default() };
        match &mut self.state {
            State::Open => Step::default(),
            State::Refused => pause,
            State::Awaiting(awaiting) => {
                awaiting.arrived = if end_of_stream { Arrived::All } else { Arrived::Some };
                pause
            }
            State::HoldingBody { .. } => match engine::check_body_size(&self.worker.policy, size as u64) {
                Err(denial) => self.deny(denial),
                Ok(()) if end_of_stream => self.decide_body(read),
                Ok(()) => pause,
            },
        }
    }

    /// The request's trailers have arrived: with them the body is complete.
    pub fn on_request_trailers<'a>(
        &mut self,
        trailers: &'a [(&'a [u8], &'a [u8])],
        read: &ReadBody<'_>,
    ) -> Step<'a> {
        let spoofed = self.reserved(trailers);
        let step = match &mut self.state {
            State::Open => Step::default(),
            State::Refused => Step { next: Next::Pause, ..Step::default() },
            State::Awaiting(awaiting) => {
                awaiting.arrived = Arrived::All;
                Step { next: Next::Pause, ..Step::default() }
            }
            State::HoldingBody { .. } => self.decide_body(read),
        };
        Step { spoofed, ..step }
    }

    /// The stream is gone; whoever else waits for the same answer still gets it.
    pub fn on_gone(&mut self) {
        if let State::Awaiting(awaiting) = &self.state {
            self.worker.desk.borrow_mut().leave(awaiting.asking.digest, &self.stream);
        }
        self.state = State::Refused;
    }

    fn decide_body<'a>(&mut self, read: &ReadBody<'_>) -> Step<'a> {
        let State::HoldingBody { route, token, noted } = std::mem::replace(&mut self.state, State::Open)
        else {
            return Step::default();
        };
        let body = read().unwrap_or_default();
        match engine::check_body(&self.worker.policy, route, &token, &body) {
            Ok(found) => Step { counts: vec![Counter::Allowed], noted: noted.or(found), ..Step::default() },
            Err(denial) => self.deny(denial),
        }
    }

    /// A denial refuses the request, or is noted where the whole filter only watches.
    fn deny<'a>(&mut self, denial: Denial) -> Step<'a> {
        let policy = &self.worker.policy;
        match policy.mode {
            Mode::Enforce => {
                let reply = Reply::to_denial(&denial, &policy.protects.realm, self.is_head);
                self.state = State::Refused;
                Step { next: Next::Refuse(denial, reply), ..Step::default() }
            }
            Mode::Shadow => {
                self.state = State::Open;
                Step { noted: Some(denial), ..Step::default() }
            }
        }
    }

    fn reserved<'a>(&self, pairs: &'a [(&'a [u8], &'a [u8])]) -> Vec<&'a [u8]> {
        let forward = &self.worker.policy.forward;
        pairs.iter().map(|(name, _)| *name).filter(|name| forward.is_reserved(name)).collect()
    }
}

fn cache_counter(hit: bool) -> Counter {
    if hit { Counter::CacheHit } else { Counter::CacheMiss }
}

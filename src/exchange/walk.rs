//! The walk: every check in the order of the table in `docs/contract.md#decisions`, as far as the request has come.

use super::authentication::{Authentication, Refusal, authenticate, settle};
use super::route::{Entry, Route, route};
use super::{Arrived, Awaiting, AwaitingKeys, Exchange, Grant, Next, ReadBody, State, Step, body, inquiry};
use crate::counter::Counter;
use crate::decision::{Denial, DenyReason};
use crate::introspection::{Admission, Cause, HttpVerb, TokenStatus};
use crate::keys::HostVerifier;
use crate::policy::Mode;
use crate::proof::{Possession, Presented};
use crate::reply::Reply;
use crate::request::RequestView;
use crate::time::UnixTime;
use crate::token::{Credentials, ValidToken};
use std::rc::Rc;

impl Exchange {
    pub(super) fn decide_headers<'a>(
        &mut self,
        request: &RequestView<'_>,
        waited: Option<Arrived>,
        now: UnixTime,
        host: &dyn HostVerifier,
    ) -> Result<Step<'a>, Denial> {
        let plugin = Rc::clone(&self.plugin);
        let policy = &plugin.policy;
        let (rule, entry) = route(policy, request, &mut self.trace);
        self.rule = rule.cloned();
        let Entry::Authenticate(route) = entry? else {
            let grant = Grant::without_token();
            self.state = State::Open(grant);
            let counts = vec![Counter::PassedWithoutToken];
            return Ok(Step { counts, next: Next::Continue(grant), ..Step::default() });
        };
        let credentials = Credentials::from_request(request, policy.dpop().is_some(), &mut self.trace)?;
        self.scheme = credentials.scheme();
        let presents = |_| Presented::by(request, credentials.scheme(), credentials.place_of_token());
        let presented = policy.proof.as_ref().map(presents);
        let possession = Possession::new(policy, &plugin.proofs, presented, now, host);
        let may_wait = waited.is_none();
        let arrived = waited.unwrap_or(Arrived::Nothing);
        let authentication =
            authenticate(&plugin, may_wait, credentials, &possession, now, host, &mut self.trace);
        let mut counts = Vec::new();
        counts.extend(possession.has_looked().then_some(Counter::ProofChecked));
        match authentication {
            Ok(Authentication::Known { token, cached }) => {
                counts.extend(cached.map(cache_counter));
                let body = body::check_headers(policy, &route, request, &mut self.trace);
                Ok(self.admit(route, token, body, arrived, counts))
            }
            Ok(Authentication::Ask { pending, cached }) => {
                counts.extend(cached.map(cache_counter));
                let body = body::check_headers(policy, &route, request, &mut self.trace);
                // The proof of a verified token has been checked; for another, the answer says whose it must be.
                let presented = possession.into_presented().filter(|_| !pending.is_verified());
                let presented = presented.map(|presented| Box::new(presented.kept()));
                let pending = Rc::new(pending);
                self.ask(Awaiting { route, pending, presented, body, arrived }, now, host, counts)
            }
            Ok(Authentication::AwaitKeys(server)) => {
                self.state = State::AwaitingKeys(AwaitingKeys {
                    end_of_stream: request.end_of_stream,
                    client_certificate: request.client_certificate,
                    arrived: Arrived::Nothing,
                });
                Ok(Step { next: Next::AwaitKeys(server), ..Step::default() })
            }
            Err(Refusal { denial, cached }) => {
                let token_was_looked_up =
                    denial.reason > DenyReason::TokenTooLarge && plugin.policy.cached_tokens > 0;
                counts.extend(token_was_looked_up.then_some(cache_counter(cached)));
                let step = self.deny(denial);
                Ok(Step { counts, ..step })
            }
        }
    }

    fn ask<'a>(
        &mut self,
        awaiting: Awaiting,
        now: UnixTime,
        host: &dyn HostVerifier,
        mut counts: Vec<Counter>,
    ) -> Result<Step<'a>, Denial> {
        let pending = &awaiting.pending;
        let asked = self.plugin.in_flight.borrow_mut().ask(pending.digest, pending.party(), self.stream, now);
        let send = match asked {
            Admission::Known(answer) => {
                counts.push(Counter::OnlineCacheHit);
                return Ok(self.settle(awaiting, &answer, now, host, counts));
            }
            Admission::Full => {
                let because = "too many requests wait for entitlement servers";
                let denial = pending.refused(Denial::new(DenyReason::EntitlementUnavailable, because));
                let step = self.deny(denial);
                counts.extend([Counter::OnlineUnavailable, Cause::Overload.counter()]);
                counts.extend(step.counts);
                return Ok(Step { counts, ..step });
            }
            Admission::Send => Some(inquiry(pending, HttpVerb::Post)),
            Admission::Wait => None,
        };
        self.state = State::Awaiting(Box::new(awaiting));
        Ok(Step { counts, next: Next::Await(send.map(Box::new)), ..Step::default() })
    }

    pub(super) fn settle<'a>(
        &mut self,
        awaiting: Awaiting,
        answer: &TokenStatus,
        now: UnixTime,
        host: &dyn HostVerifier,
        mut counts: Vec<Counter>,
    ) -> Step<'a> {
        let plugin = Rc::clone(&self.plugin);
        let presented = awaiting.presented.map(|presented| *presented);
        let possession = Possession::new(&plugin.policy, &plugin.proofs, presented, now, host);
        let settled = settle(&plugin.policy, &awaiting.pending, answer, &possession, now, &mut self.trace);
        counts.extend(possession.has_looked().then_some(Counter::ProofChecked));
        match settled {
            Ok(settled) => {
                counts.extend(settled.unasked.then_some(Counter::OnlineAllowedUnasked));
                self.admit(awaiting.route, settled.token, awaiting.body, awaiting.arrived, counts)
            }
            Err(denial) => {
                let step = self.deny(awaiting.pending.refused(denial));
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
        let plugin = Rc::clone(&self.plugin);
        let policy = &plugin.policy;
        let authorized = body::authorize(policy, &route, &token, &mut self.trace);
        let owned =
            authorized.and_then(|noted| self.check_owner(&route, &token, &mut counts).map(|()| noted));
        let owned = owned.map(|noted| noted.map(|denial| self.of_rule(token.refused(denial))));
        let mut step = match owned {
            Err(denial) => self.deny(token.refused(denial)),
            Ok(noted) if !route.needs_body() => {
                counts.push(Counter::Allowed);
                let grant = Grant::client(&token);
                self.state = State::Open(grant);
                Step { noted, target: self.target.take(), next: Next::Continue(grant), ..Step::default() }
            }
            Ok(noted) => match body {
                Err(denial) => self.deny(token.refused(denial)),
                Ok(()) => {
                    let hold = policy.body.hold_headers && policy.mode == Mode::Enforce;
                    let next = if hold || arrived != Arrived::Nothing {
                        Next::Pause
                    } else {
                        Next::Continue(Grant::client(&token))
                    };
                    self.state = State::HoldingBody { route, token: Rc::clone(&token), noted };
                    Step { target: self.target.take(), next, ..Step::default() }
                }
            },
        };
        step.counts = counts;
        if !matches!(step.next, Next::Refuse(..)) {
            step.identity = Some(token);
            step.remove_token = !policy.forward.token && policy.mode == Mode::Enforce;
            step.remove_proof = step.remove_token && self.has_proof;
        }
        step
    }

    pub(super) fn decide_body<'a>(&mut self, read: &ReadBody<'_>) -> Step<'a> {
        let State::HoldingBody { route, token, noted } = std::mem::replace(&mut self.state, State::Refused)
        else {
            return Step::default();
        };
        let body = read().unwrap_or_default();
        match body::check(&self.plugin.policy, &route, &token, &body, &mut self.trace) {
            Ok(found) => {
                let grant = Grant::client(&token);
                self.state = State::Open(grant);
                let (counts, next) = (vec![Counter::Allowed], Next::Continue(grant));
                let found = found.map(|denial| self.of_rule(token.refused(denial)));
                Step { counts, noted: noted.or(found), next, ..Step::default() }
            }
            Err(denial) => self.deny(token.refused(denial)),
        }
    }

    /// `denial` with the name of the rule that took the request, if it has one.
    fn of_rule(&self, denial: Denial) -> Denial {
        match self.rule.as_ref().and_then(|rule| rule.name.as_deref()) {
            Some(name) => denial.about(|about| about.rule(name)),
            None => denial,
        }
    }

    /// A denial refuses the request, or is noted where the whole filter only watches.
    pub(super) fn deny<'a>(&mut self, denial: Denial) -> Step<'a> {
        let denial = self.of_rule(denial);
        let policy = &self.plugin.policy;
        match policy.mode {
            Mode::Enforce => {
                let reply = Reply::to_denial(&denial, policy, self.scheme, self.is_head);
                self.state = State::Refused;
                Step { next: Next::Refuse(denial, reply), ..Step::default() }
            }
            Mode::Shadow => {
                let grant = Grant::watched(&denial);
                self.state = State::Open(grant);
                let target = self.target.take();
                Step { noted: Some(denial), target, next: Next::Continue(grant), ..Step::default() }
            }
        }
    }
}

fn cache_counter(hit: bool) -> Counter {
    if hit { Counter::CacheHit } else { Counter::CacheMiss }
}

//! The walk: every check in the order of the table in `docs/contract.md#decisions`, as far as the request has come.

use super::authentication::{Authentication, Refusal, Settled, authenticate, settle};
use super::body::ReadBody;
use super::grant::Grant;
use super::route::{Entry, Route, route};
use super::state::{Again, Arrived, Awaiting, AwaitingKeys, Exchange, State};
use super::step::{Inquiry, Next, Step};
use super::{body, ownership};
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
use std::sync::Arc;

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
        self.target = ownership::watched_target(policy, request);
        let (rule, entry) = route(policy, request, &mut self.trace);
        let is_read = matches!(&entry, Ok(Entry::Authenticate(route)) if route.needs_body());
        self.drops_content = !is_read && request.has_meaningless_content();
        // Whoever waits for keys comes here again.
        if self.rule.is_none()
            && let Some((number, rule)) = rule
        {
            self.rule = Some((number, Arc::clone(rule)));
            plugin.tally.count(Counter::RuleMatched(number));
        }
        let Entry::Authenticate(route) = entry? else {
            let grant = Grant::without_token();
            self.state = State::Open(grant);
            plugin.tally.count(Counter::PassedWithoutToken);
            return Ok(Step { next: Next::Continue(grant), ..Step::default() });
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
        self.count_look(&possession);
        match authentication {
            Ok(Authentication::Known { token, cached }) => {
                cached.into_iter().for_each(|hit| plugin.tally.count(cache_counter(hit)));
                let body = body::check_headers(policy, &route, request, &mut self.trace);
                Ok(self.admit(route, token, body, arrived))
            }
            Ok(Authentication::Ask { pending, cached }) => {
                cached.into_iter().for_each(|hit| plugin.tally.count(cache_counter(hit)));
                let body = body::check_headers(policy, &route, request, &mut self.trace);
                let again = Again {
                    subject: route.subject.is_some(),
                    // The proof of a verified token has been checked; for another, the answer says whose it must be.
                    presented: policy.proof.is_some() && !pending.is_verified(),
                    target: self.target.is_some(),
                    client_certificate: request.client_certificate,
                };
                let pending = Rc::new(pending);
                let awaiting = Awaiting { route: route.without_subject(), pending, again, body, arrived };
                self.ask(awaiting, request, now, host)
            }
            Ok(Authentication::AwaitKeys(server)) => {
                self.state = State::AwaitingKeys(AwaitingKeys {
                    end_of_stream: request.end_of_stream,
                    client_certificate: request.client_certificate,
                    meanwhile: route.meanwhile(policy),
                    arrived: Arrived::Nothing,
                });
                self.target = None;
                Ok(Step { next: Next::AwaitKeys(server), ..Step::default() })
            }
            Err(Refusal { denial, cached }) => {
                let token_was_looked_up =
                    denial.reason > DenyReason::TokenTooLarge && plugin.policy.cached_tokens > 0;
                if token_was_looked_up {
                    plugin.tally.count(cache_counter(cached));
                }
                Ok(self.deny(denial))
            }
        }
    }

    fn ask<'a>(
        &mut self,
        awaiting: Awaiting,
        request: &RequestView<'_>,
        now: UnixTime,
        host: &dyn HostVerifier,
    ) -> Result<Step<'a>, Denial> {
        let pending = &awaiting.pending;
        let asked = self.plugin.in_flight.borrow_mut().ask(pending.digest, pending.party(), self.stream, now);
        let send = match asked {
            Admission::Known(answer) => {
                self.plugin.tally.count(Counter::OnlineCacheHit);
                return Ok(self.settle(awaiting, &answer, Some(request), now, host));
            }
            Admission::Full => {
                let because = Cause::Overload.because();
                let denial = pending.refused(Denial::new(DenyReason::EntitlementUnavailable, because));
                self.plugin.tally.count(Counter::OnlineUnavailable);
                self.plugin.tally.count(Cause::Overload.counter());
                return Ok(self.deny(denial));
            }
            Admission::Send => Some(Inquiry { pending: Rc::clone(pending), verb: HttpVerb::Post }),
            Admission::Wait => None,
        };
        self.target = None;
        self.state = State::Awaiting(Box::new(awaiting));
        Ok(Step { next: Next::Await(send), ..Step::default() })
    }

    pub(super) fn settle<'a>(
        &mut self,
        awaiting: Awaiting,
        answer: &TokenStatus,
        request: Option<&RequestView<'_>>,
        now: UnixTime,
        host: &dyn HostVerifier,
    ) -> Step<'a> {
        let plugin = Rc::clone(&self.plugin);
        let policy = &plugin.policy;
        let Awaiting { route, pending, again, body, arrived } = awaiting;
        let client_certificate = again.client_certificate;
        let request = request.map(|request| RequestView { client_certificate, ..*request });
        if again.target {
            self.target = request.as_ref().and_then(|request| ownership::watched_target(policy, request));
        }
        let seen = |wanted: bool| request.as_ref().filter(|_| wanted);
        let route = seen(again.subject).map(|request| route.with_subject(policy, request)).unwrap_or(route);
        let presents = |request| Presented::by(request, self.scheme, pending.token.0.as_bytes());
        let presented = seen(again.presented).map(presents);
        if presented.is_none() && again.presented || route.subject.is_none() && again.subject {
            let because = "the host gives the headers no more, or others";
            let denial = Denial::new(DenyReason::EntitlementUnavailable, because);
            return self.deny(pending.refused(denial));
        }
        let possession = Possession::new(policy, &plugin.proofs, presented, now, host);
        let settled = settle(policy, &pending, answer, &possession, now, &mut self.trace);
        self.count_look(&possession);
        match settled {
            Ok(Settled { token, unasked }) => {
                if unasked {
                    plugin.tally.count(Counter::OnlineAllowedUnasked);
                }
                let step = self.admit(route, token, body, arrived);
                Step { unasked, ..step }
            }
            Err(denial) => self.deny(pending.refused(denial)),
        }
    }

    fn count_look(&self, possession: &Possession<'_>) {
        if possession.has_looked() {
            self.plugin.tally.count(Counter::ProofChecked);
        }
    }

    /// The client is known; what remains is what it asks for.
    fn admit<'a>(
        &mut self,
        mut route: Route,
        token: Rc<ValidToken>,
        body: Result<(), Denial>,
        arrived: Arrived,
    ) -> Step<'a> {
        let plugin = Rc::clone(&self.plugin);
        let policy = &plugin.policy;
        let authorized = body::authorize(policy, &route, &token, &mut self.trace);
        let owned = authorized.and_then(|noted| {
            let owned = ownership::check(&plugin, &mut route, &token, &mut self.trace)?;
            self.target = owned.target.or(self.target.take());
            self.named = owned.named;
            Ok(noted)
        });
        let owned = owned.map(|noted| noted.map(|denial| self.of_rule(token.refused(denial))));
        let mut step = match owned {
            Err(denial) => self.deny(token.refused(denial)),
            Ok(noted) if !route.needs_body() => {
                let (grant, noted) = self.allow(&token, noted);
                Step { noted, target: self.target.take(), next: Next::Continue(grant), ..Step::default() }
            }
            Ok(noted) => match body {
                Err(denial) => self.deny(token.refused(denial)),
                Ok(()) => {
                    let next = if policy.holds_headers() || arrived != Arrived::Nothing {
                        Next::Pause
                    } else {
                        Next::Continue(Grant::client(&token))
                    };
                    self.state = State::HoldingBody { route, token: Rc::clone(&token), noted };
                    Step { target: self.target.take(), next, ..Step::default() }
                }
            },
        };
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
                let found = found.map(|denial| self.of_rule(token.refused(denial)));
                let (grant, noted) = self.allow(&token, noted.or(found));
                Step { noted, next: Next::Continue(grant), ..Step::default() }
            }
            Err(denial) => self.deny(token.refused(denial)),
        }
    }

    /// Lets it go on; `noted` is what a rule in shadow mode would have refused it for.
    fn allow(&mut self, token: &ValidToken, noted: Option<Denial>) -> (Grant, Option<Denial>) {
        let (grant, tally) = (Grant::client(token), &self.plugin.tally);
        self.state = State::Open(grant);
        tally.count(Counter::Allowed);
        tally.count(Counter::IssuerAllowed(token.server().number));
        if let Some(denial) = &noted {
            tally.count(Counter::ShadowDenied(denial.reason));
        }
        (grant, noted)
    }

    /// `denial` with the name of the rule that took the request, if it has one.
    fn of_rule(&self, denial: Denial) -> Denial {
        match self.rule.as_ref().and_then(|(_, rule)| rule.name.as_deref()) {
            Some(name) => denial.about(|about| about.rule(name)),
            None => denial,
        }
    }

    /// A denial refuses the request, or is noted where the whole filter only watches.
    pub(super) fn deny<'a>(&mut self, denial: Denial) -> Step<'a> {
        let denial = self.of_rule(denial);
        let (policy, tally) = (&self.plugin.policy, &self.plugin.tally);
        match policy.mode {
            Mode::Enforce => {
                tally.count(Counter::Denied(denial.reason));
                let server = denial.about.as_ref().and_then(|about| about.server());
                server.into_iter().for_each(|number| tally.count(Counter::IssuerDenied(number)));
                let rule = self.rule.iter().map(|(number, _)| *number);
                rule.for_each(|number| tally.count(Counter::RuleDenied(number)));
                let reply = Reply::to_denial(&denial, policy, self.scheme, self.is_head);
                self.state = State::Refused;
                Step { next: Next::Refuse(denial, reply), ..Step::default() }
            }
            Mode::Shadow => {
                tally.count(Counter::ShadowDenied(denial.reason));
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

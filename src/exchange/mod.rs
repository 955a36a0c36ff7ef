//! One HTTP exchange: events of the host in, steps for the host out. No I/O happens here.
//!
//! `walk` orders the checks, and is the only one that does; `route`, `authentication` and `body` are its stretches, cut where
//! a request may have to wait. `rehearsal` plays whole requests without a proxy, for whoever wants to see the walk.

mod authentication;
mod body;
mod described;
mod grant;
mod ownership;
mod pending;
#[cfg(not(target_os = "wasi"))]
pub mod rehearsal;
mod route;
mod state;
mod step;
mod walk;

use crate::introspection::TokenStatus;
use crate::keys::HostVerifier;
use crate::request::RequestView;
use crate::time::UnixTime;
use state::{Again, Arrived, AwaitingKeys, State};

pub use body::ReadBody;
pub use grant::Grant;
pub use ownership::Named;
pub use pending::{PendingIntrospection, is_told_inactive, keep_until, lasting_token};
pub use state::Exchange;
pub use step::{Dropped, Inquiry, Meanwhile, Next, Step};

impl Exchange {
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
        Step { spoofed, dropped: self.dropped(Dropped::Framing), ..step }
    }

    /// `what`, if the content goes no further.
    fn dropped(&self, what: Dropped) -> Dropped {
        if self.drops_content { what } else { Dropped::Nothing }
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
            State::Open(grant) => {
                let next = Next::Continue(*grant);
                Step { dropped: self.dropped(Dropped::Piece), next, ..Step::default() }
            }
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
        self.named.take().filter(|_| self.grant().is_some())
    }

    /// The host did not change the request as it must be changed: it goes no further, whatever comes, and what was to be asked about
    /// it is not. Nobody else waits for that: it was not on its way yet.
    pub fn on_stopped(&mut self, unasked: Option<&Inquiry>) {
        if let Some(inquiry) = unasked {
            self.plugin.in_flight.borrow_mut().withdraw(inquiry.pending.digest);
        }
        self.on_gone();
    }

    /// The stream is gone; whoever else waits for the same answer still gets it.
    pub fn on_gone(&mut self) {
        if let State::Awaiting(awaiting) = &self.state {
            self.plugin.in_flight.borrow_mut().leave(awaiting.pending.digest, &self.stream);
        }
        self.state = State::Refused;
    }
}

/// The names of those fields that are reserved.
fn reserved_names<'a>(
    fields: &'a [(&'a [u8], &'a [u8])],
    is_reserved: impl Fn(&[u8]) -> bool,
) -> Vec<&'a [u8]> {
    fields.iter().map(|(name, _)| *name).filter(|name| is_reserved(name)).collect()
}

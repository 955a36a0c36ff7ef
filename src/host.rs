//! What the core asks of the proxy it runs in, and the one order in which it asks.

use crate::decision::DenyReason;
use crate::exchange::{Admitted, Next, Step};
use crate::reply::Reply;

/// A proxy around one exchange.
pub trait Host {
    /// Removes every field of this name.
    fn remove(&self, fields: Fields, name: &[u8]);
    /// Sets a request header, replacing any of the same name.
    fn set_request_header(&self, name: &str, value: &str);
    /// Answers the request; nothing goes upstream.
    fn send_reply(&self, reply: &Reply);
    /// Leaves the decision where the access log finds it.
    fn record_decision(&self, decision: &str);
    /// Adds one to a counter.
    fn count(&self, counter: Counter);
}

/// Which fields of a request are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fields {
    /// Its headers.
    Headers,
    /// Its trailers.
    Trailers,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counter {
    /// Requests that went on with a verified identity.
    Allowed,
    /// Requests that a rule let pass without a token.
    PassedWithoutToken,
    /// Requests refused, by reason.
    Denied(DenyReason),
    /// Requests that would have been refused, by reason.
    ShadowDenied(DenyReason),
}

impl Counter {
    /// Every counter there is, in the order of [`Counter::index`].
    pub fn all() -> impl Iterator<Item = Counter> {
        let reasons = || DenyReason::ALL.iter().copied();
        [Counter::Allowed, Counter::PassedWithoutToken]
            .into_iter()
            .chain(reasons().map(Counter::Denied))
            .chain(reasons().map(Counter::ShadowDenied))
    }

    /// Its name below `eec_authn.`.
    pub fn name(self) -> String {
        match self {
            Counter::Allowed => "allowed".into(),
            Counter::PassedWithoutToken => "passed_without_token".into(),
            Counter::Denied(reason) => format!("denied.{}", reason.code()),
            Counter::ShadowDenied(reason) => format!("shadow_denied.{}", reason.code()),
        }
    }

    /// Its place in [`Counter::all`].
    pub fn index(self) -> usize {
        let place = |reason: DenyReason| usize::from(reason as u8).saturating_add(2);
        match self {
            Counter::Allowed => 0,
            Counter::PassedWithoutToken => 1,
            Counter::Denied(reason) => place(reason),
            Counter::ShadowDenied(reason) => place(reason).saturating_add(DenyReason::ALL.len()),
        }
    }
}

/// Whether the host may go on with the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// On to the upstream.
    Continue,
    /// Held, or answered.
    Stop,
}

/// Carries out `step`: spoofed headers first, whatever comes after.
pub fn perform(step: Step<'_>, fields: Fields, host: &dyn Host) -> Flow {
    step.spoofed.iter().for_each(|name| host.remove(fields, name));
    if step.remove_token {
        host.remove(Fields::Headers, b"authorization");
    }
    for (name, value) in step.identity.iter().flat_map(|token| token.identity_headers()) {
        host.set_request_header(name, value);
    }
    match step.admitted {
        Some(Admitted::Allowed) => host.count(Counter::Allowed),
        Some(Admitted::PassedWithoutToken) => host.count(Counter::PassedWithoutToken),
        None => {}
    }
    if let Some(denial) = &step.noted {
        host.count(Counter::ShadowDenied(denial.reason));
        host.record_decision(&format!("shadow_deny:{}", denial.reason.code()));
    }
    match step.next {
        Next::Continue => Flow::Continue,
        Next::Pause => Flow::Stop,
        Next::Refuse(denial, reply) => {
            host.count(Counter::Denied(denial.reason));
            host.record_decision(&format!("deny:{}", denial.reason.code()));
            host.send_reply(&reply);
            Flow::Stop
        }
    }
}

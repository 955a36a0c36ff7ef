//! What the core asks of the proxy it runs in, and the one order in which it asks.

use crate::decision::DenyReason;
use crate::exchange::{Outcome, Step};
use crate::reply::Reply;

/// A proxy around one exchange.
pub trait Host {
    /// Removes every request header of this name.
    fn remove_request_header(&self, name: &[u8]);
    /// Sets a request header, replacing any of the same name.
    fn set_request_header(&self, name: &str, value: &str);
    /// Removes every request trailer of this name.
    fn remove_request_trailer(&self, name: &[u8]);
    /// Answers the request; nothing goes upstream.
    fn send_reply(&self, reply: &Reply);
    /// Leaves the decision where the access log finds it.
    fn record_decision(&self, decision: &str);
    /// Adds one to a counter.
    fn count(&self, counter: Counter);
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counter {
    /// Requests that went on with a verified identity.
    Allowed,
    /// Requests refused, by reason.
    Denied(DenyReason),
}

impl Counter {
    /// Every counter there is.
    pub fn all() -> impl Iterator<Item = Counter> {
        std::iter::once(Counter::Allowed).chain(DenyReason::ALL.iter().copied().map(Counter::Denied))
    }

    /// Its name below `eec_authn.`.
    pub fn name(self) -> String {
        match self {
            Counter::Allowed => "allowed".into(),
            Counter::Denied(reason) => format!("denied.{}", reason.code()),
        }
    }

    /// Its place in [`Counter::all`].
    pub fn index(self) -> usize {
        match self {
            Counter::Allowed => 0,
            Counter::Denied(reason) => usize::from(reason as u8).saturating_add(1),
        }
    }
}

/// Whether the host may go on with the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// On to the upstream.
    Continue,
    /// Answered; nothing more happens.
    Stop,
}

/// Carries out `step`: spoofed headers first, whatever comes after.
pub fn perform(step: Step<'_>, host: &dyn Host) -> Flow {
    step.spoofed.iter().for_each(|name| host.remove_request_header(name));
    match step.outcome {
        Outcome::Forward { grant, remove_token } => {
            if remove_token {
                host.remove_request_header(b"authorization");
            }
            for (name, value) in grant.token().identity_headers() {
                host.set_request_header(name, value);
            }
            host.count(Counter::Allowed);
            Flow::Continue
        }
        Outcome::Refuse { denial, reply } => {
            host.count(Counter::Denied(denial.reason));
            host.record_decision(&format!("deny:{}", denial.reason.code()));
            host.send_reply(&reply);
            Flow::Stop
        }
    }
}

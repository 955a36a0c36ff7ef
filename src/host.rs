//! What the core asks of the proxy it runs in, and the one order in which it asks.

use crate::decision::Denial;
use crate::exchange::{Dropped, Grant, Inquiry, Next, Step};
use crate::reply::Reply;

/// A proxy around one exchange.
pub trait Host {
    /// Removes every field of this name.
    ///
    /// # Errors
    /// If it was not done.
    fn remove(&self, fields: Fields, name: &[u8]) -> Result<(), Failed>;
    /// Replaces the path, query included.
    ///
    /// # Errors
    /// If it was not done.
    fn set_path(&self, path: &[u8]) -> Result<(), Failed>;
    /// Adds a request header; what a client sent under the same name has been removed before.
    ///
    /// # Errors
    /// If it was not done.
    fn add_request_header(&self, name: &str, value: &str) -> Result<(), Failed>;
    /// Leaves nothing of what has come of the body since the last time.
    ///
    /// # Errors
    /// If it was not done.
    fn drop_body(&self) -> Result<(), Failed>;
    /// Answers the request; nothing goes upstream.
    fn send_reply(&self, reply: &Reply);
    /// Leaves something about the decision where the access log finds it.
    fn record(&self, name: &'static str, value: &str);
    /// Tells the operator why, if there is room in the log.
    fn log_denial(&self, verdict: &str, denial: &Denial);
}

/// The host did not change the request as it must be changed: it goes no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failed;

/// A step ended at a change that failed: what comes behind it is not done.
#[derive(Debug)]
pub struct Stopped {
    /// The question that was to be sent.
    pub unasked: Option<Inquiry>,
}

/// Which fields of a request are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fields {
    /// Its headers.
    Headers,
    /// Its trailers.
    Trailers,
}

/// Whether the host may go on with the request.
#[derive(Debug)]
pub enum Flow {
    /// On to the upstream.
    Continue(Grant),
    /// Held until more of the request arrives.
    Hold,
    /// Held until an answer arrives that is under way.
    Await,
    /// Held until an answer arrives to this question, which is to be sent.
    Ask(Inquiry),
    /// Held until it has been seen to keys of the entitlement server with this number.
    AwaitKeys(usize),
    /// A reply has been sent.
    Answered,
}

/// Carries out `step`: spoofed headers first, whatever comes after.
///
/// # Errors
/// If the host could not change the request.
pub fn perform(step: Step<'_>, fields: Fields, host: &dyn Host) -> Result<Flow, Stopped> {
    if change(&step, fields, host).is_err() {
        let unasked = if let Next::Await(inquiry) = step.next { inquiry } else { None };
        return Err(Stopped { unasked });
    }
    if step.unasked {
        host.record("decision", "allowed_unasked");
    }
    if let Some(denial) = &step.noted {
        record(host, "shadow_deny", denial);
    }
    Ok(match step.next {
        Next::Continue(grant) => Flow::Continue(grant),
        Next::Pause => Flow::Hold,
        Next::Await(None) => Flow::Await,
        Next::Await(Some(inquiry)) => Flow::Ask(inquiry),
        Next::AwaitKeys(server) => Flow::AwaitKeys(server),
        Next::Refuse(denial, reply) => {
            record(host, "deny", &denial);
            host.send_reply(&reply);
            Flow::Answered
        }
    })
}

/// Changes the request as `step` says.
fn change(step: &Step<'_>, fields: Fields, host: &dyn Host) -> Result<(), Failed> {
    for name in &step.spoofed {
        host.remove(fields, name)?;
    }
    if let Some(target) = &step.target {
        host.set_path(target)?;
    }
    match step.dropped {
        Dropped::Nothing => {}
        Dropped::Framing => {
            host.remove(Fields::Headers, b"transfer-encoding")?;
            host.remove(Fields::Headers, b"content-length")?;
            // Without it the server would be sent an end of chunks, which it might not read either.
            host.add_request_header("content-length", "0")?;
        }
        Dropped::Piece => host.drop_body()?,
    }
    if step.remove_token {
        host.remove(Fields::Headers, b"authorization")?;
    }
    if step.remove_proof {
        host.remove(Fields::Headers, b"dpop")?;
    }
    for (name, value) in step.identity.iter().flat_map(|token| token.identity_headers()) {
        host.add_request_header(name, value)?;
    }
    Ok(())
}

/// Leaves a denial where operators look: in the stream's filter state and in the log.
fn record(host: &dyn Host, verdict: &str, denial: &Denial) {
    host.record("decision", &format!("{verdict}:{}", denial.reason.code()));
    host.record("reason", &denial.explained());
    for (name, value) in denial.about.iter().flat_map(|about| about.fields()) {
        host.record(name, value);
    }
    host.log_denial(verdict, denial);
}

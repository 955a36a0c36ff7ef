//! One HTTP exchange: events of the host in, steps for the host out. No I/O happens here.

use crate::decision::Denial;
use crate::engine::{self, Decision, Grant};
use crate::keys::HostVerifier;
use crate::policy::Policy;
use crate::reply::Reply;
use crate::request::RequestView;
use crate::time::UnixTime;

/// What the host has to do about a request's headers, in this order.
#[derive(Debug)]
pub struct Step<'a> {
    /// Headers that a client must not send upstream: removed first, on every path.
    pub spoofed: Vec<&'a [u8]>,
    /// What then.
    pub outcome: Outcome,
}

/// How it goes on.
#[derive(Debug)]
pub enum Outcome {
    /// The request goes on as the client of the grant.
    Forward {
        /// Whom it speaks for.
        grant: Grant,
        /// Whether the Authorization header goes no further.
        remove_token: bool,
    },
    /// The request ends here.
    Refuse {
        /// Why.
        denial: Denial,
        /// What the client gets.
        reply: Reply,
    },
}

/// The request's headers have arrived.
pub fn on_request_headers<'a>(
    policy: &Policy,
    request: &RequestView<'a>,
    now: UnixTime,
    host: &dyn HostVerifier,
) -> Step<'a> {
    let spoofed = reserved(policy, request.headers);
    let outcome = match engine::decide(policy, request, now, host) {
        Decision::Allow(grant) => Outcome::Forward { grant, remove_token: !policy.forward.token },
        Decision::Deny(denial) => {
            let reply = Reply::to_denial(&denial, &policy.protects.realm, request.method);
            Outcome::Refuse { denial, reply }
        }
    };
    Step { spoofed, outcome }
}

/// The request's trailers have arrived: which of them must not go upstream.
pub fn on_request_trailers<'a>(policy: &Policy, trailers: &'a [(&'a [u8], &'a [u8])]) -> Vec<&'a [u8]> {
    reserved(policy, trailers)
}

fn reserved<'a>(policy: &Policy, pairs: &'a [(&'a [u8], &'a [u8])]) -> Vec<&'a [u8]> {
    pairs.iter().map(|(name, _)| *name).filter(|name| policy.forward.is_reserved(name)).collect()
}

//! Any path, host and Authorization header: nothing is allowed, since nobody has signed anything; never a panic.
#![no_main]

mod policy;

use eec_authn::exchange::rehearsal::{Decision, Rehearsal, Wait, play};
use eec_authn::introspection::{Cause, TokenStatus};
use eec_authn::keys::NoHost;
use eec_authn::plugin_state::PluginState;
use eec_authn::request::RequestView;
use eec_authn::time::UnixTime;
use libfuzzer_sys::fuzz_target;
use std::hash::RandomState;
use std::rc::Rc;

thread_local! {
    static WORKER: Rc<PluginState> = Rc::new(PluginState::new(policy::policy(), RandomState::new()));
}

fuzz_target!(|data: (&[u8], &[u8], &[u8], bool)| {
    let (path, host, authorization, good_route) = data;
    let path = if good_route { b"/eees-eecregistration/v1/registrations/r1" } else { path };
    let host = if good_route { b"ees1.edge.example.net" } else { host };
    let pairs: [(&[u8], &[u8]); 4] =
        [(b":method", b"DELETE"), (b":path", path), (b":authority", host), (b"authorization", authorization)];
    let request = RequestView::new(&pairs, true);
    let now = UnixTime::new(1.8e9).expect("a time");
    let answer = &|_: &_| Some(TokenStatus::Unavailable(Cause::Timeout));
    let rehearsal = Rehearsal { request, body: None, trailers: None, answer, wait: Wait::Short };
    let outcome = WORKER.with(|plugin| play(plugin, &rehearsal, now, &NoHost));
    assert!(matches!(outcome.decision, Decision::Denied(..)), "somebody got in");
});

//! One request through the core.

use crate::support::{fixture, token};
use eec_authn::decision::{Denial, DenyReason, Trace};
use eec_authn::exchange::rehearsal::{Rehearsal, Wait, play};
use eec_authn::introspection::{Cause, TokenStatus};
use eec_authn::keys::NoHost;
use eec_authn::plugin_state::PluginState;
use eec_authn::request::RequestView;
use eec_authn::time::UnixTime;
use eec_authn::token::{Bearer, Credentials};
use std::rc::Rc;

/// The moment of the test.
pub(crate) fn now() -> UnixTime {
    UnixTime::new(token::now() as f64).expect("a time")
}

/// Why a registration with this token and this body is refused, if it is.
pub(crate) fn refused(plugin: &Rc<PluginState>, token: &str, body: &[u8]) -> Option<DenyReason> {
    let authorization = format!("Bearer {token}");
    let pairs: [(&[u8], &[u8]); 5] = [
        (b":method", b"POST"),
        (b":path", b"/eees-eecregistration/v1/registrations"),
        (b":authority", fixture::FQDN.as_bytes()),
        (b"authorization", authorization.as_bytes()),
        (b"content-type", b"application/json"),
    ];
    let request = RequestView::new(&pairs, false);
    let answer = &|_: &_| Some(TokenStatus::Unavailable(Cause::Timeout));
    let rehearsal = Rehearsal { request, body: Some(&[body]), trailers: None, answer, wait: Wait::Short };
    play(plugin, &rehearsal, now(), &NoHost).denial().map(|denial| denial.reason)
}

/// Gives `use_it` what is in the place of a token in a request.
pub(crate) fn with_bearer<T>(
    token: &str,
    use_it: impl FnOnce(Bearer<'_>) -> Result<T, Denial>,
) -> Result<T, Denial> {
    let value = format!("Bearer {token}");
    let pairs: [(&[u8], &[u8]); 1] = [(b"authorization", value.as_bytes())];
    let request = RequestView::new(&pairs, true);
    let trace = &mut Trace::off();
    use_it(Credentials::from_request(&request, false, trace)?.bearer(usize::MAX, trace)?)
}

//! What the core asks of its host, by host calls.

use super::header_map;
use super::hostcalls::{self, Buffer, Map};
use super::limited_log::LimitedLog;
use crate::decision::Denial;
use crate::exchange::{Exchange, Inquiry, Step};
use crate::host::{self, Failed, Fields, Flow, Host, Stopped};
use crate::reply::Reply;
use proxy_wasm::types::Action;
use std::cell::RefCell;

/// All of the body that has been held back.
pub(super) fn read_body() -> Option<Vec<u8>> {
    hostcalls::buffer(Buffer::RequestBody, usize::MAX)
}

/// Carries out a step of `exchange`; a request that the host did not change as it must be is refused.
pub(super) fn perform(
    step: Step<'_>,
    fields: Fields,
    exchange: &RefCell<Exchange>,
    log: &LimitedLog,
) -> Flow {
    host::perform(step, fields, &ProxyHost(log))
        .unwrap_or_else(|Stopped { unasked }| stop(exchange, unasked.as_ref()))
}

/// `exchange` is refused, whatever comes, since the host did not do or give what it needs; `unasked` is the question that was to be sent.
pub(super) fn stop(exchange: &RefCell<Exchange>, unasked: Option<&Inquiry>) -> Flow {
    exchange.borrow_mut().on_stopped(unasked);
    fail_closed();
    Flow::Answered
}

/// [`Host`] by host calls; its log is that of the configuration.
struct ProxyHost<'a>(&'a LimitedLog);

impl Host for ProxyHost<'_> {
    fn remove(&self, fields: Fields, name: &[u8]) -> Result<(), Failed> {
        let map = match fields {
            Fields::Headers => Map::RequestHeaders,
            Fields::Trailers => Map::RequestTrailers,
        };
        hostcalls::remove_header(map, name)
    }

    fn set_path(&self, path: &[u8]) -> Result<(), Failed> {
        hostcalls::replace_header(Map::RequestHeaders, b":path", path)
    }

    fn add_request_header(&self, name: &str, value: &str) -> Result<(), Failed> {
        hostcalls::add_header(Map::RequestHeaders, name.as_bytes(), value.as_bytes())
    }

    fn drop_body(&self) -> Result<(), Failed> {
        hostcalls::empty_buffer(Buffer::RequestBody)
    }

    fn send_reply(&self, reply: &Reply) {
        let headers = header_map::serialize(&reply.headers);
        hostcalls::send_local_response(reply.status, &reply.details, &headers, reply.body.as_bytes());
    }

    fn record(&self, name: &'static str, value: &str) {
        hostcalls::set_property(&format!("eec_authn.{name}"), value);
    }

    fn log_denial(&self, verdict: &str, denial: &Denial) {
        self.0.denial(verdict, denial);
    }
}

/// What cannot happen in a sound host ends here: the request is refused, never let through.
pub(super) fn fail_closed() -> Action {
    let headers = header_map::serialize(&[("cache-control", "no-store".into())]);
    hostcalls::send_local_response(503, "eec_authn.not_ready", &headers, b"");
    Action::Pause
}

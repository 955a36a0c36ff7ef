//! One request: callbacks of the host become events of the exchange, its steps become host calls.

use super::header_map;
use super::hostcalls::{self, Buffer, Map};
use super::root::Shared;
use crate::exchange::Exchange;
use crate::host::{self, Counter, Fields, Flow, Host};
use crate::keys::NoHost;
use crate::reply::Reply;
use crate::request::RequestView;
use crate::time::UnixTime;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;
use std::rc::Rc;

pub(super) struct HttpFilter {
    /// `None` without an accepted configuration, which a sound host does not let happen.
    running: Option<(Rc<Shared>, Exchange)>,
}

impl HttpFilter {
    pub(super) fn new(shared: Option<Rc<Shared>>) -> HttpFilter {
        let running = shared.map(|shared| {
            let exchange = Exchange::new(Rc::clone(&shared.policy));
            (shared, exchange)
        });
        HttpFilter { running }
    }
}

impl Context for HttpFilter {}

impl HttpContext for HttpFilter {
    fn on_http_request_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        let map = hostcalls::header_map(Map::RequestHeaders);
        let pairs = map.as_deref().and_then(header_map::parse);
        let (Some((shared, exchange)), Some(pairs), Some(now)) = (&mut self.running, pairs, hostcalls::now())
        else {
            return fail_closed();
        };
        let request = RequestView::new(&pairs, end_of_stream);
        let step = exchange.on_request_headers(&request, UnixTime::from_nanoseconds(now), &NoHost);
        action(host::perform(step, Fields::Headers, &ProxyHost { shared }))
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        let Some((shared, exchange)) = &mut self.running else { return fail_closed() };
        let step = exchange.on_request_body(size, end_of_stream, &read_body);
        action(host::perform(step, Fields::Headers, &ProxyHost { shared }))
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> Action {
        let map = hostcalls::header_map(Map::RequestTrailers);
        let pairs = map.as_deref().and_then(header_map::parse);
        let (Some((shared, exchange)), Some(pairs)) = (&mut self.running, pairs) else {
            return fail_closed();
        };
        let step = exchange.on_request_trailers(&pairs, &read_body);
        action(host::perform(step, Fields::Trailers, &ProxyHost { shared }))
    }
}

/// What cannot happen in a sound host ends here: the request is refused, never let through.
fn fail_closed() -> Action {
    let headers = header_map::serialize(&[("cache-control", "no-store".into())]);
    hostcalls::send_local_response(503, "eec_authn.not_ready", &headers, b"");
    Action::Pause
}

fn action(flow: Flow) -> Action {
    match flow {
        Flow::Continue => Action::Continue,
        Flow::Stop => Action::Pause,
    }
}

/// All of the body that has been held back.
fn read_body() -> Option<Vec<u8>> {
    hostcalls::buffer(Buffer::RequestBody, usize::MAX)
}

/// [`Host`] by host calls.
struct ProxyHost<'a> {
    shared: &'a Shared,
}

impl Host for ProxyHost<'_> {
    fn remove(&self, fields: Fields, name: &[u8]) {
        let map = match fields {
            Fields::Headers => Map::RequestHeaders,
            Fields::Trailers => Map::RequestTrailers,
        };
        hostcalls::remove_header(map, name);
    }

    fn set_request_header(&self, name: &str, value: &str) {
        hostcalls::replace_header(Map::RequestHeaders, name.as_bytes(), value.as_bytes());
    }

    fn send_reply(&self, reply: &Reply) {
        let headers = header_map::serialize(&reply.headers);
        hostcalls::send_local_response(reply.status, &reply.details, &headers, reply.body.as_bytes());
    }

    fn record_decision(&self, decision: &str) {
        hostcalls::set_property("eec_authn.decision", decision);
    }

    fn count(&self, counter: Counter) {
        self.shared.statistics.count(counter);
    }
}

//! One request: callbacks of the host become events of the exchange, its steps become host calls.

use super::header_map;
use super::hostcalls::{self, Map};
use super::root::Shared;
use crate::exchange;
use crate::host::{self, Counter, Flow, Host};
use crate::keys::NoHost;
use crate::reply::Reply;
use crate::request::RequestView;
use crate::time::UnixTime;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;
use std::rc::Rc;

pub(super) struct HttpFilter {
    shared: Option<Rc<Shared>>,
}

impl HttpFilter {
    pub(super) fn new(shared: Option<Rc<Shared>>) -> HttpFilter {
        HttpFilter { shared }
    }

    /// What cannot happen in a sound host ends here: the request is refused, never let through.
    fn fail_closed(&self) -> Action {
        let headers = header_map::serialize(&[("cache-control", "no-store".into())]);
        hostcalls::send_local_response(503, "eec_authn.not_ready", &headers, b"");
        Action::Pause
    }
}

impl Context for HttpFilter {}

impl HttpContext for HttpFilter {
    fn on_http_request_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        let map = hostcalls::header_map(Map::RequestHeaders);
        let pairs = map.as_deref().and_then(header_map::parse);
        let (Some(shared), Some(pairs), Some(now)) = (&self.shared, pairs, hostcalls::now()) else {
            return self.fail_closed();
        };
        let request = RequestView::new(&pairs, end_of_stream);
        let now = UnixTime::from_nanoseconds(now);
        let step = exchange::on_request_headers(&shared.policy, &request, now, &NoHost);
        match host::perform(step, &ProxyHost { shared }) {
            Flow::Continue => Action::Continue,
            Flow::Stop => Action::Pause,
        }
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> Action {
        let map = hostcalls::header_map(Map::RequestTrailers);
        let pairs = map.as_deref().and_then(header_map::parse);
        let (Some(shared), Some(pairs)) = (&self.shared, pairs) else {
            return self.fail_closed();
        };
        let host = ProxyHost { shared };
        for name in exchange::on_request_trailers(&shared.policy, &pairs) {
            host.remove_request_trailer(name);
        }
        Action::Continue
    }
}

/// [`Host`] by host calls.
struct ProxyHost<'a> {
    shared: &'a Shared,
}

impl Host for ProxyHost<'_> {
    fn remove_request_header(&self, name: &[u8]) {
        hostcalls::remove_header(Map::RequestHeaders, name);
    }

    fn set_request_header(&self, name: &str, value: &str) {
        hostcalls::replace_header(Map::RequestHeaders, name.as_bytes(), value.as_bytes());
    }

    fn remove_request_trailer(&self, name: &[u8]) {
        hostcalls::remove_header(Map::RequestTrailers, name);
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

//! One request: callbacks of the host become events of the exchange, its steps become host calls.

use super::answers;
use super::client_certificate;
use super::clock;
use super::fetching;
use super::header_map;
use super::hostcalls::{self, Map};
use super::proxy_host::{self, fail_closed, read_body};
use super::ready::{A_MOMENT, After};
use super::shared::Shared;
use crate::exchange::{Exchange, Grant, Inquiry, Meanwhile, Named, Step};
use crate::host::{Fields, Flow};
use crate::introspection::Cause;
use crate::ownership::Answer;
use crate::plugin_state::StreamId;
use crate::request::RequestView;
use crate::time::UnixTime;
use proxy_wasm::types::Action;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// One request for which something more may come.
pub(super) struct HttpStream {
    shared: Rc<Shared>,
    stream: StreamId,
    /// Shared with whoever brings the answer that it may wait for.
    exchange: Rc<RefCell<Exchange>>,
    /// Whether it was held at its headers until an answer came.
    waited: Cell<bool>,
}

/// What the host does with a request whose headers have come: `Action`, in the words of the host, which knows more ways to pause.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(super) enum AtHeaders {
    Continue = 0,
    /// The body is shown as it comes, where the plugin option `allow_on_headers_stop_iteration` is set.
    Pause = 1,
    /// Its buffer takes the body. What is longer gets 413 from the host at once: once it has told the client to wait with the rest
    /// (as below), a body that is held back as a whole would never come to its end.
    PauseAndBuffer = 3,
    /// Its buffer takes as much of the body as it can, and the client waits with the rest.
    PauseAndSlow = 4,
}

impl From<Action> for AtHeaders {
    fn from(action: Action) -> AtHeaders {
        if matches!(action, Action::Continue) { AtHeaders::Continue } else { AtHeaders::Pause }
    }
}

/// A request has begun. Nearly all are settled by their headers alone: nothing is kept of those, nor allocated for them.
pub(super) fn on_request_headers(
    shared: Rc<Shared>,
    stream: StreamId,
    end_of_stream: bool,
) -> (AtHeaders, Option<HttpStream>) {
    let map = hostcalls::header_map(Map::RequestHeaders);
    let pairs = map.as_deref().and_then(header_map::parse);
    let (Some(pairs), Some(now)) = (pairs, hostcalls::now()) else { return (fail_closed().into(), None) };
    let mut request = RequestView::new(&pairs, end_of_stream);
    if shared.plugin.policy.asks_for_certificate() {
        request.client_certificate = client_certificate::digest();
    }
    let now = UnixTime::from_nanoseconds(now);
    let exchange = RefCell::new(Exchange::new(Rc::clone(&shared.plugin), stream));
    let step = exchange.borrow_mut().on_request_headers(&request, now, &shared.verifier);
    if end_of_stream && exchange.borrow().is_settled() {
        let flow = proxy_host::perform(step, Fields::Headers, &exchange, &shared.log);
        shared.tell_soon(stream);
        let action = if matches!(flow, Flow::Continue(_)) { AtHeaders::Continue } else { AtHeaders::Pause };
        return (action, None);
    }
    let exchange = Rc::new(exchange);
    let kept = HttpStream { shared, stream, exchange, waited: Cell::new(false) };
    let action = kept.act(step, Fields::Headers);
    (kept.at_headers(action), Some(kept))
}

impl HttpStream {
    fn at_headers(&self, action: Action) -> AtHeaders {
        match (action, self.exchange.borrow().meanwhile()) {
            (Action::Pause, Meanwhile::Keep) => AtHeaders::PauseAndBuffer,
            (Action::Pause, Meanwhile::Slow) => AtHeaders::PauseAndSlow,
            (action, Meanwhile::Show | Meanwhile::Keep | Meanwhile::Slow) => action.into(),
        }
    }

    pub(super) fn on_request_body(&self, size: usize, end_of_stream: bool) -> Action {
        let step = self.exchange.borrow_mut().on_request_body(size, end_of_stream, &read_body);
        self.act(step, Fields::Headers)
    }

    pub(super) fn on_request_trailers(&self) -> Action {
        let map = hostcalls::header_map(Map::RequestTrailers);
        let Some(pairs) = map.as_deref().and_then(header_map::parse) else { return self.stop() };
        let step = self.exchange.borrow_mut().on_request_trailers(&pairs, &read_body);
        let action = self.act(step, Fields::Trailers);
        let grant = self.exchange.borrow().grant();
        match (action, grant) {
            // Envoy may have kept body and trailers back since the headers, and be handing over both in one go right
            // now: it would drop the body that was held a moment ago (a filter that has seen the trailers gets no
            // more data, itself included). So they go on once it is done with that.
            (Action::Continue, Some(grant)) if self.waited.get() => {
                self.go_on_soon(grant);
                Action::Pause
            }
            (action, _) => action,
        }
    }

    /// An answer has come, the proxy's own and ours included: nothing is asked of the host unless the answer matters.
    pub(super) fn on_response_headers(&self) {
        let named = self.exchange.borrow_mut().take_named();
        if let Some(named) = named {
            self.seal(&named);
        }
    }

    /// Seals what the answer names.
    fn seal(&self, named: &Named) {
        let details = hostcalls::property("response\0code_details").unwrap_or_default();
        let map = hostcalls::header_map(Map::ResponseHeaders);
        let Some(headers) = map.as_deref().and_then(header_map::parse) else { return };
        let status =
            headers.iter().find(|(name, _)| *name == b":status").map_or(&b""[..], |(_, value)| *value);
        let answer = Answer { status, is_upstreams: details == b"via_upstream", headers: &headers };
        let sealing = named.seal(&self.shared.plugin.policy, &answer);
        for (name, value) in &sealing.headers {
            if hostcalls::replace_header(Map::ResponseHeaders, name.as_bytes(), value).is_err() {
                return;
            }
        }
        if let Some(counter) = sealing.count {
            self.shared.plugin.tally.count(counter);
            self.shared.tell_soon(self.stream);
        }
    }

    /// Carries out a step and says what it means for the host, which is told soon what was counted.
    fn act(&self, step: Step<'_>, fields: Fields) -> Action {
        let action = self.perform(step, fields);
        self.shared.tell_soon(self.stream);
        action
    }

    fn perform(&self, step: Step<'_>, fields: Fields) -> Action {
        match proxy_host::perform(step, fields, &self.exchange, &self.shared.log) {
            Flow::Continue(_) => Action::Continue,
            Flow::Hold | Flow::Answered => Action::Pause,
            Flow::Await => {
                self.wait();
                Action::Pause
            }
            Flow::Ask(inquiry) => self.ask(inquiry),
            Flow::AwaitKeys(server) => self.await_keys(server),
        }
    }

    fn stop(&self) -> Action {
        proxy_host::stop(&self.exchange, None);
        Action::Pause
    }

    fn wait(&self) {
        self.waited.set(true);
        self.shared.calls.wait(&self.shared.statistics, &self.exchange);
    }

    /// Goes on, but not inside its own callback.
    fn go_on_soon(&self, grant: Grant) {
        let (shared, stream) = (&self.shared, self.stream);
        shared.ready.push(stream, After::Callback(grant));
        shared.ticks.at_least_every(A_MOMENT, stream);
    }

    fn await_keys(&self, server: usize) -> Action {
        let (shared, now) = (&self.shared, clock::now());
        // What another worker has fetched meanwhile may be enough.
        let is_newer = fetching::take_over(shared, server, now);
        if !is_newer && fetching::want(shared, server, &self.exchange) {
            self.waited.set(true);
            return Action::Pause;
        }
        let map = hostcalls::header_map(Map::RequestHeaders);
        let Some(pairs) = map.as_deref().and_then(header_map::parse) else { return self.stop() };
        let request = RequestView::new(&pairs, false);
        let mut exchange = self.exchange.borrow_mut();
        let step = if is_newer {
            exchange.on_newer_keys(&request, now, &shared.verifier)
        } else {
            exchange.on_keys(&request, now, &shared.verifier, &read_body)
        };
        drop(exchange);
        self.perform(step, Fields::Headers)
    }

    fn ask(&self, inquiry: Inquiry) -> Action {
        let shared = &self.shared;
        let pending = Rc::clone(&inquiry.pending);
        if shared.calls.send(inquiry, self.stream) {
            self.wait();
            return Action::Pause;
        }
        // Nobody else can be waiting for a question that was never on its way.
        let now = clock::now();
        let (answer, _) = answers::close(shared, &pending, Err(Cause::Cluster), now);
        match answers::decide(shared, &self.exchange, &answer, now) {
            Flow::Continue(_) => Action::Continue,
            // Nobody asks twice.
            Flow::Hold | Flow::Answered | Flow::Await | Flow::Ask(_) | Flow::AwaitKeys(_) => Action::Pause,
        }
    }
}

impl Drop for HttpStream {
    fn drop(&mut self) {
        // Who has never waited is known nowhere else.
        if self.waited.get()
            // Never a panic in a destructor: an exchange that is at work right now is not waiting.
            && let Ok(mut exchange) = self.exchange.try_borrow_mut()
        {
            exchange.on_gone();
            self.shared.calls.leave(&self.shared.statistics, self.stream);
            self.shared.fetches.leave(self.stream);
            self.shared.ready.leave(self.stream);
        }
    }
}

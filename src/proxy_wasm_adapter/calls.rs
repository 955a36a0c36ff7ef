//! Calls to entitlement servers: sent by the root context, so that they outlive the client that asked first,
//! and answered to every stream that waits.

use super::header_map;
use super::hostcalls::{self, Buffer, Map};
use super::limited_log;
use super::proxy_host::{ProxyHost, read_body};
use super::root::{Shared, now};
use super::shared_data::SharedData;
use crate::counter::Counter;
use crate::exchange::{self, Exchange, Inquiry, PendingIntrospection};
use crate::host::{self, Fields, Flow};
use crate::introspection::{HttpVerb, RawResponse, Reading, TokenStatus};
use crate::log_limit::LineKind;
use crate::time::UnixTime;
use crate::worker::StreamId;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::{Rc, Weak};
use std::time::Duration;

/// One byte more than is read, so that what is too long shows.
const MAX_BODY: usize = 65_537;

/// Questions on their way and the streams that wait for answers.
pub(super) struct Calls {
    root: u32,
    outbox: RefCell<Vec<Call>>,
    unsent: RefCell<Vec<Rc<PendingIntrospection>>>,
    under_way: RefCell<HashMap<u32, Call>>,
    waiting: RefCell<HashMap<StreamId, Weak<RefCell<Exchange>>>>,
    resuming: RefCell<Vec<StreamId>>,
}

struct Call {
    inquiry: Inquiry,
    since: UnixTime,
}

impl Calls {
    pub(super) fn new(root: u32) -> Calls {
        Calls {
            root,
            outbox: RefCell::default(),
            unsent: RefCell::default(),
            under_way: RefCell::default(),
            waiting: RefCell::default(),
            resuming: RefCell::default(),
        }
    }

    /// A stream waits for an answer that is under way.
    pub(super) fn wait(&self, shared: &Shared, exchange: &Rc<RefCell<Exchange>>) {
        let stream = exchange.borrow().stream();
        if self.waiting.borrow_mut().insert(stream, Rc::downgrade(exchange)).is_none() {
            shared.statistics.add_waiting(1);
        }
    }

    /// A stream does not wait any longer.
    pub(super) fn leave(&self, shared: &Shared, stream: StreamId) {
        if self.waiting.borrow_mut().remove(&stream).is_some() {
            shared.statistics.add_waiting(-1);
        }
        self.resuming.borrow_mut().retain(|other| *other != stream);
    }

    /// A stream is to go on, but not inside its own callback: at the root context's next tick.
    pub(super) fn resume_soon(&self, stream: StreamId) {
        self.resuming.borrow_mut().push(stream);
        hostcalls::set_effective_context(self.root);
        hostcalls::set_tick_period(Duration::from_millis(1));
        hostcalls::set_effective_context(stream);
    }

    /// Lets streams go on; runs in the root context. Whether there were any.
    pub(super) fn resume_all(&self) -> bool {
        let streams = std::mem::take(&mut *self.resuming.borrow_mut());
        for stream in &streams {
            hostcalls::set_effective_context(*stream);
            hostcalls::continue_request();
        }
        hostcalls::set_effective_context(self.root);
        !streams.is_empty()
    }

    /// Sends the question of a stream. `false`: it cannot be sent, and nobody else waits for it.
    pub(super) fn send(&self, inquiry: Inquiry, stream: StreamId) -> bool {
        self.outbox.borrow_mut().push(Call { inquiry, since: now() });
        hostcalls::in_root_context(self.root, stream);
        self.unsent.borrow_mut().drain(..).count() == 0
    }

    /// Sends what is in the outbox; runs in the root context.
    pub(super) fn send_all(&self) {
        let calls = std::mem::take(&mut *self.outbox.borrow_mut());
        for call in calls {
            if let Err(call) = self.dispatch(call) {
                self.unsent.borrow_mut().push(call.inquiry.asking);
            }
        }
    }

    fn dispatch(&self, call: Call) -> Result<(), Call> {
        let question = &call.inquiry.question;
        let headers = question.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let body = (!question.body.is_empty()).then_some(question.body.as_bytes());
        let spent = (now().seconds() - call.since.seconds()).max(0.0) * 1e3;
        let left = question.timeout_ms.saturating_sub(spent as u64).max(1);
        let timeout = Duration::from_millis(left);
        match proxy_wasm::hostcalls::dispatch_http_call(&question.cluster, headers, body, Vec::new(), timeout)
        {
            Ok(number) => {
                self.under_way.borrow_mut().insert(number, call);
                Ok(())
            }
            Err(_) => Err(call),
        }
    }

    /// An answer has come, or (`came` is false) none will.
    pub(super) fn on_response(&self, shared: &Shared, number: u32, came: bool) {
        let Some(call) = self.under_way.borrow_mut().remove(&number) else { return };
        let asking = Rc::clone(&call.inquiry.asking);
        let reading =
            if came { read(&asking.asked.online.method) } else { Reading::Is(TokenStatus::Unavailable) };
        let answer = match reading {
            Reading::Is(answer) => answer,
            Reading::CredentialsRefused => {
                let number = asking.asked.server.number;
                limited_log::write(LineKind::CredentialsRefused, || {
                    format!(
                        "entitlement_servers[{number}].online: the server refused the filter's own credentials"
                    )
                });
                TokenStatus::Unavailable
            }
            Reading::AskWithGet if call.inquiry.question.verb == HttpVerb::Post => {
                let inquiry = exchange::inquiry(&asking, HttpVerb::Get);
                if self.dispatch(Call { inquiry, since: call.since }).is_ok() {
                    return;
                }
                TokenStatus::Unavailable
            }
            Reading::AskWithGet => TokenStatus::Unavailable,
        };
        self.deliver(shared, &asking, answer);
    }

    /// Gives an answer to all who wait for it.
    fn deliver(&self, shared: &Shared, asking: &PendingIntrospection, answer: TokenStatus) {
        let now = now();
        let (answer, streams) = self.close(shared, asking, answer, now);
        for stream in streams {
            let exchange = self.waiting.borrow().get(&stream).and_then(Weak::upgrade);
            self.leave(shared, stream);
            let Some(exchange) = exchange else { continue };
            hostcalls::set_effective_context(stream);
            let step = exchange.borrow_mut().on_answer(&answer, now, &read_body);
            if matches!(host::perform(step, Fields::Headers, &ProxyHost { shared }), Flow::Continue) {
                hostcalls::continue_request();
            }
        }
        hostcalls::set_effective_context(self.root);
    }

    /// A question has its answer: counts it, keeps it, and says who waited.
    pub(super) fn close(
        &self,
        shared: &Shared,
        asking: &PendingIntrospection,
        answer: TokenStatus,
        now: UnixTime,
    ) -> (TokenStatus, Vec<StreamId>) {
        shared.statistics.count(answer_counter(&answer));
        let answer = lasting(shared, asking, answer, now);
        let until = exchange::keep_until(asking, &answer, now);
        let streams = shared.worker.in_flight.borrow_mut().answered(asking.digest, &answer, until);
        (answer, streams)
    }
}

/// What an answer comes to where a token, once inactive, stays so while the server cannot be asked.
fn lasting(
    shared: &Shared,
    asking: &PendingIntrospection,
    answer: TokenStatus,
    now: UnixTime,
) -> TokenStatus {
    let Some(token) = exchange::lasting_token(asking) else { return answer };
    let told_inactive = match answer {
        TokenStatus::Unavailable if shared.inactive.hold(&SharedData, token) => return TokenStatus::Inactive,
        TokenStatus::Unavailable => return TokenStatus::Unavailable,
        TokenStatus::Inactive | TokenStatus::Active(_) => {
            exchange::is_told_inactive(&shared.worker.policy, asking, &answer, now)
        }
    };
    if !shared.inactive.record(&SharedData, token, told_inactive) {
        limited_log::write(LineKind::NotRemembered, || {
            "what an entitlement server said about a token cannot be remembered for an outage".into()
        });
    }
    answer
}

/// The counter of an answer.
fn answer_counter(answer: &TokenStatus) -> Counter {
    match answer {
        TokenStatus::Active(_) => Counter::OnlineOk,
        TokenStatus::Inactive => Counter::OnlineInactive,
        TokenStatus::Unavailable => Counter::OnlineUnavailable,
    }
}

/// Reads the answer that the host holds.
fn read(method: &crate::policy::online::Method) -> Reading {
    let map = hostcalls::header_map(Map::HttpCallResponseHeaders);
    let headers = map.as_deref().and_then(header_map::parse).unwrap_or_default();
    let values =
        |name: &'static [u8]| headers.iter().filter(move |(n, _)| *n == name).map(|(_, value)| *value);
    let status =
        values(b":status").next().and_then(|v| std::str::from_utf8(v).ok()).and_then(|v| v.parse().ok());
    let content_types: Vec<&[u8]> = values(b"content-type").collect();
    let body = hostcalls::buffer(Buffer::HttpCallResponseBody, MAX_BODY).unwrap_or_default();
    crate::introspection::read(method, &RawResponse { status, content_types: &content_types, body: &body })
}

//! Answers of entitlement servers: read, counted, remembered, and given to every stream that waits.

use super::call_answer::CallAnswer;
use super::calls::Call;
use super::clock::now;
use super::header_map;
use super::hostcalls::{self, Map};
use super::proxy_host::{perform, read_body, stop};
use super::ready::After;
use super::shared::Shared;
use super::shared_data::SharedData;
use crate::counter::Counter;
use crate::exchange::{self, Exchange, Inquiry, PendingIntrospection};
use crate::host::{Fields, Flow};
use crate::introspection::{Cause, HttpVerb, RawResponse, Reading, TokenStatus};
use crate::log_limit::LineKind;
use crate::plugin_state::StreamId;
use crate::request::RequestView;
use crate::time::UnixTime;
use std::cell::RefCell;
use std::rc::Rc;

/// One byte more than is read, so that what is too long shows.
const MAX_BODY: usize = 65_537;

const UPSTREAM_TIME: &[u8] = b"x-envoy-upstream-service-time";

/// An answer has come, or (`came` is false) none will.
pub(super) fn on_response(shared: &Shared, number: u32, came: bool) {
    let Some(call) = shared.calls.take(number) else { return };
    let pending = Rc::clone(&call.inquiry.pending);
    let reading = if came { read(&pending.asked.online.method) } else { Reading::None(Cause::Connect) };
    let answer = match reading {
        Reading::Is(answer) => Ok(answer),
        Reading::None(cause) => Err(cause),
        Reading::AskWithGet if call.inquiry.verb == HttpVerb::Post => {
            let inquiry = Inquiry { pending: Rc::clone(&pending), verb: HttpVerb::Get };
            if shared.calls.dispatch(Call { inquiry, since: call.since }).is_ok() {
                return;
            }
            Err(Cause::Cluster)
        }
        Reading::AskWithGet => Err(Cause::Unreadable),
    };
    deliver(shared, &pending, answer);
}

/// What came of a question: what is known about the token, or why nothing is.
pub(super) type Answer = Result<TokenStatus, Cause>;

/// Has an answer for all who wait for it.
pub(super) fn deliver(shared: &Shared, pending: &PendingIntrospection, answer: Answer) {
    let (answer, streams) = close(shared, pending, answer, now());
    let answer = Rc::new(answer);
    for stream in streams {
        let exchange = shared.calls.waiting(stream);
        shared.calls.leave(&shared.statistics, stream);
        if let Some(exchange) = exchange {
            shared.ready.push(stream, After::Answer(exchange, Rc::clone(&answer)));
        }
    }
}

/// Gives a stream, whose context is the effective one, the answer that it has waited for; runs in the root context.
pub(super) fn give(shared: &Shared, exchange: &RefCell<Exchange>, answer: &TokenStatus) {
    if let Flow::Continue(grant) = decide(shared, exchange, answer, now()) {
        hostcalls::continue_request(grant);
    }
}

/// Decides, with its answer, about a stream whose context is the effective one.
pub(super) fn decide(
    shared: &Shared,
    exchange: &RefCell<Exchange>,
    answer: &TokenStatus,
    now: UnixTime,
) -> Flow {
    let reads = exchange.borrow().reads_headers_again();
    let map = if reads { hostcalls::header_map(Map::RequestHeaders) } else { None };
    let pairs = map.as_deref().and_then(header_map::parse);
    if reads && pairs.is_none() {
        return stop(exchange, None);
    }
    let request = pairs.as_deref().map(|pairs| RequestView::new(pairs, false));
    let decided =
        exchange.borrow_mut().on_answer(answer, request.as_ref(), now, &shared.verifier, &read_body);
    perform(decided, Fields::Headers, exchange, &shared.log)
}

/// A question has its answer: counts it, keeps it, and says who waited.
pub(super) fn close(
    shared: &Shared,
    pending: &PendingIntrospection,
    answer: Answer,
    now: UnixTime,
) -> (TokenStatus, Vec<StreamId>) {
    let answer = answer.unwrap_or_else(|cause| no_answer(shared, pending, cause));
    shared.plugin.tally.count(answer_counter(&answer));
    let answer = lasting(shared, pending, answer, now);
    let until = exchange::keep_until(pending, &answer, now);
    let streams = shared.plugin.in_flight.borrow_mut().answered(pending.digest, &answer, now, until);
    (answer, streams)
}

/// Counts why there is no answer, and tells the operator.
fn no_answer(shared: &Shared, pending: &PendingIntrospection, cause: Cause) -> TokenStatus {
    shared.plugin.tally.count(cause.counter());
    shared.log.write(LineKind::NoAnswer, || {
        let server = &pending.asked.server;
        format!("entitlement_servers[{}].online ({}): {cause}", server.number, server.identity.as_str())
    });
    TokenStatus::Unavailable(cause)
}

/// What an answer comes to where a token, once inactive, stays so while the server cannot be asked.
fn lasting(
    shared: &Shared,
    pending: &PendingIntrospection,
    answer: TokenStatus,
    now: UnixTime,
) -> TokenStatus {
    let Some(token) = exchange::lasting_token(pending) else { return answer };
    let told_inactive = match answer {
        TokenStatus::Unavailable(_) if shared.inactive.hold(&SharedData, token) => {
            return TokenStatus::Inactive;
        }
        TokenStatus::Unavailable(cause) => return TokenStatus::Unavailable(cause),
        TokenStatus::Inactive | TokenStatus::Active(_) => {
            exchange::is_told_inactive(&shared.plugin.policy, pending, &answer, now)
        }
    };
    if !shared.inactive.record(&SharedData, token, told_inactive) {
        shared.log.write(LineKind::NotRemembered, || {
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
        TokenStatus::Unavailable(_) => Counter::OnlineUnavailable,
    }
}

/// Reads the answer that the host holds.
fn read(method: &crate::policy::online::Method) -> Reading {
    let answer = CallAnswer::take(MAX_BODY);
    let headers = answer.headers();
    let status = headers.status();
    // Envoy tells of its own failures in such answers, without the time that the server took.
    let by_proxy = matches!(status, Some(502..=504)) && headers.values(UPSTREAM_TIME).is_empty();
    let content_types = headers.values(b"content-type");
    let raw = RawResponse { status, by_proxy, content_types: &content_types, body: &answer.body };
    crate::introspection::read(method, &raw)
}

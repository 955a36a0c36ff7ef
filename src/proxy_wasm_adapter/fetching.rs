//! Fetching key sets: begun by the root context, read, shared with the other workers, and given to the streams that wait for them.
//! Which fetch may begin is agreed on with the other workers; a set that another has fetched is taken over here.

use super::answers;
use super::call_answer::CallAnswer;
use super::calls::Call;
use super::clock::now;
use super::header_map;
use super::hostcalls::{self, Map};
use super::key_fetches::{Fetch, WHILE_WAITED_FOR, Waiting};
use super::proxy_host::{perform, read_body, stop};
use super::ready::After;
use super::shared::Shared;
use super::shared_data;
use crate::counter::Counter;
use crate::exchange::Exchange;
use crate::host::{Fields, Flow};
use crate::introspection::Cause;
use crate::jwks_remote::{
    self, Admission, Answer, Brought, Failure, FetchRequest, Moment, SharedSets, StoredSet, Want,
};
use crate::keys::{recall_sound_moduli, share_sound_moduli};
use crate::log_limit::LineKind;
use crate::policy::{EntitlementServer, JwksRemote};
use crate::request::RequestView;
use crate::time::UnixTime;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// Requests that wait for the keys of one server, per worker.
const MAX_WAITING: usize = 1_024;

/// One byte more than is read, so that what is too long shows.
const MAX_BODY: usize = 256 * 1_024 + 1;

fn find(shared: &Shared, number: usize) -> Option<(&EntitlementServer, &JwksRemote)> {
    shared.plugin.policy.fetching().find(|(server, _)| server.number == number)
}

/// Sees to keys of a server for a stream, in its callback. `true`: they are being fetched, and the stream waits.
pub(super) fn want(shared: &Shared, server: usize, exchange: &Rc<RefCell<Exchange>>) -> bool {
    let Some((_, remote)) = find(shared, server) else { return false };
    let is_full =
        shared.fetches.waiting.borrow().get(&server).is_some_and(|waiting| waiting.len() >= MAX_WAITING);
    if is_full {
        return false;
    }
    let stream = exchange.borrow().stream();
    shared.fetches.wanted.set(Some(server));
    shared.calls.run_in_root(stream);
    if !SharedSets::new(&*shared.fetches.map, remote).is_under_way(now()) {
        return false;
    }
    let waiting = Waiting { stream, exchange: Rc::downgrade(exchange) };
    shared.fetches.waiting.borrow_mut().entry(server).or_default().push(waiting);
    shared.ticks.at_least_every(WHILE_WAITED_FOR, stream);
    true
}

/// Begins the fetch that a stream wants; runs in the root context, inside the stream's callback.
pub(super) fn begin_wanted(shared: &Shared) {
    if let Some(server) = shared.fetches.wanted.take() {
        begin(shared, server, Want::Unknown);
    }
}

/// What time brings: fetches that are due, sets that others have fetched, and the end of waiting. Runs in the root
/// context, by the clock.
pub(super) fn on_clock(shared: &Shared) {
    for (server, remote) in shared.plugin.policy.fetching() {
        take_over(shared, server.number, now());
        begin(shared, server.number, Want::Due);
        let waits =
            shared.fetches.waiting.borrow().get(&server.number).is_some_and(|waiting| !waiting.is_empty());
        if waits && !SharedSets::new(&*shared.fetches.map, remote).is_under_way(now()) {
            // The worker that fetched has ended it, and what it has left is newer than the last look.
            take_over(shared, server.number, now());
            deliver(shared, server.number);
        }
    }
}

fn begin(shared: &Shared, server: usize, want: Want) {
    let Some((server, remote)) = find(shared, server) else { return };
    let now = now();
    let sets = SharedSets::new(&*shared.fetches.map, remote);
    let Admission::Fetch(number) = sets.begin(want, now) else { return };
    let request = FetchRequest::new(remote);
    let timeout = Duration::from_millis(request.timeout_ms);
    let sent = proxy_wasm::hostcalls::dispatch_http_call(
        request.cluster,
        request.headers.to_vec(),
        None,
        Vec::new(),
        timeout,
    );
    match sent {
        Ok(call) => {
            let fetch = Fetch { server: server.number, number, asked_at: now };
            shared.fetches.under_way.borrow_mut().insert(call, fetch);
        }
        Err(_) => failed(shared, server, remote, number, &Failure { because: Cause::Cluster.to_string() }),
    }
}

/// The root context is about to go, by a push, and the host drops its calls: what is under way is left to others.
pub(super) fn abandon(shared: &Shared) {
    for (_, fetch) in shared.fetches.under_way.borrow_mut().drain() {
        if let Some((_, remote)) = find(shared, fetch.server) {
            SharedSets::new(&*shared.fetches.map, remote).abandon(fetch.number);
        }
    }
}

/// The answer to the host's call `call` has come, or (`came` is false) none will. Whether it was one of these.
pub(super) fn on_response(shared: &Shared, call: u32, came: bool) -> bool {
    let Some(fetch) = shared.fetches.under_way.borrow_mut().remove(&call) else { return false };
    let Some((server, remote)) = find(shared, fetch.server) else { return true };
    match read(shared, server, remote, &fetch, came) {
        Ok((set, body)) => fetched(shared, server, remote, &fetch, set, body),
        Err(failure) => failed(shared, server, remote, fetch.number, &failure),
    }
    deliver(shared, fetch.server);
    true
}

fn read(
    shared: &Shared,
    server: &EntitlementServer,
    remote: &JwksRemote,
    fetch: &Fetch,
    came: bool,
) -> Result<(jwks_remote::KeySetAnswer, Vec<u8>), Failure> {
    let came = if came { CallAnswer::take(MAX_BODY) } else { CallAnswer::default() };
    let headers = came.headers();
    let (content_types, content_encodings) =
        (headers.values(b"content-type"), headers.values(b"content-encoding"));
    let answer = Answer {
        status: headers.status(),
        content_types: &content_types,
        content_encodings: &content_encodings,
        body: &came.body,
    };
    let moment = moment(shared, server, remote, fetch.asked_at);
    let set = read_set(shared, server, remote, &answer, &moment)?;
    Ok((set, came.body))
}

/// Reads a set; RSA keys that another worker has looked at need no second look, which takes long.
fn read_set(
    shared: &Shared,
    server: &EntitlementServer,
    remote: &JwksRemote,
    answer: &Answer<'_>,
    moment: &Moment,
) -> Result<jwks_remote::KeySetAnswer, Failure> {
    recall_sound_moduli(&*shared.fetches.map);
    let set = jwks_remote::read(server, remote, answer, moment, &shared.verifier);
    share_sound_moduli(&*shared.fetches.map);
    set
}

fn moment(shared: &Shared, server: &EntitlementServer, remote: &JwksRemote, fetched_at: UnixTime) -> Moment {
    let all = SharedSets::new(&*shared.fetches.map, remote).newest_issue();
    let own = shared.plugin.fetched.borrow().newest_issue(server.number);
    let now = now();
    Moment {
        now,
        // Nobody has asked in the future.
        fetched_at: if now < fetched_at { now } else { fetched_at },
        skew: shared.plugin.policy.token.clock_skew_seconds,
        newest_issue: [all, own].into_iter().flatten().reduce(f64::max),
    }
}

fn fetched(
    shared: &Shared,
    server: &EntitlementServer,
    remote: &JwksRemote,
    fetch: &Fetch,
    set: jwks_remote::KeySetAnswer,
    body: Vec<u8>,
) {
    let sets = SharedSets::new(&*shared.fetches.map, remote);
    if !sets.is_awaited(fetch.number) {
        // Another has been begun since, and what that has brought, or brings, is newer.
        failed(shared, server, remote, fetch.number, &"the answer comes too late".into());
        return;
    }
    shared.plugin.tally.count(Counter::JwksFetched);
    if let Some(because) = &set.left_out {
        log(shared, server, &format!("a key of the set is left out: {because}"));
    }
    if let Some(issued_at) = set.issued_at {
        sets.accept_issue(issued_at);
    }
    sets.store(&StoredSet { number: fetch.number, fetched_at: fetch.asked_at, body });
    let brought = shared.plugin.take_set(server, fetch.number, fetch.asked_at, set);
    sets.end(fetch.number, brought, now(), spread());
}

fn failed(shared: &Shared, server: &EntitlementServer, remote: &JwksRemote, number: u64, failure: &Failure) {
    shared.plugin.tally.count(Counter::JwksFailed);
    log(shared, server, &format!("no keys could be fetched: {}", failure.because));
    SharedSets::new(&*shared.fetches.map, remote).end(number, Brought::Nothing, now(), spread());
}

/// Takes the set that another worker, or another configuration, has fetched, if it is a new one. It is read as if it came
/// from the server. Whether it was taken.
pub(super) fn take_over(shared: &Shared, server: usize, now: UnixTime) -> bool {
    let Some((server, remote)) = find(shared, server) else { return false };
    let sets = SharedSets::new(&*shared.fetches.map, remote);
    let newest = sets.schedule().set();
    let is_known = newest == shared.plugin.fetched.borrow().set_number(server.number);
    if newest == 0 || is_known || shared.fetches.is_refused(server.number, newest) {
        return false;
    }
    let Some(stored) = sets.stored() else { return false };
    let media_type = [StoredSet::media_type(remote)];
    let moment = Moment { now, ..moment(shared, server, remote, stored.fetched_at) };
    match read_set(shared, server, remote, &stored.answer(&media_type), &moment) {
        Ok(set) => {
            shared.plugin.take_set(server, newest, moment.fetched_at, set);
            true
        }
        Err(failure) => {
            // Reading it takes long, and it does not get better.
            shared.fetches.refuse(server.number, newest);
            log(shared, server, &format!("a set that was fetched before is not used: {}", failure.because));
            false
        }
    }
}

/// All who wait for keys of this server may go on.
fn deliver(shared: &Shared, server: usize) {
    let waiting = shared.fetches.waiting.borrow_mut().remove(&server).unwrap_or_default();
    for Waiting { stream, exchange } in waiting {
        shared.ready.push(stream, After::Keys(exchange));
    }
}

/// A stream, whose context is the effective one, has waited for keys long enough; runs in the root context.
pub(super) fn decide(shared: &Shared, exchange: &Rc<RefCell<Exchange>>) {
    let map = hostcalls::header_map(Map::RequestHeaders);
    let Some(pairs) = map.as_deref().and_then(header_map::parse) else {
        stop(exchange, None);
        return;
    };
    let request = RequestView::new(&pairs, false);
    let step = exchange.borrow_mut().on_keys(&request, now(), &shared.verifier, &read_body);
    match perform(step, Fields::Headers, exchange, &shared.log) {
        Flow::Continue(grant) => hostcalls::continue_request(grant),
        // It does not wait for keys twice.
        Flow::Hold | Flow::Answered | Flow::AwaitKeys(_) => {}
        Flow::Await => shared.calls.wait(&shared.statistics, exchange),
        Flow::Ask(inquiry) => {
            shared.calls.wait(&shared.statistics, exchange);
            shared.calls.enter_root();
            let pending = Rc::clone(&inquiry.pending);
            if shared.calls.dispatch(Call { inquiry, since: now() }).is_err() {
                answers::deliver(shared, &pending, Err(Cause::Cluster));
            }
        }
    }
}

/// 0 to 1, as chance has it.
fn spread() -> f64 {
    shared_data::random::<1>().map_or(0.0, |[byte]| f64::from(byte) / 255.0)
}

fn log(shared: &Shared, server: &EntitlementServer, message: &str) {
    shared.log.write(LineKind::Keys, || {
        format!("entitlement_servers[{}].keys ({}): {message}", server.number, server.identity.as_str())
    });
}

//! Fetches of key sets, sent by the root context, and the streams that wait for them. Which fetch may begin is agreed on with
//! the other workers; a set that another has fetched is taken over here.

use super::answers;
use super::calls::Call;
use super::clock::now;
use super::header_map;
use super::hostcalls::{self, Buffer, Map};
use super::http;
use super::limited_log;
use super::proxy_host::{ProxyHost, read_body};
use super::shared::Shared;
use super::shared_data::{self, SharedData};
use crate::counter::Counter;
use crate::exchange::Exchange;
use crate::host::{self, Fields, Flow};
use crate::introspection::Cause;
use crate::jwks_remote::{
    self, Admission, Answer, Brought, Failure, FetchRequest, Moment, SharedSets, StoredSet, Want,
};
use crate::log_limit::LineKind;
use crate::plugin_state::StreamId;
use crate::policy::{EntitlementServer, JwksRemote, Policy};
use crate::request::RequestView;
use crate::shared_map::{OwnMap, Put, SharedMap};
use crate::time::UnixTime;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::{Rc, Weak};
use std::time::Duration;

/// Requests that wait for the keys of one server, per worker.
const MAX_WAITING: usize = 1_024;

/// One byte more than is read, so that what is too long shows.
const MAX_BODY: usize = 256 * 1_024 + 1;

/// How soon a set is seen that another worker has fetched, while requests wait for it.
const WHILE_WAITED_FOR: Duration = Duration::from_millis(5);

/// The same while none does.
const OTHERWISE: Duration = Duration::from_millis(500);

/// Fetches on their way and the streams that wait for them.
pub(super) struct KeyFetches {
    map: Box<dyn SharedMap>,
    /// The server whose keys a stream wants, in whose callback the root context is running.
    wanted: Cell<Option<usize>>,
    under_way: RefCell<HashMap<u32, Fetch>>,
    waiting: RefCell<BTreeMap<usize, Vec<Waiting>>>,
}

struct Fetch {
    server: usize,
    number: u64,
    asked_at: UnixTime,
}

struct Waiting {
    stream: StreamId,
    exchange: Weak<RefCell<Exchange>>,
}

/// The servers whose keys are fetched.
pub(super) fn remotes(policy: &Policy) -> impl Iterator<Item = (&EntitlementServer, &JwksRemote)> {
    let servers = policy.entitlement_servers.iter();
    servers.filter_map(|server| Some((&**server, server.jwks_remote.as_deref()?)))
}

fn find(shared: &Shared, number: usize) -> Option<(&EntitlementServer, &JwksRemote)> {
    remotes(&shared.plugin.policy).find(|(server, _)| server.number == number)
}

impl KeyFetches {
    pub(super) fn new() -> KeyFetches {
        // A host without shared data leaves each worker to itself.
        let shares = SharedData.put("eec_authn.jwks", b"", 0) == Put::Done;
        let map: Box<dyn SharedMap> = if shares { Box::new(SharedData) } else { Box::<OwnMap>::default() };
        KeyFetches {
            map,
            wanted: Cell::new(None),
            under_way: RefCell::default(),
            waiting: RefCell::default(),
        }
    }

    /// Sees to keys of a server for a stream, in its callback. `true`: they are being fetched, and the stream waits.
    pub(super) fn want(&self, shared: &Shared, server: usize, exchange: &Rc<RefCell<Exchange>>) -> bool {
        let Some((_, remote)) = find(shared, server) else { return false };
        let is_full = self.waiting.borrow().get(&server).is_some_and(|waiting| waiting.len() >= MAX_WAITING);
        if is_full || self.take_over(shared, server, now()) {
            return false;
        }
        let stream = exchange.borrow().stream();
        self.wanted.set(Some(server));
        shared.calls.run_in_root(stream);
        if !SharedSets::new(&*self.map, remote).is_under_way(now()) {
            return false;
        }
        let waiting = Waiting { stream, exchange: Rc::downgrade(exchange) };
        self.waiting.borrow_mut().entry(server).or_default().push(waiting);
        shared.ticks.every(WHILE_WAITED_FOR, stream);
        true
    }

    /// A stream does not wait any longer.
    pub(super) fn leave(&self, stream: StreamId) {
        self.waiting.borrow_mut().values_mut().for_each(|all| all.retain(|waiting| waiting.stream != stream));
    }

    /// Begins the fetch that a stream wants; runs in the root context, inside the stream's callback.
    pub(super) fn begin_wanted(&self, shared: &Shared) {
        if let Some(server) = self.wanted.take() {
            self.begin(shared, server, Want::Unknown);
        }
    }

    /// What time brings: fetches that are due, sets that others have fetched, and the end of waiting. Runs in the root
    /// context, by the clock.
    pub(super) fn on_clock(&self, shared: &Shared) {
        for (server, remote) in remotes(&shared.plugin.policy) {
            self.take_over(shared, server.number, now());
            self.begin(shared, server.number, Want::Due);
            let waits = self.waiting.borrow().get(&server.number).is_some_and(|waiting| !waiting.is_empty());
            if waits && !SharedSets::new(&*self.map, remote).is_under_way(now()) {
                // The worker that fetched has ended it, and what it has left is newer than the last look.
                self.take_over(shared, server.number, now());
                self.deliver(shared, server.number);
            }
        }
    }

    /// How often there must be a look at what others do.
    pub(super) fn period(&self, policy: &Policy) -> Option<Duration> {
        let waits = self.waiting.borrow().values().any(|waiting| !waiting.is_empty());
        let fetches = remotes(policy).next().is_some();
        if waits { Some(WHILE_WAITED_FOR) } else { fetches.then_some(OTHERWISE) }
    }

    fn begin(&self, shared: &Shared, server: usize, want: Want) {
        let Some((server, remote)) = find(shared, server) else { return };
        let now = now();
        let sets = SharedSets::new(&*self.map, remote);
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
                self.under_way.borrow_mut().insert(call, fetch);
            }
            Err(_) => self.failed(shared, server, remote, number, &"it cannot be asked".into()),
        }
    }

    /// The answer to the host's call `call` has come, or (`came` is false) none will. Whether it was one of these.
    pub(super) fn on_response(&self, shared: &Shared, call: u32, came: bool) -> bool {
        let Some(fetch) = self.under_way.borrow_mut().remove(&call) else { return false };
        let Some((server, remote)) = find(shared, fetch.server) else { return true };
        match self.read(shared, server, remote, &fetch, came) {
            Ok((set, body)) => self.fetched(shared, server, remote, &fetch, set, body),
            Err(failure) => self.failed(shared, server, remote, fetch.number, &failure),
        }
        self.deliver(shared, fetch.server);
        true
    }

    fn read(
        &self,
        shared: &Shared,
        server: &EntitlementServer,
        remote: &JwksRemote,
        fetch: &Fetch,
        came: bool,
    ) -> Result<(jwks_remote::KeySetAnswer, Vec<u8>), Failure> {
        let map = if came { hostcalls::header_map(Map::HttpCallResponseHeaders) } else { None };
        let headers = map.as_deref().and_then(header_map::parse).unwrap_or_default();
        let values = |wanted: &[u8]| -> Vec<&[u8]> {
            headers.iter().filter(|(name, _)| *name == wanted).map(|(_, value)| *value).collect()
        };
        let status = values(b":status").first().and_then(|v| std::str::from_utf8(v).ok()?.parse().ok());
        let (content_types, content_encodings) = (values(b"content-type"), values(b"content-encoding"));
        let body = if came { hostcalls::buffer(Buffer::HttpCallResponseBody, MAX_BODY) } else { None };
        let body = body.unwrap_or_default();
        let answer = Answer {
            status,
            content_types: &content_types,
            content_encodings: &content_encodings,
            body: &body,
        };
        let moment = self.moment(shared, server, remote, fetch.asked_at);
        let set = jwks_remote::read(server, remote, &answer, &moment, &shared.verifier)?;
        Ok((set, body))
    }

    fn moment(
        &self,
        shared: &Shared,
        server: &EntitlementServer,
        remote: &JwksRemote,
        fetched_at: UnixTime,
    ) -> Moment {
        let all = SharedSets::new(&*self.map, remote).newest_issue();
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
        &self,
        shared: &Shared,
        server: &EntitlementServer,
        remote: &JwksRemote,
        fetch: &Fetch,
        set: jwks_remote::KeySetAnswer,
        body: Vec<u8>,
    ) {
        shared.statistics.count(Counter::JwksFetched);
        if let Some(because) = &set.left_out {
            log(server, &format!("a key of the set is left out: {because}"));
        }
        let sets = SharedSets::new(&*self.map, remote);
        if let Some(issued_at) = set.issued_at {
            sets.accept_issue(issued_at);
        }
        sets.store(&StoredSet { number: fetch.number, fetched_at: fetch.asked_at, body });
        let brought = shared.plugin.take_set(server, fetch.number, fetch.asked_at, set);
        sets.end(fetch.number, brought, now(), spread());
    }

    fn failed(
        &self,
        shared: &Shared,
        server: &EntitlementServer,
        remote: &JwksRemote,
        number: u64,
        failure: &Failure,
    ) {
        shared.statistics.count(Counter::JwksFailed);
        log(server, &format!("no keys could be fetched: {}", failure.because));
        SharedSets::new(&*self.map, remote).end(number, Brought::Nothing, now(), spread());
    }

    /// Takes the set that another worker, or another configuration, has fetched, if it is a new one. It is read as if it came
    /// from the server. Whether it was taken.
    pub(super) fn take_over(&self, shared: &Shared, server: usize, now: UnixTime) -> bool {
        let Some((server, remote)) = find(shared, server) else { return false };
        let sets = SharedSets::new(&*self.map, remote);
        let newest = sets.schedule().set();
        if newest == 0 || newest == shared.plugin.fetched.borrow().set_number(server.number) {
            return false;
        }
        let Some(stored) = sets.stored() else { return false };
        let media_type = [StoredSet::media_type(remote)];
        let moment = Moment { now, ..self.moment(shared, server, remote, stored.fetched_at) };
        match jwks_remote::read(server, remote, &stored.answer(&media_type), &moment, &shared.verifier) {
            Ok(set) => {
                shared.plugin.take_set(server, newest, moment.fetched_at, set);
                true
            }
            Err(_) => false,
        }
    }

    /// Lets all decide who wait for keys of this server; runs in the root context.
    fn deliver(&self, shared: &Shared, server: usize) {
        let waiting = self.waiting.borrow_mut().remove(&server).unwrap_or_default();
        for Waiting { stream, exchange } in waiting {
            if let Some(exchange) = exchange.upgrade() {
                decide(shared, stream, &exchange);
            }
        }
        shared.calls.enter_root();
    }
}

/// A stream has waited for keys long enough.
fn decide(shared: &Shared, stream: StreamId, exchange: &Rc<RefCell<Exchange>>) {
    hostcalls::set_effective_context(stream);
    let map = hostcalls::header_map(Map::RequestHeaders);
    let Some(pairs) = map.as_deref().and_then(header_map::parse) else {
        http::fail_closed();
        return;
    };
    let request = RequestView::new(&pairs, false);
    let step = exchange.borrow_mut().on_keys(&request, now(), &shared.verifier, &read_body);
    match host::perform(step, Fields::Headers, &ProxyHost { shared }) {
        Flow::Continue => hostcalls::continue_request(),
        // It does not wait for keys twice.
        Flow::Hold | Flow::Answered | Flow::AwaitKeys(_) => {}
        Flow::Await => shared.calls.wait(&shared.statistics, exchange),
        Flow::Ask(inquiry) => {
            shared.calls.wait(&shared.statistics, exchange);
            shared.calls.enter_root();
            let pending = Rc::clone(&inquiry.pending);
            if shared.calls.dispatch(Call { inquiry: *inquiry, since: now() }).is_err() {
                answers::deliver(shared, &pending, Err(Cause::Cluster));
            }
        }
    }
}

/// 0 to 1, as chance has it.
fn spread() -> f64 {
    shared_data::random::<1>().map_or(0.0, |[byte]| f64::from(byte) / 255.0)
}

fn log(server: &EntitlementServer, message: &str) {
    let number = server.number;
    limited_log::write(LineKind::Keys, || format!("entitlement_servers[{number}].keys: {message}"));
}

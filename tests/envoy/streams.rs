//! The filter's own table of streams in a real Envoy: streams that cross on one connection and end at any moment, listeners that share
//! a VM and go while requests wait, and what other filters and routes of an Envoy make of one request.

use crate::support::bootstrap::{Configuration, Setup};
use crate::support::entitlement_server::{Server, asking_fixture, delete};
use crate::support::envoy::{Envoy, Push};
use crate::support::fetched_keys::active;
use crate::support::fixture::{Fixture, ISSUER, config};
use crate::support::h1::{self, H1};
use crate::support::h2_client::{Exchange, H2};
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::{Key, claims_with};
use crate::support::upstream::{End, Upstream};
use serde_json::json;

const REGISTRATIONS: &str = "/eees-eecregistration/v1/registrations";

/// How a client of many sends its request, and what must become of it: a status, or nothing where it goes away.
#[derive(Debug, Clone, Copy)]
struct Way {
    method: &'static str,
    /// Whether the token is a good one.
    good: bool,
    /// Whether the body names somebody else.
    other: bool,
    ends: Ends,
    status: Option<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    Headers,
    Data,
    EmptyData,
    Trailers,
    /// Reset while it waits for its answer: after the headers, inside the body, at its end.
    ResetAtHeaders,
    ResetInBody,
    ResetAtEnd,
}

const fn way(method: &'static str, good: bool, other: bool, ends: Ends, status: Option<u16>) -> Way {
    Way { method, good, other, ends, status }
}

const WAYS: [Way; 11] = [
    way("DELETE", true, false, Ends::Headers, Some(201)),
    way("POST", true, false, Ends::Data, Some(201)),
    way("DELETE", false, false, Ends::Headers, Some(401)),
    way("POST", true, true, Ends::Data, Some(403)),
    way("DELETE", true, false, Ends::ResetAtHeaders, None),
    way("POST", true, false, Ends::Trailers, Some(201)),
    way("POST", true, false, Ends::ResetInBody, None),
    way("POST", false, false, Ends::Data, Some(401)),
    way("POST", true, true, Ends::Trailers, Some(403)),
    way("POST", true, false, Ends::ResetAtEnd, None),
    way("POST", true, false, Ends::EmptyData, Some(201)),
];

/// A stream under way, of a client that no other stream has.
struct Stream<'a> {
    way: Way,
    eec: String,
    case: String,
    body: Vec<u8>,
    exchange: Exchange<'a>,
}

impl<'a> Stream<'a> {
    fn start(client: &'a H2, key: &Key, forger: &Key, round: usize, number: usize) -> Stream<'a> {
        let way = WAYS[number % WAYS.len()];
        let eec = format!("eec-{round}-{number}");
        let claims = claims_with(json!({"sub": eec}));
        let token = if way.good { key.token(&claims) } else { forger.token_with(&key.header(), &claims) };
        let named = if way.other { "eec-1" } else { &eec };
        let body = json!({"eecId": named, "padding": "x".repeat(number * 7)}).to_string().into_bytes();
        let path =
            if way.method == "POST" { REGISTRATIONS.to_owned() } else { format!("{REGISTRATIONS}/r1") };
        let request = Request::new(way.method, path).bearer(token);
        let request = if way.method == "POST" { request.json(b"") } else { request };
        let request = Request { body: None, case: eec.clone(), ..request };
        let ends = matches!(way.ends, Ends::Headers | Ends::ResetAtHeaders);
        let exchange = client.start_beside(&request, ends).expect("headers are sent");
        Stream { way, case: request.case, eec, body, exchange }
    }

    /// The first half of the body, or the end of those who go away. What has been answered takes no more.
    fn first_half(&mut self) {
        let half = self.body.len() / 2;
        match self.way.ends {
            Ends::Headers | Ends::ResetAtHeaders => {}
            Ends::ResetAtEnd => drop(self.exchange.data(&self.body, true)),
            _ => drop(self.exchange.data(&self.body[..half], false)),
        }
    }

    fn go_away(&mut self) {
        if self.way.status.is_none() {
            self.exchange.reset();
        }
    }

    fn second_half(&mut self) {
        let rest = &self.body[self.body.len() / 2..];
        match self.way.ends {
            Ends::Data => drop(self.exchange.data(rest, true)),
            Ends::EmptyData => {
                let _ = self.exchange.data(rest, false);
                let _ = self.exchange.data(b"", true);
            }
            Ends::Trailers => {
                let _ = self.exchange.data(rest, false);
                let _ = self.exchange.trailers(&[("x-eec-id".to_owned(), b"eec-1".to_vec())]);
            }
            Ends::Headers | Ends::ResetAtHeaders | Ends::ResetInBody | Ends::ResetAtEnd => {}
        }
    }

    fn judge(&mut self, p: &mut Problems, fixture: &Fixture) {
        let name = format!("{:?} {}", self.way, self.eec);
        if let Some(status) = self.way.status {
            p.equal(&name, "status", self.exchange.response().map(|r| r.status), Ok(status));
        }
        let seen = fixture.upstream.records.find(&self.case);
        if self.way.status != Some(201) {
            p.check(&name, seen.is_none(), || format!("arrived: {seen:?}"));
            return;
        }
        let Some(seen) = seen else { return p.add(&name, "never arrived") };
        p.equal(&name, "identity", seen.all("x-eec-id"), vec![self.eec.as_str()]);
        p.equal(&name, "end", seen.end, End::Complete);
        p.equal(&name, "trailers", seen.trailers.len(), 0);
        if self.way.method == "POST" {
            p.equal(&name, "body", seen.body, self.body.clone());
        }
    }
}

/// Each stream of a connection is decided by its own token and its own body, wherever the others are; those who go away leave nothing.
#[test]
fn streams_that_cross_on_one_connection_are_each_decided_for_themselves() {
    // The client takes no more than some hundred short answers that nobody has read yet.
    const STREAMS: usize = 165;
    const ROUNDS: usize = 6;
    let (server, key, forger) = (Server::start(), Key::new(1), Key::new(9));
    // Tokens that are kept would take memory with each round.
    let fixture =
        asking_fixture(&server, &key, &json!({"apply_to": "all", "timeout_ms": 60_000}), |filter| {
            filter["cache"] = json!({"tokens": 0});
        });
    let mut p = Problems::new();
    server.keeps_saying(&json!({"active": true}));
    let good = (0..STREAMS).filter(|n| WAYS[n % WAYS.len()].good).count() as u64;
    let of_status = |status| (0..STREAMS).filter(|n| WAYS[n % WAYS.len()].status == status).count() as u64;
    let mut vms_kib = Vec::new();
    for round in 0..ROUNDS {
        server.hold();
        let client = H2::connect(fixture.envoy.address()).expect("a connection");
        let start = |number| Stream::start(&client, &key, &forger, round, number);
        let mut streams: Vec<Stream<'_>> = (0..STREAMS).map(start).collect();
        streams.iter_mut().rev().for_each(Stream::first_half);
        let waiting = |n: u64| {
            fixture.envoy.wait("waiting streams", |e| (e.filter_stat("online.waiting") == n).then_some(()));
        };
        waiting(good);
        streams.iter_mut().for_each(Stream::go_away);
        waiting(good - of_status(None));
        server.release();
        streams.iter_mut().rev().for_each(Stream::second_half);
        streams.iter_mut().for_each(|stream| stream.judge(&mut p, &fixture));
        drop(streams);
        drop(client);
        fixture.envoy.wait("everybody's end", |e| (active(e) == 0).then_some(()));
        vms_kib.push(fixture.envoy.vm_memory_kib());
    }
    for (name, each) in [
        ("allowed", of_status(Some(201))),
        ("denied.signature_invalid", of_status(Some(401))),
        ("denied.binding_mismatch", of_status(Some(403))),
        ("online.waiting", 0),
    ] {
        p.equal("counted", name, fixture.envoy.filter_stat(name), each * ROUNDS as u64);
    }
    // Whatever stayed of each stream would be more than that.
    let [first, .., last] = vms_kib[..] else { panic!("too few rounds: {vms_kib:?}") };
    p.check("the VM", last <= first + 128, || format!("has grown: {vms_kib:?} KiB"));
    fixture.finish(p);
}

/// One listener is replaced while requests wait at both: those of the old one end with it, the other's get their answers.
#[test]
fn a_listener_that_goes_takes_its_own_streams_alone() {
    const EACH: u64 = 20;
    let (server, upstream, key, other) = (Server::start(), Upstream::start(), Key::new(1), Key::new(2));
    let setup = |name: &str, key: &Key| {
        let mut filter = config(&[key]);
        filter["name"] = json!(name);
        filter["entitlement_servers"][0]["online"] =
            json!({"method": "rfc7662", "cluster": "es", "apply_to": "all", "timeout_ms": 60_000});
        Configuration::Text(filter.to_string())
    };
    let both = |beside| {
        let setup = Setup::new(Some(setup("stays", &key)), upstream.address);
        setup.cluster("es", server.address).beside(beside)
    };
    let mut envoy = Envoy::start(&both(setup("goes", &other)));
    let (stays, goes) = (envoy.address(), envoy.bound("beside"));
    let mut p = Problems::new();
    server.keeps_saying(&json!({"active": true}));
    let send = |address, key: &Key, jti: &str| {
        let request = delete(&key.token(&claims_with(json!({"jti": jti}))));
        std::thread::spawn(move || h1::exchange(address, &request).map(|r| r.status).ok())
    };
    let now = |address, key: &Key| send(address, key, "now").join().expect("a thread");
    for (address, own, others) in [(stays, &key, &other), (goes, &other, &key)] {
        p.equal("both", "own", now(address, own), Some(201));
        p.equal("both", "the other's", now(address, others), Some(401));
    }
    server.hold();
    let waiting: Vec<_> =
        (0..EACH).map(|n| (send(stays, &key, &n.to_string()), send(goes, &other, &n.to_string()))).collect();
    let wait = |envoy: &Envoy, at_stays: u64, at_goes: u64| {
        envoy.wait("waiting requests", |e| {
            let [s, g] = ["stays", "goes"].map(|name| e.filter_stat_now(&format!("{name}.online.waiting")));
            ((s, g) == (at_stays, at_goes)).then_some(())
        });
    };
    wait(&envoy, EACH, EACH);
    assert!(matches!(envoy.push(&both(setup("comes", &key))), Push::Live));
    wait(&envoy, EACH, 0);
    server.release();
    for (stayed, gone) in waiting {
        p.equal("the one that stays", "status", stayed.join().expect("a thread"), Some(201));
        p.equal("the one that goes", "status", gone.join().expect("a thread"), None);
    }
    for (address, status) in [(stays, Some(201)), (envoy.bound("beside"), Some(201))] {
        p.equal("afterwards", "status", now(address, &key), status);
    }
    for (name, counted) in [("stays", EACH + 2), ("goes", 1), ("comes", 1)] {
        p.equal("allowed", name, envoy.filter_stat(&format!("{name}.allowed")), counted);
    }
    let crashes = envoy.stats("wasm.*vm_reload");
    p.check("Envoy", crashes.values().all(|n| *n == 0), || format!("the VM trapped: {crashes:?}"));
    p.finish();
}

/// Envoy follows a redirect by itself: what the server points to is decided as if the client had asked for it.
#[test]
fn a_redirect_that_envoy_follows_is_decided_anew() {
    let (key, mut p) = (Key::new(1), Problems::new());
    let mut filter = config(&[&key]);
    filter["forward"] = json!({"token": true});
    filter["rules"] = json!([
        {"match": {"path": "/open"}, "action": "pass_without_token"},
        {"match": {"path": "/closed"}, "action": "deny"},
    ]);
    let upstream = Upstream::saying(|request| match request.all("x-to")[..] {
        [to] if request.path != to => {
            format!(
                "HTTP/1.1 302 Found\r\nlocation: http://ees1.edge.example.net{to}\r\ncontent-length: 0\r\n\r\n"
            )
        }
        _ => "HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n".into(),
    });
    let following = json!({"match": {"prefix": "/"}, "route": {"cluster": "upstream",
        "internal_redirect_policy": {"max_internal_redirects": 2}}});
    let fixture = Fixture::before(upstream, &filter, |setup| setup.route(following));
    let token = key.token(&claims_with(json!({})));
    let item = format!("{REGISTRATIONS}/r1");
    for (from, to, token, status) in [
        ("/open", "/open", None, 201),
        ("/open", "/closed", None, 403),
        ("/open", "/closed", Some(&token), 403),
        ("/open", &item, None, 401),
        ("/open", &item, Some(&token), 201),
        (&item, "/closed", Some(&token), 403),
        (&item, "/open", Some(&token), 201),
    ] {
        let name = format!("{from} to {to}, token: {}", token.is_some());
        let request = Request::new("DELETE", from).header("x-to", to);
        let request = if let Some(token) = token { request.bearer(token) } else { request };
        let response = h1::exchange(fixture.envoy.address(), &request);
        p.equal(&name, "status", response.map(|r| r.status).ok(), Some(status));
        let last =
            fixture.upstream.records.last(|received| received.all("x-case") == [request.case.as_str()]);
        p.equal(&name, "arrived last", last.path.as_str(), if status == 201 { to } else { from });
        let identity = if last.path == item { vec!["eec-1"] } else { vec![] };
        p.equal(&name, "identity", last.all("x-eec-id"), identity);
        p.equal(&name, "issuers", last.all("x-eec-issuer").iter().all(|issuer| *issuer == ISSUER), true);
    }
    fixture.finish(p);
}

/// A filter before ours gives a request that has none a body: the body is bound like any other.
#[test]
fn a_body_that_another_filter_makes_is_bound() {
    let (key, mut p) = (Key::new(1), Problems::new());
    let script = "function envoy_on_request(handle)
        local body = handle:headers():get('x-body')
        if body then handle:body(true):setBytes(body) end
    end";
    let lua = json!({"@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
        "default_source_code": {"inline_string": script}});
    let fixture = Fixture::start_with(&config(&[&key]), |setup| setup.filter_before("lua", lua));
    let token = key.token(&claims_with(json!({})));
    for (eec, status) in [("eec-1", 201), ("eec-2", 403)] {
        let body = json!({"eecId": eec}).to_string();
        let request = Request::new("POST", REGISTRATIONS).json("").bearer(&token).header("x-body", &body);
        let request = Request { body: None, ..request };
        let response = h1::exchange(fixture.envoy.address(), &request);
        p.equal(eec, "status", response.map(|r| r.status).ok(), Some(status));
        let seen = fixture.upstream.records.find(&request.case).filter(|seen| seen.end == End::Complete);
        p.equal(eec, "body", seen.map(|seen| seen.body), (status == 201).then(|| body.into_bytes()));
    }
    fixture.finish(p);
}

/// What is longer than Envoy's buffer comes to the same whether or not somebody is asked about the token meanwhile: 413 where the body
/// is held back as a whole, and all of it where nobody looks at it.
#[test]
fn a_body_beyond_envoys_buffer_fares_as_if_nobody_were_asked() {
    const BUFFER: u32 = 32_768;
    const BODY: usize = 60_000;
    let (server, key) = (Server::start(), Key::new(1));
    server.keeps_saying(&json!({"active": true}));
    let mut filter = config(&[&key]);
    filter["entitlement_servers"][0]["online"] = json!({"method": "rfc7662", "cluster": "es", "apply_to": "all", "timeout_ms": 60_000, "cache_seconds": 600});
    filter["rules"] = json!([{"match": {"path_prefix": "/upload"}}]);
    let body = json!({"eecId": "eec-1", "padding": "x".repeat(BODY)}).to_string();
    for stop in [false, true] {
        let mut p = Problems::new();
        let fixture = Fixture::start_with(&filter, |setup| {
            setup.cluster("es", server.address).buffer_limit_bytes(BUFFER).stop_iteration(stop)
        });
        let received = || fixture.envoy.stat("http.ingress.downstream_cx_rx_bytes_total").unwrap_or_default();
        for (method, path, status) in [("POST", REGISTRATIONS, 413), ("PUT", "/upload/1", 201)] {
            let token = key.token(&claims_with(json!({"jti": method})));
            let request = Request::new(method, path).json(&body).bearer(token);
            let name = format!("stop {stop}, {method}");
            let bytes = h1::bytes_of(&request);
            let (first, rest) = bytes.split_at(bytes.len() - BODY / 3);
            server.questions();
            server.hold();
            let before = received();
            let mut client = H1::connect(fixture.envoy.address()).expect("a connection");
            client.send(first).expect("it is sent");
            fixture.envoy.wait("a question", |_| (!server.questions().is_empty()).then_some(()));
            let full = before + u64::from(BUFFER);
            fixture.envoy.wait("a full buffer", |_| (received() > full).then_some(()));
            server.release();
            // It may have been answered by now.
            let _ = client.send(rest);
            p.equal(&name, "asked", client.response(false).map(|r| r.status).ok(), Some(status));
            let known = h1::exchange(fixture.envoy.address(), &request);
            p.equal(&name, "known", known.map(|r| r.status).ok(), Some(status));
        }
        fixture.finish(p);
    }
}

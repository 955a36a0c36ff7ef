//! The filter's own table of streams in a real Envoy: many that cross on one connection and end at any moment.

use crate::support::bootstrap::Setup;
use crate::support::entitlement_server::{Server, asking_fixture_with};
use crate::support::fetched_keys::active;
use crate::support::fixture::Fixture;
use crate::support::h2_client::{Exchange, H2};
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::{Key, claims_with};
use crate::support::upstream::End;
use serde_json::{Value, json};

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
    let online = json!({"apply_to": "all", "timeout_ms": 60_000});
    let keep_none = |filter: &mut Value| filter["cache"] = json!({"tokens": 0});
    let fixture = asking_fixture_with(&server, &key, &online, keep_none, Setup::alone);
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

//! One exchange with a host that only writes down what it is asked: which calls, in which order, and what becomes of
//! the request. The order is a promise: spoofed headers go first, on every path.

use crate::support::fixture::{FQDN, ISSUER, config as small};
use crate::support::seal::{EEC_1, SECRET, in_environment};
use crate::support::token::{Key, claims, claims_with, now};
use eec_authn::config;
use eec_authn::decision::Denial;
use eec_authn::exchange::{Exchange, Next, Step};
use eec_authn::host::{Failed, Fields, Flow, Host, perform};
use eec_authn::introspection::{self, Cause, RawResponse, Reading, TokenStatus};
use eec_authn::jwks_remote::{self, Answer, Moment};
use eec_authn::keys::NoHost;
use eec_authn::plugin_state::PluginState;
use eec_authn::reply::Reply;
use eec_authn::request::RequestView;
use eec_authn::time::UnixTime;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

mod content;
mod failures;
mod questions;
mod waits;

/// Writes down every call.
#[derive(Default)]
struct Notes {
    asked: RefCell<Vec<String>>,
    /// The change that it does not make.
    fails: Option<String>,
}

impl Notes {
    fn add(&self, note: String) {
        self.asked.borrow_mut().push(note);
    }

    /// A change of the request, which the host makes unless it is the one that fails.
    fn change(&self, note: String) -> Result<(), Failed> {
        let fails = self.fails.as_ref() == Some(&note);
        self.add(note);
        if fails { Err(Failed) } else { Ok(()) }
    }
}

/// What the access log says of every token here that names its issuer.
const ISSUER_NOTE: &str = "issuer aes.mnc001.mcc001.pub.3gppnetwork.org";

impl Host for Notes {
    fn remove(&self, fields: Fields, name: &[u8]) -> Result<(), Failed> {
        self.change(format!("remove {fields:?} {}", String::from_utf8_lossy(name)))
    }

    fn set_path(&self, path: &[u8]) -> Result<(), Failed> {
        self.change(format!("path {}", String::from_utf8_lossy(path)))
    }

    fn add_request_header(&self, name: &str, value: &str) -> Result<(), Failed> {
        self.change(format!("add {name}: {value}"))
    }

    fn drop_body(&self) -> Result<(), Failed> {
        self.change("drop body".to_owned())
    }

    fn send_reply(&self, reply: &Reply) {
        self.add(format!("reply {} {}", reply.status, reply.details));
    }

    fn record(&self, name: &'static str, value: &str) {
        if name == "reason" {
            assert!(value.contains(' ') && value.bytes().all(|b| matches!(b, b' '..=b'~')), "`{value}`");
            return;
        }
        self.add(format!("{name} {value}"));
    }

    fn log_denial(&self, verdict: &str, denial: &Denial) {
        self.add(format!("log {verdict} {}", denial.reason.code()));
    }
}

/// A worker with this filter JSON; every variable of its environment is the secret.
fn plugin(filter: &Value) -> Rc<PluginState> {
    let variable = |_: &str| Some(in_environment(&SECRET));
    let loaded = config::parse(filter.to_string().as_bytes(), &variable).expect("a good configuration");
    Rc::new(PluginState::new(loaded.policy, std::hash::RandomState::new()))
}

fn time() -> UnixTime {
    UnixTime::from_nanoseconds(u64::try_from(now()).expect("after 1970") * 1_000_000_000)
}

/// One request on its way.
struct Way {
    plugin: Rc<PluginState>,
    exchange: Exchange,
    notes: Notes,
    /// Whether content follows whatever the method.
    content_follows: bool,
}

impl Way {
    fn new(plugin: &Rc<PluginState>, stream: u32) -> Way {
        let exchange = Exchange::new(Rc::clone(plugin), stream);
        Way { plugin: Rc::clone(plugin), exchange, notes: Notes::default(), content_follows: false }
    }

    /// Carries out a step; what was counted, what the host was asked, then what becomes of the request.
    fn act(plugin: &PluginState, notes: &Notes, step: Step<'_>, fields: Fields) -> Vec<String> {
        for counter in plugin.tally.take_all() {
            notes.add(format!("count {}", counter.name()));
        }
        let Ok(flow) = perform(step, fields, notes) else {
            notes.add("failed".into());
            return notes.asked.take();
        };
        let flow = match flow {
            Flow::Continue(_) => "continue",
            Flow::Hold => "hold",
            Flow::Await => "await",
            Flow::Ask(_) => "ask",
            Flow::AwaitKeys(_) => "await keys",
            Flow::Answered => "answered",
        };
        notes.add(flow.into());
        notes.asked.take()
    }

    fn headers(&mut self, method: &str, path: &str, headers: &[(&str, &str)]) -> Vec<String> {
        let own = [(":method", method), (":path", path), (":authority", FQDN)];
        let pairs: Vec<(&[u8], &[u8])> =
            own.iter().chain(headers).map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect();
        let request =
            RequestView::new(&pairs, !self.content_follows && !matches!(method, "POST" | "PUT" | "PATCH"));
        let step = self.exchange.on_request_headers(&request, time(), &NoHost);
        Self::act(&self.plugin, &self.notes, step, Fields::Headers)
    }

    /// A DELETE with this token, and more headers.
    fn delete(&mut self, token: &str, more: &[(&str, &str)]) -> Vec<String> {
        let bearer = format!("Bearer {token}");
        self.headers("DELETE", REGISTRATION, &[&[("authorization", bearer.as_str())], more].concat())
    }

    /// The headers of a registration with this token.
    fn post(&mut self, token: &str) -> Vec<String> {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.headers("POST", REGISTRATIONS, &headers)
    }

    fn body(&mut self, body: &str, end: bool) -> Vec<String> {
        let read = || Some(body.as_bytes().to_vec());
        let step = self.exchange.on_request_body(body.len(), end, &read);
        Self::act(&self.plugin, &self.notes, step, Fields::Headers)
    }

    fn answer(&mut self, answer: &TokenStatus) -> Vec<String> {
        let step = self.exchange.on_answer(answer, None, time(), &NoHost, &|| None);
        Self::act(&self.plugin, &self.notes, step, Fields::Headers)
    }
}

const REGISTRATIONS: &str = "/eees-eecregistration/v1/registrations";
const REGISTRATION: &str = "/eees-eecregistration/v1/registrations/r1";
const REMOVE_TOKEN: &str = "remove Headers authorization";
const OWN: &str = "{\"eecId\":\"eec-1\"}";
const OTHERS: &str = "{\"eecId\":\"eec-2\"}";

fn identity() -> [String; 2] {
    ["add x-eec-id: eec-1".to_owned(), format!("add x-eec-issuer: {ISSUER}")]
}

/// `before`, the identity headers in any order, `after`.
#[track_caller]
fn expect(mut got: Vec<String>, before: &[&str], named: bool, after: &[&str]) {
    let mut want: Vec<String> = before.iter().map(|note| (*note).to_owned()).collect();
    want.extend(named.then(identity).into_iter().flatten());
    want.extend(after.iter().map(|note| (*note).to_owned()));
    if named && got.len() == want.len() {
        got[before.len()..before.len() + 2].sort();
    }
    assert_eq!(got, want);
}

#[test]
fn a_good_request_loses_spoofed_headers_and_token_before_it_is_named() {
    let key = Key::new(1);
    let plugin = plugin(&small(&[&key]));
    let token = key.token(&claims());
    let spoofed = [("x_eec_id", "admin"), ("x-other", "stays"), ("x-eec-token-id", "t")];
    let removed = ["remove Headers x_eec_id", "remove Headers x-eec-token-id", REMOVE_TOKEN];
    let first = Way::new(&plugin, 1).delete(&token, &spoofed);
    let counts = ["count allowed", "count cache.miss", "count issuer.0.allowed"];
    expect(first, &[&counts[..], &removed].concat(), true, &["continue"]);
    let again = Way::new(&plugin, 2).delete(&token, &[]);
    let counts = ["count allowed", "count cache.hit", "count issuer.0.allowed"];
    expect(again, &[&counts[..], &[REMOVE_TOKEN]].concat(), true, &["continue"]);
}

#[test]
fn a_denial_is_counted_recorded_and_answered_and_nobody_is_named() {
    let plugin = plugin(&small(&[&Key::new(1)]));
    let forged = Key::new(2).token_with(&Key::new(1).header(), &claims());
    let got = Way::new(&plugin, 1).delete(&forged, &[("x-eec-id", "admin")]);
    let after = [
        "count cache.miss",
        "count denied.signature_invalid",
        "count issuer.0.denied",
        "remove Headers x-eec-id",
        "decision deny:signature_invalid",
        ISSUER_NOTE,
        "log deny signature_invalid",
        "reply 401 eec_authn.signature_invalid",
        "answered",
    ];
    expect(got, &after, false, &[]);
}

#[test]
fn without_token_by_rule_only_spoofed_headers_go() {
    let mut filter = small(&[&Key::new(1)]);
    filter["rules"] = json!([{"match": {"path": "/healthz"}, "action": "pass_without_token"}]);
    let headers = [("authorization", "Basic eA=="), ("x-eec-gpsi", "msisdn-1")];
    let got = Way::new(&plugin(&filter), 1).headers("GET", "/healthz", &headers);
    let counts = ["count passed_without_token", "count rule.0.matched"];
    expect(got, &[&counts[..], &["remove Headers x-eec-gpsi", "continue"]].concat(), false, &[]);
}

#[test]
fn the_token_goes_on_where_the_operator_says_so() {
    let key = Key::new(1);
    let mut filter = small(&[&key]);
    filter["forward"] = json!({"token": true});
    let got = Way::new(&plugin(&filter), 1).delete(&key.token(&claims()), &[]);
    expect(got, &["count allowed", "count cache.miss", "count issuer.0.allowed"], true, &["continue"]);
}

#[test]
fn a_body_is_held_until_all_of_it_is_there() {
    let key = Key::new(1);
    for (hold, at_headers) in [(false, "continue"), (true, "hold")] {
        let mut filter = small(&[&key]);
        filter["body"] = json!({"hold_headers": hold});
        let mut way = Way::new(&plugin(&filter), 1);
        let got = way.post(&key.token(&claims()));
        expect(got, &["count cache.miss", REMOVE_TOKEN], true, &[at_headers]);
        expect(way.body(&OWN[..5], false), &["hold"], false, &[]);
        let counts = ["count allowed", "count issuer.0.allowed"];
        expect(way.body(OWN, true), &[&counts[..], &["continue"]].concat(), false, &[]);
    }
}

#[test]
fn after_a_denial_nothing_more_of_the_request_goes_on() {
    let key = Key::new(1);
    let mut way = Way::new(&plugin(&small(&[&key])), 1);
    way.post(&key.token(&claims()));
    let denied = [
        "count denied.binding_mismatch",
        "count issuer.0.denied",
        "decision deny:binding_mismatch",
        ISSUER_NOTE,
        "eec_id eec-1",
        "log deny binding_mismatch",
        "reply 403 eec_authn.binding_mismatch",
        "answered",
    ];
    expect(way.body(OTHERS, true), &denied, false, &[]);
    expect(way.body(OWN, true), &["hold"], false, &[]);
    let trailers: [(&[u8], &[u8]); 1] = [(b"X-EEC-ID", b"admin")];
    let step = way.exchange.on_request_trailers(&trailers, &|| None);
    let got = Way::act(&way.plugin, &way.notes, step, Fields::Trailers);
    expect(got, &["remove Trailers X-EEC-ID", "hold"], false, &[]);
}

#[test]
fn shadow_lets_pass_and_names_only_whom_a_good_token_names() {
    let key = Key::new(1);
    let mut filter = small(&[&key]);
    filter["mode"] = json!("shadow");
    filter["body"] = json!({"hold_headers": true, "limit_bytes": 20});
    let plugin = plugin(&filter);
    let expired = key.token(&claims_with(json!({"exp": now() - 60, "iat": now() - 600})));
    let noted = |code: &str| {
        ["count shadow_denied.", "decision shadow_deny:", "log shadow_deny "]
            .map(|note| format!("{note}{code}"))
    };
    let mut way = Way::new(&plugin, 1);
    let got = way.delete(&expired, &[("x-eec-id", "admin")]);
    let [count, decision, log] = noted("token_expired");
    let all = [
        "count cache.miss",
        &count,
        "remove Headers x-eec-id",
        &decision,
        ISSUER_NOTE,
        "eec_id eec-1",
        &log,
        "continue",
    ];
    expect(got, &all, false, &[]);

    // The headers go on in spite of `hold_headers`, with the token, and the first denial ends the looking.
    let mut way = Way::new(&plugin, 2);
    expect(way.post(&key.token(&claims())), &["count cache.miss"], true, &["continue"]);
    let [count, decision, log] = noted("binding_mismatch");
    expect(
        way.body(OTHERS, true),
        &[&count, &decision, ISSUER_NOTE, "eec_id eec-1", &log, "continue"],
        false,
        &[],
    );

    let mut way = Way::new(&plugin, 3);
    way.post(&key.token(&claims()));
    let read = Cell::new(0);
    let count_reads = || {
        read.set(read.get() + 1);
        None
    };
    let [count, decision, log] = noted("body_too_large");
    let step = way.exchange.on_request_body(1_000, false, &count_reads);
    expect(
        Way::act(&way.plugin, &way.notes, step, Fields::Headers),
        &[&count, &decision, ISSUER_NOTE, "eec_id eec-1", &log, "continue"],
        false,
        &[],
    );
    let step = way.exchange.on_request_body(5_000_000, true, &count_reads);
    expect(Way::act(&way.plugin, &way.notes, step, Fields::Headers), &["continue"], false, &[]);
    assert_eq!(read.get(), 0, "a body over the limit is not copied");
}

#[test]
fn shadow_of_a_rule_covers_its_claims_and_its_binding_alone() {
    let key = Key::new(1);
    let mut filter = small(&[&key]);
    filter["rules"] = json!([{"name": "edge", "match": {"api": "eees-eecregistration"}, "mode": "shadow",
        "claims": [{"claim": "scope", "contains": "edge"}], "bind": [{"claim": "iss", "body": "/issuer"}]}]);
    let plugin = plugin(&filter);
    let mut way = Way::new(&plugin, 1);
    way.post(&key.token(&claims()));
    let allowed = [
        "count allowed",
        "count shadow_denied.claim_mismatch",
        "count issuer.0.allowed",
        "decision shadow_deny:claim_mismatch",
        "rule edge",
        ISSUER_NOTE,
        "eec_id eec-1",
        "log shadow_deny claim_mismatch",
        "continue",
    ];
    expect(way.body(OWN, true), &allowed, false, &[]);
    let mut way = Way::new(&plugin, 2);
    way.post(&key.token(&claims()));
    let got = way.body(OTHERS, true);
    assert_eq!(got.last().map(String::as_str), Some("answered"), "the built-in binding stays: {got:?}");
}

#[test]
fn shadow_of_a_rule_is_noted_without_a_body_too() {
    let key = Key::new(1);
    let mut filter = small(&[&key]);
    filter["rules"] = json!([{"match": {"api": "eees-eecregistration"}, "mode": "shadow",
        "claims": [{"claim": "scope", "contains": "edge"}]}]);
    let got = Way::new(&plugin(&filter), 1).delete(&key.token(&claims()), &[]);
    assert!(got.contains(&"log shadow_deny claim_mismatch".to_owned()), "{got:?}");
    assert_eq!(got.last().map(String::as_str), Some("continue"));
}

#[test]
fn one_request_asks_another_waits_and_stays_when_the_first_goes_away() {
    let key = Key::new(1);
    let mut filter = small(&[&key]);
    filter["entitlement_servers"][0]["online"] =
        json!({"method": "rfc7662", "cluster": "es", "path": "/introspect", "apply_to": "all"});
    let plugin = plugin(&filter);
    let token = key.token(&claims());
    let (mut first, mut second) = (Way::new(&plugin, 1), Way::new(&plugin, 2));
    expect(first.delete(&token, &[]), &["count cache.miss", "ask"], false, &[]);
    expect(
        second.delete(&token, &[("x-eec-id", "admin")]),
        &["count cache.hit", "remove Headers x-eec-id", "await"],
        false,
        &[],
    );
    first.exchange.on_gone();
    let denied = [
        "count denied.entitlement_unavailable",
        "count issuer.0.denied",
        "decision deny:entitlement_unavailable",
        ISSUER_NOTE,
        "eec_id eec-1",
        "log deny entitlement_unavailable",
        "reply 503 eec_authn.entitlement_unavailable",
        "answered",
    ];
    expect(second.answer(&TokenStatus::Unavailable(Cause::Timeout)), &denied, false, &[]);
    // An answer that comes too late for a request that is gone changes nothing.
    expect(first.answer(&TokenStatus::Unavailable(Cause::Timeout)), &["hold"], false, &[]);
}

/// Gives `plugin` this set of keys, as if its entitlement server had sent it to the fetch with this number.
fn fetched(plugin: &Rc<PluginState>, number: u64, keys: &[&Key]) {
    let server = &plugin.policy.entitlement_servers[0];
    let remote = server.jwks_remote.as_deref().expect("it fetches");
    let body = json!({"keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>()}).to_string();
    let media_types: [&[u8]; 1] = [b"application/jwk-set+json"];
    let answer = Answer {
        status: Some(200),
        content_types: &media_types,
        content_encodings: &[],
        body: body.as_bytes(),
    };
    let moment = Moment { now: time(), fetched_at: time(), skew: 30.0, newest_issue: None };
    let set = jwks_remote::read(server, remote, &answer, &moment, &NoHost).expect("a set");
    plugin.take_set(server, number, time(), set);
}

/// The walk begins anew with newer keys, and again with those that are there in the end: it is one request.
#[test]
fn a_rule_counts_a_request_once_however_often_its_walk_begins() {
    let mut filter = small(&[&Key::new(1)]);
    filter["rules"] = json!([{"match": {"path": "/x"}}]);
    let keys = filter["entitlement_servers"][0]["keys"].as_array_mut().expect("keys");
    keys.push(json!({"jwks_remote": {"cluster": "es"}}));
    let plugin = plugin(&filter);
    let bearer = format!("Bearer {}", Key::new(2).token(&claims()));
    let pairs: [(&[u8], &[u8]); 4] = [
        (b":method", b"GET"),
        (b":path", b"/x"),
        (b":authority", FQDN.as_bytes()),
        (b"authorization", bearer.as_bytes()),
    ];
    let (request, host) = (RequestView::new(&pairs, true), NoHost);
    let mut way = Way::new(&plugin, 1);
    let step = way.exchange.on_request_headers(&request, time(), &host);
    let got = Way::act(&way.plugin, &way.notes, step, Fields::Headers);
    expect(got, &["count rule.0.matched", "await keys"], false, &[]);
    fetched(&plugin, 1, &[&Key::new(3)]);
    let step = way.exchange.on_newer_keys(&request, time(), &host);
    expect(Way::act(&way.plugin, &way.notes, step, Fields::Headers), &["await keys"], false, &[]);
    fetched(&plugin, 2, &[&Key::new(2)]);
    let step = way.exchange.on_keys(&request, time(), &host, &|| None);
    let got = Way::act(&way.plugin, &way.notes, step, Fields::Headers);
    let counts = ["count allowed", "count cache.miss", "count issuer.0.allowed", REMOVE_TOKEN];
    expect(got, &counts, true, &["continue"]);
}

/// Where the filter only watches, the upstream gets the path without what looks like a seal, also after another worker's set.
#[test]
fn a_seal_is_taken_off_whoever_has_fetched_the_keys() {
    let mut filter = small(&[&Key::new(1)]);
    filter["mode"] = json!("shadow");
    filter["ownership"] = json!({"secret_env": ["SECRET"]});
    let keys = filter["entitlement_servers"][0]["keys"].as_array_mut().expect("keys");
    keys.push(json!({"jwks_remote": {"cluster": "es"}}));
    let plugin = plugin(&filter);
    let bearer = format!("Bearer {}", Key::new(2).token(&claims()));
    let path = format!("{REGISTRATIONS}/r1.AAAAAAAAAAAAAAAAAAAAAA");
    let pairs: [(&[u8], &[u8]); 4] = [
        (b":method", b"DELETE"),
        (b":path", path.as_bytes()),
        (b":authority", FQDN.as_bytes()),
        (b"authorization", bearer.as_bytes()),
    ];
    let request = RequestView::new(&pairs, true);
    for newer in [true, false] {
        let mut exchange = Exchange::new(Rc::clone(&plugin), 1);
        if newer {
            assert!(matches!(
                exchange.on_request_headers(&request, time(), &NoHost).next,
                Next::AwaitKeys(_)
            ));
            fetched(&plugin, 1, &[&Key::new(2)]);
        }
        let step = if newer {
            exchange.on_newer_keys(&request, time(), &NoHost)
        } else {
            exchange.on_request_headers(&request, time(), &NoHost)
        };
        assert!(matches!(step.next, Next::Continue(_)), "{newer}");
        assert_eq!(step.target.as_deref(), Some(format!("{REGISTRATIONS}/r1").as_bytes()), "{newer}");
    }
}

/// A request that has waited for keys is the one that came: whether it had a body is not forgotten.
#[test]
fn what_waits_for_keys_still_needs_its_body() {
    let (key, late) = (Key::new(1), Key::new(2));
    for hold_headers in [true, false] {
        let mut filter = small(&[&key]);
        filter["body"] = json!({"hold_headers": hold_headers});
        let keys = filter["entitlement_servers"][0]["keys"].as_array_mut().expect("keys");
        keys.push(json!({"jwks_remote": {"cluster": "es"}}));
        let plugin = plugin(&filter);
        let token = late.token(&claims());
        let bearer = format!("Bearer {token}");
        let pairs: [(&[u8], &[u8]); 5] = [
            (b":method", b"POST"),
            (b":path", REGISTRATIONS.as_bytes()),
            (b":authority", FQDN.as_bytes()),
            (b"authorization", bearer.as_bytes()),
            (b"content-type", b"application/json"),
        ];
        let mut way = Way::new(&plugin, 1);
        let step = way.exchange.on_request_headers(&RequestView::new(&pairs, true), time(), &NoHost);
        expect(Way::act(&way.plugin, &way.notes, step, Fields::Headers), &["await keys"], false, &[]);

        // Another worker has fetched a set, in which the key is not: it is worth a fetch as before.
        fetched(&plugin, 1, &[&Key::new(3)]);
        let step = way.exchange.on_newer_keys(&RequestView::new(&pairs, false), time(), &NoHost);
        expect(Way::act(&way.plugin, &way.notes, step, Fields::Headers), &["await keys"], false, &[]);
        fetched(&plugin, 2, &[&late]);

        // The host reads the headers anew, and does not know any more whether they were all.
        let step = way.exchange.on_keys(&RequestView::new(&pairs, false), time(), &NoHost, &|| None);
        let got = Way::act(&way.plugin, &way.notes, step, Fields::Headers);
        assert!(got.contains(&"reply 400 eec_authn.body_required".to_owned()), "{hold_headers}: {got:?}");
    }
}

/// The host holds the headers as long as a request waits, however long they are: the exchange keeps nothing of them beside it, and
/// once the request is on its way the path alone.
#[test]
fn nothing_of_the_headers_is_kept_while_a_request_waits() {
    let (key, fetched) = (Key::new(1), Key::new(2));
    // As `Debug` shows bytes.
    let shows = |exchange: &Exchange, byte: u8| {
        format!("{exchange:?}").contains(&vec![byte.to_string(); 30].join(", "))
    };
    let id = "Z".repeat(40);
    let path =
        format!("/eees-eecregistration/v1/registrations/{id}{}?{}", EEC_1.seal(&SECRET, &id), "Q".repeat(40));
    for mode in ["enforce", "shadow"] {
        let mut filter = small(&[&key]);
        filter["mode"] = json!(mode);
        filter["ownership"] = json!({"secret_env": ["SEALS"]});
        filter["proof"] = json!({"dpop": {}});
        filter["entitlement_servers"][0]["online"] =
            json!({"method": "rfc7662", "cluster": "es", "path": "/introspect", "apply_to": "all"});
        let keys = filter["entitlement_servers"][0]["keys"].as_array_mut().expect("keys");
        keys.push(json!({"jwks_remote": {"cluster": "es"}}));
        let plugin = plugin(&filter);
        let (opaque, of_key, of_fetched) =
            ("opaque".to_owned(), key.token(&claims()), fetched.token(&claims()));
        for (token, waits) in [(&opaque, "ask"), (&of_key, "ask"), (&of_fetched, "await keys")] {
            let bearer = format!("Bearer {token}");
            let pairs: [(&[u8], &[u8]); 4] = [
                (b":method", b"DELETE"),
                (b":path", path.as_bytes()),
                (b":authority", FQDN.as_bytes()),
                (b"authorization", bearer.as_bytes()),
            ];
            let request = RequestView::new(&pairs, true);
            let mut way = Way::new(&plugin, 1);
            let step = way.exchange.on_request_headers(&request, time(), &NoHost);
            let got = Way::act(&way.plugin, &way.notes, step, Fields::Headers);
            assert_eq!(got.last().map(String::as_str), Some(waits), "{mode}: {got:?}");
            assert!(!shows(&way.exchange, b'Z') && !shows(&way.exchange, b'Q'), "{mode}: {:?}", way.exchange);
            if waits != "ask" {
                continue;
            }
            assert!(way.exchange.reads_headers_again());
            let body = json!({"active": true, "sub": "eec-1", "aud": FQDN, "exp": now() + 600}).to_string();
            let raw = RawResponse {
                status: Some(200),
                by_proxy: false,
                content_types: &[b"application/json"],
                body: body.as_bytes(),
            };
            let online = plugin.policy.entitlement_servers[0].online.as_ref().expect("it is asked");
            let Reading::Is(answer) = introspection::read(&online.method, &raw) else { panic!("no answer") };
            let step = way.exchange.on_answer(&answer, Some(&request), time(), &NoHost, &|| None);
            let got = Way::act(&way.plugin, &way.notes, step, Fields::Headers);
            let bare = format!("path /eees-eecregistration/v1/registrations/{id}?{}", "Q".repeat(40));
            assert!(got.contains(&bare), "{mode}: {got:?}");
            // For the answer's sake.
            assert_eq!(shows(&way.exchange, b'Z'), mode == "enforce");
            assert!(!shows(&way.exchange, b'Q'));
        }
    }
}

/// A host that gives the headers no more does not get a request through.
#[test]
fn an_answer_without_the_headers_that_it_needs_refuses() {
    let mut filter = small(&[&Key::new(1)]);
    filter["proof"] = json!({"dpop": {}});
    filter["entitlement_servers"][0]["online"] =
        json!({"method": "rfc7662", "cluster": "es", "path": "/introspect", "apply_to": "opaque"});
    let mut way = Way::new(&plugin(&filter), 1);
    way.delete("opaque", &[]);
    let got = way.answer(&TokenStatus::Inactive);
    assert!(got.contains(&"reply 503 eec_authn.entitlement_unavailable".to_owned()), "{got:?}");
}

//! The host that writes down what it is asked, and one request on its way through it.

use crate::support::fixture::{FQDN, ISSUER};
use crate::support::seal::{SECRET, in_environment};
use crate::support::token::{Key, now};
use eec_authn::config;
use eec_authn::decision::Denial;
use eec_authn::exchange::{Exchange, Step};
use eec_authn::host::{Failed, Fields, Flow, Host, Stopped, perform};
use eec_authn::introspection::TokenStatus;
use eec_authn::jwks_remote::{self, Answer, Moment};
use eec_authn::keys::NoHost;
use eec_authn::plugin_state::PluginState;
use eec_authn::reply::Reply;
use eec_authn::request::RequestView;
use eec_authn::time::UnixTime;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::rc::Rc;

/// Writes down every call.
#[derive(Default)]
pub(super) struct Notes {
    pub(super) asked: RefCell<Vec<String>>,
    /// The change that it does not make.
    pub(super) fails: Option<String>,
}

impl Notes {
    pub(super) fn add(&self, note: String) {
        self.asked.borrow_mut().push(note);
    }

    /// A change of the request, which the host makes unless it is the one that fails.
    pub(super) fn change(&self, note: String) -> Result<(), Failed> {
        let fails = self.fails.as_ref() == Some(&note);
        self.add(note);
        if fails { Err(Failed) } else { Ok(()) }
    }
}

/// What the access log says of every token here that names its issuer.
pub(super) const ISSUER_NOTE: &str = "issuer aes.mnc001.mcc001.pub.3gppnetwork.org";

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
pub(super) fn plugin(filter: &Value) -> Rc<PluginState> {
    let variable = |_: &str| Some(in_environment(&SECRET));
    let loaded = config::parse(filter.to_string().as_bytes(), &variable).expect("a good configuration");
    Rc::new(PluginState::new(loaded.policy, std::hash::RandomState::new()))
}

pub(super) fn time() -> UnixTime {
    UnixTime::from_nanoseconds(u64::try_from(now()).expect("after 1970") * 1_000_000_000)
}

/// One request on its way.
pub(super) struct Way {
    pub(super) plugin: Rc<PluginState>,
    pub(super) exchange: Exchange,
    pub(super) notes: Notes,
    /// Whether content follows whatever the method.
    pub(super) content_follows: bool,
}

impl Way {
    pub(super) fn new(plugin: &Rc<PluginState>, stream: u32) -> Way {
        let exchange = Exchange::new(Rc::clone(plugin), stream);
        Way { plugin: Rc::clone(plugin), exchange, notes: Notes::default(), content_follows: false }
    }

    /// Carries out a step; what was counted, what the host was asked, then what becomes of the request.
    pub(super) fn act(&mut self, step: Step<'_>, fields: Fields) -> Vec<String> {
        let notes = &self.notes;
        for counter in self.plugin.tally.take_all() {
            notes.add(format!("count {}", counter.name()));
        }
        let flow = match perform(step, fields, notes) {
            Ok(Flow::Continue(_)) => "continue",
            Ok(Flow::Hold) => "hold",
            Ok(Flow::Await) => "await",
            Ok(Flow::Ask(_)) => "ask",
            Ok(Flow::AwaitKeys(_)) => "await keys",
            Ok(Flow::Answered) => "answered",
            Err(Stopped { unasked }) => {
                self.exchange.on_stopped(unasked.as_ref());
                "failed"
            }
        };
        notes.add(flow.into());
        notes.asked.take()
    }

    pub(super) fn headers(&mut self, method: &str, path: &str, headers: &[(&str, &str)]) -> Vec<String> {
        let own = [(":method", method), (":path", path), (":authority", FQDN)];
        let pairs: Vec<(&[u8], &[u8])> =
            own.iter().chain(headers).map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect();
        let request =
            RequestView::new(&pairs, !self.content_follows && !matches!(method, "POST" | "PUT" | "PATCH"));
        let step = self.exchange.on_request_headers(&request, time(), &NoHost);
        self.act(step, Fields::Headers)
    }

    /// A DELETE with this token, and more headers.
    pub(super) fn delete(&mut self, token: &str, more: &[(&str, &str)]) -> Vec<String> {
        let bearer = format!("Bearer {token}");
        self.headers("DELETE", REGISTRATION, &[&[("authorization", bearer.as_str())], more].concat())
    }

    /// The headers of a registration with this token.
    pub(super) fn post(&mut self, token: &str) -> Vec<String> {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.headers("POST", REGISTRATIONS, &headers)
    }

    pub(super) fn body(&mut self, body: &str, end: bool) -> Vec<String> {
        let read = || Some(body.as_bytes().to_vec());
        let step = self.exchange.on_request_body(body.len(), end, &read);
        self.act(step, Fields::Headers)
    }

    pub(super) fn answer(&mut self, answer: &TokenStatus) -> Vec<String> {
        let step = self.exchange.on_answer(answer, None, time(), &NoHost, &|| None);
        self.act(step, Fields::Headers)
    }
}

pub(super) const REGISTRATIONS: &str = "/eees-eecregistration/v1/registrations";
pub(super) const REGISTRATION: &str = "/eees-eecregistration/v1/registrations/r1";
pub(super) const REMOVE_TOKEN: &str = "remove Headers authorization";
pub(super) const OWN: &str = "{\"eecId\":\"eec-1\"}";
pub(super) const OTHERS: &str = "{\"eecId\":\"eec-2\"}";

pub(super) fn identity() -> [String; 2] {
    ["add x-eec-id: eec-1".to_owned(), format!("add x-eec-issuer: {ISSUER}")]
}

/// `before`, the identity headers in any order, `after`.
#[track_caller]
pub(super) fn expect(mut got: Vec<String>, before: &[&str], named: bool, after: &[&str]) {
    let mut want: Vec<String> = before.iter().map(|note| (*note).to_owned()).collect();
    want.extend(named.then(identity).into_iter().flatten());
    want.extend(after.iter().map(|note| (*note).to_owned()));
    if named && got.len() == want.len() {
        got[before.len()..before.len() + 2].sort();
    }
    assert_eq!(got, want);
}

/// Gives `plugin` this set of keys, as if its entitlement server had sent it to the fetch with this number.
pub(super) fn fetched(plugin: &Rc<PluginState>, number: u64, keys: &[&Key]) {
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

/// A DELETE of this resource with this token, as pairs.
pub(super) fn deletion<'a>(path: &'a str, bearer: &'a str) -> [(&'a [u8], &'a [u8]); 4] {
    [(":method", "DELETE"), (":path", path), (":authority", FQDN), ("authorization", bearer)]
        .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
}

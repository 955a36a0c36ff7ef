//! Proofs of possession, where a table has no room for what happens: answers that speak against a token, pushes, costs.

use crate::support::fixture::{FQDN, config as small};
use crate::support::proof::{Client, nonce};
use crate::support::request::Request;
use crate::support::token::{Key, base64url, claims, now};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eec_authn::config;
use eec_authn::counter::Counter;
use eec_authn::exchange::rehearsal::{Decision, Rehearsal, Wait, play};
use eec_authn::exchange::{Exchange, is_told_inactive};
use eec_authn::introspection::{Cause, RawResponse, Reading, TokenStatus, read};
use eec_authn::keys::{NoHost, TableStore};
use eec_authn::plugin_state::PluginState;
use eec_authn::proof::{MemoryOwner, ProofMemory};
use eec_authn::request::RequestView;
use eec_authn::shared_map::OwnMap;
use eec_authn::time::UnixTime;
use serde_json::{Value, json};
use std::cell::Cell;
use std::hash::RandomState;
use std::rc::Rc;

const REGISTRATION: &str = "/eees-eecregistration/v1/registrations/r1";

fn plugin(filter: &Value) -> Rc<PluginState> {
    let loaded = config::parse(filter.to_string().as_bytes(), &|_| None).expect("a good configuration");
    Rc::new(PluginState::new(loaded.policy, RandomState::new()))
}

fn time() -> UnixTime {
    UnixTime::new(now() as f64).expect("a time")
}

#[test]
fn the_certificate_is_asked_for_where_a_token_may_be_bound_to_it() {
    let asks = |proof: Value| {
        let mut filter = small(&[&Key::new(1)]);
        filter["proof"] = proof;
        plugin(&filter).policy.asks_for_certificate()
    };
    assert!(asks(json!({"client_certificate": true})));
    assert!(asks(json!({"client_certificate": true, "dpop": {}})));
    assert!(!asks(json!({"dpop": {}})));
    let plain = plugin(&small(&[&Key::new(1)]));
    assert!(!plain.policy.asks_for_certificate());
}

/// What an entitlement server speaks against must not come back with its next outage.
#[test]
fn an_answer_with_another_cnf_is_remembered_for_an_outage() {
    let key = Key::new(1);
    let mut filter = small(&[&key]);
    filter["proof"] = json!({"client_certificate": true});
    filter["entitlement_servers"][0]["online"] = json!({
        "method": "rfc7662", "cluster": "es", "path": "/i", "apply_to": "all", "on_unavailable": "allow_verified"
    });
    let plugin = plugin(&filter);
    let bearer = format!("Bearer {}", key.token(&claims()));
    let pairs: Vec<(&[u8], &[u8])> =
        [(":method", "DELETE"), (":path", REGISTRATION), (":authority", FQDN), ("authorization", &bearer)]
            .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
            .to_vec();
    for (answer, told) in [
        (json!({"active": true}), false),
        (json!({"active": true, "cnf": {"x5t#S256": "x"}}), true),
        (json!({"active": true, "cnf": {}}), true),
        (json!({"active": true, "token_type": "DPoP"}), true),
        (json!({"active": true, "token_type": ["DPoP"]}), true),
        (json!({"active": true, "token_type": null}), false),
        (json!({"active": true, "token_type": "Bearer"}), false),
        (json!({"active": true, "sub": "eec-2", "cnf": {"x5t#S256": "x"}}), true),
    ] {
        let answered = Cell::new(None);
        let rehearsal = Rehearsal {
            request: RequestView::new(&pairs, true),
            body: None,
            trailers: None,
            answer: &|pending| {
                let body = answer.to_string();
                let raw = RawResponse {
                    status: Some(200),
                    by_proxy: false,
                    content_types: &[b"application/json"],
                    body: body.as_bytes(),
                };
                let Reading::Is(status) = read(&pending.asked.online.method, &raw) else {
                    return Some(TokenStatus::Unavailable(Cause::Timeout));
                };
                answered.set(Some(is_told_inactive(&plugin.policy, pending, &status, time())));
                // Kept answers would be in the way of the next one.
                Some(TokenStatus::Unavailable(Cause::Timeout))
            },
            wait: Wait::Short,
        };
        play(&plugin, &rehearsal, time(), &NoHost);
        assert_eq!(answered.take(), Some(told), "{answer}");
    }
}

/// The headers of a DELETE with these credentials and this proof.
fn delete_with<'a>(credentials: &'a str, proof: &'a str) -> [(&'a [u8], &'a [u8]); 5] {
    [
        (":method", "DELETE"),
        (":path", REGISTRATION),
        (":authority", FQDN),
        ("authorization", credentials),
        ("dpop", proof),
    ]
    .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
}

/// Whether a proof with this nonce passes, or the nonce that is given instead.
fn uses(client: &Client, plugin: &Rc<PluginState>, now: UnixTime, nonce: &str) -> Result<(), String> {
    let request = Request::new("DELETE", REGISTRATION);
    let proof = client.proof(&request).claim("nonce", nonce).by(&client.key);
    let bearer = format!("DPoP {}", client.token);
    let pairs = delete_with(&bearer, &proof);
    let request = RequestView::new(&pairs, true);
    let answer = &|_: &_| Some(TokenStatus::Unavailable(Cause::Timeout));
    let rehearsal = Rehearsal { request, body: None, trailers: None, answer, wait: Wait::Short };
    match play(plugin, &rehearsal, now, &NoHost).decision {
        Decision::Allowed => Ok(()),
        Decision::Denied(_, reply) => {
            let nonce = reply.headers.into_iter().find(|(name, _)| *name == "dpop-nonce");
            Err(nonce.expect("a nonce").1)
        }
        other => panic!("{other:?}"),
    }
}

/// What was used before a memory began is not known.
#[test]
fn a_nonce_from_before_the_memory_began_does_not_pass() {
    let (issuer, secret) = (Key::new(1), [9; 32]);
    let client = Client::new(&issuer, 2, json!({}));
    let mut filter = small(&[&issuer]);
    filter["proof"] = json!({"dpop": {"nonce": {"secret_env": ["SECRET"]}}});
    let loaded = config::parse(filter.to_string().as_bytes(), &|_| Some(base64url(secret)));
    let policy = loaded.expect("a good configuration").policy;
    let proofs =
        ProofMemory::agree(Box::new(OwnMap::default()), MemoryOwner::of(&policy), Some([7; 32]), time());
    let plugin = Rc::new(PluginState::sharing(policy, RandomState::new(), proofs, &TableStore::default()));
    let began = u64::try_from(now()).expect("after 1970") * 1_000;
    for milliseconds in [began - 1, began - 5_000] {
        assert!(uses(&client, &plugin, time(), &nonce(&secret, milliseconds)).is_err(), "{milliseconds}");
    }
    for milliseconds in [began, began + 1_000] {
        assert_eq!(uses(&client, &plugin, time(), &nonce(&secret, milliseconds)), Ok(()), "{milliseconds}");
    }
}

#[test]
fn only_proofs_that_were_looked_at_are_counted() {
    let issuer = Key::new(1);
    let client = Client::new(&issuer, 2, json!({}));
    let mut filter = small(&[&issuer]);
    filter["proof"] = json!({"dpop": {}});
    let plugin = plugin(&filter);
    let looked = |token: &str| {
        let bearer = format!("DPoP {token}");
        let request = Request::new("DELETE", REGISTRATION);
        let proof = client.proof(&request).by(&client.key);
        let pairs = delete_with(&bearer, &proof);
        let mut exchange = Exchange::new(Rc::clone(&plugin), 1);
        exchange.on_request_headers(&RequestView::new(&pairs, true), time(), &NoHost);
        plugin.tally.take_all().contains(&Counter::ProofChecked)
    };
    assert!(looked(&client.token));
    assert!(!looked("a.b.c"));
}

/// A client's nonces may come from a proxy whose clock is ahead; those that it then gets here must help all the same.
#[test]
fn a_client_that_has_used_up_a_nonce_from_ahead_gets_one_that_helps() {
    let (issuer, secret) = (Key::new(1), base64url([9; 32]));
    let client = Client::new(&issuer, 2, json!({"iat": now() - 7_200}));
    let mut filter = small(&[&issuer]);
    filter["proof"] = json!({"dpop": {"nonce": {"secret_env": ["SECRET"]}}});
    let filter = filter.to_string();
    let proxy = || {
        let loaded =
            config::parse(filter.as_bytes(), &|_| Some(secret.clone())).expect("a good configuration");
        Rc::new(PluginState::new(loaded.policy, RandomState::new()))
    };
    let uses = |plugin: &Rc<PluginState>, now: UnixTime, nonce: &str| uses(&client, plugin, now, nonce);
    let (ahead, here) = (proxy(), proxy());
    let nonce = uses(&ahead, time().plus(20.0), "none").expect_err("a nonce");
    let now = time();
    (0..1_024).for_each(|n| assert_eq!(uses(&here, now, &nonce), Ok(()), "{n}"));
    let next = uses(&here, now, &nonce).expect_err("used up");
    assert_eq!(uses(&here, now, &next), Ok(()));
    // The clock is set back by an hour: what was used then is no reason to give nonces of then.
    let back = now.plus(-3_600.0);
    let given = uses(&here, back, "none").expect_err("a nonce");
    let given = uses(&here, back, &given).expect_err("older than what has been used");
    let bytes = URL_SAFE_NO_PAD.decode(given).expect("base64url");
    let milliseconds = u64::from_be_bytes(*bytes.first_chunk().expect("a time"));
    assert_eq!(milliseconds, (back.seconds() * 1e3) as u64);
}

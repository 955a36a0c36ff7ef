//! Proofs of possession, where a table has no room for what happens: answers that speak against a token, pushes, costs.

use crate::support::fixture::{FQDN, config as small};
use crate::support::token::{Key, claims, now};
use eec_authn::config;
use eec_authn::exchange::is_told_inactive;
use eec_authn::exchange::rehearsal::{Rehearsal, Wait, play};
use eec_authn::introspection::{RawResponse, Reading, TokenStatus, read};
use eec_authn::keys::NoHost;
use eec_authn::plugin_state::PluginState;
use eec_authn::request::RequestView;
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
                    return TokenStatus::Unavailable;
                };
                answered.set(Some(is_told_inactive(&plugin.policy, pending, &status, time())));
                // Kept answers would be in the way of the next one.
                TokenStatus::Unavailable
            },
            wait: Wait::Short,
        };
        play(&plugin, &rehearsal, time(), &NoHost);
        assert_eq!(answered.take(), Some(told), "{answer}");
    }
}

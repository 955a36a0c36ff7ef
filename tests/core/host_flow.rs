//! One exchange with a host that only writes down what it is asked: which calls, in which order, and what becomes of
//! the request. The order is a promise: spoofed headers go first, on every path.

use crate::support::fixture::{FQDN, ISSUER, config as small};
use crate::support::seal::{EEC_1, SECRET};
use crate::support::token::{Key, claims, claims_with, now};
use eec_authn::exchange::{Exchange, Next};
use eec_authn::host::Fields;
use eec_authn::introspection::{self, Cause, RawResponse, Reading, TokenStatus};
use eec_authn::keys::NoHost;
use eec_authn::plugin_state::PluginState;
use eec_authn::request::RequestView;
use serde_json::{Value, json};
use std::cell::Cell;
use std::rc::Rc;

mod again;
mod content;
mod failures;
mod questions;
mod shadow;
mod waits;
mod way;

use way::*;

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
    let got = way.act(step, Fields::Trailers);
    expect(got, &["remove Trailers X-EEC-ID", "hold"], false, &[]);
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

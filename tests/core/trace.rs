//! What a walk tells of its checks to whoever asks for it, as `explain` does.

use crate::support::fixture::{FQDN, config as small};
use crate::support::token::{Key, claims, now};
use eec_authn::config;
use eec_authn::decision::{Check, Ending};
use eec_authn::exchange::rehearsal::{Outcome, Rehearsal, Wait, play};
use eec_authn::introspection::TokenStatus;
use eec_authn::keys::NoHost;
use eec_authn::plugin_state::PluginState;
use eec_authn::request::RequestView;
use eec_authn::time::UnixTime;
use serde_json::{Value, json};
use std::rc::Rc;

/// A POST with this body to the registrations, or a DELETE of one, under these rules.
fn played(rules: Value, body: Option<&str>) -> Outcome {
    let key = Key::new(1);
    let mut filter = small(&[&key]);
    filter["rules"] = rules;
    let policy =
        config::parse(filter.to_string().as_bytes(), &|_| None).expect("a good configuration").policy;
    let plugin = Rc::new(PluginState::new(policy, std::hash::RandomState::new()));
    let bearer = format!("Bearer {}", key.token(&claims()));
    let registrations = "/eees-eecregistration/v1/registrations";
    let (method, path) = match body {
        Some(_) => ("POST", registrations.to_owned()),
        None => ("DELETE", format!("{registrations}/r1")),
    };
    let pairs: Vec<(&[u8], &[u8])> = [
        (":method", method),
        (":path", &path),
        (":authority", FQDN),
        ("content-type", "application/json"),
        ("authorization", &bearer),
    ]
    .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
    .into();
    let pieces: Vec<&[u8]> = body.iter().map(|body| body.as_bytes()).collect();
    let rehearsal = Rehearsal {
        request: RequestView::new(&pairs, body.is_none()),
        body: Some(&pieces),
        trailers: None,
        answer: &|_| TokenStatus::Unavailable,
        wait: Wait::Short,
    };
    play(&plugin, &rehearsal, UnixTime::new(now() as f64).expect("a time"), &NoHost)
}

/// How the check ended, and what it noted: expected, found.
fn told(outcome: &Outcome, check: Check) -> (Ending, Option<(String, String)>) {
    let endings = outcome.trace.endings(outcome.denial());
    let (_, ending, note) = endings.into_iter().find(|(other, ..)| *other == check).expect("every check");
    (ending, note.map(|note| (note.expected.clone(), note.found.clone())))
}

fn words(expected: &str, found: &str) -> Option<(String, String)> {
    Some((expected.to_owned(), found.to_owned()))
}

#[test]
fn of_a_body_its_size_and_its_beginning_are_told() {
    let outcome = played(json!([]), Some(r#"{"eecId":"eec-1"}"#));
    let size = (Ending::Passed, words("at most 65536 bytes", "17 bytes"));
    assert_eq!(told(&outcome, Check::BodySize), size);
    let form = words("one strict JSON object, no look-alikes", r#"{"eecId":"eec-1"}"#);
    assert_eq!(told(&outcome, Check::BodyForm), (Ending::Passed, form));
    let long = format!(r#"{{"eecId":"eec-1","x":"{}"}}"#, "y".repeat(300));
    let (_, form) = told(&played(json!([]), Some(&long)), Check::BodyForm);
    assert_eq!(form.map(|(_, found)| found), Some(long[..200].to_owned()));
    // What is not looked at has no size.
    let none = (Ending::DoesNotApply, None);
    assert_eq!(told(&played(json!([]), None), Check::BodySize), none);
}

#[test]
fn claim_checks_are_told_of_where_the_rule_has_some() {
    let rule = |claims: Value| json!([{"match": {"path_prefix": "/eees-eecregistration/v1/registrations"}, "claims": claims}]);
    assert_eq!(told(&played(rule(json!([])), None), Check::RuleClaims), (Ending::DoesNotApply, None));
    let outcome = played(rule(json!([{"claim": "sub", "equals": "eec-1"}])), None);
    let (ending, note) = told(&outcome, Check::RuleClaims);
    assert_eq!(ending, Ending::Passed);
    assert!(note.is_some_and(|(expected, found)| expected.contains("eec-1") && found.contains("eec-1")));
}

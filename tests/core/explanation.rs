//! What `explain` and the page are told: a request with what is around it is asked about, and the answer is read as machines read it.

mod protection;
mod surroundings;

use crate::support::fixture::{FQDN, config};
use crate::support::seal::{EEC_1, SECRET, in_environment};
use crate::support::token::{Key, claims, claims_with, now};
use eec_authn::config as filter_json;
use eec_authn::exchange::rehearsal::Decision;
use eec_authn::explanation::{Body, Explanation, Question, UnfitSet};
use eec_authn::plugin_state::PluginState;
use eec_authn::policy::Policy;
use eec_authn::time::UnixTime;
use serde_json::{Value, json};
use std::rc::Rc;

fn policy(filter: &Value) -> Policy {
    let secret = |name: &str| (name == "SECRET").then(|| in_environment(&SECRET));
    filter_json::parse(filter.to_string().as_bytes(), &secret).expect("a good configuration").policy
}

/// The smallest configuration with these members.
fn with(members: Value) -> Value {
    let mut filter = config(&[&Key::new(1)]);
    filter.as_object_mut().expect("members").extend(members.as_object().expect("members").clone());
    filter
}

fn explained(filter: &Value, question: &Question) -> Result<Explanation, UnfitSet> {
    let plugin = Rc::new(PluginState::new(policy(filter), std::hash::RandomState::new()));
    question.put_to(&plugin, UnixTime::new(now() as f64).expect("a time"))
}

fn told(explanation: &Explanation) -> Value {
    serde_json::from_str(&explanation.to_json(&[]).to_string()).expect("JSON")
}

fn report(filter: &Value, question: &Question) -> Value {
    told(&explained(filter, question).expect("no key set is wrong"))
}

/// A registration with a good token; nobody has shown the body.
fn registration() -> Question {
    Question {
        method: "POST".into(),
        headers: vec![("content-type".into(), "application/json".into())],
        token: Some(Key::new(1).token(&claims())),
        ..Question::default()
    }
}

fn with_body(body: &Value) -> Question {
    Question { body: Body::Given(body.to_string().into()), ..registration() }
}

/// What is told of one check.
fn check<'a>(report: &'a Value, name: &str) -> &'a Value {
    let mut checks = report["checks"].as_array().expect("checks").iter();
    checks.find(|check| check["check"] == name).expect("every check")
}

#[test]
fn an_allowed_request_with_all_that_the_upstream_gets() {
    let mut question = with_body(&json!({"eecId": "eec-1"}));
    question.headers.push(("X-EEC-ID".into(), "eec-9".into()));
    let explanation = explained(&with(json!({})), &question).expect("no sets");
    assert!(matches!(explanation.decision(), Decision::Allowed) && explanation.denial().is_none());
    let report = told(&explanation);
    for (member, value) in [
        ("decision", json!("allowed")),
        ("because", Value::Null),
        ("reply", Value::Null),
        ("shadow", Value::Null),
        ("rule", Value::Null),
        ("undecided", Value::Null),
        ("upstream_path", Value::Null),
        ("unknown_secrets", json!([])),
        ("removed_headers", json!(["x-eec-id"])),
        ("operation", json!({"api": "eees-eecregistration", "method": "POST", "resource": "/registrations"})),
    ] {
        assert_eq!(report[member], value, "{member}");
    }
    assert_eq!(report["identity_headers"]["x-eec-id"], "eec-1");
    let binding = check(&report, "identity binding");
    for (member, value) in
        [("clause", json!("TR 33.739, clause 6.25")), ("code", Value::Null), ("state", json!("passed"))]
    {
        assert_eq!(binding[member], value, "{member}");
    }
    let begins = |member: &str, beginning: &str| {
        binding[member].as_str().is_some_and(|text| text.starts_with(beginning))
    };
    assert!(begins("expected", "/eecId eec-1, ") && begins("found", "/eecId \"eec-1\", "), "{binding}");
    assert_eq!(check(&report, "replay of the proof")["state"], "does not apply");
    let unknown: Value =
        serde_json::from_str(&explanation.to_json(&["NOT_THERE".into()]).to_string()).expect("JSON");
    assert_eq!(unknown["unknown_secrets"], json!(["NOT_THERE"]));
}

#[test]
fn a_denied_request_with_its_reply() {
    let filter = with(json!({"proof": {"dpop": {}}}));
    let question = Question { token: None, ..registration() };
    let explanation = explained(&filter, &question).expect("no sets");
    assert!(matches!(explanation.decision(), Decision::Denied(..)));
    let (report, text) = (told(&explanation), explanation.to_json(&[]).to_string());
    assert_eq!(report["decision"], "denied: token_missing");
    assert_eq!(report["because"], json!(explanation.denial().expect("a denial").explained()));
    let reply = &report["reply"];
    assert_eq!((&reply["status"], &reply["body"]["cause"]), (&json!(401), &json!("TOKEN_MISSING")));
    // A field that is there twice is one list.
    let realm = format!("realm=\"{FQDN}\"");
    let challenges = format!("Bearer {realm}, DPoP {realm}, algs=\"ES256 Ed25519 EdDSA\"");
    assert_eq!(reply["headers"]["www-authenticate"], json!(challenges));
    assert_eq!(reply["headers"]["content-type"], "application/problem+json");
    // By name, as all members are.
    let places =
        ["\"cache-control\"", "\"content-type\"", "\"www-authenticate\""].map(|name| text.find(name));
    assert!(places.is_sorted() && places[0].is_some(), "{text}");
    assert_eq!(
        (&check(&report, "credentials")["state"], &check(&report, "credentials")["code"]),
        (&json!("failed"), &json!("token_missing"))
    );
    assert_eq!(
        (&check(&report, "signature")["state"], &check(&report, "signature")["code"]),
        (&json!("not reached"), &Value::Null)
    );
    // A reply to HEAD has no body.
    let head = Question { method: "HEAD".into(), path: Some("/elsewhere".into()), ..registration() };
    assert_eq!(self::report(&filter, &head)["reply"]["body"], Value::Null);
}

#[test]
fn what_is_only_recorded_and_why_the_request_goes_on() {
    let stranger = with_body(&json!({"eecId": "eec-2"}));
    let whole = explained(&with(json!({"mode": "shadow"})), &stranger).expect("no sets");
    assert!(matches!(whole.decision(), Decision::Recorded(_)));
    let whole = told(&whole);
    assert_eq!((&whole["decision"], &whole["reply"]), (&json!("denied: binding_mismatch"), &Value::Null));
    assert_eq!(check(&whole, "identity binding")["state"], "failed");
    assert_eq!(whole["shadow"]["code"], "binding_mismatch");
    assert_eq!(
        whole["shadow"]["note"],
        "the filter is in shadow mode: the request would go on, and this would be recorded"
    );
    assert_eq!(whole["shadow"]["because"], whole["because"]);

    let rule = json!({"name": "watched", "match": {"path": "/ops"}, "mode": "shadow", "bind": [{"claim": "sub", "body": "/owner"}]});
    let earlier = json!({"match": {"path": "/other"}});
    let question = Question { path: Some("/ops".into()), ..with_body(&json!({"owner": "eec-2"})) };
    let report = report(&with(json!({"rules": [earlier, rule]})), &question);
    assert_eq!((&report["decision"], &report["because"]), (&json!("allowed"), &Value::Null));
    assert_eq!(report["rule"], json!({"name": "watched", "number": 1}));
    assert_eq!(report["operation"], Value::Null);
    let binding = check(&report, "identity binding");
    assert_eq!((&binding["state"], &binding["code"]), (&json!("recorded"), &json!("binding_mismatch")));
    assert_eq!(check(&report, "body form")["state"], "passed");
    assert_eq!(
        report["shadow"]["note"],
        "the rule is in shadow mode: the request would go on, and this would be recorded"
    );
}

#[test]
fn what_needs_no_token_and_what_is_undecided() {
    let open = with(json!({"rules": [{"match": {"path": "/healthz"}, "action": "pass_without_token"}]}));
    let question = Question { method: "GET".into(), path: Some("/healthz".into()), ..Question::default() };
    assert_eq!(report(&open, &question)["decision"], "passes without a token");
    let bodiless = report(&open, &registration());
    assert_eq!(bodiless["decision"], "undecided: all but its body would do; give that by --body");
    assert_eq!(bodiless["undecided"], "body");
    // That there is none decides.
    let none = Question { body: Body::None, ..registration() };
    assert_eq!(report(&open, &none)["decision"], "denied: body_required");
}

#[test]
fn an_operation_is_named_however_its_path_is_written_and_without_the_seal_upstream() {
    let filter = with(json!({"ownership": {"secret_env": ["SECRET"]}}));
    let sealed = format!("/eees-eecregistration/v1/registrations/r1{}?x=1", EEC_1.seal(&SECRET, "r1"));
    let delete = |path: &str| Question {
        method: "DELETE".into(),
        path: Some(path.into()),
        body: Body::None,
        ..registration()
    };
    let sealed = report(&filter, &delete(&sealed));
    assert_eq!(sealed["decision"], "allowed");
    assert_eq!(sealed["upstream_path"], "/eees-eecregistration/v1/registrations/r1?x=1");
    assert_eq!(sealed["operation"]["resource"], "/registrations/{id}");
    // A walk that ends before has not looked for it.
    let odd = report(&filter, &delete("/eees-eecregistration/v1/./registrations/r1"));
    assert_eq!((&odd["decision"], &odd["operation"]), (&json!("denied: path_not_normal"), &Value::Null));
    let token = Key::new(1).token(&claims_with(json!({"aud": "ecs.example.org"})));
    let mut ecs =
        with(json!({"protects": {"role": "ecs", "fqdns": ["ecs.example.org"], "api_root": "/edge:1"}}));
    ecs["gpsi"] = json!("off");
    let question = Question { token: Some(token), ..with_body(&json!({"eecId": "eec-1"})) };
    // The first operation of the role, at the first name.
    let report = report(&ecs, &question);
    assert_eq!(
        (&report["decision"], &report["operation"]["resource"]),
        (&json!("allowed"), &json!("/request"))
    );
}

//! What a walk tells of its checks to whoever asks for it, as `explain` does.

use crate::support::fixture::{FQDN, ISSUER, config as small};
use crate::support::seal::{EEC_1, SECRET, in_environment};
use crate::support::token::{Key, base64url, claims, claims_with, now};
use eec_authn::config;
use eec_authn::decision::{Check, Ending};
use eec_authn::exchange::rehearsal::{Outcome, Rehearsal, Wait, play};
use eec_authn::introspection::{Cause, TokenStatus};
use eec_authn::keys::NoHost;
use eec_authn::plugin_state::PluginState;
use eec_authn::request::RequestView;
use eec_authn::time::UnixTime;
use serde_json::{Value, json};
use std::rc::Rc;

mod words;

/// A POST with this body to the registrations, or a DELETE of one, under these rules.
fn played(rules: Value, body: Option<&str>) -> Outcome {
    let method = if body.is_some() { "POST" } else { "DELETE" };
    sent(&[("rules", rules)], method, body)
}

/// The same with any method, under a configuration with these members.
fn sent(members: &[(&str, Value)], method: &str, body: Option<&str>) -> Outcome {
    sent_with(&Key::new(1).token(&claims()), members, method, body)
}

/// The same with this token.
fn sent_with(token: &str, members: &[(&str, Value)], method: &str, body: Option<&str>) -> Outcome {
    let registrations = "/eees-eecregistration/v1/registrations";
    let path = match method {
        "POST" => registrations.to_owned(),
        _ => format!("{registrations}/r1{}", EEC_1.seal(&SECRET, "r1")),
    };
    sent_to(&path, token, members, method, body)
}

/// The same to this path.
fn sent_to(path: &str, token: &str, members: &[(&str, Value)], method: &str, body: Option<&str>) -> Outcome {
    let mut filter = small(&[&Key::new(1)]);
    for (name, value) in members {
        filter[*name] = value.clone();
    }
    let secret = |name: &str| (name == "SECRET").then(|| in_environment(&SECRET));
    let policy = config::parse(filter.to_string().as_bytes(), &secret).expect("a good configuration").policy;
    let plugin = Rc::new(PluginState::new(policy, std::hash::RandomState::new()));
    let bearer = format!("Bearer {token}");
    let pairs: Vec<(&[u8], &[u8])> = [
        (":method", method),
        (":path", path),
        (":authority", FQDN),
        ("content-type", "application/json"),
        ("authorization", &bearer),
    ]
    .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
    .into();
    let pieces = body.map(|body| [body.as_bytes()]);
    let rehearsal = Rehearsal {
        request: RequestView::new(&pairs, method == "DELETE"),
        body: pieces.as_ref().map(|pieces| &pieces[..]),
        trailers: None,
        answer: &|_| Some(TokenStatus::Unavailable(Cause::Timeout)),
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
    assert_eq!(told(&sent(&[], "POST", None), Check::BodySize), none);
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

#[test]
fn path_and_host_are_told_as_they_came() {
    let outcome = played(json!([]), Some("{}"));
    let (_, path) = told(&outcome, Check::Path);
    assert_eq!(path, words("in normal form", "/eees-eecregistration/v1/registrations"));
    assert_eq!(told(&outcome, Check::Host).1, words(FQDN, FQDN));
    let (_, route) = told(&outcome, Check::Route);
    let operation = "POST of eees-eecregistration /registrations";
    let request = "POST /eees-eecregistration/v1/registrations";
    assert_eq!(route, words("a rule or a built-in operation", &format!("{request}: {operation}")));
    let (_, route) = told(&sent(&[], "GET", None), Check::Route);
    assert!(route.is_some_and(|(_, found)| found.ends_with(": nothing")));
    // A rule that refuses covers it, which is not what is wanted.
    let refusing = json!([{"name": "gone", "match": {"api": "eees-eecregistration"}, "action": "deny"}]);
    let (ending, route) = told(&played(refusing, Some("{}")), Check::Route);
    assert_eq!(ending, Ending::Failed(eec_authn::decision::DenyReason::RouteDenied));
    assert_eq!(route, words("no rule with `deny`", &format!("{request}: rules[0] gone, {operation}")));
}

#[test]
fn of_an_owner_is_told_where_one_is_asked_for() {
    let ownership = ("ownership", json!({"secret_env": ["SECRET"]}));
    let asked = sent(std::slice::from_ref(&ownership), "DELETE", None);
    let found = format!("r1{}", EEC_1.seal(&SECRET, "r1"));
    let note = words(&format!("a seal of eec-1 by {ISSUER}, for {FQDN}"), &found);
    assert_eq!(told(&asked, Check::Ownership), (Ending::Passed, note));
    // Whoever makes a resource needs no seal, nor does whom a rule frees of it.
    let none = (Ending::DoesNotApply, None);
    let made = sent(std::slice::from_ref(&ownership), "POST", Some(r#"{"eecId":"eec-1"}"#));
    assert_eq!(told(&made, Check::Ownership), none);
    let free = json!([{"match": {"api": "eees-eecregistration"}, "built_in_binding": false}]);
    assert_eq!(told(&sent(&[ownership, ("rules", free)], "DELETE", None), Check::Ownership), none);
}

#[test]
fn the_part_of_a_token_that_is_no_base64url_is_named() {
    let token = Key::new(1).token(&claims());
    let [header, payload, signature] = *token.split('.').collect::<Vec<_>>() else { unreachable!() };
    for (part, mangled) in [
        ("header", format!("{header}+.{payload}.{signature}")),
        ("payload", format!("{header}.{payload}+.{signature}")),
        ("signature", format!("{token}==")),
        ("signature", format!("{token}AAA")),
        ("signature", token.replace(signature, "+/")),
    ] {
        let outcome = sent_with(&mangled, &[], "POST", Some(r#"{"eecId":"eec-1"}"#));
        let because = outcome.denial().map(|denial| denial.explained().into_owned());
        assert_eq!(because, Some(format!("the {part} is not strict base64url")), "{mangled}");
        let (_, note) = told(&outcome, Check::TokenForm);
        let (_, found) = note.expect("what was found");
        assert!(found.contains(&format!("{part}: not strict base64url")), "{found}");
        assert_eq!(found.matches("strict").count(), 1, "{found}");
    }
}

#[test]
fn the_claim_that_is_absent_or_malformed_is_told() {
    let required = ("token", json!({"require_claims": ["tier"]}));
    let good = "EEC ID \"eec-1\", GPSI absent";
    for (changed, found) in [
        (json!({}), ""),
        (json!({"exp": null}), ", exp null"),
        (json!({"aud": 17}), ", aud 17"),
        (json!({"aud": []}), ", aud []"),
        (json!({"jti": ""}), ", jti \"\""),
        (json!({"nbf": "soon", "iat": true}), ", nbf \"soon\", iat true"),
        (json!({"tier": null}), ", /tier null"),
    ] {
        let mut claims = claims_with(json!({"tier": "gold"}));
        for (name, value) in changed.as_object().expect("claims") {
            claims[name] = value.clone();
        }
        let token = Key::new(1).token(&claims);
        let outcome =
            sent_with(&token, std::slice::from_ref(&required), "POST", Some(r#"{"eecId":"eec-1"}"#));
        let (_, note) = told(&outcome, Check::Claims);
        assert_eq!(note.map(|(_, found)| found), Some(format!("{good}{found}")), "{changed}");
    }
    for absent in ["aud", "exp", "tier"] {
        let mut claims = claims_with(json!({"tier": "gold"}));
        claims.as_object_mut().expect("claims").remove(absent);
        let token = Key::new(1).token(&claims);
        let outcome =
            sent_with(&token, std::slice::from_ref(&required), "POST", Some(r#"{"eecId":"eec-1"}"#));
        let (_, note) = told(&outcome, Check::Claims);
        assert!(note.is_some_and(|(_, found)| found.ends_with(&format!("{absent} absent"))), "{absent}");
    }
}

#[test]
fn what_a_token_is_bound_to_is_told_with_what_it_may_be_bound_to() {
    let (jkt, x5t) = (base64url([1; 32]), base64url([2; 32]));
    let to_key = json!({"jkt": jkt});
    let to_both = json!({"jkt": jkt, "x5t#S256": x5t});
    let dpop = json!({"dpop": {}});
    let both = json!({"dpop": {}, "client_certificate": true});
    let required = json!({"dpop": {}, "required": true});
    let proof = format!("a proof by key {jkt}, under `DPoP`");
    for (rules, cnf, expected, found) in [
        (None, None, "no `cnf`", "absent"),
        (Some(&dpop), None, "no `cnf`, or one with `jkt`", "absent"),
        (Some(&both), None, "no `cnf`, or one with `jkt` or `x5t#S256`", "absent"),
        (Some(&required), None, "`cnf` with `jkt`", "absent"),
        (Some(&dpop), Some(&to_both), "no `cnf`, or one with `jkt`", "`cnf` with `jkt` and `x5t#S256`"),
        (None, Some(&to_key), "no `cnf`", "`cnf` with `jkt`"),
        (Some(&dpop), Some(&to_key), proof.as_str(), "no proof, under `Bearer`"),
        (
            Some(&both),
            Some(&to_both),
            &format!("{proof} and client certificate {x5t}"),
            "no proof, under `Bearer` and no certificate",
        ),
    ] {
        let token = Key::new(1).token(&claims_with(cnf.map_or(json!({}), |cnf| json!({"cnf": cnf}))));
        let members = rules.map(|rules| ("proof", rules.clone()));
        let outcome = sent_with(&token, members.as_slice(), "POST", Some(r#"{"eecId":"eec-1"}"#));
        assert_eq!(told(&outcome, Check::Confirmation).1, words(expected, found), "{rules:?} {cnf:?}");
    }
}

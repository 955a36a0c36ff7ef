//! The names in a body against readers that are lenient about names (`tests/foreign/lenient_readers.py`).
//!
//! Whatever any of them takes for a member that the filter looks at is refused: such a body means two clients. Whatever
//! none of them takes is nobody's business and passes. The generator has a fixed seed: a failure comes back.

use crate::support::fixture::{FQDN, ISSUER, config};
use crate::support::foreign;
use crate::support::problems::Problems;
use crate::support::token::{Key, claims_with};
use eec_authn::config;
use eec_authn::exchange::rehearsal::{Decision, Rehearsal, Wait, play};
use eec_authn::introspection::{Cause, TokenStatus};
use eec_authn::keys::NoHost;
use eec_authn::plugin_state::PluginState;
use eec_authn::request::RequestView;
use eec_authn::time::UnixTime;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::hash::RandomState;
use std::rc::Rc;

const REGISTER: &str = "/eees-eecregistration/v1/registrations";
const DISCOVER: &str = "/eees-easdiscovery/v1/eas-profiles/request-discovery";
const DETERMINE: &str = "/eees-appctxtreloc/v1/determine";

/// Path, pointer whose last name is varied, and a body that is the client's own but for what `%NAME%` becomes.
const PLACES: &[(&str, &str, &str)] = &[
    (REGISTER, "/eecId", r#"{"eecId":"mine",%NAME%:"victim"}"#),
    (REGISTER, "/eecId", r#"{%NAME%:"victim","x":[{"y":0}],"eecId":"mine"}"#),
    (REGISTER, "/ueId", r#"{"eecId":"mine","ueId":"msisdn-1",%NAME%:"msisdn-2"}"#),
    (REGISTER, "/ueId", r#"{"eecId":"mine",%NAME%:"msisdn-2"}"#),
    (DISCOVER, "/requestorId/eecId", r#"{"requestorId":{"eecId":"mine",%NAME%:"victim"}}"#),
    (DISCOVER, "/requestorId/easId", r#"{"requestorId":{"eecId":"mine",%NAME%:"eas-1"}}"#),
    (DISCOVER, "/requestorId/eesId", r#"{"requestorId":{%NAME%:{"x":null},"eecId":"mine"}}"#),
    (DISCOVER, "/requestorId", r#"{%NAME%:{"eecId":"victim"},"requestorId":{"eecId":"mine"}}"#),
    (DETERMINE, "/requestorId", r#"{"requestorId":"mine",%NAME%:"victim"}"#),
    ("/ops/a", "/operator/eecId", r#"{"operator":{"eecId":"mine",%NAME%:"victim"}}"#),
    ("/ops/a", "/operator", r#"{"operator":{"eecId":"mine"},%NAME%:{"eecId":"victim"}}"#),
    ("/ops/a", "/ipAddr", r#"{"operator":{"eecId":"mine"},%NAME%:"192.0.2.1"}"#),
];

fn plugin() -> Rc<PluginState> {
    let mut filter = config(&[&Key::new(1)]);
    filter["rules"] = json!([{"name": "own", "match": {"path_prefix": "/ops"}, "bind": [
        {"claim": "sub", "body": "/operator/eecId"},
        {"claim": "gpsi", "body": "/ipAddr", "required": false},
    ]}]);
    let loaded = config::parse(filter.to_string().as_bytes(), &|_| None).expect("a good configuration");
    Rc::new(PluginState::new(loaded.policy, RandomState::new()))
}

fn token() -> String {
    let claims =
        json!({"sub": "mine", "gpsi": "msisdn-1", "iss": ISSUER, "iat": 1_800_000_000, "exp": 1_800_000_600});
    Key::new(1).token(&claims_with(claims))
}

/// The decision about a POST with this body: a code, or `allowed`.
fn decide(plugin: &Rc<PluginState>, token: &str, path: &str, body: &str) -> &'static str {
    let bearer = format!("Bearer {token}");
    let pairs = [
        (":method", "POST"),
        (":path", path),
        (":authority", FQDN),
        ("content-type", "application/json"),
        ("authorization", &bearer),
    ];
    let pairs: Vec<(&[u8], &[u8])> = pairs.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect();
    let request = RequestView::new(&pairs, false);
    let now = UnixTime::new(1_800_000_010.0).expect("a time");
    let rehearsal = Rehearsal {
        request,
        body: Some(&[body.as_bytes()]),
        trailers: None,
        answer: &|_| Some(TokenStatus::Unavailable(Cause::Timeout)),
        wait: Wait::Short,
    };
    let outcome = play(plugin, &rehearsal, now, &NoHost);
    match (outcome.decision, outcome.identity) {
        (Decision::Denied(denial, _), _) => denial.reason.code(),
        (Decision::Allowed, Some(token)) if token.client().eec_id == "mine" => "allowed",
        (decision, _) => panic!("{decision:?} is neither"),
    }
}

#[test]
fn whatever_a_lenient_reader_takes_for_a_bound_name_is_refused() {
    let wanted: Vec<Value> =
        PLACES.iter().map(|(_, pointer, body)| json!({"pointer": pointer, "body": body})).collect();
    let made =
        foreign::run("lenient_readers.py", &json!({"seed": 0x24558, "variants": 500, "wanted": wanted}));
    let variants = made["variants"].as_array().expect("variants");
    assert_eq!(variants.len(), 500 * PLACES.len());
    let (plugin, token) = (plugin(), token());
    let mut p = Problems::new();
    let mut wrong = Vec::new();
    let mut taken_in = BTreeSet::new();
    let mut nobodys = 0;
    for variant in variants {
        let (path, pointer, _) = PLACES[variant["wanted"].as_u64().expect("a number") as usize];
        let body = variant["body"].as_str().expect("a body");
        let readers: Vec<&str> =
            variant["readers"].as_array().expect("readers").iter().filter_map(Value::as_str).collect();
        let want = if readers.is_empty() { "allowed" } else { "body_malformed" };
        let got = decide(&plugin, &token, path, body);
        let name = variant["name"].as_str();
        // The filter reckons with more readers than stand here: each character outside ASCII may be dropped or not.
        let may_be_read = name.is_some_and(|name| !name.is_ascii()) && got == "body_malformed";
        if got != want && !may_be_read {
            wrong.push(format!("{got}, not {want}: {name:?} for {pointer}, read by {:?}", readers.first()));
        }
        nobodys += usize::from(readers.is_empty());
        taken_in.extend(readers);
    }
    p.check("the variants", wrong.is_empty(), || {
        let some: Vec<&String> = wrong.iter().step_by(wrong.len() / 30 + 1).collect();
        format!("{} of {} are decided wrongly, such as {some:#?}", wrong.len(), variants.len())
    });
    // A reader that no variant reaches, or variants that all readers take, would mean nothing.
    let all = made["readers"].as_array().expect("readers").iter().filter_map(Value::as_str);
    let unreached: Vec<&str> = all.filter(|reader| !taken_in.contains(reader)).collect();
    p.equal("the variants", "whom nothing takes in", unreached, vec![]);
    p.check("the variants", nobodys > 300, || format!("only {nobodys} are nobody's"));
    p.finish();
}

#[test]
fn the_name_itself_once_more_is_refused() {
    let (plugin, token) = (plugin(), token());
    let mut p = Problems::new();
    for (path, pointer, body) in PLACES {
        let name = pointer.rsplit('/').next().expect("a name");
        let escaped: String = name.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        for spelling in [name, &escaped] {
            let own = decide(&plugin, &token, path, &body.replace("%NAME%", &format!("\"{spelling}\"")));
            // Where the body has the name already, it is there twice; where not, it is another's, or must be absent.
            let twice = body.contains(&format!("\"{name}\":"));
            let want = if twice { "body_malformed" } else { "binding_mismatch" };
            p.equal(&format!("{spelling} in {body}"), "the decision", own, want);
        }
    }
    p.finish();
}

#[test]
fn other_names_are_nobodys_business() {
    let examples: Value =
        serde_json::from_str(include_str!("../support/ts24558.json")).expect("the examples are JSON");
    let mut names = BTreeSet::new();
    collect(&examples, &mut names);
    for bound in ["eecId", "ueId", "requestorId", "easId", "eesId"] {
        names.remove(bound);
    }
    assert!(names.len() > 40, "the examples have only {names:?}");
    for odd in [
        "x\0eecId",
        "x\0ueId",
        "ee\u{441}Id",
        "\u{435}ecId",
        "eecId2",
        "EECIDs",
        "myEecId",
        "eecIdentity",
        "eec",
        "Id",
        "ue",
        "ueIdd",
        "",
        "_",
        "1",
        "requestor",
        "requestorIds",
        "\u{e9}cId",
        "eecIdx\u{e9}",
    ] {
        names.insert(odd.to_owned());
    }
    let (plugin, token) = (plugin(), token());
    let mut p = Problems::new();
    for (path, pointer, body) in PLACES {
        for name in &names {
            let text = body.replace("%NAME%", &json!(name).to_string());
            let case = format!("{name:?} beside {pointer}");
            p.equal(&case, "the decision", decide(&plugin, &token, path, &text), "allowed");
        }
    }
    p.finish();
}

/// The names of all members at all levels.
fn collect(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            names.insert(name.clone());
            collect(value, names);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

//! What a configuration protects, as the page shows it side by side.

use super::{policy, with};
use eec_authn::explanation;
use serde_json::{Value, json};

fn protection(members: Value) -> Value {
    let shown = explanation::protection(&policy(&with(members))).to_string();
    serde_json::from_str(&shown).expect("JSON")
}

/// The operation with this method at this path.
fn operation<'a>(shown: &'a Value, method: &str, path: &str) -> &'a Value {
    let mut operations = shown["operations"].as_array().expect("operations").iter();
    operations
        .find(|operation| operation["method"] == method && operation["path"] == path)
        .expect("the operation")
}

const REGISTRATIONS: &str = "/eees-eecregistration/v1/registrations";

/// What is checked of each kind of body (`docs/contract.md#binding`).
#[test]
fn each_operation_with_what_its_body_must_say() {
    let of = |gpsi: &str| protection(json!({"gpsi": gpsi}));
    let (off, if_present, required) = (of("off"), of("if_present"), of("required"));
    let item = format!("{REGISTRATIONS}/{{id}}");
    let eec_id = "/eecId is the token's EEC ID";
    for (shown, ue_id) in [
        (&off, None),
        (&if_present, Some("/ueId is a GPSI of the token, if both are there")),
        (&required, Some("/ueId is a GPSI of the token, if it is there")),
    ] {
        let checks = |own: &[&'static str]| -> Vec<&str> { own.iter().copied().chain(ue_id).collect() };
        for (method, path, expected) in [
            ("POST", REGISTRATIONS, checks(&[eec_id])),
            ("PATCH", &item, checks(&["/eecId is the token's EEC ID, if it is there"])),
            ("DELETE", &item, Vec::new()),
            ("POST", "/eees-easinfoprov/v1/declare", vec![eec_id]),
        ] {
            assert_eq!(operation(shown, method, path)["checks"], json!(expected), "{method} {path}");
        }
        let requestor = operation(shown, "POST", "/eees-easdiscovery/v1/eas-profiles/request-discovery");
        let mut expected = checks(&["/requestorId/eecId is the token's EEC ID"]);
        expected.extend(["/requestorId/easId is absent", "/requestorId/eesId is absent"]);
        assert_eq!(requestor["checks"], json!(expected));
    }
    let own = |shown| operation(shown, "POST", "/eees-ueidentifier/v1/get")["checks"].clone();
    assert_eq!(own(&required), json!(["/ueId is a GPSI of the token", "/ipAddr is absent"]));
    assert_eq!(own(&off), json!(["/ipAddr is absent"]));
}

#[test]
fn what_is_checked_beside_the_body_in_the_order_of_the_walk() {
    let rule = json!({
        "match": {"api": "eees-eecregistration"}, "claims": [{"claim": "scope", "contains": "ops"}],
        "bind": [{"claim": "sub", "body": "/owner"}, {"claim": "/edge/tier", "body": "/tier", "required": false}, {"absent": "/ip"}],
    });
    let with_rule = |rule: &Value, members: Value| {
        let mut all = json!({"gpsi": "off", "rules": [rule], "ownership": {"secret_env": ["SECRET"]}});
        all.as_object_mut().expect("members").extend(members.as_object().expect("members").clone());
        protection(all)
    };
    let shown = with_rule(&rule, json!({"token": {"scopes": "per_api"}, "proof": {"dpop": {}}}));
    let checks = json!([
        "the scopes contain eees-eecregistration",
        "a proof, if the token is bound",
        "scope contains \"ops\"",
        "the answer's Location gets the client's seal",
        "/eecId is the token's EEC ID",
        "/owner is the token's sub",
        "/tier is the token's /edge/tier, if it is there",
        "/ip is absent",
    ]);
    assert_eq!(operation(&shown, "POST", REGISTRATIONS)["checks"], checks);
    let item = &operation(&shown, "DELETE", &format!("{REGISTRATIONS}/{{id}}"))["checks"];
    assert_eq!(item[3], "the identifier in the path has the client's seal");
    assert_eq!(item[4], "/owner is the token's sub");
    // What makes no resource gets no seal.
    let declare = operation(&shown, "POST", "/eees-easinfoprov/v1/declare");
    let declared = [
        "the scopes contain eees-easinfoprov",
        "a proof, if the token is bound",
        "/eecId is the token's EEC ID",
    ];
    assert_eq!(declare["checks"], json!(declared));

    let mut watched = rule;
    watched["mode"] = json!("shadow");
    watched["built_in_binding"] = json!(false);
    let shown = with_rule(&watched, json!({"proof": {"dpop": {}, "required": true}}));
    let checks = json!([
        "a proof of possession",
        "scope contains \"ops\" (only recorded)",
        "the answer's Location gets the client's seal",
        "/owner is the token's sub (only recorded)",
        "/tier is the token's /edge/tier, if it is there (only recorded)",
        "/ip is absent (only recorded)",
    ]);
    assert_eq!(operation(&shown, "POST", REGISTRATIONS)["checks"], checks);
}

#[test]
fn who_takes_an_operation_and_what_becomes_of_it() {
    let api = |action: &str| json!({"match": {"api": "eees-eecregistration"}, "action": action});
    let taken = |rules: Value, operations: &str| {
        let shown = protection(json!({"rules": rules, "operations": operations}));
        let operation = operation(&shown, "POST", REGISTRATIONS);
        let checks = operation["checks"].as_array().expect("checks").is_empty();
        (operation["outcome"].clone(), operation["rule"].clone(), operation["hidden_rules"].clone(), checks)
    };
    let other = json!({"match": {"path": "/other"}});
    let none = "refused: no rule takes it";
    for (rules, operations, outcome, rule, hidden) in [
        (json!([]), "built_in", "needs a token", Value::Null, json!([])),
        (json!([]), "none", none, Value::Null, json!([])),
        (json!([other]), "none", none, Value::Null, json!([])),
        (json!([other, api("authenticate")]), "none", "needs a token", json!(1), json!([])),
        (
            json!([api("deny"), other, api("authenticate")]),
            "built_in",
            "refused by a rule",
            json!(0),
            json!([2]),
        ),
        (json!([api("pass_without_token")]), "built_in", "passes without a token", json!(0), json!([])),
    ] {
        let is_open = outcome != "needs a token";
        assert_eq!(taken(rules.clone(), operations), (json!(outcome), rule, hidden, is_open), "{rules}");
    }
}

#[test]
fn the_rules_in_their_order_with_what_they_take() {
    let shown = protection(json!({"rules": [
        {"name": "first", "match": {"path": "/a", "methods": ["GET", "PUT"], "hosts": ["ees1.edge.example.net", "b.example.org"]}},
        {"match": {"path_prefix": "/b"}, "action": "deny"},
        {"match": {"path_template": "/c/{id}/d"}, "mode": "shadow", "built_in_binding": false,
            "claims": [{"claim": "tier", "equals": "gold"}], "bind": [{"claim": "sub", "body": "/owner"}]},
        {"match": {"api": "eees-easdiscovery"}},
        {"match": {"path_prefix": "/"}, "action": "pass_without_token"},
        {"match": {"path": "/e"}},
    ]}));
    let rules = shown["rules"].as_array().expect("rules");
    let first = json!({
        "bind": [], "built_in_binding": true, "claims": [], "hidden_by": null, "name": "first", "number": 0,
        "only_recorded": false, "outcome": "needs a token",
        "takes": ["GET or PUT", "/a", "at ees1.edge.example.net or b.example.org"],
    });
    assert_eq!(rules[0], first);
    let third = json!({
        "bind": ["/owner is the token's sub"], "built_in_binding": false, "claims": ["tier equals \"gold\""],
        "hidden_by": null, "name": null, "number": 2, "only_recorded": true, "outcome": "needs a token", "takes": ["/c/{}/d"],
    });
    assert_eq!(rules[2], third);
    let rest: Vec<Value> = [1, 3, 4, 5]
        .iter()
        .map(|number| {
            json!([rules[*number]["takes"], rules[*number]["outcome"], rules[*number]["hidden_by"]])
        })
        .collect();
    assert_eq!(
        json!(rest),
        json!([
            [["/b and below"], "refused by a rule", null],
            [["the operations of eees-easdiscovery"], "needs a token", null],
            [["every path"], "passes without a token", null],
            [["/e"], "needs a token", 4],
        ])
    );
}

#[test]
fn the_server_itself() {
    let shown = protection(json!({}));
    for (member, value) in [
        ("role", json!("ees")),
        ("api_root", json!("")),
        ("fqdns", json!(["ees1.edge.example.net"])),
        ("entitlement_servers", json!(["aes.mnc001.mcc001.pub.3gppnetwork.org"])),
        ("built_in_operations", json!(true)),
        ("shadow", json!(false)),
    ] {
        assert_eq!(shown[member], value, "{member}");
    }
    let ecs = json!({"role": "ecs", "fqdns": ["ecs.example.org"], "api_root": "/edge"});
    let shown = protection(json!({"protects": ecs, "mode": "shadow", "operations": "none"}));
    assert_eq!((&shown["role"], &shown["api_root"]), (&json!("ecs"), &json!("/edge")));
    assert_eq!((&shown["shadow"], &shown["built_in_operations"]), (&json!(true), &json!(false)));
    let operations = shown["operations"].as_array().expect("operations");
    let is_own =
        |operation: &&Value| operation["path"].as_str().is_some_and(|path| path.starts_with("/edge/eecs-"));
    assert_eq!(operations.iter().filter(is_own).count(), operations.len());
    assert!(operations.iter().any(|operation| operation["api"] == "eecs-serviceprovisioning"));
}

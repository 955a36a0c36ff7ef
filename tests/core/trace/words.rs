//! What is told of a rule's claims and of a body: what must be there, and what is.

use super::*;

const DISCOVERY: &str = "/eees-easdiscovery/v1/eas-profiles/request-discovery";
const UE_ID: &str = "/eees-ueidentifier/v1/get";

/// The words of the binding in a POST of this body to this path, under a configuration with these members.
fn bound(members: &[(&str, Value)], path: &str, changes: Value, body: &str) -> Option<(String, String)> {
    let token = Key::new(1).token(&claims_with(changes));
    told(&sent_to(path, &token, members, "POST", Some(body)), Check::Binding).1
}

#[test]
fn claims_are_told_with_the_rule_that_asks_for_them() {
    let checks =
        json!([{"claim": "sub", "equals": "eec-1"}, {"claim": "tier", "one_of": ["gold", "silver"]}]);
    let matched = json!({"path_prefix": "/eees-eecregistration/v1/registrations"});
    let token = |tier: &str| Key::new(1).token(&claims_with(json!({"tier": tier})));
    for (name, by) in [(None, "the rule"), (Some("edge"), "rule `edge`")] {
        let mut rules = json!([{"match": matched, "claims": checks}]);
        if let Some(name) = name {
            rules[0]["name"] = json!(name);
        }
        let words_of = |tier| {
            told(&sent_with(&token(tier), &[("rules", rules.clone())], "DELETE", None), Check::RuleClaims)
        };
        let both = format!("sub equals \"eec-1\", tier is one of [\"gold\",\"silver\"], by {by}");
        assert_eq!(words_of("gold"), (Ending::Passed, words(&both, "sub \"eec-1\", tier \"gold\"")));
        let (ending, note) = words_of("tin");
        assert_eq!(ending, Ending::Failed(eec_authn::decision::DenyReason::ClaimMismatch));
        let failed = format!("tier is one of [\"gold\",\"silver\"], by {by}");
        assert_eq!(note, words(&failed, "tier \"tin\""), "the one that failed");
    }
}

#[test]
fn a_body_is_told_by_the_places_of_its_operation() {
    let two = json!({"gpsi": ["m1", "m2"]});
    let gpsi = |mode: &str| vec![("gpsi", json!(mode))];
    let (off, if_present, required) = (gpsi("off"), gpsi("if_present"), gpsi("required"));
    let registrations = "/eees-eecregistration/v1/registrations";
    let own = r#"{"eecId":"eec-1"}"#;
    for (members, path, claims, body, expected, found) in [
        (&off, registrations, &two, own, "/eecId eec-1", "/eecId \"eec-1\""),
        (
            &if_present,
            registrations,
            &two,
            r#"{"eecId":"eec-2","ueId":"m1"}"#,
            "/eecId eec-1, /ueId m1 or m2 or absent",
            "/eecId \"eec-2\", /ueId \"m1\"",
        ),
        (
            &if_present,
            registrations,
            &json!({}),
            r#"{"EECID":"eec-1"}"#,
            "/eecId eec-1, /ueId anything, since the token has no GPSI",
            "/eecId under a name that some readers take for it, /ueId absent",
        ),
        (
            &required,
            registrations,
            &json!({}),
            r#"{"eecId":7,"ueId":null}"#,
            "/eecId eec-1, /ueId absent, since the token has no GPSI",
            "/eecId 7, /ueId null",
        ),
        (
            &required,
            registrations,
            &two,
            own,
            "/eecId eec-1, /ueId m1 or m2 or absent",
            "/eecId \"eec-1\", /ueId absent",
        ),
        (
            &if_present,
            UE_ID,
            &two,
            r#"{"ueId":"m1"}"#,
            "/ueId m1 or m2, /ipAddr absent",
            "/ueId \"m1\", /ipAddr absent",
        ),
        (
            &required,
            UE_ID,
            &json!({}),
            "{}",
            "/ueId the token's GPSI, and it has none, /ipAddr absent",
            "/ueId absent, /ipAddr absent",
        ),
        (
            &if_present,
            DISCOVERY,
            &two,
            r#"{"requestorId":{"easId":"e"}}"#,
            "/requestorId/eecId eec-1, /ueId m1 or m2 or absent, /requestorId/easId absent, /requestorId/eesId absent",
            "/requestorId/eecId absent, /ueId absent, /requestorId/easId \"e\", /requestorId/eesId absent",
        ),
    ] {
        assert_eq!(bound(members, path, claims.clone(), body), words(expected, found), "{path} {body}");
    }
}

/// A merge patch may leave it as it is (RFC 7396).
#[test]
fn of_a_patch_is_told_that_it_may_name_nobody() {
    let token = Key::new(1).token(&claims());
    let outcome = sent_with(&token, &[("gpsi", json!("off"))], "PATCH", Some("{}"));
    let expected = words("/eecId eec-1 or absent", "/eecId absent");
    assert_eq!(told(&outcome, Check::Binding), (Ending::Passed, expected));
}

#[test]
fn a_body_is_told_by_the_places_of_its_rule() {
    let gpsi = ("gpsi", json!("off"));
    let bind = json!([{"claim": "aliases", "body": "/operator"}, {"absent": "/ipAddr"}]);
    let rule = |more: Value| {
        let mut rule = json!({"match": {"methods": ["POST"], "path": "/x"}, "name": "edge", "bind": bind});
        rule.as_object_mut().expect("a rule").extend(more.as_object().expect("members").clone());
        ("rules", json!([rule]))
    };
    let claims = json!({"aliases": ["a", "b"]});
    let of = |rule: (&'static str, Value), path: &str, body: &str| {
        bound(&[gpsi.clone(), rule], path, claims.clone(), body)
    };
    let own = "/operator a or b (aliases), /ipAddr absent, by rule `edge`";
    let alone = of(rule(json!({})), "/x", r#"{"operator":"a","ipAddr":"192.0.2.1"}"#);
    assert_eq!(alone, words(own, "/operator \"a\", /ipAddr \"192.0.2.1\""));
    let registrations = "/eees-eecregistration/v1/registrations";
    let at = json!({"match": {"methods": ["POST"], "path": registrations}});
    let both = of(rule(at.clone()), registrations, r#"{"eecId":"eec-1","operator":"c"}"#);
    let found = "/eecId \"eec-1\", /operator \"c\", /ipAddr absent";
    assert_eq!(both, words(&format!("/eecId eec-1, {own}"), found));
    // A rule that binds nothing is not named.
    let mut free = at;
    free["bind"] = json!([]);
    let built_in = of(rule(free), registrations, r#"{"eecId":"eec-1"}"#);
    assert_eq!(built_in, words("/eecId eec-1", "/eecId \"eec-1\""));
}

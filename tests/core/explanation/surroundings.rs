//! What is taken to happen around the request that somebody asks about.

use super::{check, explained, policy, registration, report, with, with_body};
use crate::support::proof::{Client, Proof};
use crate::support::token::{Key, claims, claims_with};
use eec_authn::explanation::{Body, Question, Said, certificate_digest, first_operation, header};
use serde_json::{Value, json};

fn decision(filter: &Value, question: &Question) -> String {
    report(filter, question)["decision"].as_str().expect("a decision").to_owned()
}

#[test]
fn the_path_and_the_host_are_the_first_ones_unless_given() {
    for (protects, path) in [
        (
            json!({"role": "ees", "fqdns": ["ees1.edge.example.net"]}),
            "/eees-eecregistration/v1/registrations",
        ),
        (json!({"role": "ecs", "fqdns": ["ecs.example.org"]}), "/eecs-serviceprovisioning/v1/request"),
        (
            json!({"role": "ecs", "fqdns": ["ecs.example.org"], "api_root": "/edge"}),
            "/edge/eecs-serviceprovisioning/v1/request",
        ),
    ] {
        assert_eq!(first_operation(&policy(&with(json!({"protects": protects})))), path);
    }
    let there = with_body(&json!({"eecId": "eec-1"}));
    assert_eq!(decision(&with(json!({})), &there), "allowed");
    let elsewhere = Question { host: Some("ees9.edge.example.net".into()), ..there.clone() };
    assert_eq!(decision(&with(json!({})), &elsewhere), "denied: host_mismatch");
    let lost = Question { path: Some("/elsewhere".into()), ..there };
    assert_eq!(decision(&with(json!({})), &lost), "denied: route_unmatched");
}

#[test]
fn headers_come_as_envoy_hands_them_over() {
    let with_header = |name: &str, value: &str| {
        let mut question = with_body(&json!({"eecId": "eec-1"}));
        question.headers.push((name.into(), value.into()));
        question
    };
    let plain = with(json!({}));
    assert_eq!(decision(&plain, &with_header("Connection", "x-eec-id")), "denied: header_not_allowed");
    assert_eq!(decision(&plain, &with_header("Authorization", "Bearer x")), "denied: token_repeated");
    assert_eq!(decision(&plain, &with_header("Accept", "*/*")), "allowed");
}

#[test]
fn a_header_is_a_name_a_colon_and_a_value() {
    let read = |text| header(text).map(|(name, value)| format!("{name}|{value}"));
    assert_eq!(read("X-A:  b c\t").as_deref(), Ok("X-A|b c"));
    assert_eq!(read("x-a:b:c\td").as_deref(), Ok("x-a|b:c\td"));
    assert_eq!(read("x-a:").as_deref(), Ok("x-a|"));
    for (text, why) in [
        ("connection", "give a header as `NAME: VALUE`"),
        (": x", "that is no name of a header"),
        ("a b: c", "that is no name of a header"),
        ("x-a: b\u{1}c", "that is no value of a header: it has a control character"),
        ("x-a: b\r\nc", "that is no value of a header: it has a control character"),
    ] {
        assert_eq!(read(text).err(), Some(why), "{text}");
    }
}

#[test]
fn a_proof_a_used_one_and_a_certificate() {
    let filter = with(json!({"proof": {"dpop": {}, "client_certificate": true}}));
    let client = Client::new(&Key::new(1), 7, json!({}));
    let path = "/eees-eecregistration/v1/registrations";
    let proof = Proof::new(&client.key, "POST", path, &client.token).by(&client.key);
    let question =
        Question { token: Some(client.token), proof: Some(proof), ..with_body(&json!({"eecId": "eec-1"})) };
    assert_eq!(decision(&filter, &question), "allowed");
    assert_eq!(
        decision(&filter, &Question { is_proof_used: true, ..question.clone() }),
        "denied: proof_replayed"
    );
    assert_eq!(decision(&filter, &Question { proof: None, ..question }), "denied: confirmation_failed");

    // The digest is from `printf '\0\1\2' | sha256sum`.
    let digest = [
        0xae, 0x4b, 0x32, 0x80, 0xe5, 0x6e, 0x2f, 0xaf, 0x83, 0xf4, 0x14, 0xa6, 0xe3, 0xda, 0xbe, 0x9d, 0x5f,
        0xbe, 0x18, 0x97, 0x65, 0x44, 0xc0, 0x5f, 0xed, 0x12, 0x1a, 0xcc, 0xb8, 0x5b, 0x53, 0xfc,
    ];
    let pem = |base64: &str| format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n");
    assert_eq!(certificate_digest(&pem("AAEC")), Some(digest));
    assert_eq!(certificate_digest(&format!("a subject\n{}{}", pem("AA\nEC"), pem("AAAA"))), Some(digest));
    for none in [pem(""), pem("A"), pem("?"), String::new(), "AAEC".into()] {
        assert_eq!(certificate_digest(&none), None, "{none}");
    }
    let bound = |x5t: &str| Question {
        token: Some(Key::new(1).token(&claims_with(json!({"cnf": {"x5t#S256": x5t}})))),
        client_certificate: Some(digest),
        ..with_body(&json!({"eecId": "eec-1"}))
    };
    assert_eq!(decision(&filter, &bound("rksygOVuL6-D9BSm49q-nV--GJdlRMBf7RIazLhbU_w")), "allowed");
    let unknown =
        Question { client_certificate: None, ..bound("rksygOVuL6-D9BSm49q-nV--GJdlRMBf7RIazLhbU_w") };
    assert!(decision(&filter, &unknown).starts_with("denied: "));
}

/// In the words of each protocol.
#[test]
fn what_the_entitlement_server_says() {
    let asked = |online: Value| {
        let mut filter = with(json!({}));
        filter["entitlement_servers"][0]["online"] = online;
        filter
    };
    let all = asked(json!({"method": "rfc7662", "apply_to": "all", "cluster": "es"}));
    let ts43 = asked(json!({"method": "ts43", "apply_to": "all", "cluster": "es", "path": "/"}));
    let opaque = asked(json!({"method": "rfc7662", "apply_to": "opaque", "cluster": "es"}));
    let mine = with_body(&json!({"eecId": "eec-1"}));
    let unread = Question { token: Some("7f3a9c".into()), ..mine.clone() };
    let active = |active: bool| claims_with(json!({"active": active})).to_string();
    let said = |question: &Question, said: Said| Question { said, ..question.clone() };
    let answered = |question: &Question, text: &str| said(question, Said::Answer(text.into()));
    let open = "undecided: it depends on what the entitlement server answers; give that by --answer";
    for (filter, question, expected) in [
        (&all, mine.clone(), "allowed"),
        (&ts43, mine.clone(), "allowed"),
        (&opaque, unread.clone(), open),
        (&opaque, answered(&unread, &active(true)), "allowed"),
        (&opaque, answered(&unread, &active(false)), "denied: token_inactive"),
        (&all, answered(&mine, r#"{"active":false}"#), "denied: token_inactive"),
        (&ts43, answered(&mine, r#"{"OperatorTokenValidity":0}"#), "denied: token_inactive"),
        (&all, answered(&mine, "no JSON"), "denied: entitlement_unavailable"),
        (&all, said(&mine, Said::NoAnswer), "denied: entitlement_unavailable"),
        (&opaque, said(&unread, Said::NoAnswer), "denied: entitlement_unavailable"),
    ] {
        assert_eq!(decision(filter, &question), expected, "{:?}", question.said);
    }
    assert_eq!(report(&opaque, &unread)["undecided"], "answer");
    assert_eq!(check(&report(&all, &mine), "entitlement server's word")["state"], "passed");
}

#[test]
fn sets_of_the_servers_that_fetch_keys() {
    let remote = json!({"jwks_remote": {"cluster": "es"}});
    let mut filter = with(json!({}));
    filter["entitlement_servers"][0]["keys"] = json!([remote]);
    let mut pinned = filter["entitlement_servers"][0].clone();
    pinned["fqdn"] = json!("pinned.example.org");
    pinned["keys"] = json!([{"jwk": Key::new(3).jwk()}]);
    let mut other = filter["entitlement_servers"][0].clone();
    other["fqdn"] = json!("other.example.org");
    let own = filter["entitlement_servers"][0].clone();
    filter["entitlement_servers"] = json!([other, pinned, own]);
    let set = |keys: &[Key]| {
        let keys: Vec<Value> = keys.iter().map(Key::jwk).collect();
        Some(json!({"keys": keys}).to_string().into_bytes())
    };
    let question = |sets| Question {
        token: Some(Key::new(1).token(&claims())),
        body: Body::Given(r#"{"eecId":"eec-1"}"#.into()),
        sets,
        ..registration()
    };
    // Only servers that fetch are counted, and one of which nobody has said anything keeps its place.
    assert_eq!(decision(&filter, &question(vec![None, set(&[Key::new(1)])])), "allowed");
    assert_eq!(decision(&filter, &question(vec![set(&[Key::new(2)]), set(&[Key::new(1)])])), "allowed");
    assert!(decision(&filter, &question(vec![set(&[Key::new(1)]), None])).starts_with("denied: "));
    for (sets, number, because) in [
        (vec![None, Some(b"no set".to_vec())], 1, None),
        (
            vec![None, None, set(&[Key::new(1)])],
            2,
            Some("no server in the configuration has a `jwks_remote` for it"),
        ),
    ] {
        let unfit = explained(&filter, &question(sets)).expect_err("no set for anybody");
        assert_eq!(unfit.number, number);
        assert!(because.map_or(!unfit.because.is_empty(), |because| unfit.because == because), "{unfit:?}");
    }
}

//! `docs/contract.md#binding` in a real Envoy: every operation, in both hold modes. No crafted body gets another
//! client's identity past the filter, and a denied request never reaches the upstream whole.

use crate::support::fixture::{Fixture, Protocol, config, identity_of_eec_1};
use crate::support::h2_client::H2;
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::{Key, claims, claims_with};
use crate::support::upstream::End;
use serde_json::{Value, json};

/// Where an operation names its client.
#[derive(Clone, Copy, PartialEq)]
enum Names {
    EecId,
    Patch,
    RequestorObject,
    RequestorString,
    UeId,
    EecIdOnly,
    Nothing,
}

use Names::*;

const EES: &[(&str, &str, Names)] = &[
    ("POST", "/eees-eecregistration/v1/registrations", EecId),
    ("PUT", "/eees-eecregistration/v1/registrations/r1", EecId),
    ("PATCH", "/eees-eecregistration/v1/registrations/r1", Patch),
    ("DELETE", "/eees-eecregistration/v1/registrations/r1", Nothing),
    ("POST", "/eees-easdiscovery/v1/eas-profiles/request-discovery", RequestorObject),
    ("POST", "/eees-easdiscovery/v1/subscriptions", EecId),
    ("PUT", "/eees-easdiscovery/v1/subscriptions/s1", EecId),
    ("PATCH", "/eees-easdiscovery/v1/subscriptions/s1", Patch),
    ("DELETE", "/eees-easdiscovery/v1/subscriptions/s1", Nothing),
    ("POST", "/eees-acrevents/v1/subscriptions", EecId),
    ("PUT", "/eees-acrevents/v1/subscriptions/s1", EecId),
    ("PATCH", "/eees-acrevents/v1/subscriptions/s1", Patch),
    ("DELETE", "/eees-acrevents/v1/subscriptions/s1", Nothing),
    ("POST", "/eees-appctxtreloc/v1/determine", RequestorString),
    ("POST", "/eees-appctxtreloc/v1/initiate", RequestorString),
    ("POST", "/eees-easinfoprov/v1/declare", EecIdOnly),
    ("POST", "/eees-ueidentifier/v1/get", UeId),
];

const ECS: &[(&str, &str, Names)] = &[
    ("POST", "/eecs-serviceprovisioning/v1/request", EecId),
    ("POST", "/eecs-serviceprovisioning/v1/subscriptions", EecId),
    ("PUT", "/eecs-serviceprovisioning/v1/subscriptions/s1", EecId),
    ("PATCH", "/eecs-serviceprovisioning/v1/subscriptions/s1", Patch),
    ("DELETE", "/eecs-serviceprovisioning/v1/subscriptions/s1", Nothing),
];

/// Bodies for an operation and what becomes of them; `None` means allowed.
fn bodies(names: Names) -> Vec<(String, Option<&'static str>)> {
    const MISSING: Option<&str> = Some("binding_missing");
    const MISMATCH: Option<&str> = Some("binding_mismatch");
    let mut cases: Vec<(Value, Option<&str>)> = match names {
        EecId | EecIdOnly => vec![
            (json!({"eecId": "eec-1"}), None),
            (json!({"eecId": "eec-2"}), MISMATCH),
            (json!({"eecId": "EEC-1"}), MISMATCH),
            (json!({}), MISSING),
            (json!({"eecId": null}), MISMATCH),
            (json!({"eecId": 1}), MISMATCH),
            (json!({"eecId": ["eec-1"]}), MISMATCH),
            (json!({"EecId": "eec-2", "eecId": "eec-1"}), Some("body_malformed")),
            (json!({"eec": {"eecId": "eec-1"}}), MISSING),
            (json!({"eecId": "eec-1", "easDynInfoFilter": {"dynInfoFilter": [{"eecId": "eas-7"}]}}), None),
        ],
        Patch => vec![
            (json!({"expTime": "2026-12-01T00:00:00Z"}), None),
            (json!({"eecId": "eec-1"}), None),
            (json!({"eecId": "eec-2"}), MISMATCH),
            (json!({"eecId": null}), MISMATCH),
        ],
        RequestorObject => vec![
            (json!({"requestorId": {"eecId": "eec-1"}}), None),
            (json!({"requestorId": {"eecId": "eec-2"}}), MISMATCH),
            (json!({"requestorId": {"eecId": "eec-1", "easId": "eas"}}), MISMATCH),
            (json!({"requestorId": {"eesId": "ees"}}), MISMATCH),
            (json!({"requestorId": {}}), MISSING),
            (json!({"requestorId": "eec-1"}), MISSING),
            (json!({"eecId": "eec-1"}), MISSING),
            (json!({"requestorId": {"eecId": ["eec-1"]}}), MISMATCH),
        ],
        RequestorString => vec![
            (json!({"requestorId": "eec-1"}), None),
            (json!({"requestorId": "eec-2"}), MISMATCH),
            (json!({"requestorId": {"eecId": "eec-1"}}), MISMATCH),
            (json!({}), MISSING),
        ],
        UeId => vec![
            (json!({"ueId": "msisdn-1"}), None),
            (json!({"ueId": "msisdn-9"}), MISMATCH),
            (json!({}), MISSING),
            (json!({"ueId": 1}), MISMATCH),
            (json!({"ueId": "msisdn-1", "ipAddr": {"ipv4Addr": "10.0.0.1"}}), MISMATCH),
            (json!({"ueId": "msisdn-1", "ipAddr": null}), MISMATCH),
            (json!({"ipAddr": {"ipv4Addr": "10.0.0.1"}}), MISSING),
            (json!({"ueId": "msisdn-1", "ip_addr": "10.0.0.1"}), Some("body_malformed")),
        ],
        Nothing => vec![],
    };
    if !matches!(names, EecIdOnly | UeId | Nothing) {
        let base = cases[0].0.clone();
        let ue = |ue: Value| {
            let mut body = base.clone();
            body["ueId"] = ue;
            body
        };
        cases.push((ue(json!("msisdn-2")), None));
        cases.push((ue(json!("msisdn-9")), MISMATCH));
        cases.push((ue(Value::Null), MISMATCH));
    }
    let mut texts: Vec<(String, Option<&str>)> = cases.into_iter().map(|(b, c)| (b.to_string(), c)).collect();
    if names == EecId {
        let malformed = Some("body_malformed");
        texts.push(("{\"\\u0065ecId\":\"eec-1\"}".into(), None));
        texts.push(("{\"\\u0065ecId\":\"eec-2\",\"eecId\":\"eec-1\"}".into(), malformed));
        texts.push(("\u{feff}{\"eecId\":\"eec-1\"}".into(), malformed));
        texts.push(("{\"eecId\":\"eec-1\"}{\"eecId\":\"eec-2\"}".into(), malformed));
        texts.push(("[{\"eecId\":\"eec-1\"}]".into(), malformed));
        texts.push(("{\"eecId\":\"eec-1\",\"x\":\"\\ud800\"}".into(), malformed));
        texts.push(("{\"eecId\":\"eec-1\",\"x\":{\"a\":1,\"a\":2}}".into(), malformed));
        texts.push(("{'eecId':'eec-1'}".into(), malformed));
        texts
            .push((format!("{{\"eecId\":\"eec-1\",\"x\":{}{}}}", "[".repeat(64), "]".repeat(64)), malformed));
        texts.push((format!("{{\"eecId\":\"eec-1\",\"x\":{}{}}}", "[".repeat(63), "]".repeat(63)), None));
    }
    texts
}

fn token(key: &Key) -> String {
    key.token(&claims_with(json!({"gpsi": ["msisdn-1", "msisdn-2"]})))
}

const IDENTITY: [(&str, &str); 3] = [
    ("x-eec-id", "eec-1"),
    ("x-eec-issuer", crate::support::fixture::ISSUER),
    ("x-eec-gpsi", "msisdn-1,msisdn-2"),
];

fn all_operations(role: &str, operations: &[(&str, &str, Names)], hold: bool) {
    let key = Key::new(1);
    let mut filter = config(&[&key]);
    filter["protects"]["role"] = json!(role);
    filter["protects"]["api_root"] = json!("/edge");
    filter["body"] = json!({"hold_headers": hold});
    let fixture = Fixture::start_with(&filter, |setup| setup.stop_iteration(hold));
    let mut p = Problems::new();
    for (method, path, names) in operations {
        let request = Request::new(method, format!("/edge{path}")).bearer(token(&key));
        if *names == Nothing {
            fixture.allowed(&mut p, &format!("{method} {path}"), &request, &IDENTITY);
            continue;
        }
        for (body, code) in bodies(*names) {
            let name = format!("{method} {path} {body}");
            let request = request.clone().json(&body);
            match code {
                None => fixture.allowed(&mut p, &name, &request, &IDENTITY),
                Some(code) if hold => fixture.denied(&mut p, &name, &request, code),
                Some(code) => never_whole(&fixture, &mut p, &name, &request, code),
            }
        }
    }
    fixture.finish(p);
}

/// The headers have gone on, so the upstream may see a request; it must never see the end of it.
fn never_whole(fixture: &Fixture, p: &mut Problems, name: &str, request: &Request, code: &str) {
    for protocol in crate::support::fixture::BOTH {
        let request = Request { case: format!("{}-{protocol:?}-{code}", request.case), ..request.clone() };
        let case = Request::new("GET", "/").case;
        let request = Request { case: format!("{}{case}", request.case), ..request };
        let details = format!("eec_authn.{code}");
        if let Err(e) = fixture.send(protocol, &request) {
            p.add(name, format!("no answer but {e}"));
            continue;
        }
        p.equal(
            name,
            "details",
            fixture.envoy.access(&request.case).get("details").as_deref(),
            Some(&details),
        );
        if let Some(seen) = fixture.upstream.records.find(&request.case) {
            p.check(name, seen.end != End::Complete, || format!("the upstream saw it whole: {seen:?}"));
            p.check(name, seen.body.is_empty(), || format!("the upstream saw some of the body: {seen:?}"));
        }
    }
}

#[test]
fn an_ees_with_headers_held_back() {
    all_operations("ees", EES, true);
}

#[test]
fn an_ees_with_headers_going_on() {
    all_operations("ees", EES, false);
}

#[test]
fn an_edge_ecs_in_both_modes() {
    all_operations("ecs", ECS, true);
    all_operations("ecs", ECS, false);
}

#[test]
fn gpsi_modes() {
    let key = Key::new(1);
    let no_gpsi = key.token(&claims());
    let identifier = |token: &str| {
        Request::new("POST", "/eees-ueidentifier/v1/get").bearer(token).json("{\"ueId\":\"m\"}")
    };
    let register = |token: &str, ue: &str| {
        let body = json!({"eecId": "eec-1", "ueId": ue}).to_string();
        Request::new("POST", "/eees-eecregistration/v1/registrations").bearer(token).json(body)
    };
    for (mode, other_ue, without_gpsi, identified) in [
        ("off", None, None, None),
        ("if_present", Some("binding_mismatch"), None, Some("binding_mismatch")),
        ("required", Some("binding_mismatch"), Some("binding_mismatch"), Some("binding_mismatch")),
    ] {
        let mut filter = config(&[&key]);
        filter["gpsi"] = json!(mode);
        filter["body"] = json!({"hold_headers": true});
        let fixture = Fixture::start_with(&filter, |setup| setup.stop_iteration(true));
        let mut p = Problems::new();
        let mut expect = |name: &str, request: Request, code: Option<&str>, identity: &[(&str, &str)]| {
            let name = format!("{mode}: {name}");
            match code {
                None => fixture.allowed(&mut p, &name, &request, identity),
                Some(code) => fixture.denied(&mut p, &name, &request, code),
            }
        };
        expect("another UE", register(&token(&key), "msisdn-9"), other_ue, &IDENTITY);
        expect("a token without GPSI", register(&no_gpsi, "msisdn-9"), without_gpsi, &identity_of_eec_1());
        expect("identifier without GPSI", identifier(&no_gpsi), identified, &identity_of_eec_1());
        fixture.finish(p);
    }
}

#[test]
fn bodies_in_pieces_half_bodies_and_media_types() {
    let key = Key::new(1);
    let fixture = Fixture::start(&config(&[&key]));
    let mut p = Problems::new();
    let path = "/eees-eecregistration/v1/registrations";
    let plain = |body: &str| Request::new("POST", path).bearer(token(&key)).body(body);
    let good = "{\"eecId\":\"eec-1\"}";
    for (media_type, code) in [
        ("application/json; charset=UTF-8", None),
        ("Application/JSON;charset=\"utf-8\"", None),
        ("application/json; charset=utf-16", Some("media_type_unsupported")),
        ("application/merge-patch+json", Some("media_type_unsupported")),
        ("text/json", Some("media_type_unsupported")),
        ("application/json, application/json", Some("media_type_unsupported")),
    ] {
        let request = plain(good).header("content-type", media_type);
        match code {
            None => fixture.allowed(&mut p, media_type, &request, &IDENTITY),
            Some(code) => fixture.denied(&mut p, media_type, &request, code),
        }
    }
    let patch = Request::new("PATCH", format!("{path}/r1")).bearer(token(&key)).body(good);
    fixture.allowed(
        &mut p,
        "PATCH",
        &patch.header("content-type", "application/merge-patch+json"),
        &IDENTITY,
    );

    // Many tiny DATA frames, and trailers after them.
    let request = Request { body: None, ..plain(good).json(good) };
    let mut client = H2::connect(fixture.envoy.address()).expect("a connection");
    let mut exchange = client.start(&request, false).expect("headers are sent");
    for byte in good.as_bytes() {
        exchange.data(&[*byte], false).expect("a tiny frame is sent");
    }
    exchange.trailers(&[("x-eec-id".into(), b"evil".to_vec())]).expect("trailers are sent");
    p.equal("tiny frames", "status", exchange.response().map(|r| r.status).ok(), Some(201));
    let seen = fixture.upstream.records.wait_for(&request.case, |r| r.end == End::Complete);
    p.equal("tiny frames", "body", seen.body.as_slice(), good.as_bytes());
    p.check("tiny frames", seen.trailers.is_empty(), || format!("spoofed trailers: {:?}", seen.trailers));

    // A client that stops half-way: the upstream never sees an end, and the filter lives on.
    let half = Request { case: "half-way".into(), ..request.clone() };
    let mut client = H2::connect(fixture.envoy.address()).expect("a connection");
    let mut exchange = client.start(&half, false).expect("headers are sent");
    exchange.data(b"{\"eecId\":", false).expect("half a body is sent");
    exchange.reset();
    fixture.upstream.records.wait_for("half-way", |r| r.end == End::Cut);
    let name = "after a client that stopped half-way";
    fixture.allowed_over(
        Protocol::H1,
        &mut p,
        name,
        &plain(good).header("content-type", "application/json"),
        &IDENTITY,
    );
    fixture.finish(p);
}

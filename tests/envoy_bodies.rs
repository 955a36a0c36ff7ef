//! Bodies in a real Envoy: those of TS 24.558 pass unharmed, crafted ones never get another client's identity past.

mod support;

use serde_json::{Value, json};
use support::h1::{H1, bytes_of};
use support::h2_client::H2;
use support::house::{FQDN, House, ISSUER, Protocol, config};
use support::problems::Problems;
use support::request::Request;
use support::token::{Key, claims_with};
use support::upstream::End;

const REGISTRATIONS: &str = "/eees-eecregistration/v1/registrations";
const IDENTITY: [(&str, &str); 3] =
    [("x-eec-id", "eec-1"), ("x-eec-gpsi", "msisdn-1"), ("x-eec-issuer", ISSUER)];

fn token() -> String {
    Key::new(1).token(&claims_with(json!({"gpsi": "msisdn-1"})))
}

/// A house in one of the two modes; with `hold` the upstream sees nothing of a denied request.
fn house(hold: bool, changes: impl FnOnce(&mut Value)) -> House {
    let mut filter = config(&[&Key::new(1)]);
    filter["body"] = json!({"hold_headers": hold});
    changes(&mut filter);
    House::start_with(&filter, |setup| if hold { setup.stop_iteration(true) } else { setup })
}

#[test]
fn bodies_of_ts_24_558_pass_unharmed() {
    let all: Vec<Value> = serde_json::from_str(include_str!("support/ts24558.json")).expect("JSON");
    for role in ["ees", "ecs"] {
        for hold in [true, false] {
            let house = house(hold, |filter| {
                filter["protects"]["role"] = json!(role);
                filter["gpsi"] = json!("required");
            });
            let mut p = Problems::new();
            for example in all.iter().filter(|e| e["role"] == role) {
                let (method, path) = (
                    example["method"].as_str().expect("a method"),
                    example["path"].as_str().expect("a path"),
                );
                let request = Request::new(method, path).bearer(token());
                let name = format!("{method} {path}, hold_headers: {hold}");
                let Some(body) = example.get("body") else {
                    house.allowed(&mut p, &name, &request, &IDENTITY);
                    continue;
                };
                let media_type =
                    if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
                // As compact, as pretty and with every character escaped: the upstream must get the same bytes.
                let pretty = serde_json::to_string_pretty(body).expect("JSON").replace('\n', "\r\n");
                let escaped = body.to_string().replace("eec", "\\u0065\\u0065\\u0063");
                for text in [body.to_string(), pretty, escaped] {
                    let request = request.clone().header("content-type", media_type).body(text);
                    house.allowed(&mut p, &name, &request, &IDENTITY);
                }
            }
            house.finish(p);
        }
    }
}

#[test]
fn no_crafted_body_speaks_for_another_client() {
    let house = house(true, |_| ());
    let mut p = Problems::new();
    let text = |text: &str| text.as_bytes().to_vec();
    let utf16: Vec<u8> = "{\"eecId\":\"eec-1\"}".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let good = br#"{"eecId":"eec-1","x":"#;
    let value = |bytes: &[u8]| [good, bytes, b"}"].concat();
    let mut bodies: Vec<(Vec<u8>, &str)> = vec![
        (text(r#"{"eecId":"eec-2"}"#), "binding_mismatch"),
        (text(r#"{"eecId":"eec-1 "}"#), "binding_mismatch"),
        (text(r#"{"eecId":"eec-1\u0000"}"#), "binding_mismatch"),
        (text(r#"{"eecId":"\u0065ec-2"}"#), "binding_mismatch"),
        (text(r#"{"eecId":"ｅｅｃ-1"}"#), "binding_mismatch"),
        (text(r#"{"eecId":""}"#), "binding_mismatch"),
        (text(r#"{"eecId":true}"#), "binding_mismatch"),
        (text(r#"{"eecId":{"eecId":"eec-1"}}"#), "binding_mismatch"),
        (text(r#"{"eecId":[["eec-1"]]}"#), "binding_mismatch"),
        (text(r#"{"eecId":"eec-1","ueId":"msisdn-2"}"#), "binding_mismatch"),
        (text(r#"{"eecId":"eec-1","ueId":""}"#), "binding_mismatch"),
        (text(r#"{"eecId":"eec-1","ueId":["msisdn-1"]}"#), "binding_mismatch"),
        (text(r#"{"eecId ":"eec-1"}"#), "binding_missing"),
        (text(r#"{"/eecId":"eec-1"}"#), "binding_missing"),
        (text(r#"{"a":{"eecId":"eec-1"},"b":[{"eecId":"eec-1"}]}"#), "binding_missing"),
        (text(r#"{"":{"eecId":"eec-1"}}"#), "binding_missing"),
        (text(r#"{"eecId\u0000":"eec-1"}"#), "binding_missing"),
        (text(r#"{"eecId":"eec-1","eecId":"eec-2"}"#), "body_malformed"),
        (text(r#"{"eecId":"eec-2","eecId":"eec-1"}"#), "body_malformed"),
        (text(r#"{"eecId":"eec-1","\u0065ecId":"eec-2"}"#), "body_malformed"),
        (text(r#"{"eecId":"eec-1","eec\u0049d":"eec-2"}"#), "body_malformed"),
        (text(r#"{"EECID":"eec-2","eecId":"eec-1"}"#), "body_malformed"),
        (text(r#"{"eecID":"eec-1"}"#), "body_malformed"),
        (text(r#"{"eecId":"eec-1","ueID":"msisdn-2"}"#), "body_malformed"),
        (text(r#"{"eecId":"eec-1","UEID":"msisdn-1","ueId":"msisdn-1"}"#), "body_malformed"),
        (text(r#"{"eecId":"eec-1","x":{"y":[{"z":1,"z":1}]}}"#), "body_malformed"),
        (text(r#"{"eecId":"eec-1"}{"eecId":"eec-2"}"#), "body_malformed"),
        (text("{\"eecId\":\"eec-1\"}\0"), "body_malformed"),
        (text("{\"eecId\":\"eec-1\"}//"), "body_malformed"),
        (text("/**/{\"eecId\":\"eec-1\"}"), "body_malformed"),
        (text("{\"eecId\":\"eec-1\",}"), "body_malformed"),
        (text("\u{feff}{\"eecId\":\"eec-1\"}"), "body_malformed"),
        (text("{eecId:\"eec-1\"}"), "body_malformed"),
        (text("{'eecId':'eec-1'}"), "body_malformed"),
        (text("[{\"eecId\":\"eec-1\"}]"), "body_malformed"),
        (text("\"eecId\""), "body_malformed"),
        (text("eecId=eec-1"), "body_malformed"),
        (text("null"), "body_malformed"),
        (text(" "), "body_malformed"),
        (text("{"), "body_malformed"),
        (utf16, "body_malformed"),
        (value(&[&[b'['; 64][..], &[b']'; 64]].concat()), "body_malformed"),
        (value(&[b'['; 60_000]), "body_malformed"),
    ];
    for bad in [
        &b"\"\xff\""[..],
        b"\"\xc0\xaf\"",
        b"\"\xed\xa0\x80\"",
        b"\"\n\"",
        b"\"\\ud800\"",
        b"\"\\udc00x\"",
        b"\"\\x41\"",
        b"01",
        b"1.",
        b".5",
        b"+1",
        b"NaN",
        b"Infinity",
        b"0x1",
        b"1e",
        b"tru",
        b"",
        b"\xa0",
        b"\x0c1",
        b"\x0b1",
    ] {
        bodies.push((value(bad), "body_malformed"));
    }
    for (body, code) in &bodies {
        let request = Request::new("POST", REGISTRATIONS).bearer(token()).json(body);
        let name = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        house.denied_over(Protocol::H1, &mut p, &name, &request, code);
    }
    // Unicode folds the long s to an ASCII one, and so do servers.
    for body in
        [r#"{"reque\u017ftorId":{"eecId":"eec-2"}}"#, r#"{"requestorId":{"eecId":"eec-1","EecId":"eec-2"}}"#]
    {
        let path = "/eees-easdiscovery/v1/eas-profiles/request-discovery";
        let request = Request::new("POST", path).bearer(token()).json(body);
        house.denied_over(Protocol::H1, &mut p, body, &request, "body_malformed");
    }
    // Other names are nobody's business, however odd.
    for name in ["EECID2", "eecId\u{301}", "x\u{212a}", ""] {
        let body = json!({"eecId": "eec-1", name: {"EECID": 1}}).to_string();
        let request = Request::new("POST", REGISTRATIONS).bearer(token()).json(body);
        house.allowed_over(Protocol::H1, &mut p, name, &request, &IDENTITY);
    }
    // The binding codes name the member, and nothing else.
    for (body, param) in
        [(r#"{"eecId":"eec-2"}"#, "/eecId"), ("{}", "/eecId"), (r#"{"eecId":"eec-1","ueId":"x"}"#, "/ueId")]
    {
        let request = Request::new("POST", REGISTRATIONS).bearer(token()).json(body);
        let response = house.send(Protocol::H1, &request).expect("an answer");
        let reply: Value = serde_json::from_slice(&response.body).expect("JSON");
        p.equal(body, "invalidParams", &reply["invalidParams"], &json!([{"param": param}]));
    }
    house.alive(&mut p, "after all bodies", &token());
    house.finish(p);
}

#[test]
fn media_types_and_encodings() {
    let house = house(true, |_| ());
    let mut p = Problems::new();
    let body = "{\"eecId\":\"eec-1\"}";
    let post = || Request::new("POST", REGISTRATIONS).bearer(token()).body(body);
    let patch = || Request::new("PATCH", format!("{REGISTRATIONS}/r1")).bearer(token()).body(body);
    let typed = |request: Request, media_type: &str| request.header("content-type", media_type);
    let bad = "media_type_unsupported";
    for (name, request, want) in [
        ("none", post(), bad),
        ("empty", typed(post(), ""), bad),
        ("json", typed(post(), "application/json"), ""),
        ("utf-8", typed(post(), "application/json;charset=utf-8"), ""),
        ("a parameter", typed(post(), "application/json; version=1"), ""),
        ("utf-7", typed(post(), "application/json; charset=utf-7"), bad),
        ("latin1", typed(post(), "application/json; charset=iso-8859-1"), bad),
        ("two charsets", typed(post(), "application/json; charset=utf-8; charset=utf-16"), bad),
        ("problem", typed(post(), "application/problem+json"), bad),
        ("json5", typed(post(), "application/json5"), bad),
        ("xml", typed(post(), "application/xml"), bad),
        ("form", typed(post(), "application/x-www-form-urlencoded"), bad),
        ("repeated", typed(typed(post(), "application/json"), "application/json"), bad),
        ("repeated, other", typed(typed(post(), "application/json"), "application/xml"), bad),
        ("patch for POST", typed(post(), "application/merge-patch+json"), bad),
        ("merge patch", typed(patch(), "application/merge-patch+json"), ""),
        ("json for PATCH", typed(patch(), "application/json"), ""),
        ("json patch", typed(patch(), "application/json-patch+json"), bad),
        ("identity", typed(post(), "application/json").header("content-encoding", "identity"), ""),
        ("gzip", typed(post(), "application/json").header("content-encoding", "gzip"), bad),
        ("br", typed(post(), "application/json").header("content-encoding", "br"), bad),
        ("both", typed(post(), "application/json").header("content-encoding", "identity, gzip"), bad),
    ] {
        match want {
            "" => house.allowed(&mut p, name, &request, &IDENTITY),
            code => house.denied(&mut p, name, &request, code),
        }
    }
    house.finish(p);
}

#[test]
fn sizes_and_absent_bodies_in_both_modes() {
    for hold in [true, false] {
        let house = house(hold, |filter| filter["body"]["limit_bytes"] = json!(1000));
        let mut p = Problems::new();
        let sized = |n: usize| {
            let body = format!("{{\"eecId\":\"eec-1\",\"x\":\"{}\"}}", "a".repeat(n - 24));
            assert_eq!(body.len(), n);
            Request::new("POST", REGISTRATIONS).bearer(token()).json(body)
        };
        let chunked = |request: Request| request.trailer("x-t", "1");
        house.allowed(&mut p, "at the limit", &sized(1000), &IDENTITY);
        house.allowed(&mut p, "at the limit, chunked", &chunked(sized(1000)), &IDENTITY);
        if hold {
            for (name, request, code) in [
                ("over it", sized(1001), "body_too_large"),
                ("over it, chunked", chunked(sized(1001)), "body_too_large"),
                ("far over it", sized(900_000), "body_too_large"),
                ("no body", Request { body: None, ..sized(100) }, "body_required"),
                ("an empty body", Request { body: Some(vec![]), ..sized(100) }, "body_required"),
                (
                    "an empty body, chunked",
                    chunked(Request { body: Some(vec![]), ..sized(100) }),
                    "body_required",
                ),
            ] {
                house.denied(&mut p, name, &request, code);
            }
        } else {
            for (name, request, status) in [
                ("over it", sized(1001), 413),
                ("over it, chunked", chunked(sized(1001)), 413),
                ("an empty body, chunked", chunked(Request { body: Some(vec![]), ..sized(100) }), 400),
                ("another's", Request::register("eec-2").bearer(token()), 403),
            ] {
                for protocol in support::house::BOTH {
                    let request = Request { case: format!("{name} {protocol:?}"), ..request.clone() };
                    p.equal(
                        &request.case,
                        "status",
                        house.send(protocol, &request).map(|r| r.status),
                        Ok(status),
                    );
                    let arrived = house.upstream.records.find(&request.case);
                    let whole = arrived.is_some_and(|r| r.end == End::Complete || !r.body.is_empty());
                    p.check(&request.case, !whole, || "the upstream saw its body or its end".into());
                }
            }
        }
        // A DELETE's body is neither held nor read.
        let delete = Request::new("DELETE", format!("{REGISTRATIONS}/r1")).bearer(token());
        house.allowed(&mut p, "DELETE", &delete, &IDENTITY);
        let other = delete.clone().body("{\"eecId\":\"eec-2\"".repeat(1000));
        house.allowed(&mut p, "DELETE with a body", &other, &IDENTITY);
        house.finish(p);
    }
}

#[test]
fn expectations_halves_and_envoys_own_limit() {
    let house = house(true, |filter| filter["body"]["limit_bytes"] = json!(65_536));
    let mut p = Problems::new();
    let head = |case: &str, authorization: &str| {
        format!(
            "POST {REGISTRATIONS} HTTP/1.1\r\nhost: {FQDN}\r\nx-case: {case}\r\ncontent-type: application/json\r\nexpect: 100-continue\r\ncontent-length: 17\r\nauthorization: {authorization}\r\n\r\n"
        )
    };
    let mut client = H1::connect(house.envoy.address()).expect("a connection");
    client.send(head("expect", &format!("Bearer {}", token())).as_bytes()).expect("sent");
    p.equal("expect", "interim status", client.any_response(false).map(|r| r.status).ok(), Some(100));
    client.send(b"{\"eecId\":\"eec-1\"}").expect("sent");
    p.equal("expect", "status", client.response(false).map(|r| r.status).ok(), Some(201));
    let mut client = H1::connect(house.envoy.address()).expect("a connection");
    client.send(head("expect-denied", "Bearer a.b.c").as_bytes()).expect("sent");
    p.equal("expect, bad token", "status", client.response(false).map(|r| r.status).ok(), Some(401));

    // Half a body and then nothing, a reset, and a closed connection: the upstream hears of none of them.
    let request =
        Request { body: None, case: "half-h2".into(), ..Request::register("eec-1").bearer(token()) };
    let mut h2 = H2::connect(house.envoy.address()).expect("a connection");
    let mut exchange = h2.start(&request, false).expect("headers are sent");
    exchange.data(b"{\"eecId\":", false).expect("half is sent");
    exchange.reset();
    let whole = bytes_of(&Request { case: "half-h1".into(), ..Request::register("eec-1").bearer(token()) });
    let mut h1 = H1::connect(house.envoy.address()).expect("a connection");
    h1.send(&whole[..whole.len() - 5]).expect("half is sent");
    drop(h1);
    let large = format!("{{\"eecId\":\"eec-1\",\"x\":\"{}\"}}", "a".repeat(3_000_000));
    let large =
        Request { case: "large".into(), ..Request::new("POST", REGISTRATIONS).bearer(token()).json(large) };
    p.equal("3 MB", "status", house.send(Protocol::H1, &large).map(|r| r.status).ok(), Some(413));
    house.alive(&mut p, "after all halves", &token());
    for case in ["expect-denied", "half-h2", "half-h1", "large"] {
        p.check(case, house.upstream.records.find(case).is_none(), || "it reached the upstream".into());
    }
    house.finish(p);
}

//! Bodies in a real Envoy: those of TS 24.558 pass unharmed, crafted ones never get another client's identity past.

use crate::support::bodies::{IDENTITY, REGISTRATIONS, fixture, token};
use crate::support::fixture::Protocol;
use crate::support::problems::Problems;
use crate::support::request::Request;
use serde_json::{Value, json};

#[test]
fn bodies_of_ts_24_558_pass_unharmed() {
    let all: Vec<Value> = serde_json::from_str(include_str!("../support/ts24558.json")).expect("JSON");
    for role in ["ees", "ecs"] {
        for hold in [true, false] {
            let fixture = fixture(hold, |filter| {
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
                    fixture.allowed(&mut p, &name, &request, &IDENTITY);
                    continue;
                };
                let media_type =
                    if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
                // As compact, as pretty and with every character escaped: the upstream must get the same bytes.
                let pretty = serde_json::to_string_pretty(body).expect("JSON").replace('\n', "\r\n");
                let escaped = body.to_string().replace("eec", "\\u0065\\u0065\\u0063");
                for text in [body.to_string(), pretty, escaped] {
                    let request = request.clone().header("content-type", media_type).body(text);
                    fixture.allowed(&mut p, &name, &request, &IDENTITY);
                }
            }
            fixture.finish(p);
        }
    }
}

#[test]
fn no_crafted_body_speaks_for_another_client() {
    let fixture = fixture(true, |_| ());
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
        (text(r#"{"eecId ":"eec-1"}"#), "body_malformed"),
        (text(r#"{"/eecId":"eec-1"}"#), "body_malformed"),
        (text(r#"{"a":{"eecId":"eec-1"},"b":[{"eecId":"eec-1"}]}"#), "binding_missing"),
        (text(r#"{"":{"eecId":"eec-1"}}"#), "binding_missing"),
        (text(r#"{"eecId\u0000":"eec-1"}"#), "body_malformed"),
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
        fixture.denied_over(Protocol::H1, &mut p, &name, &request, code);
    }
    // Unicode folds the long s to an ASCII one, and so do servers.
    for body in [
        r#"{"reque\u017ftorId":{"eecId":"eec-2"}}"#,
        r#"{"requestorId":{"eecId":"eec-1","EecId":"eec-2"}}"#,
        r#"{"requestorId":{"eecId":"eec-1","eec-Id\u0301":"eec-2"}}"#,
        r#"{"requestorId":{"eecId":"eec-1"},"requestor_id":{"eecId":"eec-2"}}"#,
        r#"{"requestorId":{"eecId":"eec-1","eas_id":"eas"}}"#,
        r#"{"requestorId":{"eecId":"eec-1","eecId\u0000":"eec-2"}}"#,
    ] {
        let path = "/eees-easdiscovery/v1/eas-profiles/request-discovery";
        let request = Request::new("POST", path).bearer(token()).json(body);
        fixture.denied_over(Protocol::H1, &mut p, body, &request, "body_malformed");
    }
    // Other names are nobody's business, however odd.
    for name in ["EECID2", "x\u{212a}", "\0eecIds", ""] {
        let body = json!({"eecId": "eec-1", name: {"EECID": 1}}).to_string();
        let request = Request::new("POST", REGISTRATIONS).bearer(token()).json(body);
        fixture.allowed_over(Protocol::H1, &mut p, name, &request, &IDENTITY);
    }
    // The binding codes name the member, and nothing else.
    for (body, param) in
        [(r#"{"eecId":"eec-2"}"#, "/eecId"), ("{}", "/eecId"), (r#"{"eecId":"eec-1","ueId":"x"}"#, "/ueId")]
    {
        let request = Request::new("POST", REGISTRATIONS).bearer(token()).json(body);
        let response = fixture.send(Protocol::H1, &request).expect("an answer");
        let reply: Value = serde_json::from_slice(&response.body).expect("JSON");
        p.equal(body, "invalidParams", &reply["invalidParams"], &json!([{"param": param}]));
    }
    fixture.alive(&mut p, "after all bodies", &token());
    fixture.finish(p);
}

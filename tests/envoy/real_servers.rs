//! Real servers behind the filter: whom the framework takes a body for, beside the identity header that it gets.
//!
//! A valid token of one client, and bodies that the server would read as another's. Either the filter refuses
//! the request by name, or the server reads the client of the token.

use crate::support::bodies::{REGISTRATIONS, token};
use crate::support::fixture::{BOTH, Fixture, Protocol, config};
use crate::support::foreign::Server;
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::Key;
use serde_json::{Value, json};

/// What must become of a request.
enum Want {
    /// The filter refuses it with this code.
    Refused(&'static str),
    /// It passes, and the server reads the client of the token.
    Own,
}
use Want::{Own, Refused};

/// One client in UTF-8, another in the charset that a server can be talked into.
const UTF_7: &str = r#"{"eecId":"eec-1","+AGUAZQBjAEkAZA-":"eec-2"}"#;
const UNICODE_ESCAPE: &str = r#"{"eecId":"eec-1","x":"\u0022,\u0022eecId\u0022:\u0022eec-2"}"#;
const FORM: &str = r#"{"eecId":"eec-1","x":"&eecId=eec-2&"}"#;
const PLAIN: &str = r#"{"eecId":"eec-1"}"#;

/// What may stand in `Content-Type`.
const PLAIN_JSON: &[&str] = &[
    "application/json",
    "Application/JSON",
    "application/json;charset=utf-8",
    "application/json; charset=utf-8",
    "application/json; charset=UTF-8",
    "application/json; charset=\"utf-8\"",
    "application/json; CharSet=\"UTF-8\"",
    "application/json ; charset=utf-8 ;",
    "application/json;",
    "application/json; ; charset=utf-8; ;",
];

/// `Content-Type`s that are more than JSON in UTF-8, and a body that means two clients under them.
const DOUBTFUL: &[(&str, &str)] = &[
    ("application/json; charset=utf-7", UTF_7),
    ("application/json; charset=\"utf-7\"", UTF_7),
    ("application/json; charset=\"utf-7", UTF_7),
    ("application/json; CHARSET=UTF-7", UTF_7),
    ("application/json; charset =utf-7", UTF_7),
    ("application/json; charset= utf-7", UTF_7),
    ("application/json;\tcharset=utf-7", UTF_7),
    ("application/json; charset=utf-7; charset=utf-8", UTF_7),
    ("application/json; charset=utf-8; charset=utf-7", UTF_7),
    ("application/json; charset=utf-8; charset=utf-8", UTF_7),
    ("application/json; charset*=utf-8''utf-7", UTF_7),
    ("application/json; charset*=utf-8'en'%75tf-7", UTF_7),
    ("application/json; charset*=utf-8''utf-8", UTF_7),
    ("application/json; charset*0=utf-7", UTF_7),
    ("application/json; charset*0*=%75tf-7", UTF_7),
    ("application/json; charset*0=utf-; charset*1=7", UTF_7),
    ("application/json; charset*1=7; charset*0=utf-", UTF_7),
    ("application/json; charset=utf-8; charset*=utf-8''utf-7", UTF_7),
    ("application/json; charset*=utf-8''utf-7; charset=utf-8", UTF_7),
    ("application/json; charset*0=utf-7; charset=utf-8", UTF_7),
    ("application/json; charset=utf-8, application/json; charset=utf-7", UTF_7),
    ("application/json, application/json; charset=utf-7", UTF_7),
    ("application/json,; charset=utf-7", UTF_7),
    ("application/json; x=1,charset=utf-7", UTF_7),
    ("application/json; x=\"; charset=utf-7\"", UTF_7),
    ("application/json; x=\"\\\"; charset=utf-7; y=\\\"\"", UTF_7),
    ("application/json; charset=\"utf\\-8\"", UTF_7),
    ("application/json; charset='utf-8'", UTF_7),
    ("application/json; charset=utf8", UTF_7),
    ("application/json; charset", UTF_7),
    ("application/json; charset=", UTF_7),
    ("application/json; =utf-7", UTF_7),
    ("application/json; encoding=utf-7", UTF_7),
    ("application/json; version=1", UTF_7),
    ("application/json; boundary=x", UTF_7),
    ("application/json; q=1; charset=utf-8", UTF_7),
    ("application/json charset=utf-7", UTF_7),
    ("application/json; charset=unicode_escape", UNICODE_ESCAPE),
    ("application/json; charset*0=unicode; charset*1=_escape", UNICODE_ESCAPE),
    ("application/json; charset=raw_unicode_escape", UNICODE_ESCAPE),
    ("application/json; charset=utf-16", PLAIN),
    ("application/json; charset=utf-16le", PLAIN),
    ("application/json; charset=utf-32", PLAIN),
    ("application/json; charset=iso-8859-1", PLAIN),
    ("application/json; charset=cp037", PLAIN),
    ("application/x-www-form-urlencoded", FORM),
    ("application/x-www-form-urlencoded; charset=utf-8", FORM),
    ("application/json, application/x-www-form-urlencoded", FORM),
    ("application/x-www-form-urlencoded, application/json", FORM),
    (
        "multipart/form-data; boundary=x",
        "--x\r\ncontent-disposition: form-data; name=eecId\r\n\r\neec-2\r\n--x--\r\n",
    ),
    ("multipart/form-data; boundary=x, application/json", FORM),
    ("text/json", PLAIN),
    ("text/plain", PLAIN),
    ("application/x-json", PLAIN),
    ("application/problem+json", PLAIN),
    ("application/merge-patch+json", PLAIN),
    ("*/*", PLAIN),
    ("", PLAIN),
];

/// Bodies under plain JSON that mean two clients, or another one.
const BODIES: &[(&str, Want)] = &[
    (PLAIN, Own),
    (UTF_7, Own),
    (UNICODE_ESCAPE, Own),
    (FORM, Own),
    (r#"{"\u0065ecId":"eec-\u0031"}"#, Own),
    (r#"{"x":{"eecId":"eec-2"},"eecId":"eec-1"}"#, Own),
    (r#"{"eecId":"eec-1","x\u0000eecId":"eec-2"}"#, Own),
    (r#"{"eecId":"eec-2"}"#, Refused("binding_mismatch")),
    (r#"{"eecId":"eec-1","eecId":"eec-2"}"#, Refused("body_malformed")),
    (r#"{"eecId":"eec-1","eec\u0049d":"eec-2"}"#, Refused("body_malformed")),
    (r#"{"eecId":"eec-1","eecId\u0000x":"eec-2"}"#, Refused("body_malformed")),
    (r#"{"eecId":"eec-1","eec_id":"eec-2"}"#, Refused("body_malformed")),
    (r#"{"eecId":"eec-1","eec\u0130d":"eec-2"}"#, Refused("body_malformed")),
    (r#"{"eecId":"eec-1","\uff45ecId":"eec-2"}"#, Refused("body_malformed")),
    (r#"{"eecId":"eec-1","eécId":"eec-2"}"#, Refused("body_malformed")),
    (r#"{"eecId":"eec-1","eecIḋ":"eec-2"}"#, Refused("body_malformed")),
    (r#"{"eecId":"eec-1","e\u0301ecId":"eec-2"}"#, Refused("body_malformed")),
    (r#"[{"eecId":"eec-2"}]"#, Refused("body_malformed")),
    ("\u{feff}{\"eecId\":\"eec-1\"}", Refused("body_malformed")),
    (r#"{"eecId":"eec-1"}{"eecId":"eec-2"}"#, Refused("body_malformed")),
];

fn fixture(server: &Server, hold: bool) -> Fixture {
    let mut filter = config(&[&Key::new(1)]);
    filter["body"] = json!({"hold_headers": hold});
    Fixture::start_with(&filter, |setup| {
        let setup = setup.upstream(server.address);
        if hold { setup.stop_iteration(true) } else { setup }
    })
}

fn post(media_type: &str, body: &str) -> Request {
    Request::new("POST", REGISTRATIONS).bearer(token()).header("content-type", media_type).body(body)
}

/// What the server says of a request that reached it.
fn answer(fixture: &Fixture, protocol: Protocol, request: &Request) -> Value {
    match fixture.send(protocol, request) {
        Ok(response) if response.status == 201 => serde_json::from_slice(&response.body).unwrap_or_default(),
        Ok(response) => json!({"status": response.status, "body": String::from_utf8_lossy(&response.body)}),
        Err(error) => json!({"error": error}),
    }
}

fn case(fixture: &Fixture, p: &mut Problems, name: &str, request: &Request, want: &Want) {
    for protocol in BOTH {
        match want {
            Refused(code) => fixture.denied_over(protocol, p, name, request, code),
            Own => {
                let answer = answer(fixture, protocol, request);
                let who = (answer["header"].as_str(), answer["read"].as_str());
                p.check(name, who == (Some("eec-1"), Some("eec-1")), || {
                    format!("over {protocol:?} the server answers {answer}")
                });
            }
        }
    }
}

/// Everything that the server has read: each time the client that the filter vouched for, refused requests included.
fn finish(fixture: Fixture, server: Server, mut p: Problems) {
    let said = server.finish();
    p.check("the server", !said.is_empty(), || "it has read nothing at all".to_owned());
    for line in said {
        p.check("the server", line["read"] == "eec-1" && line["header"] == "eec-1", || {
            format!("it took one client for another: {line}")
        });
    }
    fixture.finish(p);
}

fn content_types(script: &str) {
    let server = Server::start(script);
    let fixture = fixture(&server, true);
    let mut p = Problems::new();
    for media_type in PLAIN_JSON {
        case(&fixture, &mut p, media_type, &post(media_type, UTF_7), &Own);
    }
    let refused = Refused("media_type_unsupported");
    for (media_type, body) in DOUBTFUL {
        case(&fixture, &mut p, media_type, &post(media_type, body), &refused);
    }
    let twice = post("application/json", UTF_7).header("content-type", "application/json; charset=utf-7");
    case(&fixture, &mut p, "twice", &twice, &refused);
    for coding in ["deflate", "gzip", "br", "utf-7", "identity, deflate", ""] {
        let request = post("application/json", PLAIN).header("content-encoding", coding);
        case(&fixture, &mut p, coding, &request, &refused);
    }
    finish(fixture, server, p);
}

fn bodies(script: &str) {
    for hold in [true, false] {
        let server = Server::start(script);
        let fixture = fixture(&server, hold);
        let mut p = Problems::new();
        for (body, want) in BODIES {
            let name = format!("hold_headers: {hold}: {body}");
            case(&fixture, &mut p, &name, &post("application/json", body), want);
        }
        // What stands elsewhere in the request changes nothing about the body.
        let plain = || post("application/json", UTF_7);
        let mut query = plain();
        query.path.extend_from_slice(b"?x=eec-2");
        for (name, request) in [
            ("a query", query),
            ("an identity header", plain().header("x-eec-id", "eec-2").header("x_eec_id", "eec-2")),
            // aiohttp 3.14 takes the last trailer of a request for a header of the next one on that connection.
            ("an identity trailer", plain().trailer("x-eec-id", "eec-2")),
            ("after an identity trailer", plain()),
            ("its look-alike", plain().trailer("x_eec_id", "eec-2").trailer("x-eec-id", "eec-2")),
            ("after its look-alike", plain()),
            ("a media type", plain().trailer("content-type", "application/json; charset=utf-7")),
            ("after a media type", plain()),
        ] {
            case(&fixture, &mut p, &format!("hold_headers: {hold}: {name}"), &request, &Own);
        }
        finish(fixture, server, p);
    }
}

#[test]
fn no_content_type_makes_django_read_another_client() {
    content_types("django_server.py");
}

#[test]
fn no_content_type_makes_aiohttp_read_another_client() {
    content_types("aiohttp_server.py");
}

#[test]
fn no_body_makes_django_read_another_client() {
    bodies("django_server.py");
}

#[test]
fn no_body_makes_aiohttp_read_another_client() {
    bodies("aiohttp_server.py");
}

/// The attacks are real: without the filter each server falls for them.
#[test]
fn without_the_filter_the_servers_are_taken_in() {
    for (script, least) in [("django_server.py", 15), ("aiohttp_server.py", 12)] {
        let server = Server::start(script);
        let taken_in = DOUBTFUL.iter().filter(|(media_type, body)| {
            let response = Protocol::H1.exchange(server.address, &post(media_type, body));
            let body = response.map(|response| response.body).unwrap_or_default();
            serde_json::from_slice(&body).is_ok_and(|answer: Value| answer["read"] == "eec-2")
        });
        let taken_in: Vec<&str> = taken_in.map(|(media_type, _)| *media_type).collect();
        assert!(taken_in.len() >= least, "{script} was taken in by {taken_in:#?} only");
        for known in ["application/json; charset*0=utf-7", "application/json; charset*=utf-8''utf-7"] {
            assert!(taken_in.contains(&known), "{script} was not taken in by {known}");
        }
        server.finish();
    }
}

//! Content of methods for which none is defined: a server that leaves it unread takes it for the next request on that connection,
//! which Envoy shares among clients.

use crate::support::bodies::{REGISTRATIONS, token};
use crate::support::entitlement_server::Server as EntitlementServer;
use crate::support::fixture::{BOTH, FQDN, Fixture, Protocol, config};
use crate::support::foreign::Server;
use crate::support::h1::H1;
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::Key;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpListener;

const ITEM: &str = "/eees-eecregistration/v1/registrations/r1";

/// A whole request of another client, as the server would read it.
fn smuggled() -> String {
    format!("DELETE {ITEM} HTTP/1.1\r\nhost: {FQDN}\r\nx-case: smuggled\r\nx-eec-id: eec-2\r\n\r\n")
}

/// Requests with such content that pass: of a built-in operation, under a rule, and without any token.
fn carriers() -> Vec<(&'static str, Request)> {
    let content = smuggled();
    let of = |method, path| Request::new(method, path).body(content.as_str());
    vec![
        ("an operation", of("DELETE", ITEM).bearer(token())),
        ("a rule", of("GET", "/ops/x").bearer(token())),
        ("a rule, OPTIONS", of("OPTIONS", "/ops/x").bearer(token())),
        ("no token", of("GET", "/open")),
        ("no token, HEAD", of("HEAD", "/open")),
        ("in chunks", of("DELETE", ITEM).bearer(token()).trailer("x-end", "1")),
        ("no content, in chunks", Request { body: None, ..of("GET", "/open") }.trailer("x-end", "1")),
    ]
}

fn filter(key: &Key) -> Value {
    let mut filter = config(&[key]);
    filter["rules"] = json!([
        {"match": {"path_prefix": "/ops"}},
        {"match": {"path": "/open"}, "action": "pass_without_token"},
        {"match": {"path": "/bound"}, "bind": [{"claim": "sub", "body": "/who"}]},
    ]);
    filter
}

#[test]
fn a_server_that_reads_none_takes_it_for_no_request() {
    let key = Key::new(1);
    for (asked, hold) in [(false, false), (false, true), (true, false)] {
        let entitlement_server = EntitlementServer::start();
        entitlement_server.says(&json!({"active": true}));
        let server = Server::start("http_server.py");
        let mut filter = filter(&key);
        filter["body"] = json!({"hold_headers": hold});
        if asked {
            filter["entitlement_servers"][0]["online"] =
                json!({"method": "rfc7662", "cluster": "es", "apply_to": "all", "cache_seconds": 0});
        }
        let fixture = Fixture::start_with(&filter, |setup| {
            setup.stop_iteration(hold).upstream(server.address).cluster("es", entitlement_server.address)
        });
        let mut p = Problems::new();
        for (name, request) in carriers() {
            for protocol in BOTH {
                let name = format!("{name}, asked: {asked}, hold_headers: {hold}, {protocol:?}");
                let sent = [request.clone(), Request::new("GET", "/open")];
                for request in sent {
                    let answer = fixture.send(protocol, &request).map(|response| response.status);
                    p.equal(&name, "status", answer, Ok(200));
                }
            }
        }
        let said = server.finish();
        p.equal("the server", "requests", said.len(), carriers().len() * BOTH.len() * 2);
        for line in said {
            p.check("the server", line["case"] != "smuggled", || format!("it took content for {line}"));
        }
        fixture.finish(p);
    }
}

#[test]
fn what_has_a_meaning_goes_on_as_it_came() {
    let fixture = Fixture::start(&filter(&Key::new(1)));
    let mut p = Problems::new();
    let content = r#"{"who":"eec-1"}"#;
    let with = |method, path| Request::new(method, path).bearer(token()).json(content);
    for (name, request, expected) in [
        ("POST under a rule", with("POST", "/ops/x"), content),
        ("a method of one's own", with("SEARCH", "/ops/x"), content),
        ("GET whose content a rule binds", with("GET", "/bound"), content),
        ("GET", with("GET", "/ops/x"), ""),
        ("DELETE", with("DELETE", ITEM), ""),
        ("TRACE", with("TRACE", "/ops/x"), ""),
    ] {
        for protocol in BOTH {
            let name = format!("{name}, {protocol:?}");
            let case = format!("{}-{protocol:?}", request.case);
            let request = Request { case: case.clone(), ..request.clone() };
            let status = fixture.send(protocol, &request).map(|response| response.status);
            p.equal(&name, "status", status, Ok(201));
            let Some(received) = fixture.upstream.records.find(&case) else {
                p.check(&name, false, || "it did not arrive".to_owned());
                continue;
            };
            p.equal(&name, "content", String::from_utf8_lossy(&received.body).as_ref(), expected);
            if expected.is_empty() {
                p.equal(&name, "transfer-encoding", received.all("transfer-encoding").len(), 0);
                p.equal(&name, "content-length", received.all("content-length"), vec!["0"]);
            }
        }
    }
    fixture.finish(p);
}

/// It would go on without a length, so that a server takes it for a whole request before its body was looked at.
#[test]
fn what_is_checked_is_not_upgraded() {
    for hold in [false, true] {
        let mut filter = filter(&Key::new(1));
        filter["body"] = json!({"hold_headers": hold});
        let fixture = Fixture::start_with(&filter, |setup| setup.stop_iteration(hold).websockets());
        let mut p = Problems::new();
        for (method, path) in
            [("POST", REGISTRATIONS), ("PUT", ITEM), ("PATCH", ITEM), ("DELETE", ITEM), ("POST", "/bound")]
        {
            let request =
                Request::new(method, path).bearer(token()).header("content-type", "application/json");
            let request = request.header("connection", "Upgrade").header("upgrade", "websocket");
            let name = format!("{method} {path}, hold_headers: {hold}");
            fixture.denied_over(Protocol::H1, &mut p, &name, &request, "header_not_allowed");
        }
        fixture.finish(p);
    }
}

/// What follows an upgrade is no content: it is the other protocol.
#[test]
fn an_upgrade_goes_through_both_ways() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).expect("a request");
            head.extend(byte);
        }
        let switch = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
        stream.write_all(switch.as_bytes()).expect("it reads");
        let mut said = [0; 5];
        stream.read_exact(&mut said).expect("what the client says");
        stream.write_all(&said).expect("it reads");
        said
    });
    let fixture = Fixture::start_with(&filter(&Key::new(1)), |setup| setup.upstream(address).websockets());
    let mut p = Problems::new();
    let request = Request::new("GET", "/ops/socket").bearer(token());
    let request = request.header("connection", "Upgrade").header("upgrade", "websocket");
    let mut client = H1::connect(fixture.envoy.address()).expect("a connection");
    client.send(&crate::support::h1::bytes_of(&request)).expect("it is sent");
    p.equal("upgrade", "status", client.any_response(false).map(|response| response.status).ok(), Some(101));
    client.send(b"hello").expect("it is sent");
    let mut echoed = [0; 5];
    p.check("upgrade", client.read_exact(&mut echoed).is_ok(), || "nothing came back".to_owned());
    p.equal("upgrade", "echo", &echoed, b"hello");
    p.equal("upgrade", "the server's", &server.join().expect("the server"), b"hello");
    fixture.finish(p);
}

//! How bodies come, in a real Envoy: media types, sizes, chunks, halves and expectations.

use crate::support::bodies::{IDENTITY, REGISTRATIONS, fixture, token};
use crate::support::fixture::{FQDN, Protocol};
use crate::support::h1::{H1, bytes_of};
use crate::support::h2_client::H2;
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::upstream::End;
use serde_json::json;

#[test]
fn media_types_and_encodings() {
    let fixture = fixture(true, |_| ());
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
        ("a parameter", typed(post(), "application/json; version=1"), bad),
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
            "" => fixture.allowed(&mut p, name, &request, &IDENTITY),
            code => fixture.denied(&mut p, name, &request, code),
        }
    }
    fixture.finish(p);
}

#[test]
fn sizes_and_absent_bodies_in_both_modes() {
    for hold in [true, false] {
        let fixture = fixture(hold, |filter| filter["body"]["limit_bytes"] = json!(1000));
        let mut p = Problems::new();
        let sized = |n: usize| {
            let body = format!("{{\"eecId\":\"eec-1\",\"x\":\"{}\"}}", "a".repeat(n - 24));
            assert_eq!(body.len(), n);
            Request::new("POST", REGISTRATIONS).bearer(token()).json(body)
        };
        let chunked = |request: Request| request.trailer("x-t", "1");
        fixture.allowed(&mut p, "at the limit", &sized(1000), &IDENTITY);
        fixture.allowed(&mut p, "at the limit, chunked", &chunked(sized(1000)), &IDENTITY);
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
                fixture.denied(&mut p, name, &request, code);
            }
        } else {
            for (name, request, status) in [
                ("over it", sized(1001), 413),
                ("over it, chunked", chunked(sized(1001)), 413),
                ("an empty body, chunked", chunked(Request { body: Some(vec![]), ..sized(100) }), 400),
                ("another's", Request::register("eec-2").bearer(token()), 403),
            ] {
                for protocol in crate::support::fixture::BOTH {
                    let request = Request { case: format!("{name} {protocol:?}"), ..request.clone() };
                    p.equal(
                        &request.case,
                        "status",
                        fixture.send(protocol, &request).map(|r| r.status),
                        Ok(status),
                    );
                    let arrived = fixture.upstream.records.find(&request.case);
                    let whole = arrived.is_some_and(|r| r.end == End::Complete || !r.body.is_empty());
                    p.check(&request.case, !whole, || "the upstream saw its body or its end".into());
                }
            }
        }
        // A DELETE's body is neither held nor read, and goes no further.
        let delete = Request::new("DELETE", format!("{REGISTRATIONS}/r1")).bearer(token());
        fixture.allowed(&mut p, "DELETE", &delete, &IDENTITY);
        let other = delete.clone().body("{\"eecId\":\"eec-2\"".repeat(1000));
        fixture.allowed(&mut p, "DELETE with a body", &other, &IDENTITY);
        fixture.finish(p);
    }
}

#[test]
fn expectations_halves_and_envoys_own_limit() {
    let fixture = fixture(true, |filter| filter["body"]["limit_bytes"] = json!(65_536));
    let mut p = Problems::new();
    let head = |case: &str, authorization: &str| {
        format!(
            "POST {REGISTRATIONS} HTTP/1.1\r\nhost: {FQDN}\r\nx-case: {case}\r\ncontent-type: application/json\r\nexpect: 100-continue\r\ncontent-length: 17\r\nauthorization: {authorization}\r\n\r\n"
        )
    };
    let mut client = H1::connect(fixture.envoy.address()).expect("a connection");
    client.send(head("expect", &format!("Bearer {}", token())).as_bytes()).expect("sent");
    p.equal("expect", "interim status", client.any_response(false).map(|r| r.status).ok(), Some(100));
    client.send(b"{\"eecId\":\"eec-1\"}").expect("sent");
    p.equal("expect", "status", client.response(false).map(|r| r.status).ok(), Some(201));
    let mut client = H1::connect(fixture.envoy.address()).expect("a connection");
    client.send(head("expect-denied", "Bearer a.b.c").as_bytes()).expect("sent");
    p.equal("expect, bad token", "status", client.response(false).map(|r| r.status).ok(), Some(401));

    // Half a body and then nothing, a reset, and a closed connection: the upstream hears of none of them.
    let request =
        Request { body: None, case: "half-h2".into(), ..Request::register("eec-1").bearer(token()) };
    let mut h2 = H2::connect(fixture.envoy.address()).expect("a connection");
    let mut exchange = h2.start(&request, false).expect("headers are sent");
    exchange.data(b"{\"eecId\":", false).expect("half is sent");
    exchange.reset();
    let whole = bytes_of(&Request { case: "half-h1".into(), ..Request::register("eec-1").bearer(token()) });
    let mut h1 = H1::connect(fixture.envoy.address()).expect("a connection");
    h1.send(&whole[..whole.len() - 5]).expect("half is sent");
    drop(h1);
    let large = format!("{{\"eecId\":\"eec-1\",\"x\":\"{}\"}}", "a".repeat(3_000_000));
    let large =
        Request { case: "large".into(), ..Request::new("POST", REGISTRATIONS).bearer(token()).json(large) };
    p.equal("3 MB", "status", fixture.send(Protocol::H1, &large).map(|r| r.status).ok(), Some(413));
    fixture.alive(&mut p, "after all halves", &token());
    for case in ["expect-denied", "half-h2", "half-h1", "large"] {
        p.check(case, fixture.upstream.records.find(case).is_none(), || "it reached the upstream".into());
    }
    fixture.finish(p);
}

//! `docs/contract.md#ownership`: which `Location` and `Content-Location` are sealed, byte for byte, and whose answers are looked at.

use super::ownership::{REGISTRATIONS, filter, fixture, path_of, request, token, with_secret};
use crate::support::ees::{Ees, SCRIPT, raw, script};
use crate::support::fixture::{BOTH, FQDN, Fixture, Protocol};
use crate::support::h1::{H1, bytes_of};
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::seal::{EEC_1, SECRET};
use crate::support::token::Key;
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpListener;

const OTHER_NAME: &str = "ees1.operator.example.com";

/// An answer's header lines, and what the client must get.
struct Case {
    lines: &'static [&'static str],
    location: &'static [&'static str],
    content_location: &'static [&'static str],
}

const fn case(
    lines: &'static [&'static str],
    location: &'static [&'static str],
    content_location: &'static [&'static str],
) -> Case {
    Case { lines, location, content_location }
}

const ITEM: &str = "/eees-eecregistration/v1/registrations/r1";

/// Answers to a POST on the collection that are sealed: what for, their lines, what the client must get, and the identifier.
fn sealed_cases() -> Vec<(&'static str, Vec<String>, Vec<String>, &'static str)> {
    let absolute = format!("http://{FQDN}{ITEM}");
    let other_port = format!("https://{FQDN}:8443{ITEM}");
    let text = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    vec![
        ("a path", text(&[&format!("location: {ITEM}")]), text(&[&format!("location: {ITEM}<seal>")]), "r1"),
        (
            "a URI",
            text(&[&format!("location: {absolute}")]),
            text(&[&format!("location: {absolute}<seal>")]),
            "r1",
        ),
        (
            "with a port",
            text(&[&format!("location: {other_port}")]),
            text(&[&format!("location: {other_port}<seal>")]),
            "r1",
        ),
        (
            "in other letters",
            text(&[&format!("Location: HTTPS://{}.{ITEM}", FQDN.to_uppercase())]),
            text(&[&format!("location: HTTPS://{}.{ITEM}<seal>", FQDN.to_uppercase())]),
            "r1",
        ),
        (
            "without a scheme",
            text(&[&format!("location: //{FQDN}{ITEM}")]),
            text(&[&format!("location: //{FQDN}{ITEM}<seal>")]),
            "r1",
        ),
        (
            "relative",
            text(&["location: registrations/r1"]),
            text(&["location: registrations/r1<seal>"]),
            "r1",
        ),
        (
            "with dots",
            text(&["location: ../v1/./registrations/r1"]),
            text(&["location: ../v1/./registrations/r1<seal>"]),
            "r1",
        ),
        (
            "escapes that need not be",
            text(&["location: /eees-eecregistration/v1/registrations/%72%31"]),
            text(&["location: /eees-eecregistration/v1/registrations/%72%31<seal>"]),
            "r1",
        ),
        (
            "escapes in lower case",
            text(&["location: /eees-eecregistration/v1/registrations/a%c3%a9%40b"]),
            text(&["location: /eees-eecregistration/v1/registrations/a%c3%a9%40b<seal>"]),
            "a%C3%A9@b",
        ),
        (
            "an escaped comma",
            text(&["location: /eees-eecregistration/v1/registrations/a%2Cb"]),
            text(&["location: /eees-eecregistration/v1/registrations/a%2Cb<seal>"]),
            "a,b",
        ),
        (
            "an identifier that looks sealed",
            text(&["location: /eees-eecregistration/v1/registrations/r.AAAAAAAAAAAAAAAAAAAAAA"]),
            text(&["location: /eees-eecregistration/v1/registrations/r.AAAAAAAAAAAAAAAAAAAAAA<seal>"]),
            "r.AAAAAAAAAAAAAAAAAAAAAA",
        ),
        (
            "both, in two forms",
            text(&[&format!("location: {absolute}"), "content-location: registrations/r1?x"]),
            text(&[&format!("location: {absolute}<seal>"), "content-location: registrations/r1<seal>?x"]),
            "r1",
        ),
        (
            "the content is elsewhere",
            text(&[&format!("location: {ITEM}"), &format!("content-location: {ITEM}0")]),
            text(&[&format!("location: {ITEM}<seal>"), &format!("content-location: {ITEM}0")]),
            "r1",
        ),
        (
            "the content is at another host of ours",
            text(&[&format!("location: {ITEM}"), &format!("content-location: http://{OTHER_NAME}{ITEM}")]),
            text(&[
                &format!("location: {ITEM}<seal>"),
                &format!("content-location: http://{OTHER_NAME}{ITEM}"),
            ]),
            "r1",
        ),
        (
            "two places of the content",
            text(&[
                &format!("location: {ITEM}"),
                &format!("content-location: {ITEM}"),
                &format!("content-location: {ITEM}"),
            ]),
            text(&[
                &format!("location: {ITEM}<seal>"),
                &format!("content-location: {ITEM}"),
                &format!("content-location: {ITEM}"),
            ]),
            "r1",
        ),
    ]
}

#[test]
fn what_a_post_has_made_is_sealed_and_every_other_byte_stays() {
    let key = Key::new(1);
    let (fixture, _) =
        fixture(&filter(&key, |filter| filter["protects"]["fqdns"] = json!([FQDN, OTHER_NAME])));
    let mut p = Problems::new();
    let mine = token(&key, "eec-1");
    let mut sealed = 0;
    for (name, lines, expected, id) in sealed_cases() {
        for protocol in BOTH {
            let name = format!("{name} [{protocol:?}]");
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            let post =
                request("POST", REGISTRATIONS, "eec-1", &mine).header(SCRIPT, script("201 Created", &lines));
            let Ok(response) = fixture.send(protocol, &post) else {
                p.add(&name, "no answer");
                continue;
            };
            sealed += 1;
            let seal = EEC_1.seal(&SECRET, id);
            let named = |header: &str| {
                response.all(header).iter().map(|value| format!("{header}: {value}")).collect::<Vec<_>>()
            };
            let got = [named("location"), named("content-location")].concat();
            let expected: Vec<String> = expected.iter().map(|line| line.replace("<seal>", &seal)).collect();
            p.equal(&name, "headers", got, expected);
            p.equal(&name, "sealed", fixture.envoy.filter_stat("ownership.sealed"), sealed);
        }
    }
    p.equal("all", "unsealable", fixture.envoy.filter_stat("ownership.unsealable"), 0);
    fixture.finish(p);
}

#[test]
fn what_cannot_be_sealed_goes_as_it_is_and_is_counted() {
    let key = Key::new(1);
    let (fixture, _) =
        fixture(&filter(&key, |filter| filter["protects"]["fqdns"] = json!([FQDN, OTHER_NAME])));
    let mut p = Problems::new();
    let mine = token(&key, "eec-1");
    let cases = [
        case(&[], &[], &[]),
        case(
            &["content-location: /eees-eecregistration/v1/registrations/r1"],
            &[],
            &["/eees-eecregistration/v1/registrations/r1"],
        ),
        // Twice, which Envoy joins.
        case(
            &["location: /eees-eecregistration/v1/registrations/r1", "location: r2"],
            &["/eees-eecregistration/v1/registrations/r1,r2"],
            &[],
        ),
        case(
            &[
                "location: /eees-eecregistration/v1/registrations/r1",
                "location: /eees-eecregistration/v1/registrations/r1",
            ],
            &["/eees-eecregistration/v1/registrations/r1,/eees-eecregistration/v1/registrations/r1"],
            &[],
        ),
        case(
            &[
                "location: /eees-eecregistration/v1/registrations/r1?",
                "location: /eees-eecregistration/v1/registrations/r2",
            ],
            &["/eees-eecregistration/v1/registrations/r1?,/eees-eecregistration/v1/registrations/r2"],
            &[],
        ),
        case(
            &["location: http://ees2.edge.example.net/eees-eecregistration/v1/registrations/r1"],
            &["http://ees2.edge.example.net/eees-eecregistration/v1/registrations/r1"],
            &[],
        ),
        // Another name of ours, but not the one that was asked.
        case(
            &["location: https://ees1.operator.example.com:8443/eees-eecregistration/v1/registrations/r1"],
            &["https://ees1.operator.example.com:8443/eees-eecregistration/v1/registrations/r1"],
            &[],
        ),
        case(
            &["location: http://u@ees1.edge.example.net/eees-eecregistration/v1/registrations/r1"],
            &["http://u@ees1.edge.example.net/eees-eecregistration/v1/registrations/r1"],
            &[],
        ),
        case(
            &["location: ftp://ees1.edge.example.net/eees-eecregistration/v1/registrations/r1"],
            &["ftp://ees1.edge.example.net/eees-eecregistration/v1/registrations/r1"],
            &[],
        ),
        case(
            &["location: http:/eees-eecregistration/v1/registrations/r1"],
            &["http:/eees-eecregistration/v1/registrations/r1"],
            &[],
        ),
        // What a client can put before the server's own path, where it believes `x-forwarded-prefix`.
        case(
            &[
                "location: /eees-eecregistration/v1/registrations/r1?/eees-eecregistration/v1/registrations/r2",
            ],
            &["/eees-eecregistration/v1/registrations/r1?/eees-eecregistration/v1/registrations/r2"],
            &[],
        ),
        case(
            &["location: /eees-eecregistration/v1/registrations/r1#part"],
            &["/eees-eecregistration/v1/registrations/r1#part"],
            &[],
        ),
        case(&["location: r1"], &["r1"], &[]),
        case(
            &["location: /edge/eees-eecregistration/v1/registrations/r1"],
            &["/edge/eees-eecregistration/v1/registrations/r1"],
            &[],
        ),
        case(
            &["location: /eees-easdiscovery/v1/subscriptions/r1"],
            &["/eees-easdiscovery/v1/subscriptions/r1"],
            &[],
        ),
        case(
            &["location: /eees-eecregistration/v2/registrations/r1"],
            &["/eees-eecregistration/v2/registrations/r1"],
            &[],
        ),
        case(
            &["location: /eees-eecregistration/v1/Registrations/r1"],
            &["/eees-eecregistration/v1/Registrations/r1"],
            &[],
        ),
        case(
            &["location: /eees-eecregistration/v1/registrations"],
            &["/eees-eecregistration/v1/registrations"],
            &[],
        ),
        case(
            &["location: /eees-eecregistration/v1/registrations/"],
            &["/eees-eecregistration/v1/registrations/"],
            &[],
        ),
        case(
            &["location: /eees-eecregistration/v1/registrations/r1/"],
            &["/eees-eecregistration/v1/registrations/r1/"],
            &[],
        ),
        case(
            &["location: /eees-eecregistration/v1/registrations/r1/x"],
            &["/eees-eecregistration/v1/registrations/r1/x"],
            &[],
        ),
        case(
            &["location: /eees-eecregistration/v1/registrations/r1;x"],
            &["/eees-eecregistration/v1/registrations/r1;x"],
            &[],
        ),
        case(
            &["location: /eees-eecregistration/v1/registrations/%2e%2e"],
            &["/eees-eecregistration/v1/registrations/%2e%2e"],
            &[],
        ),
        case(
            &["location: /eees-eecregistration/v1/registrations/r%2f1"],
            &["/eees-eecregistration/v1/registrations/r%2f1"],
            &[],
        ),
        case(
            &["location: /eees-eecregistration/v1/%72egistrations/r1"],
            &["/eees-eecregistration/v1/%72egistrations/r1"],
            &[],
        ),
        case(
            &["location: /eees-eecregistration/v1/registrations/a,b"],
            &["/eees-eecregistration/v1/registrations/a,b"],
            &[],
        ),
        case(&["location: "], &[""], &[]),
    ];
    let mut counted = 0;
    for Case { lines, location, content_location } in &cases {
        for protocol in BOTH {
            let name = format!("{lines:?} [{protocol:?}]");
            let post =
                request("POST", REGISTRATIONS, "eec-1", &mine).header(SCRIPT, script("201 Created", lines));
            let Ok(response) = fixture.send(protocol, &post) else {
                p.add(&name, "no answer");
                continue;
            };
            counted += 1;
            p.equal(&name, "location", response.all("location"), location.to_vec());
            p.equal(&name, "content-location", response.all("content-location"), content_location.to_vec());
            p.equal(&name, "counted", fixture.envoy.filter_stat("ownership.unsealable"), counted);
        }
    }
    p.equal("all", "sealed", fixture.envoy.filter_stat("ownership.sealed"), 0);
    // What is made is let through all the same, as ever.
    p.equal("all", "allowed", fixture.envoy.filter_stat("allowed"), counted);
    fixture.finish(p);
}

/// The answer to a request whose own seal was opened: the same item is sealed anew, by the first secret.
#[test]
fn the_clients_own_item_is_sealed_anew_in_every_answer() {
    let key = Key::new(1);
    let two_names = filter(&key, |filter| {
        filter["protects"]["fqdns"] = json!([FQDN, OTHER_NAME]);
        filter["ownership"]["secret_env"] = json!([super::ownership::SECRET_ENV, "OLD"]);
    });
    let Ees { upstream, .. } = Ees::start();
    let old = [3; 32];
    let fixture = Fixture::before(upstream, &two_names, |setup| {
        with_secret(setup)
            .stop_iteration(true)
            .environment("OLD", &crate::support::seal::in_environment(&old))
    });
    let mut p = Problems::new();
    let mine = token(&key, "eec-1");
    let new_seal = EEC_1.seal(&SECRET, "r1");
    let mut counted = 0;
    for (secret, status, method) in [
        (&SECRET, "307 Temporary Redirect", "PUT"),
        (&old, "308 Permanent Redirect", "PATCH"),
        (&old, "200 OK", "PUT"),
        (&SECRET, "204 No Content", "DELETE"),
        (&old, "404 Not Found", "PATCH"),
        (&old, "201 Created", "PUT"),
    ] {
        let sealed = format!("{ITEM}{}", EEC_1.seal(secret, "r1"));
        for (line, expected) in [
            (format!("location: {ITEM}"), format!("location: {ITEM}{new_seal}")),
            (
                format!("location: http://{FQDN}:1234{ITEM}?x"),
                format!("location: http://{FQDN}:1234{ITEM}{new_seal}?x"),
            ),
            ("location: r1".into(), format!("location: r1{new_seal}")),
            ("content-location: ./r1".into(), format!("content-location: ./r1{new_seal}")),
            // Nothing to put a seal behind: the client takes its own path for it.
            ("location: ?y=2".into(), "location: ?y=2".into()),
            ("location: r2".into(), "location: r2".into()),
            (format!("location: http://{OTHER_NAME}{ITEM}"), format!("location: http://{OTHER_NAME}{ITEM}")),
            (
                format!("location: http://ees2.edge.example.net{ITEM}"),
                format!("location: http://ees2.edge.example.net{ITEM}"),
            ),
        ] {
            for protocol in BOTH {
                let name = format!("{method}: {status} {line} [{protocol:?}]");
                let request =
                    request(method, &sealed, "eec-1", &mine).header(SCRIPT, script(status, &[&line]));
                let Ok(response) = fixture.send(protocol, &request) else {
                    p.add(&name, "no answer");
                    continue;
                };
                let header = line.split(':').next().unwrap_or_default();
                let got: Vec<String> =
                    response.all(header).iter().map(|value| format!("{header}: {value}")).collect();
                counted += u64::from(line != expected);
                p.equal(&name, "header", got, vec![expected.clone()]);
                p.equal(&name, "sealed", fixture.envoy.filter_stat("ownership.sealed"), counted);
                // What it names works.
                if line == format!("location: {ITEM}") {
                    let again = format!("{ITEM}{new_seal}");
                    let again = super::ownership::request(method, &again, "eec-1", &mine)
                        .header(SCRIPT, script("200 OK", &[]));
                    let status = fixture.send(protocol, &again).map(|response| response.status);
                    p.equal(&name, "followed", status, Ok(200));
                }
            }
        }
    }
    p.equal("all", "unsealable", fixture.envoy.filter_stat("ownership.unsealable"), 0);
    fixture.finish(p);
}

/// However the answer comes: interim ones before it, no body, chunks and trailers, and none at all.
#[test]
fn every_form_of_answer() {
    let key = Key::new(1);
    let sealed = format!("{ITEM}{}", EEC_1.seal(&SECRET, "r1"));
    for hold in [true, false] {
        let (fixture, _) = fixture(&filter(&key, |filter| filter["body"] = json!({"hold_headers": hold})));
        let mut p = Problems::new();
        let mine = token(&key, "eec-1");
        let head = format!("HTTP/1.1 201 Created\r\nlocation: {ITEM}\r\n");
        let answers = [
            (
                "early hints",
                format!(
                    "HTTP/1.1 103 Early Hints\r\nlocation: {ITEM}0\r\n\r\n{head}content-length: 2\r\n\r\n{{}}"
                ),
            ),
            ("continue", format!("HTTP/1.1 100 Continue\r\n\r\n{head}content-length: 2\r\n\r\n{{}}")),
            ("no body", format!("{head}content-length: 0\r\n\r\n")),
            ("chunks", format!("{head}transfer-encoding: chunked\r\n\r\n1\r\n{{\r\n1\r\n}}\r\n0\r\n\r\n")),
            (
                "trailers",
                format!(
                    "{head}transfer-encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\nlocation: {ITEM}\r\nx-t: 1\r\n\r\n"
                ),
            ),
        ];
        for (name, answer) in answers {
            for protocol in BOTH {
                let name = format!("{name}, hold {hold} [{protocol:?}]");
                let post = request("POST", REGISTRATIONS, "eec-1", &mine).header(SCRIPT, raw(&answer));
                let post =
                    if name.starts_with("continue") { post.header("expect", "100-continue") } else { post };
                let Ok(response) = fixture.send(protocol, &post) else {
                    p.add(&name, "no answer");
                    continue;
                };
                p.equal(&name, "status", response.status, 201);
                p.equal(&name, "location", response.all("location"), vec![sealed.as_str()]);
                if name.starts_with("trailers") {
                    p.check(&name, response.trailers.contains(&("x-t".into(), "1".into())), || {
                        format!("{response:?}")
                    });
                }
            }
        }
        fixture.finish(p);
    }
}

/// Only the server's own answers count: here nobody is there, and Envoy says so.
#[test]
fn answers_of_the_proxy_and_of_the_filter_are_left_alone() {
    let key = Key::new(1);
    let nobody = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port");
    let fixture = Fixture::start_with(&filter(&key, |_| {}), |setup| {
        with_secret(setup).stop_iteration(true).upstream(nobody)
    });
    let mut p = Problems::new();
    let mine = token(&key, "eec-1");
    let own = format!("{ITEM}{}", EEC_1.seal(&SECRET, "r1"));
    for (method, path) in [("POST", REGISTRATIONS), ("PUT", &own), ("DELETE", &own)] {
        for protocol in BOTH {
            let response = fixture.send(protocol, &request(method, path, "eec-1", &mine)).expect("an answer");
            p.equal(method, "status", response.status, 503);
            p.equal(method, "location", response.all("location"), vec![]);
        }
    }
    fixture.denied(
        &mut p,
        "the filter's own",
        &request("DELETE", ITEM, "eec-1", &mine),
        "ownership_mismatch",
    );
    for counter in ["sealed", "unsealable", "unsealed"] {
        p.equal("counted", counter, fixture.envoy.filter_stat(&format!("ownership.{counter}")), 0);
    }
    fixture.finish(p);
}

/// With the headers let on, a server may answer before the body has been looked at: such an answer says nothing about what this client
/// has made.
#[test]
fn an_answer_that_comes_before_the_body_was_checked_is_not_sealed() {
    let key = Key::new(1);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let hasty = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                head.push(byte[0]);
            }
            let _ = stream.write_all(
                format!("HTTP/1.1 201 Created\r\nlocation: {ITEM}\r\ncontent-length: 0\r\n\r\n").as_bytes(),
            );
            std::thread::sleep(std::time::Duration::from_secs(1));
        }
    });
    let fixture = Fixture::start_with(&filter(&key, |_| {}), |setup| with_secret(setup).upstream(hasty));
    let mine = token(&key, "eec-1");
    let whole = bytes_of(&Request::new("POST", REGISTRATIONS).bearer(&mine).json(r#"{"eecId":"eec-2"}"#));
    let mut client = H1::connect(fixture.envoy.address()).expect("a connection");
    client.send(&whole[..whole.len() - 3]).expect("it is sent");
    let response = client.response(false).expect("an answer");
    assert_eq!((response.status, response.one("location")), (201, Some(ITEM)), "{response:?}");
    assert_eq!(fixture.envoy.filter_stat("ownership.sealed"), 0);
    assert_eq!(fixture.envoy.filter_stat("ownership.unsealable"), 0);
}

/// The server's own `Location`, as a path, is what clients follow over HTTP/2 too.
#[test]
fn what_is_sealed_over_one_protocol_holds_over_the_other() {
    let key = Key::new(1);
    let (fixture, _) = fixture(&filter(&key, |_| {}));
    let mine = token(&key, "eec-1");
    for (made_by, used_by) in [(Protocol::H1, Protocol::H2), (Protocol::H2, Protocol::H1)] {
        let sealed =
            path_of(&fixture.send(made_by, &request("POST", REGISTRATIONS, "eec-1", &mine)).expect("made"));
        let status = fixture.send(used_by, &request("DELETE", &sealed, "eec-1", &mine)).map(|r| r.status);
        assert_eq!(status, Ok(204));
    }
}

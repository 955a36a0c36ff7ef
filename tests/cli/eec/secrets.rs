//! Tokens, secrets and proofs: where they come from, that they arrive, and that they are never printed.

use super::{Run, body, command, ees, ok, status, token_endpoint, url};
use crate::support::token::base64url;
use crate::support::upstream::{Received, Upstream};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// An EES that says in its answers what it was sent, token and all.
fn indiscreet() -> Upstream {
    Upstream::saying(|received| {
        let said =
            json!({"headers": received.headers.iter().map(|(_, v)| v).collect::<Vec<_>>()}).to_string();
        let length = said.len();
        let head = match received.method.as_str() {
            "POST" if received.path.ends_with("request-discovery") => "200 OK".to_owned(),
            "POST" => format!("201 Created\r\nlocation: {}/7", received.path),
            "DELETE" => return "HTTP/1.1 204 No Content\r\n\r\n".into(),
            _ => "200 OK".into(),
        };
        format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\n\r\n{said}")
    })
}

#[test]
fn a_token_of_one_s_own_is_never_printed_whatever_the_server_says() {
    let server = indiscreet();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("token.txt");
    fs::write(&file, "sEcret-t0ken.x_y~z\n").expect("a file");
    for json in [true, false] {
        let options = ["--ees", &url(&server), "--token-file", file.to_str().expect("a path")];
        let mut from_file = command(&options);
        let mut from_environment = command(&["--ees", &url(&server), "--token-env", "EEC_TOKEN"]);
        from_environment.env("EEC_TOKEN", "sEcret-t0ken.x_y~z");
        for command in [&mut from_file, &mut from_environment] {
            let before = server.records.count();
            let output = if json {
                let run = Run::of(command);
                assert_eq!(run.exit, 0, "{}", run.printed);
                run.printed
            } else {
                let mut plain = std::process::Command::new(command.get_program());
                plain.args(command.get_args().filter(|argument| *argument != "--json"));
                plain.env("EEC_TOKEN", "sEcret-t0ken.x_y~z");
                let output = plain.output().expect("the command runs");
                assert!(output.status.success());
                String::from_utf8(output.stdout).expect("text")
            };
            assert!(!output.contains("sEcret"), "{output}");
            assert!(output.contains("(the token)"), "it was there to be printed: {output}");
            let arrived = server.records.at(before).expect("a request");
            assert_eq!(arrived.all("authorization"), ["Bearer sEcret-t0ken.x_y~z"]);
        }
    }
}

#[test]
fn a_token_endpoint_gets_the_client_s_secret_and_what_it_wants_to_know() {
    let endpoint = token_endpoint_of_oauth();
    let server = ees(|received| format!("{}/7", received.path));
    let at = format!("{}/oauth/token", url(&endpoint));
    let mut order = command(&["--token-endpoint", &at, "--ees", &url(&server), "--client-id", "eec 1"]);
    order.args(["--client-secret-env", "EEC_SECRET", "--token-parameter", "audience={audience}"]);
    let run =
        Run::of(order.args(["--token-parameter", "scope=eees-easdiscovery"]).env("EEC_SECRET", "a:b%c"));
    assert_eq!(run.exit, 0, "{}", run.printed);
    let asked = endpoint.records.first();
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/oauth/token"));
    assert_eq!(asked.all("content-type"), ["application/x-www-form-urlencoded"]);
    // Form-encoded before they are joined: RFC 6749, section 2.3.1.
    assert_eq!(asked.all("authorization"), [format!("Basic {}", STANDARD.encode("eec+1:a%3Ab%25c"))]);
    let form = "grant_type=client_credentials&audience=127.0.0.1&scope=eees-easdiscovery";
    assert_eq!(String::from_utf8_lossy(&asked.body), form);
    assert!(!run.printed.contains("a:b") && !run.printed.contains("opaque-t0ken"), "{}", run.printed);
    // Refused: the error of RFC 6749, section 5.2.
    let refusing = Upstream::saying(|_| {
        let error = r#"{"error":"invalid_client"}"#;
        format!("HTTP/1.1 401 Unauthorized\r\ncontent-length: {}\r\n\r\n{error}", error.len())
    });
    let run = Run::with(&["--token-endpoint", &url(&refusing), "--ees", &url(&server)]);
    assert_eq!((run.exit, &run.last()["cause"]), (2, &json!("invalid_client")));
}

#[test]
fn a_token_in_an_answer_that_is_none_is_not_printed_either() {
    let server = ees(|received| format!("{}/7", received.path));
    for head in ["201 Created", "400 Bad Request", "200 OK"] {
        let endpoint = Upstream::saying(move |_| {
            let body = r#"{"access_token":"stray-t0ken","token_type":"unknown","error":"strange"}"#;
            format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
        });
        let run = Run::with(&["--token-endpoint", &url(&endpoint), "--ees", &url(&server)]);
        assert!(run.exit != 0 && !run.printed.contains("stray-t0ken"), "{}", run.printed);
    }
}

#[test]
fn nor_is_one_that_was_to_be_got_on_the_way() {
    let endpoint = Upstream::saying(|received| match body(received)["audience"].as_str() {
        Some("127.0.0.1") => ok(&json!({"access_token": "t0ken", "token_type": "Bearer"})),
        _ => {
            let body = r#"{"access_token":"stray-t0ken","error":"strange"}"#;
            format!("HTTP/1.1 403 Forbidden\r\ncontent-length: {}\r\n\r\n{body}", body.len())
        }
    });
    let server = Upstream::saying(|_| status("307 Temporary Redirect\r\nlocation: http://ees2.example/x"));
    let options =
        ["--entitlement-server", &url(&endpoint), "--ees", &url(&server), "--accept-host", "ees2.example"];
    let run = Run::with(&options);
    assert_eq!((run.exit, &run.last()["cause"]), (2, &json!("strange")), "{}", run.printed);
    assert!(!run.printed.contains("stray-t0ken"), "{}", run.printed);
}

#[test]
fn tokens_that_were_replaced_are_not_printed() {
    // Each lasts for a second, so that every request has a new one; the server says which one the request before had.
    let count = AtomicUsize::new(0);
    let endpoint = Upstream::saying(move |_| {
        let token = format!("sEcret-t0ken-{}", count.fetch_add(1, Ordering::Relaxed));
        ok(&json!({"access_token": token, "token_type": "Bearer", "expires_in": 1}))
    });
    let before = Mutex::new(String::new());
    let server = Upstream::saying(move |received| {
        let sent = received.all("authorization").concat();
        let before = std::mem::replace(&mut *before.lock().expect("a text"), sent);
        let body = json!({"before": before, "discoveredEas": []}).to_string();
        let head = match received.method.as_str() {
            "POST" if !received.path.ends_with("discovery") => {
                format!("201 Created\r\nlocation: {}/7", received.path)
            }
            "DELETE" => return "HTTP/1.1 204 No Content\r\n\r\n".into(),
            _ => "200 OK".into(),
        };
        format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    });
    let run = Run::with(&["--token-endpoint", &url(&endpoint), "--ees", &url(&server)]);
    assert_eq!(run.exit, 0, "{}", run.printed);
    assert!(run.printed.contains("Bearer (the token)"), "it was there to be printed: {}", run.printed);
    assert!(!run.printed.contains("sEcret"), "{}", run.printed);
}

#[test]
fn an_edge_ecs_that_names_the_token_as_a_host_does_not_have_it_printed() {
    let endpoint = token_endpoint_of("sEcret-t0ken", "Bearer");
    let ecs = Upstream::saying(|received| {
        let token = received.all("authorization").concat().replace("Bearer ", "");
        let uri = format!("http://{token}.localhost:1/");
        ok(&json!({"ednCnfgInfo": [{"eess": [{"endPt": {"uri": uri}}]}]}))
    });
    let mut order = command(&["--token-endpoint", &url(&endpoint), "--ecs", &url(&ecs)]);
    let run = Run::of(order.args(["--token-parameter", "audience={audience}"]));
    assert!(run.printed.contains("(the token).localhost"), "it was there to be printed: {}", run.printed);
    assert!(!run.printed.to_lowercase().contains("secret-t0ken"), "{}", run.printed);
}

#[test]
fn a_token_endpoint_that_repeats_what_it_was_sent_does_not_have_it_printed() {
    let endpoint = Upstream::saying(|received| {
        let sent = received.all("authorization").concat();
        let body = json!({"error": sent, "error_description": format!("{sent}, a:b%c, eec+1:a%3Ab%25c")})
            .to_string();
        format!("HTTP/1.1 401 Unauthorized\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    });
    let mut order = command(&["--token-endpoint", &url(&endpoint), "--ees", "http://127.0.0.1:1"]);
    order.args(["--client-id", "eec 1", "--client-secret-env", "EEC_SECRET"]).env("EEC_SECRET", "a:b%c");
    let run = Run::of(&mut order);
    assert_eq!(
        (run.exit, &run.last()["cause"]),
        (2, &json!("Basic (the client's secret)")),
        "{}",
        run.printed
    );
    for secret in ["a:b%c", "a%3Ab%25c", &STANDARD.encode("eec+1:a%3Ab%25c")] {
        assert!(!run.printed.contains(secret), "{}", run.printed);
    }
}

#[test]
fn a_token_in_another_member_of_the_answer_is_not_printed() {
    let endpoint = token_endpoint_of("sEcret-t0ken", "sEcret-t0ken");
    let run = Run::with(&["--token-endpoint", &url(&endpoint), "--ees", "http://127.0.0.1:1"]);
    assert_eq!(run.exit, 4, "{}", run.printed);
    assert!(!run.printed.contains("sEcret"), "{}", run.printed);
}

fn token_endpoint_of(token: &'static str, kind: &'static str) -> Upstream {
    Upstream::saying(move |_| ok(&json!({"access_token": token, "token_type": kind, "expires_in": 600})))
}

fn token_endpoint_of_oauth() -> Upstream {
    Upstream::saying(|_| {
        ok(&json!({"access_token": "opaque-t0ken", "token_type": "bearer", "expires_in": 600}))
    })
}

/// Header and claims of the proof that a request brings.
fn proof(received: &Received) -> (Value, Value) {
    let [proof] = received.all("dpop")[..] else { panic!("no proof, or several: {received:?}") };
    let mut parts = proof.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).expect("base64url"));
    let mut next = || serde_json::from_slice(&parts.next().expect("a part")).expect("JSON");
    (next(), next())
}

#[test]
fn proofs_are_of_each_request_and_bring_the_nonces_that_servers_ask_for() {
    // Both want a nonce, each one of its own, and change it with every answer (RFC 9449, sections 8 and 9).
    let nonce_of = |received: &Received| proof(received).1["nonce"].as_str().map(str::to_owned);
    let tokens = Upstream::saying(move |received| match nonce_of(received).as_deref() {
        Some("as-1") => ok(&json!({"access_token": "bound-t0ken", "token_type": "DPoP", "expires_in": 600})),
        _ => {
            let error = r#"{"error":"use_dpop_nonce"}"#;
            let length = error.len();
            format!("HTTP/1.1 400 Bad Request\r\ndpop-nonce: as-1\r\ncontent-length: {length}\r\n\r\n{error}")
        }
    });
    let server = Upstream::saying(move |received| {
        let nonce = nonce_of(received).unwrap_or_default();
        match (nonce.as_str(), received.method.as_str()) {
            ("", _) => status(
                "401 Unauthorized\r\nwww-authenticate: DPoP error=\"use_dpop_nonce\"\r\ndpop-nonce: rs-1",
            ),
            (_, "POST") if received.path.ends_with("request-discovery") => {
                status("200 OK\r\ndpop-nonce: rs-2")
            }
            (_, "POST") => status(&format!("201 Created\r\nlocation: {}/7", received.path)),
            _ => "HTTP/1.1 204 No Content\r\n\r\n".into(),
        }
    });
    let run = Run::with(&["--entitlement-server", &url(&tokens), "--ees", &url(&server), "--dpop"]);
    assert_eq!(run.exit, 0, "{}", run.printed);
    assert_eq!((tokens.records.count(), server.records.count()), (2, 8), "each was asked twice once");
    let mut seen = Vec::new();
    for n in 0..8 {
        let received = server.records.at(n).expect("a request");
        let (header, claims) = proof(&received);
        assert_eq!(received.all("authorization"), ["DPoP bound-t0ken"]);
        assert_eq!((&header["typ"], &header["alg"]), (&json!("dpop+jwt"), &json!("ES256")));
        assert!(header["jwk"].get("d").is_none(), "the private key stays where it is");
        assert_eq!(claims["htm"], json!(received.method));
        assert_eq!(claims["htu"], json!(format!("{}{}", url(&server), received.path)));
        assert_eq!(claims["ath"], json!(base64url(Sha256::digest("bound-t0ken"))));
        let nonce = [Value::Null, json!("rs-1"), json!("rs-1"), json!("rs-2")][n.min(3)].clone();
        assert_eq!(claims["nonce"], nonce, "request {n}");
        assert!(!seen.contains(&claims["jti"]), "each proof is good once");
        seen.push(claims["jti"].clone());
    }
    assert!(!run.printed.contains("bound-t0ken"));
}

#[test]
fn a_server_that_never_has_enough_of_nonces_is_asked_twice() {
    let tokens = token_endpoint();
    let never = "401 Unauthorized\r\nwww-authenticate: DPoP error=\"use_dpop_nonce\"\r\ndpop-nonce: x";
    let server = Upstream::saying(move |_| status(never));
    let run = Run::with(&["--entitlement-server", &url(&tokens), "--ees", &url(&server), "--dpop"]);
    assert_eq!((run.exit, server.records.count()), (2, 2), "{}", run.printed);
}

#[test]
fn a_token_that_is_not_bound_is_no_use_to_who_asked_for_a_bound_one() {
    let tokens = token_endpoint_of_oauth();
    let server = ees(|_| String::new());
    let options = ["--token-endpoint", &url(&tokens), "--ees", &url(&server)];
    let run = Run::with(&[&options[..], &["--dpop"]].concat());
    assert_eq!((run.exit, server.records.count()), (4, 0), "{}", run.printed);
    assert_eq!(body(&tokens.records.first()), Value::Null, "a form");
}

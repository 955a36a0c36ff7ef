//! Introspection (RFC 7662), ValidateOperatorToken (TS.43) and revocation (RFC 7009).

use super::jws::parts;
use super::process::{Answer, FQDN, Server, command};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const EES: &str = "ees1.edge.example.net";

fn start() -> Server {
    Server::start(&["--audience", EES])
}

/// The answer of introspection, which must be 200.
fn introspect(server: &Server, token: &str) -> Value {
    let answer =
        server.post_form("/oauth2/introspect", &format!("token={token}&token_type_hint=access_token"));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    answer.json()
}

fn question(token: &str) -> Value {
    json!({"app": "ap2015", "operation": "ValidateOperatorToken", "operator_token": token, "client_id": "ees1"})
}

/// The answer of ValidateOperatorToken, by POST and by GET, which must agree.
fn validity(server: &Server, token: &str) -> Value {
    let query =
        format!("/ts43?app=ap2015&operation=ValidateOperatorToken&operator_token={token}&client_id=ees1");
    let [posted, got] = [server.post_json("/ts43", question(token)), server.get(&query)];
    assert_eq!([posted.status, got.status], [200, 200], "{posted:?} {got:?}");
    assert_eq!(posted.json(), got.json());
    posted.json()
}

#[test]
fn an_active_token_is_answered_with_its_claims() {
    let server = start();
    for format in ["jwt", "opaque"] {
        let token = server.token(json!({"eec_id": "eec-1", "gpsi": "msisdn-447700900123", "format": format}));
        let answer = introspect(&server, &token);
        assert_eq!(answer["active"], true, "{format}: {answer}");
        assert_eq!(answer["sub"], "eec-1");
        assert_eq!(answer["gpsi"], "msisdn-447700900123");
        assert_eq!(answer["aud"], EES);
        assert_eq!(answer["iss"], FQDN);
        assert!(answer["exp"].is_i64());
        assert_eq!(validity(&server, &token), json!({"OperatorTokenValidity": 1}), "{format}");
    }
}

#[test]
fn an_opaque_token_says_nothing_itself() {
    let server = start();
    let token = server.token(json!({"eec_id": "eec-1", "format": "opaque"}));
    assert!(!token.contains('.'), "{token}");
    assert_eq!(token.len(), 22);
}

#[test]
fn an_inactive_token_is_answered_with_nothing_else() {
    let server = start();
    let later = i64::from(i32::MAX) * 2;
    let mut tokens = vec!["nonsense".to_owned(), "a.b.c".to_owned(), String::new()];
    for format in ["jwt", "opaque"] {
        tokens.push(server.token(json!({"eec_id": "e", "format": format, "lifetime_seconds": -5})));
        tokens.push(server.token(json!({"eec_id": "e", "format": format, "forged": true})));
        tokens.push(server.token(json!({"eec_id": "e", "format": format, "claims": {"nbf": later}})));
        tokens.push(server.token(json!({"eec_id": "e", "format": format, "claims": {"exp": null}})));
    }
    tokens.push(Server::start(&["--audience", EES]).token(json!({"eec_id": "e"})));
    for token in tokens {
        assert_eq!(introspect(&server, &token), json!({"active": false}), "{token}");
        assert_eq!(validity(&server, &token), json!({"OperatorTokenValidity": 0}), "{token}");
    }
}

#[test]
fn a_revoked_token_is_inactive_and_no_other() {
    let server = start();
    for format in ["jwt", "opaque"] {
        let token = || server.token(json!({"eec_id": "eec-1", "format": format}));
        let [revoked, other] = [token(), token()];
        assert_eq!(server.post_form("/revoke", &format!("token={revoked}")).status, 200);
        assert_eq!(introspect(&server, &revoked)["active"], false);
        assert_eq!(validity(&server, &revoked)["OperatorTokenValidity"], 0);
        assert_eq!(introspect(&server, &other)["active"], true);
        if format == "jwt" {
            assert_eq!(parts(&revoked).1["sub"], "eec-1");
        }
    }
    assert_eq!(server.post_json("/revoke", json!({"token": "unknown"})).status, 200);
}

#[test]
fn introspection_takes_forms_only() {
    let server = start();
    for answer in [
        server.post_json("/oauth2/introspect", json!({"token": "x"})),
        server.post_form("/oauth2/introspect", "tok=x"),
        server.post_form("/oauth2/introspect", ""),
    ] {
        assert_eq!(answer.status, 400, "{answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
    assert_eq!(server.get("/oauth2/introspect?token=x").status, 405);
}

#[test]
fn other_operations_of_ts_43_are_problems() {
    let server = start();
    for (member, value) in [("app", "ap2004"), ("operation", "AcquireOperatorToken")] {
        let mut question = question("x");
        question[member] = json!(value);
        let answer = server.post_json("/ts43", question);
        assert_eq!(answer.status, 400);
        assert!(answer.json()["detail"].as_str().unwrap().starts_with(&format!("`{member}`")));
    }
    for member in ["app", "operation", "operator_token", "client_id"] {
        let mut question = question("x");
        question.as_object_mut().unwrap().remove(member);
        assert_eq!(server.post_json("/ts43", question).status, 400, "{member}");
    }
    assert_eq!(server.get("/ts43?app=ap2015").status, 400);
}

#[test]
fn a_configured_client_must_authenticate() {
    let arguments = ["--client-id", "ees1", "--client-secret-env", "DEV_SECRET"];
    let server = Server::spawn(command(&arguments).env("DEV_SECRET", "s e"));
    let ask = |authorization: Option<String>| -> Answer {
        let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
        headers.extend(authorization.as_deref().map(|value| ("authorization", value)));
        server.send("POST", "/oauth2/introspect", &headers, "token=x").unwrap()
    };
    let basic = |pair: &str| Some(format!("Basic {}", STANDARD.encode(pair)));
    assert_eq!(ask(basic("ees1:s+e")).json(), json!({"active": false}));
    for wrong in [None, basic("ees1:s"), basic("ees2:s+e"), Some("Bearer x".to_owned())] {
        let answer = ask(wrong.clone());
        assert_eq!(answer.status, 401, "{wrong:?}");
        assert!(answer.header("www-authenticate").unwrap().starts_with("Basic "));
    }
    assert_eq!(server.post_json("/ts43", question("x")).status, 200);
    let mut other = question("x");
    other["client_id"] = json!("ees2");
    assert_eq!(server.post_json("/ts43", other).status, 403);
}

#[test]
fn a_secret_that_is_not_there_is_a_failure() {
    let output = command(&["--client-id", "ees1", "--client-secret-env", "DEV_SECRET"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("error: `DEV_SECRET`: "));
    assert_eq!(command(&["--client-id", "ees1"]).output().unwrap().status.code(), Some(1));
}

//! Outages on request.

use super::process::{Answer, Server};
use serde_json::{Value, json};
use std::io::ErrorKind;

fn ask(server: &Server) -> std::io::Result<Answer> {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    server.send("POST", "/oauth2/introspect", &form, "token=x")
}

fn order(server: &Server, fault: Value) {
    let answer = server.post_json("/faults", fault);
    assert_eq!(answer.status, 204, "{answer:?}");
}

/// The answer under a fault, and the proof that the next one is as ever.
fn disturbed(fault: Value) -> std::io::Result<Answer> {
    let server = Server::start(&[]);
    let mut once = fault;
    once["times"] = json!(1);
    order(&server, once);
    let answer = ask(&server);
    assert_eq!(ask(&server).unwrap().json(), json!({"active": false}));
    answer
}

#[test]
fn a_status() {
    assert_eq!(disturbed(json!({"kind": "status"})).unwrap().status, 503);
    assert_eq!(disturbed(json!({"kind": "status", "status": 429})).unwrap().status, 429);
}

#[test]
fn an_answer_to_the_letter() {
    let fault = json!({"kind": "answer", "status": 201, "media_type": "text/x", "body": "{\"active\": 1}"});
    let answer = disturbed(fault).unwrap();
    assert_eq!((answer.status, answer.header("content-type")), (201, Some("text/x")));
    assert_eq!(answer.body, b"{\"active\": 1}");
}

#[test]
fn garbage() {
    let answer = disturbed(json!({"kind": "garbage"})).unwrap();
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    assert!(serde_json::from_slice::<Value>(&answer.body).is_err());
    assert!(std::str::from_utf8(&answer.body).is_err());
}

#[test]
fn a_huge_answer_that_would_let_pass() {
    let answer = disturbed(json!({"kind": "huge"})).unwrap();
    assert!(answer.body.len() > 1_000_000, "{}", answer.body.len());
    let body = answer.json();
    assert_eq!((&body["active"], &body["OperatorTokenValidity"]), (&json!(true), &json!(1)));
}

#[test]
fn half_an_answer() {
    let answer = disturbed(json!({"kind": "half"})).unwrap();
    let promised: usize = answer.header("content-length").unwrap().parse().unwrap();
    assert!(!answer.body.is_empty() && answer.body.len() < promised, "{answer:?}");
    assert!(answer.body.starts_with(b"{\"active\":true,"));
}

#[test]
fn a_redirect_that_would_lead_to_an_answer() {
    let answer = disturbed(json!({"kind": "redirect"})).unwrap();
    assert_eq!((answer.status, answer.header("location")), (307, Some("/oauth2/introspect")));
}

#[test]
fn a_wrong_media_type() {
    let answer = disturbed(json!({"kind": "wrong_media_type"})).unwrap();
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/html")));
    assert_eq!(answer.json(), json!({"active": false}));
}

#[test]
fn a_reset_connection() {
    assert_eq!(disturbed(json!({"kind": "reset"})).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_delay_alone_changes_nothing_else() {
    assert_eq!(disturbed(json!({"delay_ms": 1})).unwrap().json(), json!({"active": false}));
}

#[test]
fn a_fault_holds_until_it_is_ended() {
    let server = Server::start(&["--audience", "a.example"]);
    order(&server, json!({"kind": "status", "status": 500}));
    for _ in 0..3 {
        assert_eq!(ask(&server).unwrap().status, 500);
    }
    assert_eq!(server.get("/ts43").status, 500);
    server.token(json!({"eec_id": "e"}));
    assert_eq!(server.get("/healthz").status, 204);
    assert_eq!(server.send("DELETE", "/faults", &[], "").unwrap().status, 204);
    assert_eq!(ask(&server).unwrap().status, 200);
}

#[test]
fn a_fault_may_hit_one_method_only() {
    let server = Server::start(&[]);
    order(&server, json!({"kind": "status", "status": 405, "method": "POST"}));
    assert_eq!(server.post_json("/ts43", json!({})).status, 405);
    let query = "/ts43?app=ap2015&operation=ValidateOperatorToken&operator_token=x&client_id=y";
    assert_eq!(server.get(query).json(), json!({"OperatorTokenValidity": 0}));
}

#[test]
fn questions_are_counted_and_the_fault_is_shown() {
    let server = Server::start(&[]);
    assert_eq!(server.get("/faults").json(), json!({"fault": null, "questions": 0}));
    order(&server, json!({"kind": "status", "times": 2}));
    ask(&server).unwrap();
    let shown = server.get("/faults").json();
    assert_eq!((&shown["questions"], &shown["fault"]["kind"]), (&json!(1), &json!("status")));
    assert_eq!(shown["fault"]["times"], 1);
    ask(&server).unwrap();
    assert_eq!(server.get("/faults").json(), json!({"fault": null, "questions": 2}));
}

#[test]
fn a_bad_order_is_a_problem_and_changes_nothing() {
    let server = Server::start(&[]);
    for order in [
        json!({"kind": "explode"}),
        json!({"times": 0}),
        json!({"kind": "status", "status": 99}),
        json!({"kind": "status", "status": 600}),
        json!({"kind": "answer", "media_type": "a\nb"}),
        json!({"delay": 1}),
        json!({"delay_ms": -1}),
    ] {
        let answer = server.post_json("/faults", order.clone());
        assert_eq!(answer.status, 400, "{order}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
    assert_eq!(ask(&server).unwrap().status, 200);
}

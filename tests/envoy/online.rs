//! `docs/contract.md#online` in a real Envoy: asking the entitlement server, with an entitlement server that the
//! test scripts answer by answer.

use crate::support::entitlement_server::{Server, asking_fixture, delete, http};
use crate::support::fixture::{ISSUER, Protocol, identity_of_eec_1};
use crate::support::problems::Problems;
use crate::support::token::{Key, claims, claims_with, now};
use serde_json::{Value, json};
use std::time::Duration;

fn good_answer() -> Value {
    let mut answer = claims();
    answer["active"] = json!(true);
    answer
}

#[test]
fn opaque_tokens_by_introspection() {
    let (server, key) = (Server::start(), Key::new(1));
    let online = json!({"client_id": "ees 1", "client_secret_env": "ES_SECRET"});
    let fixture = asking_fixture(&server, &key, &online, |_| {});
    let mut p = Problems::new();
    let opaque = delete("opaque/token+1");
    server.says(&good_answer());
    fixture.allowed(&mut p, "active", &opaque, &identity_of_eec_1());
    let questions = server.questions();
    for question in &questions {
        p.check("question", question.starts_with("POST /oauth2/introspect HTTP/1.1\r\n"), || {
            question.clone()
        });
        p.check("question", question.contains(&format!("host: {ISSUER}\r\n")), || question.clone());
        // base64 of `ees+1:p%3Aw+d`
        p.check("Basic", question.contains("authorization: Basic ZWVzKzE6cCUzQXcrZA==\r\n"), || {
            question.clone()
        });
        let body = "token=opaque%2Ftoken%2B1&token_type_hint=access_token";
        p.check("body", question.ends_with(body), || question.clone());
    }
    p.equal("question", "count", questions.len(), 2);
    fixture.allowed(&mut p, "a JWT is verified here", &delete(&key.token(&claims())), &identity_of_eec_1());
    p.equal("JWT", "questions", server.questions().len(), 0);
    let forged = Key::new(9).token_with(&key.header(), &claims());
    fixture.denied(
        &mut p,
        "a JWT with a bad signature never goes there",
        &delete(&forged),
        "signature_invalid",
    );
    p.equal("bad JWT", "questions", server.questions().len(), 0);
    let mut without = |name: &str, code: &str| {
        let mut answer = good_answer();
        answer.as_object_mut().expect("members").remove(name);
        server.says(&answer);
        fixture.denied(&mut p, &format!("an answer without {name}"), &opaque, code);
    };
    without("sub", "claim_missing");
    without("aud", "claim_missing");
    without("exp", "claim_missing");
    without("active", "token_inactive");
    let mut answer = good_answer();
    for absent in ["cnf", "gpsi", "nbf", "jti", "iss", "token_type", "client_id"] {
        answer[absent] = Value::Null;
    }
    server.says(&answer);
    fixture.allowed(&mut p, "what is absent as null", &opaque, &identity_of_eec_1());
    answer["aud"] = Value::Null;
    server.says(&answer);
    fixture.denied(&mut p, "`aud` absent as null", &opaque, "claim_missing");
    let mut with = |changes: Value, code: &str| {
        let mut answer = claims_with(changes.clone());
        answer["active"] = changes.get("active").cloned().unwrap_or(json!(true));
        server.says(&answer);
        fixture.denied(&mut p, &format!("an answer with {changes}"), &opaque, code);
    };
    with(json!({"active": false}), "token_inactive");
    with(json!({"active": "true"}), "token_inactive");
    with(json!({"iss": "other.example.org"}), "issuer_unknown");
    with(json!({"exp": now() - 60}), "token_expired");
    with(json!({"aud": "other.example.net"}), "audience_mismatch");
    with(json!({"cnf": {}}), "confirmation_failed");
    fixture.finish(p);
}

#[test]
fn whatever_is_no_clear_answer_is_unavailable_and_recovery_is_at_once() {
    let (server, key) = (Server::start(), Key::new(1));
    let fixture = asking_fixture(&server, &key, &json!({"apply_to": "all", "timeout_ms": 3_000}), |_| {});
    let mut p = Problems::new();
    let request = delete(&key.token(&claims()));
    let active = good_answer().to_string();
    let huge = format!("{{\"active\":true,\"x\":\"{}\"}}", "a".repeat(70_000));
    let answers = [
        ("500", http(500, "application/json", &active)),
        ("redirect", http(302, "application/json", &active)),
        ("201", http(201, "application/json", &active)),
        ("401", http(401, "application/json", &active)),
        ("403", http(403, "application/json", &active)),
        ("garbage", http(200, "application/json", "active")),
        ("an array", http(200, "application/json", "[true]")),
        ("duplicate members", http(200, "application/json", "{\"active\":false,\"active\":true}")),
        ("wrong media type", http(200, "text/html", &active)),
        ("huge", http(200, "application/json", &huge)),
        ("half", http(200, "application/json", &active)[..150].to_owned()),
        ("no HTTP", "hello".to_owned()),
        ("reset", String::new()),
    ];
    for (name, answer) in answers {
        server.answers(answer);
        fixture.denied(&mut p, name, &request, "entitlement_unavailable");
        server.says(&json!({"active": true}));
        fixture.allowed(&mut p, &format!("at once after {name}"), &request, &identity_of_eec_1());
    }
    server.says(&json!({"active": true})).after(6_000);
    fixture.denied(&mut p, "slow", &request, "entitlement_unavailable");
    let reply = fixture.send(Protocol::H1, &request).expect("an answer");
    p.equal("slow", "retry-after", reply.all("retry-after"), vec!["1"]);
    server.says(&json!({"active": true}));
    fixture.allowed(&mut p, "after slow", &request, &identity_of_eec_1());
    p.equal("waiting", "gauge", fixture.envoy.filter_stat("online.waiting"), 0);
    p.check("unavailable", fixture.envoy.filter_stat("online.unavailable") >= 28, || "not counted".into());
    for (answer, code) in [
        (json!({"active": true, "sub": "eec-2"}), "token_inactive"),
        (json!({"active": true, "aud": "other"}), "token_inactive"),
        (json!({"active": true, "exp": now() - 60}), "token_inactive"),
        (json!({"active": true, "exp": "soon"}), "token_inactive"),
        (json!({"active": true, "cnf": {}}), "confirmation_failed"),
    ] {
        server.says(&answer);
        fixture.denied(&mut p, &answer.to_string(), &request, code);
    }
    server.questions();
    fixture.denied(
        &mut p,
        "local checks come first",
        &delete(&key.token(&claims_with(json!({"aud": "x"})))),
        "audience_mismatch",
    );
    p.equal("local checks", "questions", server.questions().len(), 0);
    fixture.finish(p);
}

#[test]
fn ts43_asks_with_post_then_get() {
    let (server, key) = (Server::start(), Key::new(1));
    let online = json!({"method": "ts43", "path": "/ts43", "apply_to": "all", "client_id": "ees1",
        "parameters": {"scope": "edge a&b", "terminal_vendor": "mno1"}});
    let fixture = asking_fixture(&server, &key, &online, |_| {});
    let mut p = Problems::new();
    let token = key.token(&claims());
    let request = delete(&token);
    for (answer, code) in [
        ("{\"OperatorTokenValidity\":1}", None),
        ("{\"OperatorTokenValidity\":\"1\"}", None),
        ("{\"OperatorTokenValidity\":0}", Some("token_inactive")),
        ("{\"OperatorTokenValidity\":\"0\"}", Some("token_inactive")),
        ("{}", Some("entitlement_unavailable")),
        ("{\"ap2015\":{\"OperatorTokenValidity\":\"1\"}}", None),
        ("{\"ap2015\":{\"OperatorTokenValidity\":\"0\"}}", Some("token_inactive")),
        ("{\"ap2015\":{\"OperationResult\":\"1\",\"OperatorTokenStatus\":\"1\"}}", None),
        ("{\"ap2015\":{\"OperationResult\":\"1\",\"OperatorTokenStatus\":\"0\"}}", Some("token_inactive")),
        ("{\"ap2015\":{\"OperationResult\":\"2\"}}", Some("entitlement_unavailable")),
    ] {
        server.answers(http(200, "application/json", answer));
        match code {
            None => fixture.allowed(&mut p, answer, &request, &identity_of_eec_1()),
            Some(code) => fixture.denied(&mut p, answer, &request, code),
        }
    }
    for status in [401, 403, 511] {
        server.answers(http(status, "text/plain", ""));
        fixture.denied(&mut p, &status.to_string(), &request, "entitlement_unavailable");
    }
    p.check("credentials", fixture.envoy.filter_stat("online.unavailable.credentials") >= 3, || {
        "not counted".into()
    });
    let question = server.questions().remove(0);
    let body = question.split("\r\n\r\n").nth(1).unwrap_or_default();
    let asked: Value = serde_json::from_str(body).unwrap_or_default();
    let expected = json!({"app": "ap2015", "operation": "ValidateOperatorToken", "operator_token": token, "client_id": "ees1",
        "scope": "edge a&b", "vers": "0", "entitlement_version": "2.0", "terminal_vendor": "mno1",
        "terminal_model": "eec-authn", "terminal_sw_version": "1"});
    p.equal("POST", "body", asked, expected);
    for status in [405, 501] {
        server.answers(http(status, "text/plain", ""));
        server.state.lock().expect("the state").to_get =
            Some(http(200, "application/json", "{\"OperatorTokenValidity\":1}").into());
        fixture.allowed_over(Protocol::H1, &mut p, "GET", &request, &identity_of_eec_1());
        let questions = server.questions();
        p.equal("GET", "questions", questions.len(), 2);
        let get = format!(
            "GET /ts43?app=ap2015&operation=ValidateOperatorToken&operator_token={token}&client_id=ees1&scope=edge+a%26b\
             &terminal_vendor=mno1&vers=0&entitlement_version=2.0&terminal_model=eec-authn&terminal_sw_version=1 HTTP/1.1"
        );
        p.check("GET", questions.last().is_some_and(|q| q.starts_with(&get)), || format!("{questions:?}"));
    }
    server.state.lock().expect("the state").to_get = None;
    fixture.denied_over(Protocol::H1, &mut p, "405 twice", &request, "entitlement_unavailable");
    fixture.finish(p);
}

#[test]
fn a_server_without_keys_vouches_by_its_answers_and_answers_are_kept() {
    let (server, key) = (Server::start(), Key::new(1));
    let online = json!({"cache_seconds": 60, "negative_cache_seconds": 60});
    let fixture = asking_fixture(&server, &key, &online, |filter| {
        filter["entitlement_servers"][0].as_object_mut().expect("a server").remove("keys");
    });
    let mut p = Problems::new();
    let unverified = |sub: &str| Key::new(9).token(&claims_with(json!({"sub": sub, "jti": sub})));
    server.says(&good_answer());
    fixture.allowed(&mut p, "the answer's identity", &delete(&unverified("liar")), &identity_of_eec_1());
    p.equal("kept", "questions", server.questions().len(), 1);
    server.says(&json!({"active": false}));
    fixture.denied(&mut p, "inactive", &delete(&unverified("second")), "token_inactive");
    p.equal("kept", "questions", server.questions().len(), 1);
    let mut soon = good_answer();
    soon["exp"] = json!(now() + 1);
    server.says(&soon);
    fixture.allowed_over(
        Protocol::H1,
        &mut p,
        "exp is near",
        &delete(&unverified("third")),
        &identity_of_eec_1(),
    );
    std::thread::sleep(Duration::from_millis(2_100));
    server.questions();
    server.says(&json!({"active": false}));
    fixture.denied_over(
        Protocol::H1,
        &mut p,
        "never past exp",
        &delete(&unverified("third")),
        "token_inactive",
    );
    p.check("cache_hit", fixture.envoy.filter_stat("online.cache_hit") >= 2, || "not counted".into());
    fixture.finish(p);
}

#[test]
fn allow_verified_passes_unasked_but_never_the_inactive() {
    let (server, key) = (Server::start(), Key::new(1));
    let online = json!({"apply_to": "all", "on_unavailable": "allow_verified"});
    let fixture = asking_fixture(&server, &key, &online, |_| {});
    let mut p = Problems::new();
    let (first, second) = (key.token(&claims()), key.token(&claims_with(json!({"jti": "2"}))));
    server.says(&json!({"active": false}));
    fixture.denied(&mut p, "inactive", &delete(&first), "token_inactive");
    server.answers(http(500, "text/plain", ""));
    fixture.denied(&mut p, "still inactive", &delete(&first), "token_inactive");
    let identity: Vec<(&str, &str)> = [identity_of_eec_1(), vec![("x-eec-token-id", "2")]].concat();
    fixture.allowed(&mut p, "unasked", &delete(&second), &identity);
    fixture.denied(
        &mut p,
        "bad all the same",
        &delete(&Key::new(2).token_with(&key.header(), &claims())),
        "signature_invalid",
    );
    p.equal("unasked", "counted", fixture.envoy.filter_stat("online.allowed_unasked"), 2);
    fixture.finish(p);
}

#[test]
fn an_unknown_cluster_is_unavailable_at_once() {
    let (server, key) = (Server::start(), Key::new(1));
    let fixture = asking_fixture(&server, &key, &json!({"cluster": "nowhere", "apply_to": "all"}), |_| {});
    let mut p = Problems::new();
    fixture.denied(&mut p, "unknown cluster", &delete(&key.token(&claims())), "entitlement_unavailable");
    p.equal("waiting", "gauge", fixture.envoy.filter_stat("online.waiting"), 0);
    fixture.finish(p);
}

//! Fetched keys in a real Envoy (`docs/contract.md#fetched-keys`): what is asked, and which answers are a set.

use crate::support::entitlement_server::{Server, delete, http};
use crate::support::fetched_keys::{fetching, set, start, status, under_the_name_of, wait_for_set};
use crate::support::fixture::{ISSUER, identity_of_eec_1};
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::{Key, claims};
use serde_json::{Value, json};

#[test]
fn keys_are_fetched_before_the_first_request_and_verify_tokens() {
    let (server, key, pinned, mut p) = (Server::start(), Key::new(1), Key::new(2), Problems::new());
    server.answers(set(&[&key]));
    let fixture =
        start(&fetching(&[&pinned], &json!({"path": "/keys?a=b", "authority": "keys.example.org"})), &server);
    wait_for_set(&fixture.envoy, 1);
    let questions = server.questions();
    p.equal("the fetch", "questions", questions.len(), 1);
    let question = questions.first().map(String::as_str).unwrap_or_default();
    for line in [
        "GET /keys?a=b HTTP/1.1",
        "host: keys.example.org",
        "accept: application/jwk-set+json, application/json",
    ] {
        p.check("the fetch", question.contains(line), || format!("{question} lacks {line}"));
    }
    for (name, key) in [("fetched", &key), ("pinned", &pinned)] {
        let request = Request::register("eec-1").bearer(key.token(&claims()));
        fixture.allowed(&mut p, name, &request, &identity_of_eec_1());
    }
    let forged = under_the_name_of(&key, 3).token(&claims());
    fixture.denied(&mut p, "forged", &Request::register("eec-1").bearer(forged), "signature_invalid");
    p.equal("all of it", "questions", server.questions().len(), 0);
    fixture.envoy.wait("the gauge", |envoy| (envoy.filter_stat("jwks.keys.0") == 1).then_some(()));
    fixture.finish(p);
}

/// What a server may answer without being believed: name and whole answer.
fn hostile(key: &Key) -> Vec<(&'static str, Vec<u8>)> {
    let body = json!({"keys": [key.jwk()]}).to_string();
    let json_of = |value: Value| http(200, "application/json", &value.to_string()).into_bytes();
    let many: Vec<Value> = (0..65).map(|n| json!({"kty": "oct", "k": "AA", "kid": n.to_string()})).collect();
    let padded = format!("{{\"keys\":[{}],\"pad\":\"{}\"}}", key.jwk(), "x".repeat(256 * 1024));
    let chunked = format!(
        "HTTP/1.1 200 X\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let redirect = "HTTP/1.1 302 X\r\nlocation: /other\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let mut secret = key.jwk();
    secret["d"] = json!("AAAA");
    let mut for_encryption = key.jwk();
    for_encryption["use"] = json!("enc");
    vec![
        ("another status", http(201, "application/json", &body).into_bytes()),
        ("a redirect", redirect.into()),
        ("another media type", http(200, "text/html", &body).into_bytes()),
        ("a signed set", http(200, "application/jwk-set+jwt", &body).into_bytes()),
        ("a content coding", chunked.into_bytes()),
        ("too long", http(200, "application/json", &padded).into_bytes()),
        ("too many", json_of(json!({"keys": many}))),
        ("no JSON", http(200, "application/json", &body[1..]).into_bytes()),
        (
            "a member twice",
            http(200, "application/json", &body.replace("{\"keys\"", "{\"keys\":[],\"keys\"")).into_bytes(),
        ),
        ("no keys", json_of(json!({}))),
        ("an empty set", json_of(json!({"keys": []}))),
        ("a key that is no object", json_of(json!({"keys": ["key"]}))),
        ("private keys only", json_of(json!({"keys": [secret]}))),
        ("other uses only", json_of(json!({"keys": [for_encryption]}))),
        ("cut off", set(&[key]).into_bytes()[..120].to_vec()),
        ("nothing", Vec::new()),
    ]
}

#[test]
fn no_hostile_answer_is_a_set() {
    let (key, mut p) = (Key::new(1), Problems::new());
    for (name, answer) in hostile(&key) {
        let server = Server::start();
        server.answers(answer);
        let fixture = start(&fetching(&[], &json!({})), &server);
        fixture.envoy.wait("a failure", |envoy| (envoy.filter_stat("jwks.failed") >= 1).then_some(()));
        p.equal(name, "status", status(fixture.envoy.address(), &key.token(&claims())), Some(503));
        p.equal(name, "fetched", fixture.envoy.filter_stat("jwks.fetched"), 0);
        fixture.finish(Problems::new());
    }
    p.finish();
}

#[test]
fn what_is_unusable_is_left_out_and_the_rest_is_used() {
    let (server, key, pinned, mut p) = (Server::start(), Key::new(1), Key::new(2), Problems::new());
    let impostor = under_the_name_of(&pinned, 3);
    let second = under_the_name_of(&key, 4);
    server.answers(http(
        200,
        "application/json",
        &json!({"keys": [{"kty": "oct", "k": "c2VjcmV0"}, 7, {"kty": "OKP", "crv": "X25519", "x": "AA"}, key.jwk(), second.jwk(), impostor.jwk()]})
            .to_string(),
    ));
    let fixture = start(&fetching(&[&pinned], &json!({})), &server);
    fixture.envoy.wait("the gauge", |envoy| (envoy.filter_stat("jwks.keys.0") == 1).then_some(()));
    fixture.allowed(&mut p, "the good one", &delete(&key.token(&claims())), &identity_of_eec_1());
    fixture.allowed(&mut p, "the pinned one", &delete(&pinned.token(&claims())), &identity_of_eec_1());
    let tokens = [("the second of a kid", &second), ("beside a pinned one", &impostor)];
    for (name, key) in tokens {
        fixture.denied(&mut p, name, &delete(&key.token(&claims())), "signature_invalid");
    }
    fixture.finish(p);
}

/// 64 keys, 256 KiB to the byte, a coding that is none, parameters: all of it is allowed.
#[test]
fn the_largest_set_is_a_set_and_the_defaults_say_where_it_is() {
    let (server, key, mut p) = (Server::start(), Key::new(1), Problems::new());
    let others = (0..63).map(|n| json!({"kty": "oct", "kid": n.to_string()}));
    let keys: Vec<Value> = others.chain([key.jwk()]).collect();
    let without = json!({"keys": keys, "pad": ""}).to_string();
    let body = json!({"keys": keys, "pad": "x".repeat(256 * 1024 - without.len())}).to_string();
    assert_eq!(body.len(), 256 * 1024);
    let media_type = "Application/JSON ; charset=\"utf-8\"\r\ncontent-encoding: identity";
    server.answers(http(200, media_type, &body));
    let fixture = start(&fetching(&[], &json!({})), &server);
    wait_for_set(&fixture.envoy, 1);
    let question = server.questions().concat();
    for line in ["GET /jwks HTTP/1.1\r\n", &format!("host: {ISSUER}\r\n")] {
        p.check("the fetch", question.contains(line), || format!("{question} lacks {line}"));
    }
    fixture.allowed(&mut p, "the last key", &delete(&key.token(&claims())), &identity_of_eec_1());
    fixture.finish(p);
}

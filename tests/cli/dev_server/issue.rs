//! `POST /token` and `GET /jwks`.

use super::jws::{now, parts, signed_by};
use super::process::{FQDN, Server};
use crate::support::proof::{Proof, thumbprint};
use crate::support::token::Key;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const EES: &str = "ees1.edge.example.net";

#[test]
fn a_token_has_the_claims_of_solution_25() {
    let server = Server::start(&["--audience", EES]);
    let before = now();
    let answer = server.post_json("/token", json!({"eec_id": "eec-1", "gpsi": "msisdn-447700900123"}));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let body = answer.json();
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 3600);

    let token = body["access_token"].as_str().unwrap();
    let (header, claims) = parts(token);
    assert_eq!(header["alg"], "EdDSA");
    assert_eq!(claims["iss"], FQDN);
    assert_eq!(claims["sub"], "eec-1");
    assert_eq!(claims["gpsi"], "msisdn-447700900123");
    assert_eq!(claims["aud"], EES);
    let issued = claims["iat"].as_i64().unwrap();
    assert!((before..=now()).contains(&issued));
    assert_eq!(claims["exp"].as_i64().unwrap(), issued + 3600);
    assert!(signed_by(token, &server.get("/jwks").json()));
}

#[test]
fn every_token_has_an_id_of_its_own() {
    let server = Server::start(&["--audience", EES]);
    let id = || parts(&server.token(json!({"eec_id": "eec-1"}))).1["jti"].as_str().unwrap().to_owned();
    assert_ne!(id(), id());
}

#[test]
fn the_key_id_is_the_thumbprint_of_rfc_7638() {
    let server = Server::start(&["--audience", EES]);
    let jwks = server.get("/jwks").json();
    let key = &jwks["keys"][0];
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":{}}}"#, key["x"]);
    assert_eq!(key["kid"], URL_SAFE_NO_PAD.encode(Sha256::digest(canonical)));
    assert_eq!(key["kid"], parts(&server.token(json!({"eec_id": "eec-1"}))).0["kid"]);
    assert_eq!(key.get("d"), None);
}

#[test]
fn a_key_is_made_at_every_start() {
    assert_ne!(Server::start(&[]).get("/jwks").json(), Server::start(&[]).get("/jwks").json());
}

#[test]
fn a_form_is_as_good_as_json() {
    let server = Server::start(&[]);
    let answer =
        server.post_form("/token", "eec_id=eec%201&audience=ees2.example&lifetime_seconds=-5&forged=true");
    let body = answer.json();
    assert_eq!(body["expires_in"], -5);
    let token = body["access_token"].as_str().unwrap();
    let (_, claims) = parts(token);
    assert_eq!(claims["sub"], "eec 1");
    assert_eq!(claims["aud"], "ees2.example");
    assert!(claims["exp"].as_i64().unwrap() <= now() - 5);
    assert!(!signed_by(token, &server.get("/jwks").json()));
}

#[test]
fn arrays_stay_arrays() {
    let server = Server::start(&["--audience", "a.example", "--audience", "b.example"]);
    let claims = |request: Value| parts(&server.token(request)).1;
    assert_eq!(claims(json!({"eec_id": "e"}))["aud"], json!(["a.example", "b.example"]));
    let claims =
        claims(json!({"eec_id": "e", "gpsi": ["extid-1@x", "extid-2@x"], "audience": ["c.example"]}));
    assert_eq!(claims["gpsi"], json!(["extid-1@x", "extid-2@x"]));
    assert_eq!(claims["aud"], json!(["c.example"]));
}

#[test]
fn an_expired_token_was_issued_before_it_expired() {
    let server = Server::start(&["--audience", EES]);
    for lifetime in [0, -1, -86_400] {
        let (_, claims) = parts(&server.token(json!({"eec_id": "e", "lifetime_seconds": lifetime})));
        let [issued, expires] = [claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap()];
        assert!(expires <= now() + lifetime, "{claims}");
        assert!(issued < expires, "{claims}");
    }
}

#[test]
fn a_forged_token_names_the_real_key() {
    let server = Server::start(&["--audience", EES]);
    let jwks = server.get("/jwks").json();
    let token = server.token(json!({"eec_id": "e", "forged": true}));
    assert_eq!(parts(&token).0["kid"], jwks["keys"][0]["kid"]);
    assert!(!signed_by(&token, &jwks));
}

#[test]
fn header_and_claims_can_be_bent() {
    let server = Server::start(&["--audience", EES]);
    let token = server.token(json!({
        "eec_id": "e", "kid": "other",
        "header": {"typ": "at+jwt", "crit": ["x"]},
        "claims": {"exp": null, "nbf": 1.5, "aud": 7},
    }));
    let (header, claims) = parts(&token);
    assert_eq!(header, json!({"alg": "EdDSA", "kid": "other", "typ": "at+jwt", "crit": ["x"]}));
    assert_eq!(claims.get("exp"), None);
    assert_eq!(claims["nbf"], 1.5);
    assert_eq!(claims["aud"], 7);
    assert!(signed_by(&token, &server.get("/jwks").json()));
}

#[test]
fn bad_input_is_a_problem() {
    let server = Server::start(&[]);
    let json = "application/json";
    let form = "application/x-www-form-urlencoded";
    for (media_type, body, status, says) in [
        (json, r#"{"audience": "a"}"#, 400, "eec_id"),
        (json, r#"{"eec_id": 7, "audience": "a"}"#, 400, "eec_id"),
        (json, r#"{"eec_id": "", "audience": "a"}"#, 400, "`eec_id` is empty"),
        (json, r#"{"eec_id": "e"}"#, 400, "`audience` is missing"),
        (json, r#"{"eec_id": "e", "audience": 7}"#, 400, "`audience` is not a string"),
        (json, r#"{"eec_id": "e", "audience": []}"#, 400, "`audience` is not a string"),
        (json, r#"{"eec_id": "e", "audience": "a", "gpsi": [1]}"#, 400, "`gpsi` is not a string"),
        (json, r#"{"eec_id": "e", "audience": "a", "lifetime_seconds": "x"}"#, 400, "lifetime_seconds"),
        (json, r#"{"eec_id": "e", "audience": "a", "liftime": 1}"#, 400, "liftime"),
        (json, "{", 400, ""),
        (json, "", 400, ""),
        (form, "audience=a", 400, "eec_id"),
        (form, "eec_id=e&audience=a&forged=perhaps", 400, "forged"),
        ("text/plain", "eec_id=e", 415, "application/json"),
    ] {
        let answer = server.send("POST", "/token", &[("content-type", media_type)], body).unwrap();
        assert_eq!(answer.status, status, "{body}: {answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{body}");
        let problem = answer.json();
        assert_eq!(problem["status"], status, "{body}");
        assert!(problem["detail"].as_str().unwrap().contains(says), "{body}: {problem}");
    }
    assert_eq!(server.get("/nothing").status, 404);
    assert_eq!(server.get("/token").status, 405);
}

/// A proof for the token request, by the key of `seed`, with some of its claims changed.
fn proof(server: &Server, seed: u8, changes: Value) -> String {
    let key = Key::new(seed);
    let mut proof = Proof::new(&key, "POST", "/token", "").claim("ath", Value::Null);
    proof = proof.claim("htu", format!("http://{}/token", server.address));
    for (name, value) in changes.as_object().unwrap() {
        proof = proof.claim(name, value.clone());
    }
    proof.by(&key)
}

#[test]
fn a_token_is_bound_to_the_key_whose_proof_the_request_brings() {
    let server = Server::start(&["--audience", EES]);
    let ask = |proof: &str, body: Value| {
        let headers = [("content-type", "application/json"), ("dpop", proof)];
        server.send("POST", "/token", &headers, &body.to_string()).unwrap()
    };
    let answer = ask(&proof(&server, 5, json!({})), json!({"eec_id": "eec-1"})).json();
    assert_eq!(answer["token_type"], "DPoP");
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(parts(token).1["cnf"], json!({"jkt": thumbprint(&Key::new(5))}));
    let told = server.post_form("/oauth2/introspect", &format!("token={token}")).json();
    assert_eq!((&told["token_type"], &told["cnf"]), (&json!("DPoP"), &parts(token).1["cnf"]));
    let opaque = ask(&proof(&server, 6, json!({})), json!({"eec_id": "eec-1", "format": "opaque"})).json();
    let told = server
        .post_form("/oauth2/introspect", &format!("token={}", opaque["access_token"].as_str().unwrap()));
    assert_eq!(told.json()["cnf"], json!({"jkt": thumbprint(&Key::new(6))}));
    for changes in
        [json!({"htm": "GET"}), json!({"htu": "http://x/revoke"}), json!({"iat": 1}), json!({"jti": null})]
    {
        assert_eq!(
            ask(&proof(&server, 5, changes.clone()), json!({"eec_id": "eec-1"})).status,
            400,
            "{changes}"
        );
    }
    let (signed, _) =
        proof(&server, 5, json!({})).rsplit_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    assert_eq!(ask(&Key::new(6).sign(&signed), json!({"eec_id": "eec-1"})).status, 400);
    assert_eq!(ask("x", json!({"eec_id": "eec-1"})).status, 400);
}

#[test]
fn a_token_is_bound_to_a_certificate_on_request() {
    let server = Server::start(&["--audience", EES]);
    let token = server.token(json!({"eec_id": "eec-1", "x5t#S256": "abc"}));
    assert_eq!(parts(&token).1["cnf"], json!({"x5t#S256": "abc"}));
}

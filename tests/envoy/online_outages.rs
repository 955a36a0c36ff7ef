//! `allow_verified` in a real Envoy: during an outage nothing brings a token back that was told inactive, whatever
//! strangers send, however its signature is written, and whichever worker was told.

use crate::support::entitlement_server::{Server, asking_fixture, delete, http};
use crate::support::fixture::{Fixture, ISSUER, identity_of_eec_1};
use crate::support::h1::{self, H1, bytes_of};
use crate::support::problems::Problems;
use crate::support::token::{Key, base64url, claims, claims_with};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

fn allow_verified() -> Value {
    json!({"apply_to": "all", "on_unavailable": "allow_verified", "timeout_ms": 20_000})
}

/// How an unkeyed hash would share out 131,072 tokens over 4,096 places: anybody can compute it.
fn public_place(token: &str) -> u16 {
    let mut hash = Sha256::new();
    hash.update(u32::try_from(ISSUER.len()).expect("a short name").to_le_bytes());
    hash.update(ISSUER);
    hash.update(token);
    let hash = hash.finalize();
    u16::from_be_bytes([hash[0], hash[1]]) >> 4
}

#[test]
fn strangers_cannot_push_a_revoked_token_out() {
    let (server, key) = (Server::start(), Key::new(1));
    let fixture = asking_fixture(&server, &key, &allow_verified(), |_| {});
    let mut p = Problems::new();
    let revoked = key.token(&claims());
    server.says(&json!({"active": false}));
    fixture.denied(&mut p, "revoked", &delete(&revoked), "token_inactive");
    let ground = (0_u32..).map(|n| format!("stranger-{n}"));
    let ground: Vec<String> =
        ground.filter(|token| public_place(token) == public_place(&revoked)).take(40).collect();
    for token in &ground {
        let status = h1::exchange(fixture.envoy.address(), &delete(token)).map(|r| r.status);
        p.equal("a stranger's", "status", status.map_err(|e| e.to_string()), Ok(401));
    }
    server.answers(http(500, "text/plain", ""));
    fixture.denied(&mut p, "during the outage", &delete(&revoked), "token_inactive");
    // Nobody has verified these, so they do not pass unasked in any case.
    fixture.denied(&mut p, "a stranger's", &delete(&ground[0]), "entitlement_unavailable");
    fixture.finish(p);
}

/// A P-256 key and its JWK.
fn p256_key() -> (SigningKey, Value) {
    let key = SigningKey::from_slice(&[7; 32]).expect("a scalar");
    let point = key.verifying_key().to_encoded_point(false);
    let coordinate = |bytes: Option<&_>| base64url(bytes.expect("a coordinate"));
    let jwk = json!({"kty": "EC", "crv": "P-256", "x": coordinate(point.x()), "y": coordinate(point.y())});
    (key, jwk)
}

#[test]
fn another_signature_of_the_same_token_is_as_revoked() {
    let (server, key) = (Server::start(), Key::new(1));
    let (signer, jwk) = p256_key();
    let fixture = asking_fixture(&server, &key, &allow_verified(), |filter| {
        filter["entitlement_servers"][0]["keys"] = json!([{"jwk": jwk}]);
    });
    let mut p = Problems::new();
    let input =
        format!("{}.{}", base64url(json!({"alg": "ES256"}).to_string()), base64url(claims().to_string()));
    let signature: Signature = signer.sign(input.as_bytes());
    let (r, s) = signature.split_scalars();
    let other = Signature::from_scalars(r, -s).expect("another signature");
    let [revoked, malleated] =
        [signature, other].map(|signature| format!("{input}.{}", base64url(signature.to_bytes())));
    assert_ne!(revoked, malleated);
    server.says(&json!({"active": true}));
    fixture.allowed(&mut p, "another signature", &delete(&malleated), &identity_of_eec_1());
    server.says(&json!({"active": false}));
    fixture.denied(&mut p, "revoked", &delete(&revoked), "token_inactive");
    server.answers(http(500, "text/plain", ""));
    fixture.denied(&mut p, "during the outage", &delete(&revoked), "token_inactive");
    fixture.denied(&mut p, "another signature", &delete(&malleated), "token_inactive");
    fixture.finish(p);
}

/// What the answer says may speak against the token although it calls it active.
#[test]
fn an_answer_that_does_not_fit_the_token_holds_in_an_outage() {
    let (server, key) = (Server::start(), Key::new(1));
    let fixture = asking_fixture(&server, &key, &allow_verified(), |_| {});
    let mut p = Problems::new();
    let request = delete(&key.token(&claims()));
    server.says(&json!({"active": true, "sub": "eec-2"}));
    fixture.denied(&mut p, "another EEC's", &request, "token_inactive");
    server.answers(http(500, "text/plain", ""));
    fixture.denied(&mut p, "during the outage", &request, "token_inactive");
    server.says(&json!({"active": true, "cnf": {"jkt": "x"}}));
    fixture.denied(&mut p, "bound by the answer alone", &request, "confirmation_failed");
    server.answers(http(500, "text/plain", ""));
    fixture.denied(&mut p, "during the outage, though it is not bound", &request, "token_inactive");
    server.says(&json!({"active": true}));
    fixture.allowed(&mut p, "good again", &request, &identity_of_eec_1());
    server.answers(http(500, "text/plain", ""));
    fixture.allowed(&mut p, "good in the next outage", &request, &identity_of_eec_1());
    fixture.finish(p);
}

/// Eight workers are told at the same time, each about tokens of its own; then each must know about all.
#[test]
fn what_several_workers_write_at_once_is_all_there() {
    const WORKERS: usize = 8;
    const TOKENS: usize = 400;
    let (server, key) = (Server::start(), Key::new(1));
    let mut filter = crate::support::fixture::config(&[&key]);
    filter["entitlement_servers"][0]["online"] = json!({"method": "rfc7662", "cluster": "es", "path": "/oauth2/introspect", "apply_to": "all", "on_unavailable": "allow_verified", "cache_seconds": 0, "negative_cache_seconds": 0, "timeout_ms": 20_000});
    let workers = u32::try_from(WORKERS).expect("a few");
    let fixture =
        Fixture::start_with(&filter, |setup| setup.concurrency(workers).cluster("es", server.address));
    let mut p = Problems::new();
    let tokens: Vec<String> =
        (0..TOKENS).map(|n| key.token(&claims_with(json!({"jti": n.to_string()})))).collect();
    // Connections are spread over the workers. Each of sixteen asks about a part of the tokens, which `shift` changes.
    let address = fixture.envoy.address();
    let statuses = |shift: usize| -> Vec<u16> {
        let one = |n: usize| {
            let mine: Vec<String> =
                tokens.iter().cycle().skip(shift + n).step_by(16).take(TOKENS / 16).cloned().collect();
            std::thread::spawn(move || {
                let mut connection = H1::connect(address).expect("a connection");
                let ask = |token: &String| {
                    connection.send(&bytes_of(&delete(token))).expect("it is sent");
                    connection.response(false).expect("an answer").status
                };
                mine.iter().map(ask).collect::<Vec<u16>>()
            })
        };
        let threads: Vec<_> = (0..16).map(one).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a thread")).collect()
    };
    server.keeps_saying(&json!({"active": false}));
    p.equal("told", "statuses", statuses(0), vec![401; TOKENS]);
    server.answers(http(500, "text/plain", ""));
    for round in 0..4 {
        p.equal("remembered", "statuses", statuses(round * 5), vec![401; TOKENS]);
    }
    p.equal("nobody", "passed unasked", fixture.envoy.filter_stat("online.allowed_unasked"), 0);
    fixture.finish(p);
}

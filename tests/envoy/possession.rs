//! DPoP-bound tokens (`docs/contract.md#proof`) in a real Envoy, over HTTP/1.1 and HTTP/2: what a thief of a token can try, and what a
//! client of his own can.

use crate::support::bootstrap::Setup;
use crate::support::entitlement_server::{Server, asking_fixture};
use crate::support::fixture::{BOTH, FQDN, Fixture, Protocol, config, identity_of_eec_1};
use crate::support::h1::{H1, bytes_of};
use crate::support::problems::Problems;
use crate::support::proof::{Client, Proof, thumbprint};
use crate::support::request::Request;
use crate::support::token::{Key, base64url, claims, now};
use serde_json::{Value, json};

const REGISTRATION: &str = "/eees-eecregistration/v1/registrations/r1";

fn filter(proof: Value) -> Value {
    let mut filter = config(&[&Key::new(1)]);
    filter["proof"] = proof;
    filter
}

fn delete() -> Request {
    Request::new("DELETE", REGISTRATION)
}

/// One bad request after the other, each made anew for each protocol.
fn denied(fixture: &Fixture, p: &mut Problems, name: &str, code: &str, request: &dyn Fn() -> Request) {
    for protocol in BOTH {
        fixture.denied_over(protocol, p, name, &request(), code);
    }
}

fn allowed(fixture: &Fixture, p: &mut Problems, name: &str, request: &dyn Fn() -> Request) {
    for protocol in BOTH {
        let received = fixture.allowed_over(protocol, p, name, &request(), &identity_of_eec_1());
        let names =
            received.iter().flat_map(|received| received.headers.iter().map(|(name, _)| name.as_str()));
        for name in names.filter(|name| matches!(*name, "authorization" | "dpop")) {
            p.add(name, "went on to the upstream");
        }
    }
}

#[test]
fn a_proof_is_good_for_one_request_with_its_token() {
    let fixture = Fixture::start(&filter(json!({"dpop": {}})));
    let mut p = Problems::new();
    let issuer = Key::new(1);
    let client = Client::new(&issuer, 2, json!({}));
    allowed(&fixture, &mut p, "a DELETE", &|| client.sends(delete()));
    allowed(&fixture, &mut p, "a POST", &|| client.sends(Request::register("eec-1")));
    allowed(&fixture, &mut p, "a query", &|| {
        let request = Request::new("DELETE", format!("{REGISTRATION}?x=1"));
        client.sends(request)
    });
    allowed(&fixture, &mut p, "a port", &|| {
        let request = delete().authority(format!("{FQDN}:8443"));
        let htu = format!("https://{FQDN}:8443{REGISTRATION}");
        let proof = client.proof(&request).claim("htu", htu);
        client.sends_with(request, &proof)
    });
    let own = Key::new(7).token(&claims());
    denied(&fixture, &mut p, "a token of nobody", "key_unknown", &|| delete().dpop(&own, "x"));

    // The thief has the token, and what else was on the way.
    let thief = Key::new(3);
    denied(&fixture, &mut p, "the token alone", "confirmation_failed", &|| delete().bearer(&client.token));
    denied(&fixture, &mut p, "the token under DPoP alone", "proof_invalid", &|| {
        delete().header("authorization", format!("DPoP {}", client.token))
    });
    denied(&fixture, &mut p, "the thief's key", "confirmation_failed", &|| {
        let proof = Proof::new(&thief, "DELETE", REGISTRATION, &client.token);
        delete().dpop(&client.token, proof.by(&thief))
    });
    denied(&fixture, &mut p, "the client's key named, the thief's used", "proof_invalid", &|| {
        delete().dpop(&client.token, client.proof(&delete()).by(&thief))
    });
    denied(&fixture, &mut p, "a proof of another method", "proof_invalid", &|| {
        client.sends_with(Request::register("eec-1"), &client.proof(&delete()))
    });
    denied(&fixture, &mut p, "a proof of another path", "proof_invalid", &|| {
        client.sends_with(
            delete(),
            &Proof::new(&client.key, "DELETE", &format!("{REGISTRATION}x"), &client.token),
        )
    });
    denied(&fixture, &mut p, "a proof of another host", "proof_invalid", &|| {
        let htu = format!("https://ees2.edge.example.net{REGISTRATION}");
        client.sends_with(delete(), &client.proof(&delete()).claim("htu", htu))
    });
    let other = Client::new(&issuer, 2, json!({"jti": "another"}));
    denied(&fixture, &mut p, "a proof of another token of the same client", "proof_invalid", &|| {
        client.sends_with(delete(), &other.proof(&delete()))
    });
    denied(&fixture, &mut p, "two proofs", "proof_invalid", &|| {
        client.sends(delete()).header("dpop", client.proof(&delete()).by(&client.key))
    });
    denied(&fixture, &mut p, "one proof twice", "proof_invalid", &|| {
        let proof = client.proof(&delete());
        client.sends_with(delete(), &proof).header("dpop", proof.by(&client.key))
    });
    let unbound = Key::new(1).token(&claims());
    allowed(&fixture, &mut p, "a token that is not bound", &|| delete().bearer(&unbound));
    denied(&fixture, &mut p, "one that is not bound, under DPoP", "confirmation_failed", &|| {
        delete().dpop(&unbound, Proof::new(&client.key, "DELETE", REGISTRATION, &unbound).by(&client.key))
    });
    fixture.alive(&mut p, "after all", &unbound);
    fixture.finish(p);
}

#[test]
fn what_no_proof_may_be() {
    let fixture = Fixture::start(&filter(json!({"required": true, "dpop": {}})));
    let mut p = Problems::new();
    let client = Client::new(&Key::new(1), 2, json!({}));
    let x = client.key.x();
    let jwk = |change: Value| {
        let mut jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": x});
        change.as_object().expect("members").iter().for_each(|(name, value)| jwk[name] = value.clone());
        jwk
    };
    // Weak, private, symmetric and foreign keys; whose they are does not matter any more.
    let small_order = "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for (name, jwk) in [
        ("private", jwk(json!({"d": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}))),
        ("of small order", jwk(json!({"x": small_order}))),
        ("symmetric", json!({"kty": "oct", "k": "AAAA"})),
        ("for encryption", jwk(json!({"use": "enc"}))),
        ("no object", json!(x)),
        ("of another curve", json!({"kty": "EC", "crv": "P-256", "x": x, "y": x})),
        ("RSA, huge", json!({"kty": "RSA", "n": "A".repeat(3_500), "e": "AQAB"})),
    ] {
        denied(&fixture, &mut p, name, "proof_invalid", &|| {
            client.sends_with(delete(), &client.proof(&delete()).header("jwk", jwk.clone()))
        });
    }
    for alg in ["none", "HS256", "ES256", "RS256", "eddsa", ""] {
        denied(&fixture, &mut p, alg, "proof_invalid", &|| {
            client.sends_with(delete(), &client.proof(&delete()).header("alg", alg))
        });
    }
    // HMAC under the public key, and no signature at all.
    let unsigned = |alg: &str| {
        let proof = client.proof(&delete()).header("alg", alg);
        format!("{}.{}", base64url(proof.header.to_string()), base64url(proof.claims.to_string()))
    };
    denied(&fixture, &mut p, "no signature", "proof_invalid", &|| {
        delete().dpop(&client.token, format!("{}.", unsigned("none")))
    });
    denied(&fixture, &mut p, "no signature under EdDSA", "proof_invalid", &|| {
        delete().dpop(&client.token, format!("{}.", unsigned("EdDSA")))
    });
    for size in [4_097, 8_000, 60_000] {
        denied(&fixture, &mut p, "too long", "proof_invalid", &|| {
            delete().dpop(&client.token, "x".repeat(size))
        });
    }
    denied(&fixture, &mut p, "deep", "proof_invalid", &|| {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(1_300), "]".repeat(1_300));
        delete().dpop(&client.token, client.key.token_of(client.proof(&delete()).header.to_string(), deep))
    });
    denied(&fixture, &mut p, "jti twice", "proof_invalid", &|| {
        let proof = client.proof(&delete());
        let claims = proof.claims.to_string().replacen('{', "{\"jti\":\"x\",", 1);
        delete().dpop(&client.token, client.key.token_of(proof.header.to_string(), claims))
    });
    for bytes in [&b"\xff\xfe"[..], b"", b".", b"..", b"...", b"\xe2\x82\xac.x.y"] {
        denied(&fixture, &mut p, "bytes", "proof_invalid", &|| delete().dpop(&client.token, bytes));
    }
    // A token is no proof, and a proof no token.
    denied(&fixture, &mut p, "the token as its own proof", "proof_invalid", &|| {
        delete().dpop(&client.token, &client.token)
    });
    denied(&fixture, &mut p, "a proof as token", "token_malformed", &|| {
        let proof = client.proof(&delete()).by(&client.key);
        delete().dpop(&proof, &proof)
    });
    denied(&fixture, &mut p, "not bound", "confirmation_missing", &|| {
        delete().bearer(Key::new(1).token(&claims()))
    });
    denied(&fixture, &mut p, "nothing", "token_missing", &delete);
    denied(&fixture, &mut p, "another scheme", "token_missing", &|| {
        delete().header("authorization", "Basic eA==")
    });
    denied(&fixture, &mut p, "joined on the way", "token_repeated", &|| {
        delete().header("authorization", format!("DPoP {}, Bearer x", client.token))
    });
    denied(&fixture, &mut p, "old", "proof_invalid", &|| {
        client.sends_with(delete(), &client.proof(&delete()).claim("iat", now() - 62))
    });
    denied(&fixture, &mut p, "of the future", "proof_invalid", &|| {
        client.sends_with(delete(), &client.proof(&delete()).claim("iat", now() + 60))
    });
    allowed(&fixture, &mut p, "a good one", &|| client.sends(delete()));
    fixture.finish(p);
}

#[test]
fn a_proof_passes_once_whichever_worker_protocol_and_moment() {
    let fixture = Fixture::start_with(&filter(json!({"dpop": {}})), |setup| setup.concurrency(2));
    let mut p = Problems::new();
    let client = Client::new(&Key::new(1), 2, json!({}));
    for round in 0..12 {
        let request = client.sends(delete());
        // All at once, each on a connection of its own, so that both workers get some.
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let send = |protocol: Protocol| {
                let (fixture, request) = (fixture.envoy.address(), request.clone());
                scope.spawn(move || protocol.exchange(fixture, &request).expect("an answer").status)
            };
            let sent: Vec<_> = (0..16).map(|n| send(BOTH[n % 2])).collect();
            sent.into_iter().map(|thread| thread.join().expect("a thread")).collect()
        });
        let passed = statuses.iter().filter(|status| **status == 201).count();
        let refused = statuses.iter().filter(|status| **status == 401).count();
        p.equal(&format!("round {round}"), "passed and refused", (passed, refused), (1, 15));
    }
    p.equal("all", "replays", fixture.envoy.filter_stat("denied.proof_replayed"), 12 * 15);
    p.equal("all", "looked at", fixture.envoy.filter_stat("proof.checked"), 12 * 16);
    // A worker keeps a token once it has let it pass: two workers, twelve that pass.
    p.equal("all", "cached", fixture.envoy.filter_stat("cache.hit") >= 10, true);
    fixture.finish(p);
}

#[test]
fn nonces_are_given_on_demand_and_make_a_wrong_clock_harmless() {
    let mut proof = json!({"dpop": {"nonce": {"secret_env": ["EEC_AUTHN_NONCE"]}}});
    proof["client_certificate"] = json!(true);
    let secret = base64url([9; 32]);
    let fixture = Fixture::start_with(&filter(proof), |setup| setup.environment("EEC_AUTHN_NONCE", &secret));
    let mut p = Problems::new();
    let client = Client::new(&Key::new(1), 2, json!({}));
    denied(&fixture, &mut p, "none", "proof_nonce", &|| client.sends(delete()));
    denied(&fixture, &mut p, "a made-up one", "proof_nonce", &|| {
        client.sends_with(delete(), &client.proof(&delete()).claim("nonce", base64url([9; 24])))
    });
    let thief = Key::new(3);
    denied(&fixture, &mut p, "who has not the key gets none", "confirmation_failed", &|| {
        delete().dpop(&client.token, Proof::new(&thief, "DELETE", REGISTRATION, &client.token).by(&thief))
    });
    let nonce = fixture.send(Protocol::H2, &client.sends(delete())).expect("an answer");
    let nonce = nonce.one("dpop-nonce").expect("a nonce").to_owned();
    for iat in [now(), 0, 4_102_444_800] {
        allowed(&fixture, &mut p, "with it", &|| {
            let proof = client.proof(&delete()).claim("nonce", nonce.as_str()).claim("iat", iat);
            client.sends_with(delete(), &proof)
        });
    }
    // Ahead of the clock by less than the skew of 30 s, and by more; older than 300 s.
    let of = |by: i64| {
        let made = crate::support::proof::nonce(&[9; 32], (now() + by).unsigned_abs() * 1000);
        let proof = client.proof(&delete()).claim("nonce", made);
        client.sends_with(delete(), &proof)
    };
    allowed(&fixture, &mut p, "of a proxy whose clock is ahead", &|| of(20));
    for by in [60, -310, -100_000] {
        denied(&fixture, &mut p, &format!("{by} s from now"), "proof_nonce", &|| of(by));
    }
    let spent = client.proof(&delete()).claim("nonce", nonce.as_str()).by(&client.key);
    let request = delete().dpop(&client.token, &spent);
    fixture.allowed_over(Protocol::H1, &mut p, "once", &request, &identity_of_eec_1());
    fixture.denied(&mut p, "again", &request, "proof_replayed");
    fixture.finish(p);
}

#[test]
fn shadow_records_and_leaves_everything_as_it_came() {
    let mut filter = filter(json!({"required": true, "dpop": {}}));
    filter["mode"] = json!("shadow");
    let fixture = Fixture::start(&filter);
    let client = Client::new(&Key::new(1), 2, json!({}));
    let spent = client.sends(delete());
    for (request, decision) in [
        (spent.clone(), None),
        (spent, Some("shadow_deny:proof_replayed")),
        (delete().bearer(&client.token), Some("shadow_deny:confirmation_failed")),
        (delete().bearer(Key::new(1).token(&claims())), Some("shadow_deny:confirmation_missing")),
        (delete().dpop(&client.token, "x"), Some("shadow_deny:proof_invalid")),
    ] {
        let case = Request::new("GET", "/").case;
        let request = Request { case: case.clone(), ..request };
        assert_eq!(fixture.send(Protocol::H1, &request).expect("an answer").status, 201);
        assert_eq!(fixture.envoy.access(&case).get("decision").as_deref(), decision);
        let received = fixture.upstream.records.wait_for(&case, |_| true);
        for (name, value) in
            request.headers.iter().filter(|(name, _)| name == "authorization" || name == "dpop")
        {
            let value = String::from_utf8_lossy(value).into_owned();
            assert!(received.headers.contains(&(name.clone(), value)), "{name}");
        }
    }
}

#[test]
fn forwarding_the_token_forwards_the_proof() {
    let mut filter = filter(json!({"dpop": {"scheme": "http", "algorithms": ["EdDSA"]}}));
    filter["forward"] = json!({"token": true});
    let fixture = Fixture::start(&filter);
    let mut p = Problems::new();
    let client = Client::new(&Key::new(1), 2, json!({}));
    let proof = client.proof(&delete()).claim("htu", format!("http://{FQDN}:80{REGISTRATION}"));
    let request = client.sends_with(delete(), &proof);
    let received = fixture.allowed_over(Protocol::H2, &mut p, "once", &request, &identity_of_eec_1());
    let has = |name: &str| received.iter().flat_map(|r| &r.headers).any(|(n, _)| n == name);
    p.equal("once", "headers", (has("authorization"), has("dpop")), (true, true));
    denied(&fixture, &mut p, "https", "proof_invalid", &|| client.sends(delete()));
    fixture.finish(p);
}

#[test]
fn a_flood_of_good_proofs_takes_no_more_memory_and_costs_nobody_else() {
    // However long the flood takes, what was spent before it is not too old yet.
    let fixture = Fixture::start_with(&filter(json!({"dpop": {"max_age_seconds": 600}})), Setup::alone);
    let issuer = Key::new(1);
    let flooding = Client::new(&issuer, 2, json!({"sub": "flood"}));
    let other = Client::new(&issuer, 3, json!({}));
    let spent = other.sends(delete());
    assert_eq!(fixture.send(Protocol::H1, &spent).expect("an answer").status, 201);
    let mut connection = H1::connect(fixture.envoy.address()).expect("a connection");
    let mut flood = |number: usize, ahead: i64| {
        (0..number)
            .filter(|_| {
                let proof = flooding.proof(&delete()).claim("iat", now() + ahead);
                let request = flooding.sends_with(delete(), &proof);
                connection.send(&bytes_of(&request)).expect("a request");
                let response = connection.response(false).expect("an answer");
                assert!(matches!(response.status, 201 | 401), "{}", response.status);
                response.status == 201
            })
            .count()
    };
    assert!(flood(1_024, 0) == 1_024, "a part holds that many");
    flood(3_000, 0);
    let before = fixture.envoy.memory_kib();
    flood(6_000, 20);
    let after = fixture.envoy.memory_kib();
    assert!(after < before + 8_192, "{before} KiB, then {after}");
    assert_eq!(fixture.send(Protocol::H1, &spent).expect("an answer").status, 401);
    assert_eq!(fixture.send(Protocol::H1, &other.sends(delete())).expect("an answer").status, 201);
    assert_eq!(fixture.envoy.filter_stat("denied.proof_replayed"), 1);
}

#[test]
fn opaque_tokens_are_bound_by_the_answer() {
    let (server, key) = (Server::start(), Key::new(1));
    let fixture = asking_fixture(&server, &key, &json!({"timeout_ms": 5_000}), |filter| {
        filter["proof"] = json!({"dpop": {}})
    });
    let mut p = Problems::new();
    let client = Client { key: Key::new(2), token: "opaque-token".into() };
    let answer = |more: Value| {
        let mut answer = claims();
        answer["active"] = json!(true);
        more.as_object().expect("members").iter().for_each(|(name, value)| answer[name] = value.clone());
        answer
    };
    server.says(&answer(json!({"cnf": {"jkt": thumbprint(&client.key)}, "token_type": "DPoP"})));
    let spent = client.sends(delete());
    // It waits for the answer with its proof.
    fixture.allowed_over(Protocol::H1, &mut p, "once", &spent, &identity_of_eec_1());
    denied(&fixture, &mut p, "again", "proof_replayed", &|| spent.clone());
    allowed(&fixture, &mut p, "a proof each", &|| client.sends(delete()));
    denied(&fixture, &mut p, "the token alone", "confirmation_failed", &|| delete().bearer(&client.token));
    let thief = Key::new(3);
    denied(&fixture, &mut p, "the thief's key", "confirmation_failed", &|| {
        delete().dpop(&client.token, Proof::new(&thief, "DELETE", REGISTRATION, &client.token).by(&thief))
    });
    server.says(&answer(json!({"token_type": "dpop"})));
    denied(&fixture, &mut p, "called DPoP and bound to nothing", "confirmation_failed", &|| {
        delete().bearer("another-token")
    });
    // With a body that comes before the answer.
    server.says(&answer(json!({"cnf": {"jkt": thumbprint(&client.key)}}))).after(50);
    let client = Client { token: "third-token".into(), ..client };
    allowed(&fixture, &mut p, "with a body", &|| client.sends(Request::register("eec-1")));
    fixture.finish(p);
}

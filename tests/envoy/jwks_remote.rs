//! Fetched keys in a real Envoy (`docs/contract.md#fetched-keys`): when they are fetched, who waits, rotation, outages, floods.

use crate::support::bootstrap::{Configuration, Setup};
use crate::support::entitlement_server::{Server, delete, http};
use crate::support::envoy::{Envoy, Push};
use crate::support::fixture::{BOTH, Fixture, ISSUER, Protocol, config, identity_of_eec_1};
use crate::support::foreign;
use crate::support::h1;
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::{Key, claims, claims_with};
use crate::support::upstream::Upstream;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The set of these keys, as the server answers it.
fn set(keys: &[&Key]) -> String {
    let keys: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
    http(200, "application/jwk-set+json; charset=utf-8", &json!({"keys": keys}).to_string())
}

/// A filter whose only server has `pinned` keys and fetches others, with changes to `jwks_remote`.
fn fetching(pinned: &[&Key], remote: &Value) -> Value {
    let mut filter = config(pinned);
    let mut all = json!({"cluster": "es", "timeout_ms": 1000});
    for (name, value) in remote.as_object().expect("members") {
        all[name] = value.clone();
    }
    let keys = filter["entitlement_servers"][0]["keys"].as_array_mut().expect("keys");
    keys.push(json!({"jwks_remote": all}));
    filter
}

fn setup(filter: &Value, upstream: &Upstream, server: &Server) -> Setup {
    Setup::new(Some(Configuration::Text(filter.to_string())), upstream.address).cluster("es", server.address)
}

fn start(filter: &Value, server: &Server) -> Fixture {
    let address = server.address;
    Fixture::start_with(filter, |setup| setup.cluster("es", address))
}

/// Another key that has the name of `key`.
fn under_the_name_of(key: &Key, seed: u8) -> Key {
    let mut other = Key::new(seed);
    other.kid = key.kid.clone();
    other
}

fn status(address: SocketAddr, token: &str) -> Option<u16> {
    h1::exchange(address, &delete(token)).map(|response| response.status).ok()
}

fn wait_for_set(envoy: &Envoy, number: u64) {
    envoy.wait("a fetched set", |envoy| (envoy.filter_stat("jwks.fetched") >= number).then_some(()));
}

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

#[test]
fn the_first_requests_wait_for_the_first_set() {
    let (server, key, mut p) = (Server::start(), Key::new(1), Problems::new());
    server.answers(set(&[&key]));
    server.hold();
    let fixture = start(&fetching(&[], &json!({"timeout_ms": 20_000})), &server);
    let address = fixture.envoy.address();
    let other = Key::new(2);
    let waiting: Vec<_> = (0..20)
        .map(|n| {
            let protocol = BOTH[n % 2];
            let key = if n % 4 < 2 { &key } else { &other };
            // Half of them have a body that comes meanwhile.
            let request = Request::register("eec-1").bearer(key.token(&claims()));
            let wanted = if n % 4 < 2 { 201 } else { 401 };
            (std::thread::spawn(move || protocol.exchange(address, &request).map(|r| r.status)), wanted)
        })
        .collect();
    std::thread::sleep(Duration::from_millis(300));
    server.release();
    for (thread, wanted) in waiting {
        p.equal("waited", "status", thread.join().expect("a thread"), Ok(wanted));
    }
    // One for the set; one that the first unknown name may bring about comes only after it.
    p.check("the fetches", server.questions().len() == 1, || "more than one".into());
    fixture.finish(p);
}

#[test]
fn without_a_set_what_needs_one_is_unavailable() {
    let (server, key, pinned, mut p) = (Server::start(), Key::new(1), Key::new(2), Problems::new());
    server.answers(http(500, "text/plain", ""));
    let fixture = start(&fetching(&[&pinned], &json!({})), &server);
    let denied = |p: &mut Problems, name: &str, token: &str| {
        fixture.denied(p, name, &delete(token), "entitlement_unavailable");
    };
    denied(&mut p, "unknown", &key.token(&claims()));
    denied(&mut p, "no name", &Key::anonymous(2).token(&claims()));
    fixture.allowed(&mut p, "pinned", &delete(&pinned.token(&claims())), &identity_of_eec_1());
    // Tried again after 1 s, 2 s …; from then on everything is as ever.
    server.answers(set(&[&key]));
    wait_for_set(&fixture.envoy, 1);
    fixture.allowed(&mut p, "then", &delete(&key.token(&claims())), &identity_of_eec_1());
    p.check("failures", fixture.envoy.filter_stat("jwks.failed") >= 1, || "none".into());
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

#[test]
fn a_new_key_is_fetched_by_the_first_token_that_names_it_and_old_tokens_end_with_their_key() {
    let (server, old, new, mut p) = (Server::start(), Key::new(1), Key::new(2), Problems::new());
    server.answers(set(&[&old]));
    let fixture = start(&fetching(&[], &json!({"refresh_seconds": 3600})), &server);
    wait_for_set(&fixture.envoy, 1);
    let (of_old, of_new) = (old.token(&claims()), new.token(&claims()));
    fixture.allowed(&mut p, "before", &delete(&of_old), &identity_of_eec_1());
    fixture.allowed(&mut p, "cached", &delete(&of_old), &identity_of_eec_1());
    server.answers(set(&[&new]));
    fixture.allowed(&mut p, "the new one", &delete(&of_new), &identity_of_eec_1());
    fixture.denied(&mut p, "the old one", &delete(&of_old), "key_unknown");
    p.equal("all of it", "questions", server.questions().len(), 2);
    fixture.finish(p);
}

#[test]
fn a_flood_of_unknown_names_brings_few_fetches_and_holds_nobody_up() {
    let (server, key, upstream) = (Server::start(), Key::new(1), Upstream::start());
    server.keeps_saying(&json!({"keys": [key.jwk()]}));
    let filter = fetching(&[], &json!({"refresh_seconds": 3600, "timeout_ms": 10_000}));
    let envoy = Envoy::start(&setup(&filter, &upstream, &server).concurrency(3));
    wait_for_set(&envoy, 1);
    let (address, mut p) = (envoy.address(), Problems::new());
    let (stop, refused) = (AtomicBool::new(false), AtomicUsize::new(0));
    let slowest = std::thread::scope(|scope| {
        for thread in 0..8 {
            let (stop, refused) = (&stop, &refused);
            scope.spawn(move || {
                let stranger = Key::new(9);
                for n in 0_u64.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let header =
                        json!({"alg": if n % 2 == 0 { "EdDSA" } else { "ES256" }, "kid": format!("{thread} {n}")});
                    let token = stranger.token_with(&header, &claims());
                    assert_eq!(status(address, &token), Some(401));
                    refused.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let begin = Instant::now();
        let mut slowest = Duration::ZERO;
        while begin.elapsed() < Duration::from_secs(12) {
            let sent = Instant::now();
            let good = key.token(&claims_with(json!({"jti": begin.elapsed().as_micros().to_string()})));
            p.equal("a good one", "status", status(address, &good), Some(201));
            slowest = slowest.max(sent.elapsed());
        }
        stop.store(true, Ordering::Relaxed);
        slowest
    });
    // At the start, and after 0 and 10 seconds of the flood.
    let questions = server.questions().len();
    p.check("fetches", (2..=3).contains(&questions), || format!("{questions}"));
    p.check("a flood", refused.load(Ordering::Relaxed) > 1_000, || format!("{refused:?}"));
    // None of them waited until a fetch had to end.
    p.check("good ones", slowest < Duration::from_secs(8), || format!("{slowest:?}"));
    p.finish();
}

#[test]
fn an_outage_changes_nothing_until_the_set_is_stale() {
    let (server, key, mut p) = (Server::start(), Key::new(1), Problems::new());
    server.answers(set(&[&key]));
    let fixture = start(
        &fetching(&[], &json!({"refresh_seconds": 1, "max_stale_seconds": 7, "timeout_ms": 300})),
        &server,
    );
    wait_for_set(&fixture.envoy, 1);
    let (token, unknown) = (key.token(&claims()), Key::new(2).token(&claims()));
    let address = fixture.envoy.address();
    let outages: [(&str, Vec<u8>); 2] =
        [("500", http(500, "text/plain", "").into()), ("lies", set(&[]).into())];
    for (name, answer) in outages {
        server.answers(answer);
        let fetched = fixture.envoy.filter_stat("jwks.fetched");
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_millis(4_500) {
            p.equal(name, "a good token", status(address, &token), Some(201));
        }
        p.equal(name, "an unknown one", status(address, &unknown), Some(401));
        p.equal(name, "fetched", fixture.envoy.filter_stat("jwks.fetched"), fetched);
        // The cached token ends with the set, too.
        fixture.envoy.wait("the end of the set", |_| (status(address, &token) == Some(503)).then_some(()));
        let held = begin.elapsed();
        p.check(name, held > Duration::from_millis(5_900), || format!("the set held for {held:?}"));
        p.equal(name, "an unknown one", status(address, &unknown), Some(503));
        server.answers(set(&[&key]));
        fixture.envoy.wait("the server", |_| (status(address, &token) == Some(201)).then_some(()));
    }
    fixture.finish(p);
}

/// A push that leaves the server as it is keeps its set: nobody asks, nobody waits. Any other begins with nothing.
fn a_push_keeps_the_set(discovery: impl Fn(Setup) -> Setup) {
    let (server, key, upstream) = (Server::start(), Key::new(1), Upstream::start());
    server.answers(set(&[&key]));
    let mut filter = fetching(&[], &json!({"refresh_seconds": 3600, "timeout_ms": 300}));
    let setup = |filter: &Value| discovery(setup(filter, &upstream, &server).concurrency(2));
    let mut envoy = Envoy::start(&setup(&filter));
    wait_for_set(&envoy, 1);
    let (token, mut p) = (key.token(&claims()), Problems::new());
    let statuses = |envoy: &Envoy| -> Vec<Option<u16>> {
        let mut all: Vec<Option<u16>> = (0..20).map(|_| status(envoy.address(), &token)).collect();
        all.dedup();
        all
    };
    p.equal("before", "statuses", statuses(&envoy), vec![Some(201)]);
    server.questions();
    // From now on the server says nothing more.
    server.hold();
    for n in 0..3 {
        filter["revoked"] = json!({"token_ids": [n.to_string()]});
        filter["token"] = json!({"require_claims": [], "max_bytes": 8_000 + n});
        assert!(matches!(envoy.push(&setup(&filter)), Push::Live));
        // With this revocation, each token needs a `jti`.
        let named = key.token(&claims_with(json!({"jti": format!("t{n}")})));
        p.equal("after a push", "status", status(envoy.address(), &named), Some(201));
    }
    p.equal("after pushes", "questions", server.questions().len(), 0);
    for (name, value) in [("path", json!("/other")), ("refresh_seconds", json!(3_599))] {
        filter["entitlement_servers"][0]["keys"][0]["jwks_remote"][name] = value;
        assert!(matches!(envoy.push(&setup(&filter)), Push::Live));
        let named = key.token(&claims_with(json!({"jti": name})));
        p.equal(name, "status", status(envoy.address(), &named), Some(503));
    }
    p.finish();
}

#[test]
fn a_push_by_extension_discovery_keeps_the_set() {
    a_push_keeps_the_set(Setup::ecds);
}

#[test]
fn a_push_by_listener_discovery_keeps_the_set() {
    a_push_keeps_the_set(|setup| setup);
}

/// Whoever fetches may be gone before the answer comes, by a push: the next one asks at once, and not when the fetch would have
/// had to end.
#[test]
fn a_fetch_that_a_push_ends_is_begun_anew() {
    let (server, key, upstream) = (Server::start(), Key::new(1), Upstream::start());
    server.hold();
    let mut filter = fetching(&[], &json!({"refresh_seconds": 3600, "timeout_ms": 60_000}));
    let setup = |filter: &Value| setup(filter, &upstream, &server).ecds();
    let mut envoy = Envoy::start(&setup(&filter));
    let mut questions = 0;
    let mut wait_for_question = |envoy: &Envoy| {
        envoy.wait("a question", |_| {
            questions += server.questions().len();
            (questions > 0).then_some(())
        });
        std::mem::take(&mut questions)
    };
    wait_for_question(&envoy);
    filter["token"] = json!({"max_bytes": 8_000});
    assert!(matches!(envoy.push(&setup(&filter)), Push::Live));
    let pushed = Instant::now();
    wait_for_question(&envoy);
    let (waited, mut p) = (pushed.elapsed(), Problems::new());
    // The first fetch would still be waiting.
    p.check("after a push", waited < Duration::from_secs(30), || format!("{waited:?}"));
    server.answers(set(&[&key]));
    server.release();
    p.equal("after a push", "status", status(envoy.address(), &key.token(&claims())), Some(201));
    p.finish();
}

#[test]
fn workers_fetch_once_and_have_it_all() {
    let (server, key, new, upstream) = (Server::start(), Key::new(1), Key::new(2), Upstream::start());
    server.answers(set(&[&key]));
    let filter = fetching(&[], &json!({"refresh_seconds": 3600, "timeout_ms": 10_000}));
    let envoy = Envoy::start(&setup(&filter, &upstream, &server).concurrency(4));
    let (address, mut p) = (envoy.address(), Problems::new());
    wait_for_set(&envoy, 1);
    let token = key.token(&claims());
    for n in 0..40 {
        p.equal("all workers", &n.to_string(), status(address, &token), Some(201));
    }
    p.equal("all workers", "questions", server.questions().len(), 1);
    // All of them wait for the same fetch.
    server.answers(set(&[&new]));
    server.after(200);
    let threads: Vec<_> = (0..40)
        .map(|n| {
            let token = new.token(&claims_with(json!({"jti": n.to_string()})));
            std::thread::spawn(move || {
                let begin = Instant::now();
                (status(address, &token), begin.elapsed())
            })
        })
        .collect();
    for thread in threads {
        let (status, waited) = thread.join().expect("a thread");
        p.equal("new key", "status", status, Some(201));
        // Every worker hears of the set before its clients would have to be told without.
        p.check("new key", waited < Duration::from_secs(8), || format!("{waited:?}"));
    }
    p.equal("new key", "questions", server.questions().len(), 1);
    // The old key is gone everywhere within a second.
    std::thread::sleep(Duration::from_secs(1));
    for n in 0..40 {
        p.equal("old key", &n.to_string(), status(address, &token), Some(401));
    }
    p.finish();
}

#[test]
fn a_server_that_hangs_takes_nothing_from_another() {
    let (slow, good, key) = (Server::start(), Server::start(), Key::new(1));
    good.answers(set(&[&key]));
    slow.hold();
    let mut filter = fetching(&[], &json!({}));
    filter["entitlement_servers"][0]["keys"][0]["jwks_remote"]["cluster"] = json!("good");
    filter["entitlement_servers"].as_array_mut().expect("servers").push(json!({
        "fqdn": "slow.example.org", "keys": [{"jwks_remote": {"cluster": "es", "timeout_ms": 5000}}]}));
    let (slow_address, good_address) = (slow.address, good.address);
    let fixture =
        Fixture::start_with(&filter, |setup| setup.cluster("es", slow_address).cluster("good", good_address));
    wait_for_set(&fixture.envoy, 1);
    let (address, mut p) = (fixture.envoy.address(), Problems::new());
    let of_slow = key.token(&claims_with(json!({"iss": "slow.example.org"})));
    let waiting: Vec<_> = (0..50)
        .map(|_| {
            let token = of_slow.clone();
            std::thread::spawn(move || status(address, &token))
        })
        .collect();
    std::thread::sleep(Duration::from_millis(100));
    let new = Key::new(2);
    good.answers(set(&[&key, &new]));
    for (name, key) in [("known", &key), ("new", &new)] {
        p.equal(name, "status", status(address, &key.token(&claims())), Some(201));
    }
    let still = waiting.iter().filter(|thread| !thread.is_finished()).count();
    p.equal("meanwhile", "waiting for the slow one", still, 50);
    for thread in waiting {
        p.equal("slow", "status", thread.join().expect("a thread"), Some(503));
    }
    p.equal(
        "slow",
        "fqdn of the fetched key",
        status(address, &new.token(&claims_with(json!({"iss": "slow.example.org"})))),
        Some(503),
    );
    fixture.finish(p);
}

/// A signed set of `keys` by `signer`, with changes to its claims.
fn signed(signer: &Key, keys: &[&Key], changes: &Value) -> String {
    let jwks: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
    let claims = claims_with(json!({"sub": null, "aud": null, "keys": jwks}));
    let mut claims = claims;
    for (name, value) in changes.as_object().expect("changes") {
        match value {
            Value::Null => drop(claims.as_object_mut().expect("claims").remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    let header = json!({"alg": "EdDSA", "typ": "jwk-set+jwt", "kid": signer.kid});
    http(200, "application/jwk-set+jwt", &signer.token_with(&header, &claims))
}

#[test]
fn a_signed_set_is_the_signers_and_never_goes_back() {
    let (server, signer, key, new, upstream) =
        (Server::start(), Key::new(7), Key::new(1), Key::new(2), Upstream::start());
    let now = crate::support::token::now();
    server.answers(signed(&signer, &[&key], &json!({"iat": now - 10, "sub": ISSUER})));
    let mut filter = fetching(&[], &json!({"signed_by": {"jwk": signer.jwk()}, "refresh_seconds": 1}));
    let setup = |filter: &Value| setup(filter, &upstream, &server).ecds();
    let mut envoy = Envoy::start(&setup(&filter));
    wait_for_set(&envoy, 1);
    let mut p = Problems::new();
    let token = key.token(&claims());
    p.equal("signed", "status", status(envoy.address(), &token), Some(201));
    p.equal(
        "the signer signs no tokens",
        "status",
        status(envoy.address(), &signer.token(&claims())),
        Some(401),
    );
    let older = signed(&signer, &[&new], &json!({"iat": now - 11}));
    server.answers(older.clone());
    let failures = |envoy: &Envoy| {
        let failed = envoy.filter_stat("jwks.failed");
        envoy.wait("a failure", |envoy| (envoy.filter_stat("jwks.failed") > failed).then_some(()));
    };
    failures(&envoy);
    p.equal("older", "status", status(envoy.address(), &new.token(&claims())), Some(401));
    // Another configuration of the same server begins without a set, and does not go back either.
    filter["entitlement_servers"][0]["keys"][0]["jwks_remote"]["refresh_seconds"] = json!(2);
    assert!(matches!(envoy.push(&setup(&filter)), Push::Live));
    failures(&envoy);
    p.equal("older after a push", "status", status(envoy.address(), &new.token(&claims())), Some(503));
    let end = crate::support::token::now() + 8;
    server.answers(signed(&signer, &[&new], &json!({"iat": now - 9, "exp": end})));
    envoy.wait("a newer one", |envoy| {
        (status(envoy.address(), &new.token(&claims())) == Some(201)).then_some(())
    });
    server.answers(set(&[&new]));
    // Its `exp` ends it, long before it is stale.
    envoy
        .wait("its end", |envoy| (status(envoy.address(), &new.token(&claims())) == Some(503)).then_some(()));
    p.check("its end", crate::support::token::now() >= end, || "too early".into());
    p.finish();
}

/// A set that is over is left where it is, and nobody reads it again with each request: that costs as much as a fetch.
#[test]
fn a_set_that_is_over_is_read_once_by_each_worker_of_a_new_configuration() {
    let (server, signer, key, upstream) = (Server::start(), Key::new(7), Key::new(1), Upstream::start());
    server.answers(signed(&signer, &[&key], &json!({"iat": crate::support::token::now() - 10})));
    let mut filter = fetching(&[], &json!({"signed_by": {"jwk": signer.jwk()}, "refresh_seconds": 1}));
    let setup = |filter: &Value| setup(filter, &upstream, &server).ecds().concurrency(2);
    let mut envoy = Envoy::start(&setup(&filter));
    wait_for_set(&envoy, 1);
    let (token, mut p) = (key.token(&claims()), Problems::new());
    p.equal("before", "status", status(envoy.address(), &token), Some(201));
    let fetched = envoy.filter_stat("jwks.fetched");
    server.answers(signed(&signer, &[&key], &json!({"exp": crate::support::token::now() + 8})));
    wait_for_set(&envoy, fetched + 2);
    server.answers(http(500, "text/plain", ""));
    envoy.wait("its end", |envoy| (status(envoy.address(), &token) == Some(503)).then_some(()));
    filter["revoked"] = json!({"token_ids": ["t"]});
    assert!(matches!(envoy.push(&setup(&filter)), Push::Live));
    for n in 0..50 {
        p.equal("after", &n.to_string(), status(envoy.address(), &token), Some(503));
    }
    let told = envoy.log().matches("a set that was fetched before is not used: `exp`").count();
    // Two workers, and the main thread, which tries a configuration before it has it.
    p.check("after", (1..=4).contains(&told), || format!("it is read {told} times"));
    p.finish();
}

#[test]
fn shadow_and_introspection_go_on_behind_fetched_keys() {
    let (server, es, key, mut p) = (Server::start(), Server::start(), Key::new(1), Problems::new());
    server.answers(set(&[&key]));
    server.after(150);
    es.says(&json!({"active": true, "sub": "eec-1"}));
    let mut filter = fetching(&[], &json!({}));
    filter["entitlement_servers"][0]["online"] =
        json!({"method": "rfc7662", "cluster": "online", "apply_to": "all"});
    let (keys_at, online_at) = (server.address, es.address);
    let fixture =
        Fixture::start_with(&filter, |setup| setup.cluster("es", keys_at).cluster("online", online_at));
    // The first request waits for the keys, and then for the answer about its token.
    let request = Request::register("eec-1").bearer(key.token(&claims()));
    fixture.allowed(&mut p, "both", &request, &identity_of_eec_1());
    es.says(&json!({"active": false}));
    let other = key.token(&claims_with(json!({"jti": "other"})));
    fixture.denied_over(Protocol::H1, &mut p, "inactive", &delete(&other), "token_inactive");
    p.equal("waiting", "gauge", fixture.envoy.filter_stat("online.waiting"), 0);
    fixture.finish(p);
}

/// A key with a chain under a CA that OpenSSL has made; another set under another CA of the same name.
#[test]
fn anchored_sets_are_those_of_the_authority() {
    let (server, mut p) = (Server::start(), Problems::new());
    let chains = foreign::run("chains.py", &json!({"name": ISSUER, "claims": claims()}));
    let find = |name: &str| {
        chains.as_array().expect("cases").iter().find(|case| case["name"] == name).expect("a case").clone()
    };
    let good = find("by one in between");
    let answer = |keys: &[&Value]| http(200, "application/json", &json!({"keys": keys}).to_string());
    let foreign_key = find("dates of the anchor");
    server.answers(answer(&[&good["key"], &foreign_key["key"], &find("RSA-PSS sha256")["key"]]));
    let fixture = start(&fetching(&[], &json!({"trust_anchors_pem": good["anchors"]})), &server);
    fixture.envoy.wait("the gauge", |envoy| (envoy.filter_stat("jwks.keys.0") == 1).then_some(()));
    let token = |case: &Value, n: usize| case["tokens"][n].as_str().expect("a token").to_owned();
    for (n, named_by) in ["kid", "x5t#S256"].into_iter().enumerate() {
        fixture.allowed(&mut p, named_by, &delete(&token(&good, n)), &identity_of_eec_1());
        fixture.denied(&mut p, named_by, &delete(&token(&foreign_key, n)), "key_unknown");
    }
    p.check("why", fixture.envoy.log().contains("no chain to a trust anchor"), || "is not told".into());
    fixture.finish(p);
}

/// Seconds of rotating; longer with `EEC_AUTHN_FLAPPING_SECONDS`.
fn rotating() -> Duration {
    let seconds = std::env::var("EEC_AUTHN_FLAPPING_SECONDS").ok();
    Duration::from_secs(seconds.map_or(12, |s| s.parse().expect("EEC_AUTHN_FLAPPING_SECONDS is a number")))
}

/// Keys come and go while the server fails every other time: no key verifies anything after its end, and no token of a key that
/// has been published in time is refused.
#[test]
fn rotations_under_load_with_a_server_that_flaps() {
    let (server, upstream) = (Server::start(), Upstream::start());
    let keys: Vec<Key> = (1..=200).map(Key::new).collect();
    server.answers(set(&[&keys[0], &keys[1]]));
    let filter = fetching(&[], &json!({"refresh_seconds": 1, "timeout_ms": 400}));
    let envoy = Envoy::start(&setup(&filter, &upstream, &server).concurrency(2));
    wait_for_set(&envoy, 1);
    let (address, mut p, begin, before) =
        (envoy.address(), Problems::new(), Instant::now(), envoy.memory_kib());
    let (current, stop, sent) = (AtomicUsize::new(0), AtomicBool::new(false), AtomicUsize::new(0));
    let refused = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|client| {
                let (keys, current, stop, sent) = (&keys, &current, &stop, &sent);
                scope.spawn(move || {
                    let mut refused = Vec::new();
                    while !stop.load(Ordering::Relaxed) {
                        let number = current.load(Ordering::SeqCst);
                        let n = sent.fetch_add(1, Ordering::Relaxed);
                        // Some tokens come again, some are new.
                        let jti =
                            if n.is_multiple_of(2) { "same".to_owned() } else { format!("{client} {n}") };
                        let token = keys[number].token(&claims_with(json!({"jti": jti})));
                        match status(address, &token) {
                            Some(201) => {}
                            other => refused.push((number, other)),
                        }
                    }
                    refused
                })
            })
            .collect();
        for number in 1.. {
            if begin.elapsed() >= rotating() || number + 1 >= keys.len() {
                break;
            }
            // Published beside the one in use; then the server fails for a while.
            server.answers(set(&[&keys[number - 1], &keys[number]]));
            let fetched = envoy.filter_stat("jwks.fetched");
            envoy.wait("two fetches", |envoy| {
                (envoy.filter_stat("jwks.fetched") >= fetched + 2).then_some(())
            });
            // The other workers have it within a second.
            std::thread::sleep(Duration::from_secs(1));
            server.answers(http(500, "text/plain", ""));
            current.store(number, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(1_500));
            // The old one is taken out.
            server.answers(set(&[&keys[number]]));
            let fetched = envoy.filter_stat("jwks.fetched");
            envoy.wait("two fetches", |envoy| {
                (envoy.filter_stat("jwks.fetched") >= fetched + 2).then_some(())
            });
            std::thread::sleep(Duration::from_secs(1));
            let old = keys[number - 1].token(&claims_with(json!({"jti": "same"})));
            for _ in 0..8 {
                p.equal("a key that is gone", &number.to_string(), status(address, &old), Some(401));
            }
        }
        stop.store(true, Ordering::Relaxed);
        clients.into_iter().flat_map(|client| client.join().expect("a client")).collect::<Vec<_>>()
    });
    p.check("good tokens", refused.is_empty(), || format!("{refused:?} of {sent:?}"));
    p.check("a load", sent.load(Ordering::Relaxed) > 1_000, || format!("{sent:?}"));
    p.check("failures", envoy.filter_stat("jwks.failed") > 1, || "none".into());
    let grown = envoy.memory_kib().saturating_sub(before);
    p.check("memory", grown < 30_000, || format!("grew by {grown} KiB"));
    p.finish();
}

//! Revocation by configuration in a real Envoy: tokens, clients, keys and times.

use crate::support::fixture::{Fixture, Protocol, config, identity_of_eec_1};
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::{Key, claims_with, now};
use serde_json::{Value, json};

#[test]
fn revoked_tokens_clients_keys_and_times() {
    let (key, gone) = (Key::new(1), Key::new(2));
    let mut filter = config(&[&key, &gone]);
    // An old date: it is about `iat`, and must not depend on the clock.
    filter["revoked"] = json!({"token_ids": ["t1"], "eec_ids": ["eec-9"], "key_ids": ["k2"], "issued_before": "2026-01-01T00:00:00Z"});
    filter["token"] = json!({"max_lifetime_seconds": 1_000_000_000});
    let fixture = Fixture::start(&filter);
    let mut p = Problems::new();
    let before = 1_767_225_600; // 2026-01-01T00:00:00Z
    let identity = |jti: &'static str| {
        let mut all = identity_of_eec_1();
        all.push(("x-eec-token-id", jti));
        all
    };
    let with =
        |key: &Key, changes: Value| Request::register("eec-1").bearer(key.token(&claims_with(changes)));
    fixture.allowed(&mut p, "another jti", &with(&key, json!({"jti": "t2"})), &identity("t2"));
    fixture.allowed(&mut p, "other case", &with(&key, json!({"jti": "T1"})), &identity("T1"));
    fixture.allowed(
        &mut p,
        "iat at the time",
        &with(&key, json!({"jti": "t2", "iat": before})),
        &identity("t2"),
    );
    for (name, request) in [
        ("jti", with(&key, json!({"jti": "t1"}))),
        ("no jti", with(&key, json!({}))),
        ("EEC", with(&key, json!({"jti": "t2", "sub": "eec-9"}))),
        ("iat before", with(&key, json!({"jti": "t2", "iat": before - 1}))),
        ("iat just before", with(&key, json!({"jti": "t2", "iat": f64::from(before) - 0.5}))),
        ("no iat", with(&key, json!({"jti": "t2", "iat": null}))),
        ("key", with(&gone, json!({"jti": "t2"}))),
    ] {
        fixture.denied_over(Protocol::H1, &mut p, name, &request, "token_revoked");
    }
    // The key that verified the token counts, not what the header says.
    let renamed = gone.token_with(&key.header(), &claims_with(json!({"jti": "t2"})));
    let renamed = Request::register("eec-1").bearer(renamed);
    fixture.denied_over(Protocol::H1, &mut p, "the key by another name", &renamed, "signature_invalid");
    let expired = with(&key, json!({"jti": "t1", "exp": now() - 60, "iat": now() - 600}));
    fixture.denied_over(Protocol::H1, &mut p, "expired first", &expired, "token_expired");
    fixture.finish(p);
}

//! Where the filter, or a rule, only watches.

use super::*;

#[test]
fn shadow_lets_pass_and_names_only_whom_a_good_token_names() {
    let key = Key::new(1);
    let mut filter = small(&[&key]);
    filter["mode"] = json!("shadow");
    filter["body"] = json!({"hold_headers": true, "limit_bytes": 20});
    let plugin = plugin(&filter);
    let expired = key.token(&claims_with(json!({"exp": now() - 60, "iat": now() - 600})));
    let noted = |code: &str| {
        ["count shadow_denied.", "decision shadow_deny:", "log shadow_deny "]
            .map(|note| format!("{note}{code}"))
    };
    let mut way = Way::new(&plugin, 1);
    let got = way.delete(&expired, &[("x-eec-id", "admin")]);
    let [count, decision, log] = noted("token_expired");
    let all = [
        "count cache.miss",
        &count,
        "remove Headers x-eec-id",
        &decision,
        ISSUER_NOTE,
        "eec_id eec-1",
        &log,
        "continue",
    ];
    expect(got, &all, false, &[]);

    // The headers go on in spite of `hold_headers`, with the token, and the first denial ends the looking.
    let mut way = Way::new(&plugin, 2);
    expect(way.post(&key.token(&claims())), &["count cache.miss"], true, &["continue"]);
    let [count, decision, log] = noted("binding_mismatch");
    expect(
        way.body(OTHERS, true),
        &[&count, &decision, ISSUER_NOTE, "eec_id eec-1", &log, "continue"],
        false,
        &[],
    );

    let mut way = Way::new(&plugin, 3);
    way.post(&key.token(&claims()));
    let read = Cell::new(0);
    let count_reads = || {
        read.set(read.get() + 1);
        None
    };
    let [count, decision, log] = noted("body_too_large");
    let step = way.exchange.on_request_body(1_000, false, &count_reads);
    expect(
        way.act(step, Fields::Headers),
        &[&count, &decision, ISSUER_NOTE, "eec_id eec-1", &log, "continue"],
        false,
        &[],
    );
    let step = way.exchange.on_request_body(5_000_000, true, &count_reads);
    expect(way.act(step, Fields::Headers), &["continue"], false, &[]);
    assert_eq!(read.get(), 0, "a body over the limit is not copied");
}

#[test]
fn shadow_of_a_rule_covers_its_claims_and_its_binding_alone() {
    let key = Key::new(1);
    let mut filter = small(&[&key]);
    filter["rules"] = json!([{"name": "edge", "match": {"api": "eees-eecregistration"}, "mode": "shadow",
        "claims": [{"claim": "scope", "contains": "edge"}], "bind": [{"claim": "iss", "body": "/issuer"}]}]);
    let plugin = plugin(&filter);
    let mut way = Way::new(&plugin, 1);
    way.post(&key.token(&claims()));
    let allowed = [
        "count allowed",
        "count shadow_denied.claim_mismatch",
        "count issuer.0.allowed",
        "decision shadow_deny:claim_mismatch",
        "rule edge",
        ISSUER_NOTE,
        "eec_id eec-1",
        "log shadow_deny claim_mismatch",
        "continue",
    ];
    expect(way.body(OWN, true), &allowed, false, &[]);
    let mut way = Way::new(&plugin, 2);
    way.post(&key.token(&claims()));
    let got = way.body(OTHERS, true);
    assert_eq!(got.last().map(String::as_str), Some("answered"), "the built-in binding stays: {got:?}");
}

#[test]
fn shadow_of_a_rule_is_noted_without_a_body_too() {
    let key = Key::new(1);
    let mut filter = small(&[&key]);
    filter["rules"] = json!([{"match": {"api": "eees-eecregistration"}, "mode": "shadow",
        "claims": [{"claim": "scope", "contains": "edge"}]}]);
    let got = Way::new(&plugin(&filter), 1).delete(&key.token(&claims()), &[]);
    assert!(got.contains(&"log shadow_deny claim_mismatch".to_owned()), "{got:?}");
    assert_eq!(got.last().map(String::as_str), Some("continue"));
}

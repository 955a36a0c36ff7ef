//! What the entitlement server is asked, and what becomes of its answers.

use super::waits::{active, asking_about};
use super::*;
use eec_authn::exchange::{Next, PendingIntrospection, keep_until, lasting_token};

/// The question that a DELETE with this token leads to.
fn asked(plugin: &Rc<PluginState>, token: &str) -> Rc<PendingIntrospection> {
    let bearer = format!("Bearer {token}");
    let pairs = deletion(REGISTRATION, &bearer);
    let mut exchange = Exchange::new(Rc::clone(plugin), 7);
    assert_eq!(exchange.stream(), 7);
    let step = exchange.on_request_headers(&RequestView::new(&pairs, true), time(), &NoHost);
    let Next::Await(Some(inquiry)) = step.next else { panic!("it asks nothing") };
    inquiry.pending
}

/// `docs/contract.md#online`: as long as configured, and never past the end of the token.
#[test]
fn an_answer_is_kept_as_long_as_configured_and_never_past_the_end_of_the_token() {
    let key = Key::new(1);
    let seconds = json!({"apply_to": "all", "cache_seconds": 40, "negative_cache_seconds": 7});
    let plugin = asking_about(&key, seconds);
    let now = time().seconds();
    for (exp, kept) in [(now + 600.0, 40.0), (now + 20.0, 20.0)] {
        let pending = asked(&plugin, &key.token(&claims_with(json!({"exp": exp}))));
        let until = |status: &TokenStatus| keep_until(&pending, status, time()).seconds() - now;
        // The clock may go on meanwhile.
        let is_near = |until: f64, wanted: f64| (wanted..wanted + 5.0).contains(&until);
        assert!(is_near(until(&active(&plugin)), kept), "{kept}");
        assert!(is_near(until(&TokenStatus::Inactive), 7.0));
        assert!(is_near(until(&TokenStatus::Unavailable(Cause::Timeout)), 0.0), "it is not kept");
    }
}

/// `docs/contract.md#online`: where tokens pass unasked, a verified one that is told inactive stays refused through an outage.
#[test]
fn what_lasts_is_said_of_verified_tokens_where_they_pass_unasked() {
    let key = Key::new(1);
    let token = key.token(&claims());
    let (signing_input, _) = token.rsplit_once('.').expect("a signature");
    for (on_unavailable, lasts) in [("allow_verified", true), ("deny", false)] {
        let plugin = asking_about(&key, json!({"apply_to": "all", "on_unavailable": on_unavailable}));
        let pending = asked(&plugin, &token);
        assert!(pending.is_verified());
        let lasting = lasting_token(&pending).map(|lasting| (lasting.issuer, lasting.signing_input));
        assert_eq!(lasting, lasts.then_some((ISSUER, signing_input)), "{on_unavailable}");
    }
}

#[test]
fn a_token_that_nobody_has_verified_is_refused_in_the_name_of_whoever_was_asked() {
    let mut way = Way::new(&asking_about(&Key::new(1), json!({"apply_to": "opaque"})), 1);
    expect(way.delete("opaque", &[]), &["count cache.miss", "ask"], false, &[]);
    let got = way.answer(&TokenStatus::Unavailable(Cause::Timeout));
    assert!(got.contains(&ISSUER_NOTE.to_owned()), "{got:?}");
}

/// A token that is too long is not looked for, and where nothing is kept, nothing is.
#[test]
fn only_tokens_that_are_looked_for_count_as_missed() {
    let key = Key::new(1);
    let forged = Key::new(2).token_with(&key.header(), &claims());
    let long = format!("x.{}.y", "z".repeat(9_000));
    for (kept, token, counts) in [(10, &forged, true), (0, &forged, false), (10, &long, false)] {
        let mut filter = small(&[&key]);
        filter["cache"] = json!({"tokens": kept});
        let got = Way::new(&plugin(&filter), 1).delete(token, &[]);
        assert_eq!(got.contains(&"count cache.miss".to_owned()), counts, "{got:?}");
        assert_eq!(got.last().map(String::as_str), Some("answered"));
    }
}

/// What has been counted on the way to a kept answer is counted too where that refuses.
#[test]
fn a_kept_answer_that_refuses_counts_as_one_that_was_kept() {
    let key = Key::new(1);
    let plugin = asking_about(&key, json!({"apply_to": "all"}));
    let token = key.token(&claims());
    let pending = asked(&plugin, &token);
    let until = keep_until(&pending, &TokenStatus::Inactive, time());
    plugin.in_flight.borrow_mut().answered(pending.digest, &TokenStatus::Inactive, time(), until);
    plugin.tally.take_all();
    let got = Way::new(&plugin, 1).delete(&token, &[]);
    let counts = ["count cache.hit", "count online.cache_hit", "count denied.token_inactive"];
    assert_eq!(got[..3], counts.map(str::to_owned), "{got:?}");
}

//! What only the clock tells: keys that are over, not valid yet or soon over, and times that lie ahead.

use super::{loaded, warnings};
use crate::support::fixture::config;
use crate::support::token::Key;
use eec_authn::config::dates;
use eec_authn::time::UnixTime;
use serde_json::{Value, json};

const NOW: &str = "2026-11-15T12:00:00Z";

/// What is said at [`NOW`].
fn said(filter: &Value) -> Vec<String> {
    let now = UnixTime::from_rfc3339(NOW).expect("a time");
    dates(&loaded(filter).policy, now).iter().map(ToString::to_string).collect()
}

/// A configuration with these dates of its keys.
fn with_keys(entries: &[Value]) -> Value {
    let keys: Vec<Key> = (1..).take(entries.len()).map(Key::new).collect();
    let mut filter = config(&keys.iter().collect::<Vec<_>>());
    for (entry, dates) in
        filter["entitlement_servers"][0]["keys"].as_array_mut().into_iter().flatten().zip(entries)
    {
        entry.as_object_mut().expect("an entry").extend(dates.as_object().expect("dates").clone());
    }
    filter
}

#[test]
fn a_key_is_named_that_is_over_not_valid_yet_or_soon_over() {
    // The second key is always good, so nothing is said of all of them.
    for (dates, message) in [
        (json!({"not_after": NOW}), Some(format!("is over since {NOW}"))),
        (
            json!({"not_before": "2026-11-01T00:00:00Z", "not_after": "2026-11-02T00:00:00Z"}),
            Some("is over since 2026-11-02T00:00:00Z".into()),
        ),
        (
            json!({"not_before": "2026-11-15T12:00:01Z"}),
            Some("is not valid before 2026-11-15T12:00:01Z".into()),
        ),
        (json!({"not_before": NOW}), None),
        (
            json!({"not_after": "2026-11-15T12:00:01Z"}),
            Some("ends soon, at 2026-11-15T12:00:01Z; pin its successor".into()),
        ),
        // Thirty days.
        (
            json!({"not_after": "2026-12-15T12:00:00Z"}),
            Some("ends soon, at 2026-12-15T12:00:00Z; pin its successor".into()),
        ),
        (json!({"not_after": "2026-12-15T12:00:01Z"}), None),
        (json!({}), None),
    ] {
        let expected: Vec<String> = message
            .iter()
            .map(|message| format!("entitlement_servers[0].keys: key `k1` {message}"))
            .collect();
        assert_eq!(said(&with_keys(&[dates.clone(), json!({})])), expected, "{dates}");
    }
}

#[test]
fn what_would_refuse_every_token_is_warned_of() {
    let (over, later) =
        (json!({"not_after": "2020-01-01T00:00:00Z"}), json!({"not_before": "2200-01-01T00:00:00Z"}));
    let last = |filter: &Value| said(filter).pop().unwrap_or_default();
    let none = "entitlement_servers[0].keys: no key is valid now: every token of this server is refused";
    assert!(last(&with_keys(&[over.clone(), later.clone()])).starts_with(none));
    assert!(!last(&with_keys(&[json!({"not_after": "2200-01-01T00:00:00Z"}), later])).starts_with(none));
    // Where no key is pinned, another says what is good.
    let mut asked = config(&[]);
    asked["entitlement_servers"][0].as_object_mut().expect("a server").remove("keys");
    asked["entitlement_servers"][0]["online"] = json!({"method": "rfc7662", "cluster": "server"});
    assert_eq!(said(&asked), Vec::<String>::new());

    for (limit, is_ahead) in [(NOW, false), ("2026-11-15T12:00:01Z", true)] {
        let mut filter = config(&[&Key::new(1)]);
        filter["revoked"] = json!({"issued_before": limit});
        let expected = format!(
            "revoked.issued_before: {limit} lies ahead: until then every token is refused, new ones too"
        );
        assert_eq!(said(&filter), if is_ahead { vec![expected] } else { Vec::new() });
    }
}

#[test]
fn tokens_without_an_identifier_cannot_be_revoked_by_it() {
    let mut filter = config(&[&Key::new(1)]);
    filter["revoked"] = json!({"token_ids": ["t1"]});
    let is_said = |filter: &Value| {
        warnings(filter).iter().any(|warning| {
            warning.starts_with("revoked.token_ids: refuses every token without `jti` as well")
        })
    };
    assert!(is_said(&filter));
    filter["token"] = json!({"require_claims": ["jti"]});
    assert!(!is_said(&filter));
}

//! A host that does not change the request as it is asked: the request goes no further.

use super::{Way, plugin, small};
use crate::support::token::{Key, claims};
use serde_json::Value;

/// The way of a request with something of everything that has to be changed, through a host that fails at `change`.
fn asked(filter: &Value, change: Option<&str>) -> Vec<String> {
    let mut way = Way::new(&plugin(filter), 1);
    way.content_follows = true;
    way.notes.fails = change.map(str::to_owned);
    let token = Key::new(1).token(&claims());
    let mut calls = way.delete(&token, &[("x-eec-id", "eec-2"), ("dpop", "x")]);
    if calls.last().is_some_and(|flow| flow == "continue") {
        way.notes.fails = change.map(str::to_owned);
        calls.extend(way.body("content", true));
    }
    calls
}

#[test]
fn a_change_that_is_not_made_ends_the_request() {
    let filter = small(&[&Key::new(1)]);
    let all = asked(&filter, None);
    assert_eq!(all.last().map(String::as_str), Some("continue"), "{all:?}");
    let changes: Vec<&String> = all
        .iter()
        .filter(|call| ["remove ", "add ", "path ", "drop "].iter().any(|change| call.starts_with(change)))
        .collect();
    for change in [
        "remove Headers x-eec-id",
        "remove Headers authorization",
        "remove Headers content-length",
        "remove Headers transfer-encoding",
        "add content-length: 0",
        "add x-eec-id: eec-1",
        "drop body",
    ] {
        assert!(changes.iter().any(|asked| *asked == change), "{change}: {changes:?}");
    }
    for change in changes {
        let calls = asked(&filter, Some(change));
        assert_eq!(calls.last().map(String::as_str), Some("failed"), "{change}: {calls:?}");
    }
}

//! A host that does not change the request as it is asked: the request goes no further.

use super::waits::{active, asking_about};
use super::{OTHERS, OWN, Way, plugin, small};
use crate::support::token::{Key, claims};
use serde_json::{Value, json};

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

/// A question is sent only once the request has been changed: others must not wait for one that never is.
#[test]
fn a_question_that_is_not_sent_is_under_way_for_nobody() {
    let key = Key::new(1);
    let (token, spoofed) = (key.token(&claims()), [("x-eec-id", "eec-2")]);
    let removal = "remove Headers x-eec-id";
    let plugin = asking_about(&key, json!({"apply_to": "all"}));
    let end = |calls: Vec<String>| calls.last().cloned().expect("a call");

    let mut first = Way::new(&plugin, 1);
    first.notes.fails = Some(removal.to_owned());
    assert_eq!(end(first.delete(&token, &spoofed)), "failed");
    assert_eq!(plugin.in_flight.borrow().waiting(), 0);
    assert_eq!(end(first.answer(&active(&plugin))), "hold", "it is over");
    let mut second = Way::new(&plugin, 2);
    assert_eq!(end(second.delete(&token, &spoofed)), "ask");
    // One that fails while another's question is under way takes nothing from that one.
    let mut third = Way::new(&plugin, 3);
    third.notes.fails = Some(removal.to_owned());
    assert_eq!(end(third.delete(&token, &spoofed)), "failed");
    assert_eq!(plugin.in_flight.borrow().waiting(), 1);
    assert_eq!(end(Way::new(&plugin, 4).delete(&token, &[])), "await");
    assert_eq!(end(second.answer(&active(&plugin))), "continue");
}

#[test]
fn nothing_that_comes_later_lets_it_go_on() {
    let key = Key::new(1);
    for body in [OWN, OTHERS] {
        let mut way = Way::new(&plugin(&small(&[&key])), 1);
        way.notes.fails = Some("add x-eec-id: eec-1".to_owned());
        let calls = way.post(&key.token(&claims()));
        assert_eq!(calls.last().map(String::as_str), Some("failed"), "{calls:?}");
        assert_eq!(way.body(body, true), ["hold"]);
        assert!(way.exchange.grant().is_none());
    }
}

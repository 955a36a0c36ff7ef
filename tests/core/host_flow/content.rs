//! Content of methods for which none is defined, and upgrades.

use super::{REGISTRATION, REGISTRATIONS, Way, plugin, small};
use crate::support::token::{Key, claims};
use serde_json::{Value, json};

/// What the host is asked to do with the content of a request with these headers: at its headers, and when some comes.
fn asked(filter: &Value, method: &str, path: &str, more: &[(&str, &str)]) -> [Vec<String>; 2] {
    let mut way = Way::new(&plugin(filter), 1);
    way.content_follows = true;
    let bearer = format!("Bearer {}", Key::new(1).token(&claims()));
    let headers =
        [&[("authorization", bearer.as_str()), ("content-type", "application/json")], more].concat();
    let of_content = |calls: Vec<String>| {
        let about = [
            "remove Headers content-length",
            "remove Headers transfer-encoding",
            "add content-length: 0",
            "drop body",
        ];
        let kept =
            calls.into_iter().filter(|call| about.contains(&call.as_str()) || call.starts_with("reply"));
        kept.collect()
    };
    [of_content(way.headers(method, path, &headers)), of_content(way.body(r#"{"eecId":"eec-1"}"#, true))]
}

fn filter(mode: &str) -> Value {
    let mut filter = small(&[&Key::new(1)]);
    filter["mode"] = json!(mode);
    filter["rules"] = json!([
        {"match": {"path": "/healthz"}, "action": "pass_without_token"},
        {"match": {"path": "/bound"}, "bind": [{"claim": "sub", "body": "/eecId"}]},
        {"match": {"path_prefix": "/ops"}},
    ]);
    filter
}

#[test]
fn none_of_it_goes_on() {
    let gone = [
        vec!["remove Headers transfer-encoding", "remove Headers content-length", "add content-length: 0"],
        vec!["drop body"],
    ];
    for mode in ["enforce", "shadow"] {
        for (method, path) in [
            ("DELETE", REGISTRATION),
            ("delete", "/ops/x"),
            ("GET", "/healthz"),
            ("HEAD", "/healthz"),
            ("OPTIONS", "/ops/x"),
            ("TRACE", "/ops/x"),
        ] {
            assert_eq!(asked(&filter(mode), method, path, &[]), gone, "{mode}: {method} {path}");
        }
    }
    // Where the filter only watches, a refused request goes on without it, too.
    assert_eq!(asked(&filter("shadow"), "GET", "/nowhere", &[]), gone);
}

#[test]
fn what_is_looked_at_or_means_something_stays() {
    let nothing: [Vec<String>; 2] = Default::default();
    for (method, path, more) in [
        ("POST", REGISTRATIONS, &[][..]),
        ("POST", "/ops/x", &[]),
        ("SEARCH", "/ops/x", &[]),
        ("GET", "/bound", &[]),
        ("GET", "/ops/x", &[("connection", "upgrade"), ("upgrade", "websocket")]),
    ] {
        assert_eq!(asked(&filter("enforce"), method, path, more), nothing, "{method} {path}");
    }
}

#[test]
fn what_is_checked_is_not_upgraded() {
    let upgrade = [("connection", "upgrade"), ("upgrade", "websocket")];
    for (method, path) in [("POST", REGISTRATIONS), ("DELETE", REGISTRATION), ("POST", "/bound")] {
        let [replies, _] = asked(&filter("enforce"), method, path, &upgrade);
        let replies: Vec<&String> = replies.iter().filter(|call| call.starts_with("reply")).collect();
        assert_eq!(replies, ["reply 400 eec_authn.header_not_allowed"], "{method} {path}");
    }
}

//! Rules of which an earlier one takes all requests, or those of the built-in operations.

use super::{loaded, warnings};
use crate::support::fixture;
use crate::support::token::Key;
use eec_authn::config;
use serde_json::{Value, json};

#[test]
fn a_rule_that_an_earlier_one_hides_is_warned_of() {
    let hidden = |first: Value, second: Value| {
        let mut filter = fixture::config(&[&Key::new(1)]);
        filter["rules"] = json!([{"match": first}, {"match": second}]);
        let message = "rules[1].match: never reached: rules[0] takes all of its requests";
        let listed = config::hidden_rules(&loaded(&filter).policy);
        let warned = warnings(&filter).iter().any(|warning| warning == message);
        assert_eq!(listed, [None, warned.then_some(0)]);
        warned
    };
    let template = |text: &str| json!({"path_template": text});
    let path = |text: &str| json!({"path": text});
    let prefix = |text: &str| json!({"path_prefix": text});
    for (first, second) in [
        (template("/a/{id}"), path("/a/b")),
        (template("/a/{id}/c"), path("/a/b/c")),
        (template("/a/{id}"), json!({"path": "/a/b", "methods": ["GET"]})),
        (
            json!({"path_template": "/a/{id}", "methods": ["GET", "PUT"]}),
            json!({"path": "/a/b", "methods": ["PUT"]}),
        ),
        (template("/{x}/{y}"), template("/a/{id}")),
        (template("/a/{id}"), template("/a/{other}")),
        (prefix("/a"), template("/a/{id}")),
        (prefix("/"), json!({"api": "eees-easdiscovery"})),
        (path("/a"), path("/a")),
        (prefix("/a"), path("/a")),
        (prefix("/a"), path("/a/b")),
        (prefix("/a"), prefix("/a")),
        (prefix("/a"), prefix("/a/b")),
        (json!({"path": "/a", "methods": ["GET"]}), json!({"path": "/a", "methods": ["GET"]})),
        (path("/eees-ueidentifier/v1/get"), json!({"api": "eees-ueidentifier"})),
        (prefix("/eees-easdiscovery/v1"), json!({"api": "eees-easdiscovery"})),
        (
            json!({"path_prefix": "/eees-easdiscovery", "methods": ["POST", "PUT", "PATCH", "DELETE"]}),
            json!({"api": "eees-easdiscovery"}),
        ),
        (
            template("/eees-easdiscovery/v1/subscriptions/{x}"),
            json!({"api": "eees-easdiscovery", "methods": ["PUT"]}),
        ),
        (
            json!({"api": "eees-easdiscovery"}),
            json!({"path": "/eees-easdiscovery/v1/subscriptions", "methods": ["POST"]}),
        ),
        (
            json!({"api": "eees-easdiscovery"}),
            json!({"path_template": "/eees-easdiscovery/v1/subscriptions/{id}", "methods": ["PUT", "DELETE"]}),
        ),
    ] {
        assert!(hidden(first.clone(), second.clone()), "{first} hides {second}");
    }
    for (first, second) in [
        (template("/a/{id}"), path("/a")),
        (template("/a/{id}"), path("/a/b/c")),
        (template("/a/{id}"), path("/b/b")),
        (template("/a/{id}"), path("/a/")),
        (template("/a/{id}"), prefix("/a/b")),
        (template("/a/{id}"), template("/{x}/{y}")),
        (template("/a/{id}"), template("/a/")),
        (json!({"path_template": "/a/{id}", "methods": ["GET"]}), path("/a/b")),
        (json!({"path_template": "/a/{id}", "hosts": ["ees1.edge.example.net"]}), path("/a/b")),
        (json!({"path_template": "/a/{id}", "path_prefix": "/a/c"}), path("/a/b")),
        (prefix("/a/b"), template("/a/{id}")),
        (prefix("/a"), template("/{x}/b")),
        (path("/a/b"), template("/a/{id}")),
        (prefix("/a"), path("/ab")),
        (prefix("/a"), prefix("/ab")),
        (json!({"path": "/a", "methods": ["GET"]}), json!({"path": "/a", "methods": ["PUT"]})),
        (path("/a"), json!({"api": "eees-easdiscovery"})),
        (prefix("/eees-easdiscovery/v1/subscriptions"), json!({"api": "eees-easdiscovery"})),
        (prefix("/eees-easdiscovery/v2"), json!({"api": "eees-easdiscovery"})),
        (
            json!({"path_prefix": "/eees-easdiscovery", "methods": ["POST"]}),
            json!({"api": "eees-easdiscovery"}),
        ),
        (template("/eees-easdiscovery/v1/subscriptions/{x}"), json!({"api": "eees-easdiscovery"})),
        (json!({"api": "eees-easdiscovery"}), path("/eees-easdiscovery/v1/subscriptions")),
        (
            json!({"api": "eees-easdiscovery"}),
            json!({"path": "/eees-easdiscovery/v1/subscriptions", "methods": ["POST", "GET"]}),
        ),
        (
            json!({"api": "eees-eecregistration"}),
            json!({"path": "/eees-easdiscovery/v1/subscriptions", "methods": ["POST"]}),
        ),
    ] {
        assert!(!hidden(first.clone(), second.clone()), "{first} leaves something to {second}");
    }
}

#[test]
fn a_path_whose_operations_an_earlier_api_takes_is_warned_of() {
    let warned = |second: Value| {
        let mut filter = fixture::config(&[&Key::new(1)]);
        filter["rules"] = json!([{"match": {"api": "eees-easdiscovery"}}, {"match": second}]);
        let message = "rules[1].match: rules[0] takes the built-in operations at this path (POST) before: only other methods come here";
        warnings(&filter).iter().any(|warning| warning == message)
    };
    assert!(warned(json!({"path": "/eees-easdiscovery/v1/subscriptions"})));
    assert!(!warned(json!({"path": "/eees-easdiscovery/v1/subscriptions", "methods": ["GET"]})));
    assert!(!warned(json!({"path": "/eees-easdiscovery/v1/others"})));
    assert!(!warned(json!({"path": "/eees-eecregistration/v1/registrations"})));
}

//! A thousand rules: the first that matches is found without trying each, and prints what that costs.

use crate::support::fixture;
use crate::support::token::Key;
use eec_authn::config;
use eec_authn::decision::DenyReason;
use eec_authn::exchange::{Exchange, Next};
use eec_authn::keys::NoHost;
use eec_authn::plugin_state::PluginState;
use eec_authn::policy::{Matcher, Policy};
use eec_authn::request::RequestView;
use eec_authn::time::UnixTime;
use serde_json::{Value, json};
use std::hash::RandomState;
use std::hint::black_box;
use std::rc::Rc;
use std::time::Instant;

/// Rules of every form, some of which take what others take as well.
fn policy(count: usize) -> Policy {
    let rule = |n: usize| -> Value {
        let matcher = match n % 5 {
            0 => json!({"path": format!("/exact/{n}")}),
            1 => json!({"path_prefix": format!("/tree/{n}")}),
            2 => json!({"path_template": format!("/t/{n}/{{id}}/x"), "methods": ["GET"]}),
            3 => json!({"path_template": format!("/t/{{any}}/{}/x", n % 50)}),
            _ => json!({"path_prefix": format!("/tree/{}", n % 100), "hosts": ["other.example.net"]}),
        };
        json!({"match": matcher})
    };
    let mut filter = fixture::config(&[&Key::new(1)]);
    filter["protects"]["check_host"] = json!(false);
    filter["rules"] = (0..count).map(rule).collect();
    config::parse(filter.to_string().as_bytes(), &|_| None).expect("a good configuration").policy
}

#[test]
fn the_first_rule_is_the_one_that_trying_each_would_find() {
    let policy = policy(1_000);
    for n in 0..1_100 {
        let paths = [
            format!("/exact/{n}"),
            format!("/tree/{n}"),
            format!("/tree/{n}/a/b"),
            format!("/tree/{n}x"),
            format!("/t/{n}/1/x"),
            format!("/t/{n}/{}/x", n % 60),
            format!("/t/{n}"),
        ];
        for path in paths {
            for (method, host) in [("GET", fixture::FQDN), ("POST", "other.example.net")] {
                let takes = |m: &Matcher| m.takes(method.as_bytes(), host.as_bytes(), path.as_bytes(), None);
                let found = policy.rules.first(path.as_bytes(), &takes);
                let tried = policy.rules.as_slice().iter().position(|rule| takes(&rule.matcher));
                assert_eq!(found.map(|(number, _)| number), tried, "{method} {path} at {host}");
            }
        }
    }
}

/// Prints what routing costs; how long that takes is nothing to assert.
#[test]
fn the_cost_of_a_route_by_the_number_of_rules() {
    for count in [0, 10, 100, 1_000, 10_000] {
        let plugin = Rc::new(PluginState::new(policy(count), RandomState::new()));
        let now = UnixTime::new(1.8e9).expect("a time");
        let pairs: [(&[u8], &[u8]); 3] = [
            (b":method", b"DELETE"),
            (b":path", b"/eees-eecregistration/v1/registrations/r1"),
            (b":authority", fixture::FQDN.as_bytes()),
        ];
        let request = RequestView::new(&pairs, true);
        #[allow(clippy::disallowed_methods, reason = "a benchmark takes the time")]
        let start = Instant::now();
        for _ in 0..10_000 {
            let step =
                Exchange::new(Rc::clone(&plugin), 1).on_request_headers(black_box(&request), now, &NoHost);
            let Next::Refuse(denial, _) = step.next else { panic!("let through without a token") };
            assert_eq!(denial.reason, DenyReason::TokenMissing, "the built-in operation covers it");
        }
        println!("{count:>6} rules: {:?} for a request that none of them takes", start.elapsed() / 10_000);
    }
}

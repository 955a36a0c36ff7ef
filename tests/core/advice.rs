//! What is unwise, contradictory, unusable or twice in a configuration that is accepted (`config::advice`), tried as an operator would write it.

mod dates;
mod hidden_rules;
mod issuers;
mod members;
mod servers;
mod tokens;

use crate::support::fixture::config;
use crate::support::token::Key;
use eec_authn::config::{self, Absent, Loaded};
use serde_json::{Value, json};

/// An accepted configuration; one that is refused fails the test.
fn loaded(filter: &Value) -> Loaded {
    let review = config::review(filter.to_string().as_bytes(), &|_| None, Absent::StandIn);
    review.result.unwrap_or_else(|errors| panic!("{filter}: {errors:?}"))
}

/// What is warned of, whatever the time is.
fn warnings(filter: &Value) -> Vec<String> {
    let loaded = loaded(filter);
    let advice = config::advice(&loaded.policy);
    loaded.warnings.iter().chain(&advice).map(ToString::to_string).collect()
}

/// A configuration that is not warned of.
fn quiet() -> Value {
    let mut filter = config(&[&Key::new(1)]);
    filter["gpsi"] = json!("required");
    filter["ownership"] = json!({"secret_env": ["EEC_AUTHN_OWNERSHIP"]});
    filter
}

fn with(member: &str, value: Value) -> Value {
    let mut filter = quiet();
    filter[member] = value;
    filter
}

/// Whether just this is said, and begins so.
fn says_only(filter: &Value, beginning: &str) {
    let found = warnings(filter);
    let [one] = found.as_slice() else { panic!("{filter}: {found:?}") };
    assert!(one.starts_with(beginning), "{filter}: {one}");
}

#[test]
fn a_wildcard_that_is_none() {
    for (member, path) in
        [("path", "/ops/*"), ("path_template", "/ops/*/{id}"), ("path_prefix", "/ops/*"), ("path", "/ops/.*")]
    {
        let rule = json!({"match": {member: path}, "bind": [{"claim": "sub", "body": "/x"}]});
        says_only(
            &with("rules", json!([rule])),
            &format!("rules[0].match.{member}: the `*` in \"{path}\" stands for itself"),
        );
    }
}

#[test]
fn what_passes_without_a_token() {
    let pass = |matcher: Value| with("rules", json!([{"match": matcher, "action": "pass_without_token"}]));
    let all = "rules[0].match: lets everything that no earlier rule takes pass without a token";
    says_only(&pass(json!({"path_prefix": "/"})), all);
    let built_in = "rules[0].match: lets built-in operations pass without a token, such as POST of";
    says_only(&pass(json!({"path": "/eees-eecregistration/v1/registrations"})), built_in);
    says_only(&pass(json!({"path_template": "/{api}/v1/registrations"})), built_in);
    says_only(&pass(json!({"path_prefix": "/", "hosts": ["ees1.edge.example.net"]})), built_in);
    says_only(&pass(json!({"api": "eees-easdiscovery"})), built_in);
    says_only(&pass(json!({"path_prefix": "/health"})), "rules[0].match: lets a whole tree of paths pass");
    for probe in [json!({"path": "/"}), json!({"path": "/healthz", "methods": ["GET"]})] {
        assert_eq!(warnings(&pass(probe)), Vec::<String>::new());
    }
}

#[test]
fn rules_that_let_nobody_through() {
    let rules = |rules: Value| with("rules", rules);
    says_only(
        &rules(json!([{"match": {"path_prefix": "/"}, "action": "deny"}])),
        "rules[0].match: refuses every request that no earlier rule takes",
    );
    for narrow in
        [json!({"path_prefix": "/a"}), json!({"path_prefix": "/", "methods": ["GET"]}), json!({"path": "/"})]
    {
        assert_eq!(warnings(&rules(json!([{"match": narrow, "action": "deny"}]))), Vec::<String>::new());
    }
    says_only(
        &rules(json!([{"match": {"path": "/a", "hosts": ["ees9.edge.example.net"]}}])),
        "rules[0].match.hosts: none of them is one of `protects.fqdns`",
    );
    let mut none = quiet();
    none["operations"] = json!("none");
    none.as_object_mut().expect("an object").remove("ownership");
    says_only(&none, "operations: with \"none\" and no rule with `action` \"authenticate\"");
    none["rules"] = json!([{"match": {"path": "/a"}}]);
    assert_eq!(warnings(&none), Vec::<String>::new());
}

#[test]
fn claims_that_contradict_each_other() {
    let claims = |claims: Value| with("rules", json!([{"match": {"path": "/a"}, "claims": claims}]));
    let (equals, one_of) =
        (|v: Value| json!({"claim": "tier", "equals": v}), |v: Value| json!({"claim": "tier", "one_of": v}));
    let present = |there: bool| json!({"claim": "tier", "present": there});
    for never in [
        json!([equals(json!("a")), equals(json!("b"))]),
        json!([equals(json!("a")), one_of(json!(["b", "c"]))]),
        json!([one_of(json!(["a", "b"])), {"claim": "/tier", "prefix": "c"}]),
        json!([present(true), present(false)]),
        json!([present(false), equals(json!("a"))]),
    ] {
        says_only(&claims(never), "rules[0].claims: what is asked of /tier cannot hold at once");
    }
    for possible in [
        json!([equals(json!("a")), one_of(json!(["b", "a"]))]),
        json!([equals(json!(60)), equals(json!(60.0))]),
        json!([{"claim": "scope", "contains": "a"}, {"claim": "scope", "contains": "b"}]),
        json!([{"claim": "iss", "equals": "a"}, {"claim": "iss", "equals": "b"}]),
        json!([present(true), equals(json!("a"))]),
        json!([present(false), present(false)]),
    ] {
        assert_eq!(warnings(&claims(possible)), Vec::<String>::new());
    }
    let bind = json!([{"claim": "sub", "body": "/x"}, {"absent": "/x"}]);
    says_only(
        &with("rules", json!([{"match": {"path": "/a"}, "bind": bind}])),
        "rules[0].bind[0]: /x is to be a claim and to be absent",
    );
}

#[test]
fn what_stands_twice_or_revokes_all() {
    let mut filter = quiet();
    let fqdn = filter["protects"]["fqdns"][0].as_str().expect("a name").to_uppercase();
    filter["protects"]["fqdns"].as_array_mut().expect("names").push(json!(fqdn + "."));
    says_only(&filter, "protects.fqdns[1]: is there once more");

    let rules = json!([{"name": "n", "match": {"path": "/a"}}, {"name": "n", "match": {"path": "/b"}}]);
    says_only(&with("rules", rules), "rules[1].name: \"n\" is the name of rules[0] as well");

    let mut filter = quiet();
    let servers = filter["entitlement_servers"].as_array_mut().expect("servers");
    let mut second = servers[0].clone();
    second["fqdn"] = json!("second.example.org");
    second["audiences"] = json!(["a", "b", "a"]);
    servers.push(second);
    let found = warnings(&filter);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].starts_with("entitlement_servers[1].keys: has a key of entitlement_servers[0]"),
        "{found:?}"
    );
    assert!(found[1].starts_with("entitlement_servers[1].audiences[2]: is there once more"), "{found:?}");

    let filter = with("revoked", json!({"key_ids": ["k1"]}));
    says_only(&filter, "revoked.key_ids: revokes every key of entitlement_servers[0]");
    let mut two = config(&[&Key::new(1), &Key::new(2)]);
    two["gpsi"] = json!("required");
    two["ownership"] = quiet()["ownership"].clone();
    two["revoked"] = json!({"key_ids": ["k1"]});
    assert_eq!(warnings(&two), Vec::<String>::new());
    says_only(
        &with("token", json!({"clock_skew_seconds": 301})),
        "token.clock_skew_seconds: an expired token passes",
    );
}

//! The operator's own rules in a real Envoy: matching, order, actions, claim checks and bindings.

use crate::support::fixture::{FQDN, Fixture, Protocol, config, identity_of_eec_1};
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::{Key, claims, claims_with};
use serde_json::{Value, json};

const REGISTRATIONS: &str = "/eees-eecregistration/v1/registrations";

/// A fixture with these rules, in which the upstream sees nothing of a denied request.
fn fixture(key: &Key, rules: Value, changes: impl FnOnce(&mut Value)) -> Fixture {
    let mut filter = config(&[key]);
    filter["rules"] = rules;
    filter["body"] = json!({"hold_headers": true});
    changes(&mut filter);
    Fixture::start_with(&filter, |setup| setup.stop_iteration(true))
}

/// A denial, or with an empty code an allowed request.
fn case(fixture: &Fixture, p: &mut Problems, name: &str, request: &Request, want: &str) {
    match want {
        "" => drop(fixture.allowed_over(Protocol::H1, p, name, request, &identity_of_eec_1())),
        code => fixture.denied_over(Protocol::H1, p, name, request, code),
    }
}

#[test]
fn what_a_rule_matches() {
    let key = Key::new(1);
    let two = "ees2.edge.example.net";
    // Whatever matches needs no token here and whatever does not is unmatched: the route alone decides.
    let fixture = fixture(
        &key,
        json!([
            {"match": {"path": "/exact"}, "action": "deny"},
            {"match": {"path_prefix": "/ops"}, "action": "deny"},
            {"match": {"path_prefix": "/slash/"}, "action": "deny"},
            {"match": {"path_template": "/a/{id}/b/{x}"}, "action": "deny"},
            {"match": {"path": "/get", "methods": ["GET", "HEAD"]}, "action": "deny"},
            {"match": {"path": "/hosted", "hosts": [two]}, "action": "deny"},
            {"match": {"api": "eees-acrevents", "methods": ["POST"]}, "action": "deny"},
        ]),
        |filter| filter["protects"]["fqdns"] = json!([FQDN, two]),
    );
    let mut p = Problems::new();
    let get = |path: &str| Request::new("GET", path);
    for (request, matches) in [
        (get("/exact"), true),
        (get("/exact?x=1"), true),
        (get("/exact/"), false),
        (get("/exactly"), false),
        (get("/EXACT"), false),
        (get("/ops"), true),
        (get("/ops/"), true),
        (get("/ops/x/y"), true),
        (get("/opsx"), false),
        (get("/op"), false),
        (get("/x/ops"), false),
        (get("/slash/x"), true),
        (get("/slashx"), false),
        (get("/a/1/b/2"), true),
        (get("/a/%20/b/%C3%A9"), true),
        (get("/a/1/b"), false),
        (get("/a/1/b/"), false),
        (get("/a/1/b/2/"), false),
        (get("/a/1/b/2/3"), false),
        (get("/a/1/c/2"), false),
        (get("/get"), true),
        (Request::new("HEAD", "/get"), true),
        (Request::new("POST", "/get"), false),
        (get("/hosted").authority(two), true),
        (get("/hosted").authority("EES2.edge.example.net.:8443"), true),
        (get("/hosted"), false),
        (Request::new("POST", "/eees-acrevents/v1/subscriptions"), true),
    ] {
        let name = format!("{} {}", request.method, String::from_utf8_lossy(&request.path));
        case(&fixture, &mut p, &name, &request, if matches { "route_denied" } else { "route_unmatched" });
    }
    let other = Request::new("PUT", "/eees-acrevents/v1/subscriptions/s1").bearer(key.token(&claims()));
    case(&fixture, &mut p, "the API by another method", &other, "body_required");
    fixture.finish(p);
}

#[test]
fn the_first_rule_wins_and_rules_come_before_the_operations() {
    let key = Key::new(1);
    let fixture = fixture(
        &key,
        json!([
            {"match": {"path_prefix": "/a/closed"}, "action": "deny"},
            {"match": {"path_prefix": "/a"}},
            {"match": {"path_prefix": "/a/late"}, "action": "deny"},
            {"match": {"path_prefix": "/eees-acrevents"}, "action": "deny"},
            {"match": {"path": "/healthz"}, "action": "pass_without_token"},
        ]),
        |_| (),
    );
    let mut p = Problems::new();
    let good = |path: &str| Request::new("GET", path).bearer(key.token(&claims()));
    case(&fixture, &mut p, "first", &good("/a/closed/x"), "route_denied");
    case(&fixture, &mut p, "second", &good("/a/x"), "");
    case(&fixture, &mut p, "third never", &good("/a/late"), "");
    let event = Request::new("POST", "/eees-acrevents/v1/subscriptions").json("{}");
    case(&fixture, &mut p, "before the operations", &event, "route_denied");
    case(&fixture, &mut p, "the operations are still there", &Request::register("eec-1"), "token_missing");
    // No token is looked at, not even a hopeless one; and it stays as it is.
    for (n, request) in [
        Request::new("GET", "/healthz"),
        Request::new("GET", "/healthz").bearer("a.b.c"),
        Request::new("GET", "/healthz").header("authorization", b"\xff").authority("10.0.0.1"),
        Request::new("POST", "/healthz").body("any body"),
    ]
    .into_iter()
    .enumerate()
    {
        let status = fixture.send(Protocol::H1, &request).map(|r| r.status);
        p.equal("probe", &format!("status {n}"), status, Ok(201));
        let received = fixture.upstream.records.wait_for(&request.case, |_| true);
        let sent = request.headers.iter().filter(|(n, _)| n == "authorization").count();
        p.equal("probe", "authorization", received.all("authorization").len(), sent);
        p.equal("probe", "x-eec-id", received.all("x-eec-id"), vec![]);
    }
    p.equal("probe", "statistic", fixture.envoy.filter_stat("passed_without_token"), 4);
    fixture.finish(p);
}

#[test]
fn claim_checks() {
    let key = Key::new(1);
    let rule = |name: &str, check: Value| {
        let mut check = check;
        check["claim"] = json!("c");
        json!({"match": {"path": name}, "claims": [check]})
    };
    let both = json!({"match": {"path": "/both"},
        "claims": [{"claim": "c", "prefix": "a"}, {"claim": "/deep/d", "equals": "x"}]});
    let fixture = fixture(
        &key,
        json!([
            rule("/equals", json!({"equals": "a"})),
            rule("/one_of", json!({"one_of": ["a", "b"]})),
            rule("/prefix", json!({"prefix": "ab"})),
            rule("/suffix", json!({"suffix": "yz"})),
            rule("/contains", json!({"contains": "edge"})),
            rule("/present", json!({"present": true})),
            both,
        ]),
        |_| (),
    );
    let mut p = Problems::new();
    for (path, claim, holds) in [
        ("/equals", json!("a"), true),
        ("/equals", json!("A"), false),
        ("/equals", json!("ab"), false),
        ("/equals", json!(""), false),
        ("/equals", json!(["a"]), false),
        ("/one_of", json!("b"), true),
        ("/one_of", json!("c"), false),
        ("/one_of", json!("a b"), false),
        ("/prefix", json!("abc"), true),
        ("/prefix", json!("ab"), true),
        ("/prefix", json!("a"), false),
        ("/prefix", json!("xab"), false),
        ("/prefix", json!(["abc"]), false),
        ("/suffix", json!("xyz"), true),
        ("/suffix", json!("xyz "), false),
        ("/contains", json!("edge"), true),
        ("/contains", json!("a edge b"), true),
        ("/contains", json!("edges"), false),
        ("/contains", json!("an-edge"), false),
        ("/contains", json!("EDGE"), false),
        ("/contains", json!("a,edge"), false),
        ("/contains", json!(["x", "edge"]), true),
        ("/contains", json!(["a edge b"]), false),
        ("/contains", json!([["edge"]]), false),
        ("/contains", json!({"edge": 1}), false),
        ("/contains", json!(7), false),
        ("/present", json!("x"), true),
        ("/present", json!(0), true),
        ("/present", json!(false), true),
    ] {
        let token = key.token(&claims_with(json!({"c": claim})));
        let name = format!("{path} {claim}");
        case(
            &fixture,
            &mut p,
            &name,
            &Request::new("GET", path).bearer(token),
            if holds { "" } else { "claim_mismatch" },
        );
    }
    for path in ["/equals", "/one_of", "/prefix", "/suffix", "/contains", "/present", "/both"] {
        let request = Request::new("GET", path).bearer(key.token(&claims()));
        case(&fixture, &mut p, &format!("{path} without the claim"), &request, "claim_mismatch");
    }
    for (changes, want) in [
        (json!({"c": "ab", "deep": {"d": "x"}}), ""),
        (json!({"c": "ab", "deep": {"d": "y"}}), "claim_mismatch"),
        (json!({"c": "b", "deep": {"d": "x"}}), "claim_mismatch"),
        (json!({"c": "ab", "/deep/d": "x"}), "claim_mismatch"),
    ] {
        let request = Request::new("GET", "/both").bearer(key.token(&claims_with(changes.clone())));
        case(&fixture, &mut p, &format!("both {changes}"), &request, want);
    }
    fixture.finish(p);
}

#[test]
fn own_bindings_add_to_the_built_in_one() {
    let key = Key::new(1);
    let fixture = fixture(
        &key,
        json!([
            {"match": {"path": "/own"}, "bind": [{"claim": "sub", "body": "/operator/eecId"}]},
            {"match": {"path": "/optional"}, "bind": [{"claim": "groups", "body": "/group", "required": false}]},
            {"match": {"path": REGISTRATIONS}, "bind": [{"claim": "sub", "body": "/operator"}]},
            {"match": {"api": "eees-acrevents"}, "built_in_binding": false},
        ]),
        |_| (),
    );
    let mut p = Problems::new();
    let token = key.token(&claims_with(json!({"groups": ["a", "b"]})));
    let plain = key.token(&claims());
    let post = |path: &str, token: &str, body: &str| Request::new("POST", path).bearer(token).json(body);
    for (path, body, want) in [
        ("/own", r#"{"operator":{"eecId":"eec-1"}}"#, ""),
        ("/own", r#"{"operator":{"eecId":"eec-2"}}"#, "binding_mismatch"),
        ("/own", r#"{"operator":{"eecId":["eec-1"]}}"#, "binding_mismatch"),
        ("/own", r#"{"operator":{"eecId":null}}"#, "binding_mismatch"),
        ("/own", r#"{"operator":{}}"#, "binding_missing"),
        ("/own", r#"{"operator":"eec-1"}"#, "binding_missing"),
        ("/own", r#"{"eecId":"eec-1"}"#, "binding_missing"),
        ("/own", r#"{"operator":{"eecid":"eec-1"}}"#, "body_malformed"),
        ("/own", r#"{"operator":{"eecId":"eec-1","EecId":"eec-2"}}"#, "body_malformed"),
        ("/optional", r#"{"group":"b"}"#, ""),
        ("/optional", r#"{"group":"c"}"#, "binding_mismatch"),
        ("/optional", r#"{"group":7}"#, "binding_mismatch"),
        ("/optional", r#"{}"#, ""),
        (REGISTRATIONS, r#"{"operator":"eec-1","eecId":"eec-1"}"#, ""),
        (REGISTRATIONS, r#"{"operator":"eec-2","eecId":"eec-1"}"#, "binding_mismatch"),
        (REGISTRATIONS, r#"{"operator":"eec-1","eecId":"eec-2"}"#, "binding_mismatch"),
        (REGISTRATIONS, r#"{"operator":"eec-1"}"#, "binding_missing"),
        (REGISTRATIONS, r#"{"eecId":"eec-1"}"#, "binding_missing"),
        ("/eees-acrevents/v1/subscriptions", r#"{"eecId":"eec-2"}"#, ""),
    ] {
        case(&fixture, &mut p, &format!("{path} {body}"), &post(path, &token, body), want);
    }
    let absent = post("/optional", &plain, r#"{"group":"b"}"#);
    case(&fixture, &mut p, "a claim that is absent is a mismatch", &absent, "binding_mismatch");
    fixture.finish(p);
}

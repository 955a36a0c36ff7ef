//! What a refused client is told beside the code (`docs/contract.md#replies`): what would have been taken.

use crate::support::fixture::{FQDN, config as small};
use crate::support::token::{Key, claims, claims_with, now};
use eec_authn::config;
use eec_authn::decision::{Denial, DenyReason, Scheme};
use eec_authn::exchange::rehearsal::{Decision, Rehearsal, Wait, play};
use eec_authn::introspection::{Cause, TokenStatus};
use eec_authn::keys::NoHost;
use eec_authn::plugin_state::PluginState;
use eec_authn::reply::Reply;
use eec_authn::request::RequestView;
use eec_authn::time::UnixTime;
use serde_json::{Value, json};
use std::rc::Rc;

const REGISTRATIONS: &str = "/eees-eecregistration/v1/registrations";
const REGISTRATION: &str = "/eees-eecregistration/v1/registrations/r1";

fn reply(filter: &Value, method: &str, path: &str, headers: &[(&str, &str)], token: &str) -> Reply {
    let policy =
        config::parse(filter.to_string().as_bytes(), &|_| None).expect("a good configuration").policy;
    let plugin = Rc::new(PluginState::new(policy, std::hash::RandomState::new()));
    let bearer = format!("Bearer {token}");
    let own = [(":method", method), (":path", path), (":authority", FQDN), ("authorization", &bearer)];
    let pairs: Vec<(&[u8], &[u8])> =
        own.iter().chain(headers).map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect();
    let rehearsal = Rehearsal {
        request: RequestView::new(&pairs, method == "DELETE"),
        body: Some(&[b"{}"]),
        trailers: None,
        answer: &|_| Some(TokenStatus::Unavailable(Cause::Timeout)),
        wait: Wait::Short,
    };
    match play(&plugin, &rehearsal, UnixTime::new(now() as f64).expect("a time"), &NoHost).decision {
        Decision::Denied(_, reply) => reply,
        other => panic!("{method} {path}: {other:?}"),
    }
}

fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
    let found: Vec<_> = reply.headers.iter().filter(|(other, _)| *other == name).collect();
    assert!(found.len() < 2, "{name}: {found:?}");
    found.first().map(|(_, value)| value.as_str())
}

#[test]
fn a_415_says_what_is_taken() {
    let key = Key::new(1);
    let (filter, token) = (small(&[&key]), key.token(&claims()));
    let json = ("content-type", "application/json");
    let patches = "application/merge-patch+json, application/json";
    for (method, path, headers, patch, coding) in [
        ("PATCH", REGISTRATION, &[("content-type", "text/plain")][..], Some(patches), None),
        ("POST", REGISTRATIONS, &[("content-type", "text/plain")], None, None),
        ("POST", REGISTRATIONS, &[json, ("content-encoding", "gzip")], None, Some("identity")),
    ] {
        let reply = reply(&filter, method, path, headers, &token);
        assert_eq!(reply.status, 415, "{method}");
        assert_eq!(header(&reply, "accept-patch"), patch, "{method}");
        assert_eq!(header(&reply, "accept-encoding"), coding, "{method}");
    }
}

#[test]
fn a_token_without_the_scope_of_the_api_is_told_which_is_wanted() {
    let key = Key::new(1);
    let mut filter = small(&[&key]);
    let token = key.token(&claims_with(json!({"scope": "eees-easdiscovery"})));
    filter["token"] = json!({"scopes": "per_api"});
    let of_scope = reply(&filter, "DELETE", REGISTRATION, &[], &token);
    let challenge = header(&of_scope, "www-authenticate").expect("a challenge");
    assert_eq!(of_scope.status, 403);
    assert!(challenge.contains(r#"error="insufficient_scope""#), "{challenge}");
    assert!(challenge.contains(r#"scope="eees-eecregistration""#), "{challenge}");
    // A rule's own claim check knows of no scope.
    filter["token"] = json!({});
    filter["rules"] = json!([{"match": {"path": REGISTRATION}, "claims": [{"claim": "x", "present": true}]}]);
    let of_rule = reply(&filter, "DELETE", REGISTRATION, &[], &token);
    assert!(!header(&of_rule, "www-authenticate").expect("a challenge").contains("scope="));
}

/// Where two bindings fail in the same way, the operation's is named: a rule only adds to it.
#[test]
fn of_two_bindings_that_fail_alike_the_operations_is_named() {
    let key = Key::new(1);
    let mut filter = small(&[&key]);
    filter["rules"] =
        json!([{"match": {"api": "eees-eecregistration"}, "bind": [{"claim": "sub", "body": "/x"}]}]);
    let headers = [("content-type", "application/json")];
    let reply = reply(&filter, "POST", REGISTRATIONS, &headers, &key.token(&claims()));
    let body: Value = serde_json::from_str(&reply.body).expect("ProblemDetails");
    assert_eq!(
        (&body["cause"], &body["invalidParams"]),
        (&json!("BINDING_MISSING"), &json!([{"param": "/eecId"}]))
    );
}

/// Each scheme that could succeed, and `error` in that of the scheme which the request used.
#[test]
fn which_schemes_are_offered_and_which_has_the_error() {
    let (missing, repeated, expired) =
        (DenyReason::TokenMissing, DenyReason::TokenRepeated, DenyReason::TokenExpired);
    let (either, dpop) = (json!({"dpop": {}}), json!({"dpop": {}, "required": true}));
    let bound = json!({"dpop": {}, "required": true, "client_certificate": true});
    let certificate = json!({"client_certificate": true, "required": true});
    let (bearer, with_dpop) = (Scheme::Bearer, Scheme::Dpop);
    for (proof, reason, used, expected) in [
        (&Value::Null, missing, bearer, &["Bearer"][..]),
        (&Value::Null, expired, with_dpop, &["Bearer"]),
        (&Value::Null, expired, bearer, &["Bearer error"]),
        (&certificate, expired, bearer, &["Bearer error"]),
        (&either, missing, bearer, &["Bearer", "DPoP"]),
        (&either, missing, with_dpop, &["Bearer", "DPoP"]),
        (&either, repeated, bearer, &["Bearer error", "DPoP error"]),
        (&either, expired, bearer, &["Bearer error", "DPoP"]),
        (&either, expired, with_dpop, &["Bearer", "DPoP error"]),
        (&dpop, missing, bearer, &["DPoP"]),
        (&dpop, repeated, bearer, &["DPoP error"]),
        (&dpop, expired, bearer, &["Bearer error", "DPoP"]),
        (&dpop, expired, with_dpop, &["DPoP error"]),
        (&bound, missing, bearer, &["Bearer", "DPoP"]),
        (&bound, expired, with_dpop, &["Bearer", "DPoP error"]),
        (&either, DenyReason::HostMismatch, bearer, &[]),
    ] {
        let mut filter = small(&[&Key::new(1)]);
        if !proof.is_null() {
            filter["proof"] = proof.clone();
        }
        let policy =
            config::parse(filter.to_string().as_bytes(), &|_| None).expect("a good configuration").policy;
        let reply = Reply::to_denial(&Denial::new(reason, "because"), &policy, used, false);
        let challenges = reply.headers.iter().filter(|(name, _)| *name == "www-authenticate");
        let short = |(_, value): &(&str, String)| {
            let scheme = value.split(' ').next().expect("a scheme");
            format!("{scheme}{}", if value.contains("error=") { " error" } else { "" })
        };
        assert_eq!(challenges.map(short).collect::<Vec<_>>(), expected, "{proof} {reason:?} {used:?}");
    }
}

#[test]
fn only_who_could_not_be_answered_is_told_to_come_again() {
    let policy = config::parse(small(&[&Key::new(1)]).to_string().as_bytes(), &|_| None)
        .expect("a good configuration")
        .policy;
    for reason in DenyReason::ALL {
        let reply = Reply::to_denial(&Denial::new(*reason, "because"), &policy, Scheme::Bearer, false);
        let expected = (reason.code() == "entitlement_unavailable").then_some("1");
        assert_eq!(header(&reply, "retry-after"), expected, "{}", reason.code());
    }
}

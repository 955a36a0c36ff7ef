//! Advice on single members, each with the nearest value of which nothing is said.

use super::{quiet, says_only, warnings, with};
use serde_json::{Value, json};

/// The quiet configuration with these members of its entitlement server.
fn server(members: Value) -> Value {
    let mut filter = quiet();
    let server = filter["entitlement_servers"][0].as_object_mut().expect("a server");
    server.extend(members.as_object().expect("members").clone());
    filter
}

/// What is said beside that the answers of a cluster are trusted.
fn of_online(online: Value) -> Vec<String> {
    let mut all = json!({"cluster": "es", "path": "/"});
    all.as_object_mut().expect("members").extend(online.as_object().expect("members").clone());
    let mut found = warnings(&server(json!({"online": all})));
    let cluster = found.pop().expect("one is always said");
    assert!(
        cluster.starts_with("entitlement_servers[0].online.cluster: the answers of this cluster are trusted"),
        "{cluster}"
    );
    found
}

#[test]
fn what_the_filter_does_not_look_at() {
    says_only(&with("mode", json!("shadow")), "mode: nothing is refused in shadow mode");
    let mut anywhere = quiet();
    anywhere["protects"]["check_host"] = json!(false);
    says_only(&anywhere, "protects.check_host: a token for one host is accepted at any other");
    says_only(
        &with("forward", json!({"token": true})),
        "forward.token: the upstream gets the client's token",
    );
    assert_eq!(warnings(&with("token", json!({"clock_skew_seconds": 300}))), Vec::<String>::new());
    let rule = json!({"match": {"path": "/a"}, "mode": "shadow"});
    says_only(
        &with("rules", json!([rule])),
        "rules[0].mode: this rule's `claims` and `bind` are only recorded",
    );
    let unbound = json!({"match": {"api": "eees-easdiscovery"}, "built_in_binding": false});
    says_only(
        &with("rules", json!([unbound])),
        "rules[0].built_in_binding: a token of one EEC can speak for another",
    );
}

#[test]
fn which_ue_a_body_may_name() {
    says_only(
        &with("gpsi", json!("if_present")),
        "gpsi: with \"if_present\", a token without a GPSI may name any UE ID",
    );
    let off = with("gpsi", json!("off"));
    says_only(&off, "gpsi: with \"off\", POST /get of eees-ueidentifier answers about any UE");
    // That is an operation of an EES.
    let mut none = off.clone();
    none["operations"] = json!("none");
    none["rules"] = json!([{"match": {"path": "/a"}}]);
    assert_eq!(warnings(&none), Vec::<String>::new());
    let mut ecs = off;
    ecs["protects"]["role"] = json!("ecs");
    says_only(&ecs, "gpsi: with \"off\", an edge ECS answers for any UE");
}

#[test]
fn who_owns_what_clients_make() {
    let without = |members: Value| {
        let mut filter = quiet();
        let all = filter.as_object_mut().expect("members");
        all.remove("ownership");
        all.extend(members.as_object().expect("members").clone());
        filter
    };
    let said = "ownership: without it, every client with a token can replace, change and delete";
    says_only(&without(json!({})), said);
    let rules = |rule: Value| without(json!({"operations": "none", "rules": [rule]}));
    let item = "/eees-easdiscovery/v1/subscriptions/{id}";
    says_only(&rules(json!({"match": {"path_template": item}})), said);
    // Items that no client gets to, and what are none.
    let open = json!({"match": {"path": "/a"}});
    for rule in [
        json!({"match": {"path_template": item}, "action": "deny"}),
        json!({"match": {"path": "/eees-easinfoprov/v1/declare"}}),
    ] {
        assert_eq!(
            warnings(&without(json!({"operations": "none", "rules": [rule, open.clone()]}))),
            Vec::<String>::new()
        );
    }
    let unsealed = json!({"secret_env": ["EEC_AUTHN_OWNERSHIP"], "unsealed": "allow"});
    says_only(&with("ownership", unsealed), "ownership.unsealed: with \"allow\" nothing is protected");
}

#[test]
fn how_an_entitlement_server_is_asked() {
    let introspects = |more: Value| {
        let mut online = json!({"method": "rfc7662", "apply_to": "all"});
        online.as_object_mut().expect("members").extend(more.as_object().expect("members").clone());
        of_online(online)
    };
    let [one] = &introspects(json!({"on_unavailable": "allow_verified"}))[..] else { panic!("one warning") };
    assert!(
        one.starts_with("entitlement_servers[0].online.on_unavailable: while the server cannot be asked"),
        "{one}"
    );
    let [one] = &introspects(json!({"cache_seconds": 301}))[..] else { panic!("one warning") };
    assert!(one.starts_with("entitlement_servers[0].online.cache_seconds: a revocation"), "{one}");
    assert_eq!(introspects(json!({"cache_seconds": 300})), Vec::<String>::new());
    assert_eq!(introspects(json!({"cache_seconds": 301, "apply_to": "opaque"})), Vec::<String>::new());
    let ts43 = |more: Value| {
        let mut online = json!({"method": "ts43", "apply_to": "all"});
        online.as_object_mut().expect("members").extend(more.as_object().expect("members").clone());
        of_online(online)
    };
    for unnamed in [json!({}), json!({"parameters": {"x": "y"}})] {
        let [one] = &ts43(unnamed)[..] else { panic!("one warning") };
        assert!(
            one.starts_with("entitlement_servers[0].online: with neither `client_id` nor `parameters.scope`"),
            "{one}"
        );
    }
    for named in [json!({"client_id": "c"}), json!({"parameters": {"x": "y", "scope": "z"}})] {
        assert_eq!(ts43(named), Vec::<String>::new());
    }
}

#[test]
fn what_vouches_for_keys_that_are_fetched() {
    let of = |more: Value| {
        let mut remote = json!({"cluster": "es", "signed_by": quiet()["entitlement_servers"][0]["keys"][0]});
        remote.as_object_mut().expect("members").extend(more.as_object().expect("members").clone());
        server(json!({"keys": [{"jwks_remote": remote}]}))
    };
    assert_eq!(warnings(&of(json!({}))), Vec::<String>::new());
    let mut unsigned = of(json!({}));
    unsigned["entitlement_servers"][0]["keys"][0]["jwks_remote"]
        .as_object_mut()
        .expect("members")
        .remove("signed_by");
    says_only(
        &unsigned,
        "entitlement_servers[0].keys.jwks_remote: a fetched set that nobody signs is trusted as far as its cluster",
    );
    let pem = include_str!("../vectors/pem/authority.crt");
    unsigned["entitlement_servers"][0]["keys"][0]["jwks_remote"]["trust_anchors_pem"] = json!([pem]);
    assert_eq!(warnings(&unsigned), Vec::<String>::new());

    let said = "entitlement_servers[0].keys.jwks_remote.max_stale_seconds: shorter than `refresh_seconds`";
    says_only(&of(json!({"refresh_seconds": 3_600, "max_stale_seconds": 3_599})), said);
    assert_eq!(
        warnings(&of(json!({"refresh_seconds": 3_600, "max_stale_seconds": 3_600}))),
        Vec::<String>::new()
    );

    // Where keys are fetched, nobody knows what others there will be.
    let mut revoked = of(json!({}));
    revoked["revoked"] = json!({"key_ids": ["k9"]});
    assert_eq!(warnings(&revoked), Vec::<String>::new());
    revoked["entitlement_servers"][0]["keys"]
        .as_array_mut()
        .expect("keys")
        .push(quiet()["entitlement_servers"][0]["keys"][0].clone());
    revoked["revoked"] = json!({"key_ids": ["k1"]});
    assert_eq!(warnings(&revoked), Vec::<String>::new());
    // A server that is asked has no keys that could all be gone.
    let mut asked = server(json!({"online": {"method": "rfc7662", "cluster": "es"}}));
    asked["entitlement_servers"][0].as_object_mut().expect("a server").remove("keys");
    assert_eq!(warnings(&asked).len(), 1, "its cluster is trusted");
    let mut pinned = quiet();
    pinned["revoked"] = json!({"key_ids": ["k9"]});
    says_only(&pinned, "revoked.key_ids: \"k9\" names no pinned key");
}

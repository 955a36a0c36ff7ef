//! Issuers at which anybody has an account, and claims that are not the EEC ID.

use crate::support::fixture;
use crate::support::token::Key;
use eec_authn::config;
use serde_json::{Value, json};

/// Paths and messages of the warnings about a good configuration with this change.
fn warnings(change: impl FnOnce(&mut Value)) -> Vec<(String, String)> {
    let mut filter = fixture::config(&[&Key::new(1)]);
    change(&mut filter);
    let found = config::advice(&super::loaded(&filter).policy);
    found.into_iter().map(|warning| (warning.path, warning.message)).collect()
}

/// Those at this path.
fn at(path: &str, change: impl FnOnce(&mut Value)) -> Vec<String> {
    warnings(change).into_iter().filter(|(p, _)| p == path).map(|(_, message)| message).collect()
}

/// Whether strangers' tokens are warned of, with this issuer and these rules.
fn strangers(issuer: &Value, more: &Value) -> Vec<String> {
    let found = warnings(|filter| {
        let server = filter["entitlement_servers"][0].as_object_mut().expect("a server");
        server.extend(issuer.as_object().expect("members").clone());
        let filter = filter.as_object_mut().expect("members");
        filter.extend(more.as_object().expect("members").clone());
    });
    let own = ["entitlement_servers[0].fqdn", "entitlement_servers[0].issuer"];
    found
        .into_iter()
        .filter(|(path, _)| own.contains(&&**path))
        .map(|(path, m)| format!("{path}: {m}"))
        .collect()
}

#[test]
fn an_issuer_that_serves_everybody_needs_a_claim_that_tells_whose_the_token_is() {
    let google = json!({"fqdn": "accounts.google.com"});
    let claims = json!([{"claim": "email", "suffix": "@edge-1.iam.gserviceaccount.com"}]);
    let rule = |matches: Value, claims: &Value| json!({"match": matches, "claims": claims});
    let closed = |rule: Value| json!({"operations": "none", "rules": [rule]});
    let api = json!({"api": "eees-eecregistration"});
    let warned = |more: Value| match &*strangers(&google, &more) {
        [] => false,
        [one] => {
            one.starts_with("entitlement_servers[0].fqdn: anybody can get a token for any `aud` there: ")
        }
        more => panic!("{more:?}"),
    };
    assert!(warned(json!({})));
    // An audience of one's own is no help: whoever asks for the token chooses it.
    assert!(strangers(&json!({"fqdn": "accounts.google.com", "audiences": ["x"]}), &json!({})).len() == 1);
    assert!(!warned(closed(rule(api.clone(), &claims))));
    assert!(warned(json!({"rules": [rule(api.clone(), &claims)]})), "other APIs are open");
    assert!(!warned(json!({"rules": [rule(json!({"path_prefix": "/"}), &claims)]})));
    assert!(warned(
        json!({"rules": [rule(api.clone(), &json!([])), rule(json!({"path_prefix": "/"}), &claims)]})
    ));
    assert!(warned(closed(rule(api.clone(), &json!([{"claim": "email", "present": true}])))));
    assert!(warned(closed(rule(
        api.clone(),
        &json!([{"claim": "iss", "equals": "https://accounts.google.com"}])
    ))));
    // A rule for a part of the requests leaves the others open.
    for part in [
        json!({"path_prefix": "/", "methods": ["POST"]}),
        json!({"path_prefix": "/", "hosts": ["ees1.edge.example.net"]}),
        json!({"path_prefix": "/", "api": "eees-eecregistration"}),
        json!({"path_prefix": "/", "path": "/a"}),
        json!({"path_prefix": "/", "path_template": "/{id}"}),
        json!({"path_prefix": "/a"}),
    ] {
        assert!(warned(json!({"rules": [rule(part.clone(), &claims)]})), "{part}");
    }
    // Behind a rule for all requests nothing is reached.
    assert!(!warned(
        json!({"rules": [rule(json!({"path_prefix": "/"}), &claims), rule(api.clone(), &json!([]))]})
    ));
    let open = json!({"match": {"path": "/healthz"}, "action": "pass_without_token"});
    assert!(
        !warned(json!({"operations": "none", "rules": [open, rule(api.clone(), &claims)]})),
        "no token there"
    );
    let mut recorded = rule(api, &claims);
    recorded["mode"] = json!("shadow");
    assert!(warned(closed(recorded)));
    for issuer in [
        "https://accounts.google.com",
        "https://token.actions.githubusercontent.com",
        "https://gitlab.com",
        "https://app.terraform.io",
    ] {
        let found = strangers(&json!({"issuer": issuer}), &json!({}));
        assert!(
            found.len() == 1 && found[0].starts_with("entitlement_servers[0].issuer: anybody "),
            "{found:?}"
        );
    }
    // Those with a path are somebody's own.
    for issuer in ["https://token.actions.githubusercontent.com/acme", "https://gitlab.example.org"] {
        assert_eq!(strangers(&json!({"issuer": issuer}), &json!({})), Vec::<String>::new(), "{issuer}");
    }
}

#[test]
fn every_pod_can_have_a_token_of_its_cluster() {
    let rule = json!([{"match": {"path_prefix": "/"}, "claims": [{"claim": "/kubernetes.io/namespace", "equals": "edge"}]}]);
    for (server, member) in [
        (json!({"fqdn": "kubernetes.default.svc.cluster.local"}), "fqdn"),
        (json!({"issuer": "https://kubernetes.default.svc"}), "issuer"),
        (json!({"issuer": "https://oidc.eks.eu-central-1.amazonaws.com/id/0123456789ABCDEF"}), "issuer"),
        (
            json!({"issuer": "https://container.googleapis.com/v1/projects/p/locations/l/clusters/c"}),
            "issuer",
        ),
        (
            json!({"issuer": "https://westeurope.oic.prod-aks.azure.com/11111111-2222-3333-4444-555555555555/"}),
            "issuer",
        ),
    ] {
        let found = strangers(&server, &json!({}));
        let said = format!(
            "entitlement_servers[0].{member}: every pod of the cluster can get a token for any `aud` there"
        );
        assert!(found.len() == 1 && found[0].starts_with(&said), "{found:?}");
        assert_eq!(strangers(&server, &json!({"rules": rule})), Vec::<String>::new());
    }
    for issuer in ["https://kubernetes.example.org", "https://oic.prod-aks.azure.com.example.org/a"] {
        assert_eq!(strangers(&json!({"issuer": issuer}), &json!({})), Vec::<String>::new(), "{issuer}");
    }
}

#[test]
fn every_application_can_have_a_token_of_its_tenant() {
    let tenant = "8d4f9b1e-30f2-4f3c-9a0e-5a0c4c5d2f11";
    for issuer in [
        format!("https://login.microsoftonline.com/{tenant}/v2.0"),
        format!("https://sts.windows.net/{tenant}/"),
    ] {
        let server = json!({"issuer": issuer});
        let found = strangers(&server, &json!({}));
        let said =
            "entitlement_servers[0].issuer: every application of the tenant can get a token for your `aud`";
        assert!(found.len() == 1 && found[0].starts_with(said), "{found:?}");
        let rule =
            json!([{"match": {"path_prefix": "/"}, "claims": [{"claim": "roles", "contains": "edge"}]}]);
        for closed in [json!({"token": {"scopes": "per_api"}}), json!({"rules": rule})] {
            assert_eq!(strangers(&server, &closed), Vec::<String>::new());
        }
    }
}

#[test]
fn an_issuer_of_entra_id_names_one_tenant() {
    let of = |server: Value| strangers(&server, &json!({}));
    let found = of(json!({"fqdn": "login.microsoftonline.com"}));
    assert!(
        found.len() == 1 && found[0].starts_with("entitlement_servers[0].fqdn: no token has this `iss`"),
        "{found:?}"
    );
    let personal =
        json!({"issuer": "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"});
    let rules = json!([{"match": {"path_prefix": "/"}, "claims": [{"claim": "oid", "equals": "x"}]}]);
    assert_eq!(strangers(&personal, &json!({"rules": rules})), Vec::<String>::new());
    for (tenant, said) in [
        ("common", "no token has this `iss`"),
        ("organizations", "no token has this `iss`"),
        ("consumers", "no token has this `iss`"),
        ("9188040d-6c67-4c5b-b112-36a304b66dad", "is the tenant of all personal Microsoft accounts"),
        ("8d4f9b1e-30f2-4f3c-9a0e-5a0c4c5d2f11", "every application of the tenant"),
    ] {
        let found = of(json!({"issuer": format!("https://login.microsoftonline.com/{tenant}/v2.0")}));
        let expected = format!("entitlement_servers[0].issuer: {said}");
        assert!(found.len() == 1 && found[0].starts_with(&expected), "{tenant}: {found:?}");
    }
}

#[test]
fn headers_without_the_eec_id_of_some_server_are_warned_of() {
    let own = json!({"fqdn": "two.example.org", "eec_id_claim": "azp", "keys": [{"jwk": Key::new(2).jwk()}]});
    let with = |headers: Value| {
        warnings(|filter| {
            filter["entitlement_servers"].as_array_mut().expect("a list").push(own.clone());
            filter["forward"] = json!({"headers": headers});
        })
    };
    let said = |headers: Value, path: &str| {
        let found: Vec<String> =
            with(headers).into_iter().filter(|(p, _)| p == path).map(|(_, message)| message).collect();
        found.join("; ")
    };
    assert_eq!(
        said(json!({"x-eec-id": "sub", "x-client": "azp"}), "forward.headers.x-eec-id"),
        "carries `sub`, and the EEC ID in tokens of entitlement_servers[1] is `azp`: the upstream would take another value for it"
    );
    assert_eq!(
        said(json!({"x-caller": "sub", "x-by": "iss"}), "forward.headers"),
        "no header carries the EEC ID: the EEC ID in tokens of entitlement_servers[1] is `azp`; the upstream is not told who is calling"
    );
    let all = json!({"x-caller": "sub", "x-client": "azp", "x-tenant": "tid"});
    assert!(with(all).iter().all(|(path, _)| !path.starts_with("forward.headers")));
    // Those that nobody configured follow each server.
    let found = warnings(|filter| filter["entitlement_servers"][0]["eec_id_claim"] = json!("azp"));
    assert!(found.iter().all(|(path, _)| !path.starts_with("forward")), "{found:?}");
}

#[test]
fn a_binding_of_another_claim_to_the_eec_id_is_warned_of() {
    let with = |claim: &str, body: &str| {
        at("rules[0].bind[0].claim", |filter| {
            filter["entitlement_servers"][0]["eec_id_claim"] = json!("/edge/eec_id");
            let bind = json!([{"claim": claim, "body": body}]);
            filter["rules"] = json!([{"match": {"path": "/ops/a"}, "bind": bind}]);
        })
    };
    assert_eq!(
        with("sub", "/operator/eecId"),
        ["`sub` is compared, and the EEC ID in tokens of entitlement_servers[0] is `/edge/eec_id`"]
    );
    assert!(with("/edge/eec_id", "/operator/eecId").is_empty());
    assert!(with("tid", "/tenant").is_empty());
    let two = at("rules[0].bind[0].claim", |filter| {
        let own =
            json!({"fqdn": "two.example.org", "eec_id_claim": "azp", "keys": [{"jwk": Key::new(2).jwk()}]});
        filter["entitlement_servers"].as_array_mut().expect("a list").push(own);
        filter["rules"] =
            json!([{"match": {"path": "/ops/a"}, "bind": [{"claim": "azp", "body": "/owner"}]}]);
    });
    assert_eq!(two, ["`azp` is compared, and the EEC ID in tokens of entitlement_servers[0] is `sub`"]);
}

#[test]
fn a_claim_for_scopes_that_nobody_asks_for_is_warned_of() {
    let of = |scopes: &str| {
        at("entitlement_servers[0].scope_claim", |filter| {
            filter["entitlement_servers"][0]["scope_claim"] = json!("scp");
            filter["token"] = json!({"scopes": scopes});
        })
    };
    assert_eq!(of("off"), ["is not looked at while `token.scopes` is \"off\""]);
    assert!(of("per_api").is_empty());
}

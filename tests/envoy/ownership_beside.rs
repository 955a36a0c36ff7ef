//! `docs/contract.md#ownership` beside what else an Envoy does: its own answers, paths that it normalizes, its RBAC before and behind
//! the filter, and rules of the filter that only watch.

use super::ownership::{REGISTRATIONS, filter, fixture, path_of, request, token, with_secret};
use crate::support::bootstrap::Setup;
use crate::support::ees::{Ees, SCRIPT, script};
use crate::support::entitlement_server::Server;
use crate::support::fixture::{BOTH, FQDN, Fixture, ISSUER};
use crate::support::problems::Problems;
use crate::support::proof::{Client, thumbprint};
use crate::support::request::Request;
use crate::support::seal::{EEC_1, Owner, SECRET};
use crate::support::token::{Key, claims_with};
use serde_json::{Value, json};

const R1: &str = "/eees-eecregistration/v1/registrations/r1";

fn sealed_r1() -> String {
    format!("{R1}{}", EEC_1.seal(&SECRET, "r1"))
}

/// A fixture whose Envoy has more than the filter.
fn beside(filter: &Value, more: impl FnOnce(Setup) -> Setup) -> Fixture {
    Fixture::before(Ees::start().upstream, filter, |setup| more(with_secret(setup).stop_iteration(true)))
}

fn path_upstream(fixture: &Fixture, request: &Request) -> String {
    fixture.upstream.records.wait_for(&request.case, |_| true).path
}

/// Envoy answers in the server's place and names an item: nobody has made that.
#[test]
fn what_envoy_itself_names_is_not_sealed() {
    let key = Key::new(1);
    let answer = json!({
        "match": {"prefix": REGISTRATIONS, "headers": [{"name": "x-direct", "present_match": true}]},
        "direct_response": {"status": 201},
        "response_headers_to_add": [
            {"header": {"key": "location", "value": R1}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"},
            {"header": {"key": "content-location", "value": R1}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"},
        ],
    });
    let fixture = beside(&filter(&key, |_| {}), |setup| setup.route(answer));
    let mut p = Problems::new();
    let own = token(&key, "eec-1");
    for (method, path) in [("POST", REGISTRATIONS.to_owned()), ("PUT", sealed_r1())] {
        for protocol in BOTH {
            let request = request(method, &path, "eec-1", &own).header("x-direct", "1");
            let response = fixture.send(protocol, &request).expect("an answer");
            p.equal(method, "status", response.status, 201);
            p.equal(
                method,
                "details",
                fixture.envoy.access(&request.case).get("details"),
                Some("direct_response".into()),
            );
            for header in ["location", "content-location"] {
                p.equal(method, header, response.all(header), vec![R1]);
            }
        }
    }
    for counter in ["sealed", "unsealable"] {
        p.equal("counted", counter, fixture.envoy.filter_stat(&format!("ownership.{counter}")), 0);
    }
    fixture.finish(p);
}

/// The server escapes what need not be; the client follows its `Location` to the letter, and Envoy decodes that first.
#[test]
fn a_seal_holds_where_envoy_normalizes_the_path() {
    let key = Key::new(1);
    let fixture = beside(&filter(&key, |_| {}), Setup::normalize_path);
    let mut p = Problems::new();
    let own = token(&key, "eec-1");
    for protocol in BOTH {
        let named = format!("location: {REGISTRATIONS}/%72%31");
        let post =
            request("POST", REGISTRATIONS, "eec-1", &own).header(SCRIPT, script("201 Created", &[&named]));
        let location = path_of(&fixture.send(protocol, &post).expect("an answer"));
        let expected = format!("{REGISTRATIONS}/%72%31{}", EEC_1.seal(&SECRET, "r1"));
        p.equal("made", "location", &location, &expected);
        let delete = request("DELETE", &location, "eec-1", &own);
        p.equal("followed", "status", fixture.send(protocol, &delete).map(|r| r.status), Ok(404));
        p.equal("followed", "the path upstream", path_upstream(&fixture, &delete), R1.to_owned());
        let others = request("DELETE", &location, "eec-2", &token(&key, "eec-2"));
        fixture.denied_over(protocol, &mut p, "another client", &others, "ownership_mismatch");
    }
    fixture.finish(p);
}

/// What a seal is over does not depend on how the configuration writes names.
#[test]
fn names_of_the_configuration_have_one_spelling() {
    let key = Key::new(1);
    let (fixture, _) = fixture(&filter(&key, |filter| {
        filter["protects"]["api_root"] = json!("/edge/");
        filter["protects"]["fqdns"] = json!([format!("{}.", FQDN.to_uppercase())]);
        filter["entitlement_servers"][0]["fqdn"] = json!(format!("{}.", ISSUER.to_uppercase()));
    }));
    let mut p = Problems::new();
    let own = token(&key, "eec-1");
    let collection = format!("/edge{REGISTRATIONS}");
    for protocol in BOTH {
        let made = fixture.send(protocol, &request("POST", &collection, "eec-1", &own)).expect("an answer");
        let path = path_of(&made);
        let id = path.rsplit('/').next().and_then(|id| id.split('.').next()).unwrap_or_default();
        let seal = Owner { api_root: "/edge", ..EEC_1 }.seal(&SECRET, id);
        p.equal("made", "location", &path, &format!("{collection}/{id}{seal}"));
        let delete = request("DELETE", &path, "eec-1", &own);
        p.equal("own", "status", fixture.send(protocol, &delete).map(|r| r.status), Ok(204));
    }
    fixture.finish(p);
}

fn rbac(action: &str, path: Value) -> Value {
    json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
        "rules": {"action": action, "policies": {"item": {
            "permissions": [{"url_path": {"path": path}}], "principals": [{"any": true}],
        }}},
    })
}

/// What the guide says of Envoy's own RBAC: before the filter paths have their seal, behind it they have none.
#[test]
fn rbac_sees_the_seal_before_the_filter_and_not_behind_it() {
    let key = Key::new(1);
    let filter = filter(&key, |_| {});
    let own = token(&key, "eec-1");
    let sealed = |path: &str| json!({"safe_regex": {"regex": format!("{path}([.][A-Za-z0-9_-]+)?")}});
    let exact = json!({"exact": R1});
    let (closed, passes) = (403, 404);
    for (name, before, action, path, status) in [
        ("behind, this item is closed", false, "DENY", exact.clone(), closed),
        ("behind, this item alone is open", false, "ALLOW", exact.clone(), passes),
        ("before, this item is closed: the seal hides it", true, "DENY", exact.clone(), passes),
        ("before, this item alone is open: the seal hides it", true, "ALLOW", exact, closed),
        ("before, closed with its seal", true, "DENY", sealed(R1), closed),
        ("before, open with its seal", true, "ALLOW", sealed(R1), passes),
    ] {
        let rbac = rbac(action, path);
        let fixture = beside(&filter, |setup| {
            if before { setup.filter_before("rbac", rbac) } else { setup.filter("rbac", rbac) }
        });
        let mut p = Problems::new();
        for protocol in BOTH {
            let delete = request("DELETE", &sealed_r1(), "eec-1", &own);
            p.equal(name, "status", fixture.send(protocol, &delete).map(|r| r.status), Ok(status));
            let details = fixture.envoy.access(&delete.case).get("details").unwrap_or_default();
            p.check(name, details.starts_with("rbac_") == (status == closed), || details.clone());
        }
        fixture.finish(p);
    }
}

/// A proof is for the path that the client sends, seal included, also where both are looked at only when an answer has come.
#[test]
fn a_proof_is_for_the_path_with_its_seal() {
    let (key, server) = (Key::new(1), Server::start());
    let filter = filter(&key, |filter| {
        filter["proof"] = json!({"dpop": {}});
        filter["entitlement_servers"][0]["online"] = json!({"method": "rfc7662", "cluster": "es"});
    });
    let address = server.address;
    let fixture = beside(&filter, |setup| setup.cluster("es", address));
    let mut p = Problems::new();
    let known = Client::new(&key, 2, json!({}));
    let asked = Client { key: Key::new(2), token: "opaque-token".into() };
    let mut answer = claims_with(json!({"active": true, "cnf": {"jkt": thumbprint(&asked.key)}}));
    answer["token_type"] = json!("DPoP");
    server.says(&answer);
    let bare = Request::new("DELETE", R1);
    for (name, client) in [("verified", &known), ("asked about", &asked)] {
        for protocol in BOTH {
            let sealed = || Request::new("DELETE", format!("{}?x=1", sealed_r1()));
            let request = client.sends(sealed());
            p.equal(name, "status", fixture.send(protocol, &request).map(|r| r.status), Ok(404));
            p.equal(name, "the path upstream", path_upstream(&fixture, &request), format!("{R1}?x=1"));
            let request = client.sends_with(sealed(), &client.proof(&bare));
            fixture.denied_over(
                protocol,
                &mut p,
                &format!("{name}, a proof for the bare path"),
                &request,
                "proof_invalid",
            );
            let request = client.sends(bare.clone());
            fixture.denied_over(
                protocol,
                &mut p,
                &format!("{name}, the bare path"),
                &request,
                "ownership_mismatch",
            );
        }
    }
    fixture.finish(p);
}

/// And the route is chosen by what the server gets.
#[test]
fn the_route_is_that_of_the_path_without_the_seal() {
    let key = Key::new(1);
    let own = token(&key, "eec-1");
    let route = |path: &str| json!({"match": {"path": path}, "direct_response": {"status": 418}});
    for (name, path, status) in [("bare", R1.to_owned(), 418), ("sealed", sealed_r1(), 404)] {
        let fixture = beside(&filter(&key, |_| {}), |setup| setup.route(route(&path)));
        let mut p = Problems::new();
        for protocol in BOTH {
            let delete = request("DELETE", &sealed_r1(), "eec-1", &own);
            p.equal(name, "status", fixture.send(protocol, &delete).map(|r| r.status), Ok(status));
        }
        fixture.finish(p);
    }
}

/// What the guide says of a rule that only watches: its own claims and bindings are recorded, owners are asked all the same.
#[test]
fn a_rule_that_only_watches_leaves_ownership_in_force() {
    let key = Key::new(1);
    let (fixture, _) = fixture(&filter(&key, |filter| {
        filter["rules"] = json!([{
            "name": "scoped", "match": {"api": "eees-eecregistration"}, "mode": "shadow",
            "claims": [{"claim": "scope", "contains": "edge"}],
        }]);
    }));
    let mut p = Problems::new();
    let (own, others) = (token(&key, "eec-1"), token(&key, "eec-2"));
    let mut watched = 0;
    for protocol in BOTH {
        let mut goes_on = |name: &str, request: &Request, status: u16| {
            let response = fixture.send(protocol, request).expect("an answer");
            watched += 1;
            p.equal(name, "status", response.status, status);
            let access = fixture.envoy.access(&request.case);
            p.equal(name, "recorded", access.get("decision"), Some("shadow_deny:claim_mismatch".into()));
            p.equal(name, "counted", fixture.envoy.filter_stat("shadow_denied.claim_mismatch"), watched);
            response
        };
        let made = path_of(&goes_on("made", &request("POST", REGISTRATIONS, "eec-1", &own), 201));
        let (bare, seal) = made.split_once('.').expect("sealed as ever");
        is_own_seal(bare, seal);
        let foreign = request("DELETE", &made, "eec-2", &others);
        let unsealed = request("DELETE", bare, "eec-1", &own);
        let own = request("DELETE", &made, "eec-1", &own);
        goes_on("its maker", &own, 204);
        p.equal("its maker", "the path upstream", path_upstream(&fixture, &own), bare.to_owned());
        for (name, request) in [("another client", &foreign), ("no seal", &unsealed)] {
            fixture.denied_over(protocol, &mut p, name, request, "ownership_mismatch");
            // One request, one decision: what the rule would have said is not counted beside it.
            p.equal(name, "counted", fixture.envoy.filter_stat("shadow_denied.claim_mismatch"), watched);
        }
    }
    fixture.finish(p);
}

fn is_own_seal(bare: &str, seal: &str) {
    let id = bare.rsplit('/').next().expect("an identifier");
    assert_eq!(format!(".{seal}"), EEC_1.seal(&SECRET, id));
}

//! `docs/contract.md#ownership` beside the rest of the configuration: shadow mode, rules, hosts that are not checked, and questions to
//! the entitlement server, in a real Envoy.

use super::ownership::{REGISTRATIONS, filter, fixture, kept, path_of, request, token, with_secret};
use crate::support::ees::{Ees, SCRIPT, script};
use crate::support::entitlement_server::Server;
use crate::support::fixture::{BOTH, FQDN, Fixture, Protocol, config};
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::seal::{EEC_1, Owner, SECRET};
use crate::support::token::Key;
use serde_json::{Value, json};

/// The path that the upstream got.
fn path_upstream(fixture: &Fixture, request: &Request) -> String {
    fixture.upstream.records.wait_for(&request.case, |_| true).path
}

fn item(id: &str) -> String {
    format!("{REGISTRATIONS}/{id}")
}

fn mine(id: &str) -> String {
    item(&format!("{id}{}", EEC_1.seal(&SECRET, id)))
}

/// Shadow mode: nothing is sealed, whatever looks like a seal is taken off, and what would be refused is recorded.
#[test]
fn going_back_to_shadow_breaks_no_client() {
    let key = Key::new(1);
    let (fixture, items) = fixture(&filter(&key, |filter| {
        filter["mode"] = json!("shadow");
        filter["rules"] = json!([
            {"match": {"path_prefix": "/eees-acrevents"}, "action": "pass_without_token"},
            {"match": {"path_prefix": "/eees-easdiscovery"}, "action": "deny"},
        ]);
    }));
    let mut p = Problems::new();
    let (own, others) = (token(&key, "eec-1"), token(&key, "eec-2"));
    let forged = Key::new(9).token_with(&key.header(), &crate::support::token::claims());
    for protocol in BOTH {
        items.lock().expect("items").clear();
        let made = fixture.send(protocol, &request("POST", REGISTRATIONS, "eec-1", &own)).expect("made");
        p.equal("made", "not sealed", path_of(&made), item("1"));
        let seal = "A".repeat(22);
        let subscription = |api: &str| format!("/{api}/v1/subscriptions/1.{seal}");
        for (name, method, path, token, code, upstream) in [
            ("one's own", "PUT", mine("1"), &own, None, item("1")),
            ("with a query", "PATCH", format!("{}?a=b", mine("1")), &own, None, format!("{}?a=b", item("1"))),
            ("another's", "PATCH", mine("1"), &others, Some("ownership_mismatch"), item("1")),
            (
                "what only looks like one",
                "PATCH",
                item(&format!("1.{seal}")),
                &own,
                Some("ownership_mismatch"),
                item("1"),
            ),
            ("none", "PATCH", item("1"), &own, Some("ownership_mismatch"), item("1")),
            (
                "nothing but a seal",
                "PATCH",
                item(&format!(".{seal}")),
                &own,
                Some("ownership_mismatch"),
                item(&format!(".{seal}")),
            ),
            ("a bad token", "PATCH", mine("1"), &forged, Some("signature_invalid"), item("1")),
            ("no operation", "GET", mine("1"), &own, Some("route_unmatched"), item("1")),
            (
                "denied by a rule",
                "PATCH",
                subscription("eees-easdiscovery"),
                &own,
                Some("route_denied"),
                "/eees-easdiscovery/v1/subscriptions/1".into(),
            ),
            (
                "passed by a rule",
                "PATCH",
                subscription("eees-acrevents"),
                &own,
                None,
                subscription("eees-acrevents"),
            ),
            (
                "not in normal form",
                "PATCH",
                format!("{}/../x.{seal}", item("1")),
                &own,
                Some("path_not_normal"),
                format!("{}/../x.{seal}", item("1")),
            ),
            (
                "elsewhere",
                "PATCH",
                format!("/elsewhere/1.{seal}"),
                &own,
                Some("route_unmatched"),
                format!("/elsewhere/1.{seal}"),
            ),
        ] {
            let name = format!("{name} [{protocol:?}]");
            let request = request(method, &path, "eec-1", token);
            let response = fixture.send(protocol, &request);
            p.check(&name, response.is_ok(), || format!("{response:?}"));
            p.equal(&name, "upstream", path_upstream(&fixture, &request), upstream);
            let decision = fixture.envoy.access(&request.case).get("decision");
            p.equal(&name, "recorded", decision, code.map(|code| format!("shadow_deny:{code}")));
        }
        let elsewhere = request("PATCH", &mine("1"), "eec-1", &own).authority("other.example.net");
        fixture.send(protocol, &elsewhere).expect("an answer");
        p.equal("another host", "upstream", path_upstream(&fixture, &elsewhere), item("1"));
    }
    for counter in ["sealed", "unsealed", "unsealable"] {
        p.equal("counted", counter, fixture.envoy.filter_stat(&format!("ownership.{counter}")), 0);
    }
    fixture.finish(p);
}

#[test]
fn rules_and_seals() {
    let key = Key::new(1);
    let (fixture, items) = fixture(&filter(&key, |filter| {
        filter["rules"] = json!([
            {"match": {"path": item("closed")}, "action": "deny"},
            {"match": {"path_prefix": "/eees-acrevents"}, "action": "pass_without_token"},
            {"match": {"api": "eees-easdiscovery"}, "built_in_binding": false},
            {"match": {"path_template": format!("{REGISTRATIONS}/{{id}}"), "methods": ["GET"]}},
            {"match": {"path": item("folded")}},
            {"match": {"path_prefix": REGISTRATIONS, "methods": ["PUT"]}, "mode": "shadow", "claims": [{"claim": "scope", "present": true}]},
        ]);
    }));
    let mut p = Problems::new();
    let (own, others) = (token(&key, "eec-1"), token(&key, "eec-2"));
    let send = |request: &Request| fixture.send(Protocol::H1, request).expect("an answer");
    let goes_on = |p: &mut Problems, name: &str, request: Request, upstream: &str| {
        for protocol in BOTH {
            let request = Request { case: format!("{}-{protocol:?}", request.case), ..request.clone() };
            let response = fixture.send(protocol, &request);
            p.check(name, response.is_ok_and(|r| r.status != 403), || "refused".into());
            p.equal(name, "upstream", path_upstream(&fixture, &request).as_str(), upstream);
        }
    };

    // `deny` and `pass_without_token` see the path with the seal.
    fixture.denied(&mut p, "deny, bare", &request("DELETE", &item("closed"), "eec-1", &own), "route_denied");
    goes_on(&mut p, "deny, sealed", request("DELETE", &mine("closed"), "eec-1", &own), &item("closed"));
    let events = "/eees-acrevents/v1/subscriptions";
    let event = format!("{events}/1{}", Owner { api: "eees-acrevents", ..EEC_1 }.seal(&SECRET, "1"));
    goes_on(&mut p, "pass", request("DELETE", &event, "eec-1", &own), &event);
    let made = send(&request("POST", events, "eec-1", &own));
    p.equal("pass", "not sealed", made.one("location").map(|l| l.contains("/1.")), Some(false));

    // `built_in_binding: false`: nobody asks, and a seal that fits is taken off all the same.
    let subscriptions = "/eees-easdiscovery/v1/subscriptions";
    let made = send(&request("POST", subscriptions, "eec-7", &own));
    let bare = path_of(&made);
    p.equal("unbound", "not sealed", bare.rsplit('/').next().map(|id| id.contains('.')), Some(false));
    let id = bare.rsplit('/').next().unwrap_or_default();
    let sealed = format!("{bare}{}", Owner { api: "eees-easdiscovery", ..EEC_1 }.seal(&SECRET, id));
    goes_on(&mut p, "unbound, bare", request("PUT", &bare, "eec-1", &others), &bare);
    goes_on(&mut p, "unbound, sealed", request("PUT", &sealed, "eec-1", &own), &bare);
    goes_on(&mut p, "unbound, another's seal", request("PUT", &sealed, "eec-1", &others), &sealed);

    // Another method on an item, as a rule allows: reading is not what owners are asked about.
    goes_on(&mut p, "GET, sealed", request("GET", &mine("1"), "eec-1", &own), &item("1"));
    goes_on(&mut p, "GET, bare", request("GET", &item("1"), "eec-1", &own), &item("1"));
    goes_on(&mut p, "GET, another's seal", request("GET", &mine("1"), "eec-2", &others), &mine("1"));
    let named = request("GET", &mine("1"), "eec-1", &own)
        .header(SCRIPT, script("200 OK", &[&format!("location: {}", item("1"))]));
    p.equal("GET", "not sealed", send(&named).one("location"), Some(item("1").as_str()));

    // A rule in shadow mode covers its own claims alone.
    fixture.denied(
        &mut p,
        "a rule in shadow mode",
        &request("PUT", &item("1"), "eec-1", &own),
        "ownership_mismatch",
    );
    goes_on(&mut p, "a rule in shadow mode, sealed", request("PUT", &mine("1"), "eec-1", &own), &item("1"));

    // Servers fold the case of methods.
    for method in ["put", "Patch", "DELETE", "dElEtE"] {
        let request = Request::new(method, item("folded")).bearer(&own);
        fixture.denied_over(Protocol::H2, &mut p, method, &request, "ownership_mismatch");
    }
    p.equal("kept", "the first", kept(&items, &item("1")).is_some(), false);
    fixture.finish(p);
}

#[test]
fn without_built_in_operations_a_rule_that_takes_them_asks_for_owners() {
    let key = Key::new(1);
    let (fixture, _) = fixture(&filter(&key, |filter| {
        filter["operations"] = json!("none");
        filter["rules"] = json!([{"match": {"api": "eees-eecregistration"}}]);
    }));
    let mut p = Problems::new();
    let (own, others) = (token(&key, "eec-1"), token(&key, "eec-2"));
    let made = fixture.send(Protocol::H1, &request("POST", REGISTRATIONS, "eec-1", &own)).expect("made");
    p.equal("made", "sealed", path_of(&made), mine("1"));
    fixture.denied(&mut p, "bare", &request("DELETE", &item("1"), "eec-2", &others), "ownership_mismatch");
    fixture.denied(&mut p, "sealed", &request("DELETE", &mine("1"), "eec-2", &others), "ownership_mismatch");
    let status = fixture.send(Protocol::H2, &request("DELETE", &mine("1"), "eec-1", &own)).map(|r| r.status);
    p.equal("own", "status", status, Ok(204));
    fixture.finish(p);
}

/// Where hosts are not checked, every name stands for the first.
#[test]
fn with_hosts_unchecked_all_hosts_are_one() {
    let key = Key::new(1);
    let (fixture, _) = fixture(&filter(&key, |filter| {
        filter["protects"]["check_host"] = json!(false);
        filter["protects"]["fqdns"] = json!([FQDN, "ees1.operator.example.com"]);
    }));
    let mut p = Problems::new();
    let own = token(&key, "eec-1");
    for (host, location, sealed) in [
        ("10.0.0.1:8080", item("r1"), mine("r1")),
        (
            "ees1.operator.example.com",
            format!("http://ees1.operator.example.com{}", item("r1")),
            format!("http://ees1.operator.example.com{}", mine("r1")),
        ),
        // A name that is not one of ours is none that a seal would be good for.
        ("10.0.0.1", format!("http://10.0.0.1{}", item("r1")), format!("http://10.0.0.1{}", item("r1"))),
    ] {
        for protocol in BOTH {
            let line = format!("location: {location}");
            let post = request("POST", REGISTRATIONS, "eec-1", &own)
                .authority(host)
                .header(SCRIPT, script("201 Created", &[&line]));
            let made = fixture.send(protocol, &post).expect("an answer");
            p.equal(host, "location", made.one("location"), Some(sealed.as_str()));
            let change = request("DELETE", &mine("r1"), "eec-1", &own).authority(host);
            p.equal(host, "status", fixture.send(protocol, &change).map(|r| r.status), Ok(404));
            p.equal(host, "upstream", path_upstream(&fixture, &change), item("r1"));
        }
    }
    fixture.finish(p);
}

/// A request that waits for the entitlement server is rewritten, and its answer sealed, like any other.
#[test]
fn while_the_entitlement_server_is_asked() {
    let key = Key::new(1);
    let server = Server::start();
    let active = |eec_id: &str| json!({"active": true, "sub": eec_id, "aud": FQDN, "exp": crate::support::token::now() + 600});
    for (hold, apply_to) in [(true, "opaque"), (false, "opaque"), (true, "all"), (false, "all")] {
        let mut filter = filter(&key, |filter| filter["body"] = json!({"hold_headers": hold}));
        filter["entitlement_servers"][0]["online"] = json!({
            "method": "rfc7662", "cluster": "es", "apply_to": apply_to, "cache_seconds": 0, "negative_cache_seconds": 0,
        });
        let Ees { upstream, .. } = Ees::start();
        let address = server.address;
        let fixture = Fixture::before(upstream, &filter, |setup| {
            with_secret(setup).stop_iteration(true).cluster("es", address)
        });
        let mut p = Problems::new();
        let (own, others) = if apply_to == "all" {
            (token(&key, "eec-1"), token(&key, "eec-2"))
        } else {
            ("opaque-of-eec-1".to_owned(), "opaque-of-eec-2".to_owned())
        };
        for protocol in BOTH {
            let name = format!("{apply_to}, hold {hold} [{protocol:?}]");
            server.says(&active("eec-1"));
            let made = fixture.send(protocol, &request("POST", REGISTRATIONS, "eec-1", &own)).expect("made");
            let sealed = path_of(&made);
            let bare = sealed.split('.').next().unwrap_or_default().to_owned();
            let id = bare.rsplit('/').next().unwrap_or_default();
            p.equal(&name, "sealed", &sealed, &mine(id));
            for method in ["PUT", "PATCH", "DELETE"] {
                server.says(&active("eec-2"));
                let foreign = request(method, &sealed, "eec-2", &others);
                fixture.denied_over(protocol, &mut p, &name, &foreign, "ownership_mismatch");
                server.says(&active("eec-1"));
                let request = request(method, &sealed, "eec-1", &own);
                let status = fixture.send(protocol, &request).map(|r| r.status);
                p.equal(&name, method, status, Ok(if method == "DELETE" { 204 } else { 200 }));
                p.equal(&name, "upstream", path_upstream(&fixture, &request), bare.clone());
            }
        }
        fixture.finish(p);
    }
}

/// Without `ownership`, nothing of all this happens.
#[test]
fn without_ownership_paths_and_locations_stay() {
    let key = Key::new(1);
    let filter: Value = config(&[&key]);
    let (fixture, _) = fixture(&filter);
    let mut p = Problems::new();
    let own = token(&key, "eec-1");
    for protocol in BOTH {
        let made = fixture.send(protocol, &request("POST", REGISTRATIONS, "eec-1", &own)).expect("made");
        p.check("made", !path_of(&made).contains('.'), || format!("{made:?}"));
        let request = request("DELETE", &mine("1"), "eec-2", &token(&key, "eec-2"));
        fixture.send(protocol, &request).expect("an answer");
        p.equal("sealed", "upstream", path_upstream(&fixture, &request), mine("1"));
    }
    fixture.finish(p);
}

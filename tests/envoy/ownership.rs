//! `docs/contract.md#ownership` in a real Envoy, before an EES that knows nothing of owners: who made a resource owns it.

use crate::support::bootstrap::Setup;
use crate::support::ees::{Ees, Items, SCRIPT, script};
use crate::support::fixture::{BOTH, FQDN, Fixture, ISSUER, Protocol, config};
use crate::support::problems::Problems;
use crate::support::request::{Request, Response};
use crate::support::seal::{EEC_1, Owner, SECRET, in_environment};
use crate::support::token::{Key, claims_with};
use serde_json::{Value, json};

/// The variable with the secret.
pub(crate) const SECRET_ENV: &str = "EEC_AUTHN_OWNERSHIP";
pub(crate) const REGISTRATIONS: &str = "/eees-eecregistration/v1/registrations";

/// The filter JSON of `key` with ownership, and changed.
pub(crate) fn filter(key: &Key, change: impl FnOnce(&mut Value)) -> Value {
    let mut filter = config(&[key]);
    filter["ownership"] = json!({"secret_env": [SECRET_ENV]});
    change(&mut filter);
    filter
}

/// Puts the tests' secret into the VM's environment.
pub(crate) fn with_secret(setup: Setup) -> Setup {
    setup.environment(SECRET_ENV, &in_environment(&SECRET))
}

/// Envoy before an EES, with this filter JSON.
pub(crate) fn fixture(filter: &Value) -> (Fixture, Items) {
    let Ees { upstream, items } = Ees::start();
    (Fixture::before(upstream, filter, |setup| with_secret(setup).stop_iteration(true)), items)
}

/// A token for this EEC.
pub(crate) fn token(key: &Key, eec_id: &str) -> String {
    key.token(&claims_with(json!({"sub": eec_id})))
}

pub(crate) fn request(method: &str, path: &str, eec_id: &str, token: &str) -> Request {
    let request = Request::new(method, path).bearer(token);
    match method {
        "POST" | "PUT" => request.json(json!({"eecId": eec_id}).to_string()),
        "PATCH" => request.json("{}").clone(),
        _ => request,
    }
}

/// The path of a `Location` at the protected host.
pub(crate) fn path_of(response: &Response) -> String {
    let location = response.one("location").expect("one location");
    location.strip_prefix(&format!("http://{FQDN}")).unwrap_or(location).to_owned()
}

#[test]
fn a_resource_can_be_changed_by_its_maker_alone() {
    let key = Key::new(1);
    let collections = [
        ("ees", "eees-eecregistration", "registrations"),
        ("ees", "eees-easdiscovery", "subscriptions"),
        ("ees", "eees-acrevents", "subscriptions"),
        ("ecs", "eecs-serviceprovisioning", "subscriptions"),
    ];
    let (mine, others) = (token(&key, "eec-1"), token(&key, "eec-2"));
    for (hold, root) in [(true, "/"), (false, "/edge")] {
        for role in ["ees", "ecs"] {
            let (fixture, items) = fixture(&filter(&key, |filter| {
                filter["protects"] = json!({"role": role, "fqdns": [FQDN], "api_root": root});
                filter["body"] = json!({"hold_headers": hold});
            }));
            let mut p = Problems::new();
            for ((_, api, collection), protocol) in collections
                .iter()
                .filter(|(of, ..)| *of == role)
                .flat_map(|c| BOTH.map(|protocol| (c, protocol)))
            {
                let name = format!("{api}, hold {hold} [{protocol:?}]");
                let api_root = root.trim_end_matches('/');
                let base = format!("{api_root}/{api}/v1/{collection}");
                let send = |request: &Request| fixture.send(protocol, request).expect("an answer");
                let make = |eec_id: &str, token: &str| send(&request("POST", &base, eec_id, token));
                let (first, second) = (make("eec-1", &mine), make("eec-2", &others));
                p.equal(&name, "made", (first.status, second.status), (201, 201));
                let (sealed, sealed_other) = (path_of(&first), path_of(&second));
                let id = sealed.rsplit('/').next().and_then(|id| id.split('.').next()).unwrap_or_default();
                let own = Owner { api_root, api, ..EEC_1 };
                p.equal(&name, "sealed", &sealed, &format!("{base}/{id}{}", own.seal(&SECRET, id)));
                let bare = format!("{base}/{id}");
                p.equal(&name, "the body is the server's", first.body.as_slice(), br#"{"eecId":"eec-1"}"#);

                let foreign_seal = sealed_other.rsplit('.').next().unwrap_or_default();
                for method in ["PUT", "PATCH", "DELETE"] {
                    for (what, path) in [
                        ("another's item", sealed.clone()),
                        ("another's item, unsealed", bare.clone()),
                        ("another's item with one's own seal", format!("{bare}.{foreign_seal}")),
                        ("another's item with both seals", format!("{sealed}.{foreign_seal}")),
                        ("the seal alone", format!("{base}/.{foreign_seal}")),
                        ("a seal of nothing", format!("{bare}.{}", "A".repeat(22))),
                        ("with a query", format!("{sealed}?x={sealed_other}")),
                    ] {
                        let request = request(method, &path, "eec-2", &others);
                        fixture.denied_over(
                            protocol,
                            &mut p,
                            &format!("{name} {method} {what}"),
                            &request,
                            "ownership_mismatch",
                        );
                    }
                    let unsealed = request(method, &bare, "eec-1", &mine);
                    fixture.denied_over(
                        protocol,
                        &mut p,
                        &format!("{name} {method} unsealed"),
                        &unsealed,
                        "ownership_mismatch",
                    );
                }
                p.equal(&name, "kept", kept(&items, &bare).as_deref(), Some(r#"{"eecId":"eec-1"}"#));

                for (method, query, status) in
                    [("PUT", "?a=b", 200), ("PATCH", "", 200), ("DELETE", "?x=/y.z", 204)]
                {
                    let own = request(method, &format!("{sealed}{query}"), "eec-1", &mine);
                    p.equal(&name, method, send(&own).status, status);
                    let received = fixture.upstream.records.wait_for(&own.case, |_| true);
                    p.equal(&name, "the path upstream", &received.path, &format!("{bare}{query}"));
                    p.equal(&name, "who", received.all("x-eec-id"), vec!["eec-1"]);
                    p.equal(
                        &name,
                        "logged",
                        fixture.envoy.access(&own.case).get("path"),
                        Some(format!("{bare}{query}")),
                    );
                }
                p.equal(&name, "deleted", kept(&items, &bare).as_deref(), Some(""));
                let other = request("DELETE", &sealed_other, "eec-2", &others);
                p.equal(&name, "the other's own", send(&other).status, 204);
            }
            let made = fixture.envoy.filter_stat("ownership.sealed");
            p.equal("counted", "ownership.sealed", made, if role == "ees" { 12 } else { 4 });
            for counter in ["ownership.unsealed", "ownership.unsealable"] {
                p.equal("counted", counter, fixture.envoy.filter_stat(counter), 0);
            }
            fixture.finish(p);
        }
    }
}

pub(crate) fn kept(items: &Items, path: &str) -> Option<String> {
    items.lock().expect("items").get(path).map(|body| String::from_utf8_lossy(body).into_owned())
}

/// The place in the table: behind the claims of rules, before anything of the body.
#[test]
fn the_body_is_not_looked_at_before() {
    let key = Key::new(1);
    let (fixture, _) = fixture(&filter(&key, |filter| {
        filter["body"] = json!({"hold_headers": true});
        filter["rules"] =
            json!([{"match": {"api": "eees-easdiscovery"}, "claims": [{"claim": "scope", "contains": "x"}]}]);
    }));
    let mut p = Problems::new();
    let mine = token(&key, "eec-1");
    let at = |method: &str, path: &str| Request::new(method, path).bearer(&mine);
    let unscoped = at("PUT", "/eees-easdiscovery/v1/subscriptions/s1");
    fixture.denied(&mut p, "a rule's claim first", &unscoped, "claim_mismatch");
    let item = format!("{REGISTRATIONS}/r1");
    for (name, request) in [
        ("no body", at("PUT", &item)),
        ("another media type", at("PUT", &item).header("content-type", "text/plain").body("x")),
        ("a large one", at("PUT", &item).json("x".repeat(70_000))),
        ("another's", at("PUT", &item).json(r#"{"eecId":"eec-2"}"#)),
        ("no JSON", at("PATCH", &item).json("no")),
    ] {
        fixture.denied(&mut p, name, &request, "ownership_mismatch");
    }
    // And with the seal, the body counts as ever.
    let sealed = format!("{item}{}", EEC_1.seal(&SECRET, "r1"));
    fixture.denied(&mut p, "sealed, no body", &at("PUT", &sealed), "body_required");
    fixture.denied(
        &mut p,
        "sealed, another's",
        &at("PUT", &sealed).json(r#"{"eecId":"eec-2"}"#),
        "binding_mismatch",
    );
    fixture.finish(p);
}

/// Nobody gets a seal for what somebody else has made, whatever the server says.
#[test]
fn an_answer_that_names_the_item_of_another_is_not_sealed() {
    let key = Key::new(1);
    let (fixture, _) = fixture(&filter(&key, |filter| {
        filter["rules"] = json!([{"match": {"path_prefix": "/eees-eecregistration", "methods": ["GET", "HEAD", "PUT", "OPTIONS"]}}]);
    }));
    let mut p = Problems::new();
    let mine = token(&key, "eec-1");
    let own = format!("{REGISTRATIONS}/mine{}", EEC_1.seal(&SECRET, "mine"));
    let others = format!("{REGISTRATIONS}/others");
    let names = format!("location: {others}");
    let names_too = format!("content-location: {others}");
    for (method, path, status) in [
        ("GET", REGISTRATIONS, "200 OK"),
        ("GET", REGISTRATIONS, "201 Created"),
        ("GET", &others, "200 OK"),
        ("HEAD", REGISTRATIONS, "201 Created"),
        ("OPTIONS", &others, "201 Created"),
        // A POST that had been sent before.
        ("POST", REGISTRATIONS, "200 OK"),
        ("POST", REGISTRATIONS, "202 Accepted"),
        ("POST", REGISTRATIONS, "303 See Other"),
        ("POST", REGISTRATIONS, "307 Temporary Redirect"),
        ("POST", REGISTRATIONS, "409 Conflict"),
        ("POST", "/eees-easdiscovery/v1/eas-profiles/request-discovery", "201 Created"),
        ("POST", "/eees-appctxtreloc/v1/determine", "201 Created"),
        ("PUT", &own, "200 OK"),
        ("PUT", &own, "201 Created"),
        ("PUT", &own, "307 Temporary Redirect"),
        ("PATCH", &own, "200 OK"),
        ("DELETE", &own, "204 No Content"),
    ] {
        for protocol in BOTH {
            let name = format!("{method} {path}: {status} [{protocol:?}]");
            let base = request(method, path, "eec-1", &mine);
            let body = json!({"requestorId": {"eecId": "eec-1"}});
            let base = if path.contains("request-discovery") { base.body(body.to_string()) } else { base };
            let base =
                if path.contains("determine") { base.body(r#"{"requestorId":"eec-1"}"#) } else { base };
            let response =
                fixture.send(protocol, &base.header(SCRIPT, script(status, &[&names, &names_too])));
            let Ok(response) = response else {
                p.add(&name, format!("{response:?}"));
                continue;
            };
            p.equal(&name, "status", response.status.to_string().as_str(), &status[..3]);
            p.equal(&name, "location", response.all("location"), vec![others.as_str()]);
            p.equal(&name, "content-location", response.all("content-location"), vec![others.as_str()]);
        }
    }
    p.equal("counted", "ownership.sealed", fixture.envoy.filter_stat("ownership.sealed"), 0);
    p.equal("counted", "ownership.unsealable", fixture.envoy.filter_stat("ownership.unsealable"), 0);
    fixture.finish(p);
}

/// Two servers with one secret in front: a seal of one is none at the other.
#[test]
fn a_seal_holds_at_one_server_api_root_api_and_issuer() {
    let (key, second) = (Key::new(1), Key::new(2));
    let mut p = Problems::new();
    // Two issuers under one FQDN, and a third that is called as the first one's FQDN: an EEC ID is one issuer's.
    let both = |filter: &mut Value| {
        filter["protects"]["fqdns"] = json!([FQDN, "ees2.edge.example.net"]);
        filter["entitlement_servers"] = json!([
            {"fqdn": ISSUER, "issuer": format!("https://{ISSUER}/a"), "keys": [{"jwk": key.jwk()}]},
            {"fqdn": ISSUER, "issuer": format!("https://{ISSUER}/b"), "keys": [{"jwk": second.jwk()}]},
        ]);
    };
    let (fixture, _) = fixture(&filter(&key, both));
    let of = |key: &Key, issuer: &str| {
        key.token(&claims_with(json!({"iss": format!("https://{ISSUER}/{issuer}")})))
    };
    let (a, b) = (of(&key, "a"), of(&second, "b"));
    let issuer_a = format!("https://{ISSUER}/a");
    let own = Owner { issuer: &issuer_a, ..EEC_1 };
    let made = fixture.send(Protocol::H1, &request("POST", REGISTRATIONS, "eec-1", &a)).expect("an answer");
    let sealed = path_of(&made);
    p.equal("made", "sealed", &sealed, &format!("{REGISTRATIONS}/1{}", own.seal(&SECRET, "1")));
    fixture.denied(
        &mut p,
        "the same EEC ID of another issuer",
        &request("DELETE", &sealed, "eec-1", &b),
        "ownership_mismatch",
    );
    let elsewhere = request("DELETE", &sealed, "eec-1", &a).authority("ees2.edge.example.net");
    fixture.denied(&mut p, "another name of the server", &elsewhere, "ownership_mismatch");
    for (name, owner) in [
        ("another host", Owner { fqdn: "ees2.edge.example.net", ..own }),
        ("another API root", Owner { api_root: "/edge", ..own }),
        ("another API", Owner { api: "eees-easdiscovery", ..own }),
        ("another issuer", Owner { issuer: ISSUER, ..own }),
        ("another client", Owner { eec_id: "eec-2", ..own }),
    ] {
        let path = format!("{REGISTRATIONS}/1{}", owner.seal(&SECRET, "1"));
        fixture.denied(&mut p, name, &request("DELETE", &path, "eec-1", &a), "ownership_mismatch");
    }
    let path = format!("{REGISTRATIONS}/1{}", own.seal(&[0; 32], "1"));
    fixture.denied(&mut p, "another secret", &request("DELETE", &path, "eec-1", &a), "ownership_mismatch");
    // At whatever port and in whatever spelling, it is one host.
    for authority in [format!("{}:8443", FQDN.to_uppercase()), format!("{FQDN}."), FQDN.to_owned()] {
        let own = request("PATCH", &sealed, "eec-1", &a).authority(&authority);
        let status = fixture.send(Protocol::H1, &own).map(|response| response.status);
        p.equal(&authority, "status", status, Ok(200));
    }
    fixture.finish(p);
}

/// What `unsealed: "allow"` costs: a seal can be left off, but none that is there is believed.
#[test]
fn without_seals_everybody_may_while_they_are_not_asked_for() {
    let key = Key::new(1);
    let (fixture, items) = fixture(&filter(&key, |filter| filter["ownership"]["unsealed"] = json!("allow")));
    let mut p = Problems::new();
    let (mine, others) = (token(&key, "eec-1"), token(&key, "eec-2"));
    let sealed =
        path_of(&fixture.send(Protocol::H1, &request("POST", REGISTRATIONS, "eec-1", &mine)).expect("made"));
    for path in [
        sealed.clone(),
        format!("{REGISTRATIONS}/.{}", "A".repeat(22)),
        format!("{REGISTRATIONS}/1.{}", "A".repeat(22)),
    ] {
        fixture.denied(&mut p, &path, &request("PUT", &path, "eec-2", &others), "ownership_mismatch");
    }
    for (path, eec_id, token) in [(format!("{REGISTRATIONS}/1"), "eec-2", &others), (sealed, "eec-1", &mine)]
    {
        let status =
            fixture.send(Protocol::H2, &request("PUT", &path, eec_id, token)).map(|response| response.status);
        p.equal(&path, "status", status, Ok(200));
    }
    // 22 characters behind something else than a dot, or others, are no seal.
    for id in [
        format!("1-{}", "A".repeat(22)),
        format!("1.{}", "A".repeat(23)),
        format!("1.{}", "A".repeat(21)),
        format!("1.{}~", "A".repeat(21)),
    ] {
        let status = fixture
            .send(Protocol::H1, &request("DELETE", &format!("{REGISTRATIONS}/{id}"), "eec-2", &others));
        p.equal(&id, "status", status.map(|response| response.status), Ok(404));
    }
    p.equal(
        "items",
        "the first",
        kept(&items, &format!("{REGISTRATIONS}/1")).as_deref(),
        Some(r#"{"eecId":"eec-1"}"#),
    );
    p.equal("counted", "ownership.unsealed", fixture.envoy.filter_stat("ownership.unsealed"), 5);
    fixture.finish(p);
}

/// The limit that the guide names: a server that gives an identifier twice, and how a new secret helps.
#[test]
fn an_identifier_given_twice_has_two_owners_until_the_secret_changes() {
    let key = Key::new(1);
    let (mine, others) = (token(&key, "eec-1"), token(&key, "eec-2"));
    let Ees { upstream, items } = Ees::start();
    // There from the start: before Envoy 1.39 a push brings no new variable.
    let second = |setup: Setup| setup.stop_iteration(true).environment("SECOND", &in_environment(&[2; 32]));
    let mut fixture = Fixture::before(upstream, &filter(&key, |_| {}), |setup| second(with_secret(setup)));
    let make = |fixture: &Fixture, eec_id: &str, token: &str| {
        path_of(&fixture.send(Protocol::H1, &request("POST", REGISTRATIONS, eec_id, token)).expect("made"))
    };
    let old = make(&fixture, "eec-1", &mine);
    // The server loses its memory, and counts from one again.
    items.lock().expect("items").clear();
    let new = make(&fixture, "eec-2", &others);
    assert_eq!(old.split('.').next(), new.split('.').next(), "one identifier");
    let delete = |fixture: &Fixture, path: &str, eec_id: &str, token: &str| {
        fixture.send(Protocol::H1, &request("DELETE", path, eec_id, token)).expect("an answer").status
    };
    assert_eq!(delete(&fixture, &old, "eec-1", &mine), 204, "the former owner still has a seal for it");
    // A new secret, without the old one beside it.
    let setup = Setup::new(
        Some(crate::support::bootstrap::Configuration::Text(
            filter(&key, |filter| filter["ownership"]["secret_env"] = json!(["SECOND"])).to_string(),
        )),
        fixture.upstream.address,
    );
    let setup = second(setup);
    assert!(matches!(fixture.envoy.push(&setup), crate::support::envoy::Push::Live));
    items.lock().expect("items").clear();
    let newest = make(&fixture, "eec-2", &others);
    assert_eq!(delete(&fixture, &old, "eec-1", &mine), 403);
    assert_eq!(delete(&fixture, &new, "eec-2", &others), 403);
    assert_eq!(delete(&fixture, &newest, "eec-2", &others), 204);
}

/// An attacker makes a server that believes forwarded headers name another's item in the answer to his own registration.
#[test]
fn what_a_client_says_of_forwarding_gets_it_no_seal_of_anothers() {
    let key = Key::new(1);
    let (fixture, items) = fixture(&filter(&key, |filter| {
        filter["protects"]["fqdns"] = json!([FQDN, "ees2.edge.example.net"]);
    }));
    let mut p = Problems::new();
    let (own, others) = (token(&key, "eec-1"), token(&key, "eec-2"));
    let made =
        fixture.send(Protocol::H1, &request("POST", REGISTRATIONS, "eec-2", &others)).expect("an answer");
    p.equal("made", "status", made.status, 201);
    let victims = format!("{REGISTRATIONS}/1");
    let mut unsealable = 0;
    for (name, value) in
        [("x-forwarded-prefix", format!("{victims}?")), ("x-forwarded-prefix", format!("{victims}#"))]
    {
        for protocol in BOTH {
            let case = format!("{name}: {value} [{protocol:?}]");
            let post = request("POST", REGISTRATIONS, "eec-1", &own).header(name, &value);
            let response = fixture.send(protocol, &post).expect("an answer");
            unsealable += 1;
            let location = response.one("location").unwrap_or_default().to_owned();
            p.check(&case, location.contains(&value), || {
                format!("the server did not believe it: {location}")
            });
            p.equal(&case, "unsealable", fixture.envoy.filter_stat("ownership.unsealable"), unsealable);
            let named = location.split(['?', '#']).next().unwrap_or_default();
            let path = named.find("/eees").and_then(|at| named.get(at..)).unwrap_or_default();
            let delete = request("DELETE", path, "eec-1", &own);
            fixture.denied_over(protocol, &mut p, &case, &delete, "ownership_mismatch");
        }
    }
    // Another host than the one that was checked is not even named: a server that counts for each by itself would give an identifier
    // of the one, and act on an item of the other.
    for name in [
        "x-forwarded-host",
        "X_Forwarded_Host",
        "x-forwarded-server",
        "x-original-host",
        "x-host",
        "forwarded",
    ] {
        for protocol in BOTH {
            let case = format!("{name} [{protocol:?}]");
            let value =
                if name == "forwarded" { "host=ees2.edge.example.net" } else { "ees2.edge.example.net" };
            let post = request("POST", REGISTRATIONS, "eec-1", &own).header(&name.to_lowercase(), value);
            let response = fixture.send(protocol, &post).expect("an answer");
            p.equal(&case, "status", response.status, 201);
            let received = fixture.upstream.records.find(&post.case).expect("it arrived");
            let named = received.headers.iter().filter(|(_, found)| found.contains("ees2")).count();
            p.equal(&case, "other hosts", named, 0);
        }
    }
    p.equal("all", "kept", kept(&items, &victims).as_deref(), Some(r#"{"eecId":"eec-2"}"#));
    fixture.finish(p);
}

/// Servers with a method override take a POST on an item for a DELETE, by its query or its body.
#[test]
fn an_overridden_method_changes_nothing_of_anothers() {
    let item = format!("{REGISTRATIONS}/1");
    for (matching, code) in [
        (json!({"path_prefix": "/eees-eecregistration"}), "route_unmatched"),
        (json!({"path": item}), "ownership_mismatch"),
    ] {
        let key = Key::new(1);
        let (fixture, items) = fixture(&filter(&key, |filter| {
            filter["rules"] = json!([{"match": matching, "action": "authenticate"}]);
        }));
        let mut p = Problems::new();
        let (own, others) = (token(&key, "eec-1"), token(&key, "eec-2"));
        let made =
            fixture.send(Protocol::H1, &request("POST", REGISTRATIONS, "eec-2", &others)).expect("an answer");
        p.equal("made", "status", made.status, 201);
        for query in ["", "?_method=DELETE", "?x=1&%5Fmethod=PUT"] {
            let path = format!("{item}{query}");
            let post = Request::new("POST", &path).bearer(&own).json(r#"{"_method":"DELETE"}"#);
            fixture.denied(&mut p, &path, &post, code);
        }
        for method in ["GET", "HEAD", "OPTIONS"] {
            let status =
                fixture.send(Protocol::H1, &Request::new(method, &item).bearer(&own)).map(|r| r.status);
            p.check(method, !matches!(status, Ok(401 | 403)), || format!("{status:?}"));
        }
        p.equal("all", "kept", kept(&items, &item).as_deref(), Some(r#"{"eecId":"eec-2"}"#));
        fixture.finish(p);
    }
}

//! Which requests are covered at all: methods, paths, API root, role and host, in a real Envoy.

use crate::support::contract;
use crate::support::fixture::{FQDN, Fixture, Protocol, config, identity_of_eec_1};
use crate::support::h1::H1;
use crate::support::h2_raw;
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::{Key, claims};
use serde_json::json;

const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"];

/// The built-in operations of the role `ees` (`docs/contract.md#binding`): path and methods.
const EES: [(&str, &[&str]); 11] = [
    ("/eees-eecregistration/v1/registrations", &["POST"]),
    ("/eees-eecregistration/v1/registrations/r1", &["PUT", "PATCH", "DELETE"]),
    ("/eees-easdiscovery/v1/eas-profiles/request-discovery", &["POST"]),
    ("/eees-easdiscovery/v1/subscriptions", &["POST"]),
    ("/eees-easdiscovery/v1/subscriptions/s1", &["PUT", "PATCH", "DELETE"]),
    ("/eees-acrevents/v1/subscriptions", &["POST"]),
    ("/eees-acrevents/v1/subscriptions/s1", &["PUT", "PATCH", "DELETE"]),
    ("/eees-appctxtreloc/v1/determine", &["POST"]),
    ("/eees-appctxtreloc/v1/initiate", &["POST"]),
    ("/eees-easinfoprov/v1/declare", &["POST"]),
    ("/eees-ueidentifier/v1/get", &["POST"]),
];

/// The same of the role `ecs`.
const ECS: [(&str, &[&str]); 3] = [
    ("/eecs-serviceprovisioning/v1/request", &["POST"]),
    ("/eecs-serviceprovisioning/v1/subscriptions", &["POST"]),
    ("/eecs-serviceprovisioning/v1/subscriptions/s1", &["PUT", "PATCH", "DELETE"]),
];

/// Paths beside an operation's that are not it.
fn neighbours(path: &str) -> Vec<String> {
    let mut all = vec![
        format!("{path}/x/y"),
        path.replace("/v1/", "/v2/"),
        path.replace("/v1/", "/V1/"),
        path.replace("/v1/", "/v10/"),
        path.replace("/v1", ""),
        path.to_uppercase(),
        format!("/x{path}"),
        format!("{path}.json"),
        format!("{path}%20"),
    ];
    match path.rsplit_once('/') {
        Some((collection, "s1" | "r1")) => {
            // Another name is another item; no name is none.
            all.retain(|p| !p.ends_with("1.json") && !p.ends_with("1%20"));
            all.push(format!("{collection}/"));
        }
        _ => all.extend([format!("{path}/"), path[..path.len() - 1].to_owned()]),
    }
    all
}

fn routes(role: &str, own: &[(&str, &[&str])], others: &[(&str, &[&str])]) {
    let key = Key::new(1);
    let mut filter = config(&[&key]);
    filter["protects"]["role"] = json!(role);
    let fixture = Fixture::start(&filter);
    let mut p = Problems::new();
    let token = key.token(&claims());
    let denied = |p: &mut Problems, method: &str, path: &str, code: &str| {
        // A valid token does not help: what nobody covers is denied.
        let request = Request::new(method, path);
        let request = if code == "token_missing" { request } else { request.bearer(&token) };
        fixture.denied_over(Protocol::H1, p, &format!("{method} {path}"), &request, code);
    };
    for (path, methods) in own {
        for method in METHODS {
            let covered = methods.contains(&method);
            denied(&mut p, method, path, if covered { "token_missing" } else { "route_unmatched" });
        }
        denied(&mut p, methods[0], &format!("{path}?a=/../b;c"), "token_missing");
        for neighbour in neighbours(path) {
            denied(&mut p, methods[0], &neighbour, "route_unmatched");
        }
    }
    for (path, methods) in others {
        denied(&mut p, methods[0], path, "route_unmatched");
    }
    for path in [
        "/",
        "/healthz",
        "/eees-appctxtreloc/v1/declare",
        "/eees-eecregistration",
        "/eees-eecregistration/v1",
    ] {
        denied(&mut p, "POST", path, "route_unmatched");
    }
    fixture.finish(p);
}

#[test]
fn operations_of_an_ees() {
    routes("ees", &EES, &ECS);
}

#[test]
fn operations_of_an_edge_ecs() {
    routes("ecs", &ECS, &EES);
}

#[test]
fn below_an_api_root() {
    let key = Key::new(1);
    for root in ["/edge/ees1", "/edge/ees1/"] {
        let mut filter = config(&[&key]);
        filter["protects"]["api_root"] = json!(root);
        let fixture = Fixture::start(&filter);
        let mut p = Problems::new();
        let token = key.token(&claims());
        let at = |prefix: &str| {
            let path = format!("{prefix}/eees-eecregistration/v1/registrations");
            Request { path: path.into_bytes(), ..Request::register("eec-1") }.bearer(&token)
        };
        fixture.allowed(&mut p, "below", &at("/edge/ees1"), &identity_of_eec_1());
        for other in ["", "/edge", "/edge/ees12", "/edge/ees1/x", "/x/edge/ees1", "/EDGE/ees1"] {
            fixture.denied(&mut p, other, &at(other), "route_unmatched");
        }
        fixture.finish(p);
    }
}

#[test]
fn the_host_must_be_ours() {
    let key = Key::new(1);
    let mut filter = config(&[&key]);
    filter["protects"]["fqdns"] = json!([FQDN, "EES2.edge.example.net"]);
    let fixture = Fixture::start(&filter);
    let mut p = Problems::new();
    let token = key.token(&claims());
    let to = |host: &str| Request::register("eec-1").bearer(&token).authority(host);
    for host in [
        FQDN.to_owned(),
        FQDN.to_uppercase(),
        format!("{FQDN}."),
        format!("{FQDN}:443"),
        format!("{FQDN}:8443"),
        // RFC 3986, 3.2.3: a port may be empty.
        format!("{FQDN}:"),
        format!("{FQDN}.:80"),
        "ees2.edge.example.net".to_owned(),
    ] {
        fixture.allowed(&mut p, &host, &to(&host), &identity_of_eec_1());
    }
    for host in [
        format!("x.{FQDN}"),
        format!("x{FQDN}"),
        format!("{FQDN}.example.org"),
        format!("{FQDN}.."),
        "edge.example.net".to_owned(),
        "ees1".to_owned(),
        "127.0.0.1".to_owned(),
        "127.0.0.1:80".to_owned(),
        "[::1]:443".to_owned(),
    ] {
        fixture.denied(&mut p, &host, &to(&host), "host_mismatch");
        // Before the token is looked at, so with none at all too.
        let without = Request::register("eec-1").authority(&host);
        fixture.denied_over(
            Protocol::H1,
            &mut p,
            &format!("{host} without token"),
            &without,
            "host_mismatch",
        );
    }
    // Some of these Envoy refuses itself; whoever answers, nothing may pass.
    let odd = [
        format!("https://{FQDN}"),
        format!("{FQDN}/"),
        format!("{FQDN}:x"),
        format!("{FQDN}:80:80"),
        format!("user@{FQDN}"),
        format!("{FQDN},{FQDN}"),
        format!("{FQDN} x"),
        String::new(),
    ];
    for host in odd {
        let request = to(&host);
        let status = fixture.send(Protocol::H1, &request).map(|r| r.status).unwrap_or(400);
        let row = contract::find("host_mismatch");
        p.check(&host, [400, 404, row.status].contains(&status), || format!("status {status}"));
        p.check(&host, fixture.upstream.records.find(&request.case).is_none(), || "it arrived".into());
    }
    let mut connection = H1::connect(fixture.envoy.address()).expect("a connection");
    let head = format!(
        "POST /eees-eecregistration/v1/registrations HTTP/1.0\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: 17\r\nx-case: old\r\n\r\n{{\"eecId\":\"eec-1\"}}"
    );
    connection.send(head.as_bytes()).expect("sent");
    let status = connection.response(false).map(|r| r.status).unwrap_or(400);
    p.check("HTTP/1.0 without Host", [400, 404, 421].contains(&status), || format!("status {status}"));
    let request = to("").no_authority();
    let arrived = h2_raw::exchange(fixture.envoy.address(), &request).is_ok()
        && fixture.upstream.records.find(&request.case).is_some();
    p.check("HTTP/2 without :authority", !arrived, || "it arrived".into());
    p.check("HTTP/1.0", fixture.upstream.records.find("old").is_none(), || "it arrived".into());
    fixture.alive(&mut p, "after all hosts", &token);
    fixture.finish(p);
}

#[test]
fn the_host_check_can_be_turned_off() {
    let key = Key::new(1);
    let mut filter = config(&[&key]);
    filter["protects"]["check_host"] = json!(false);
    let fixture = Fixture::start(&filter);
    let mut p = Problems::new();
    for host in [FQDN, "10.0.0.1:8080", "any.example.org"] {
        let request = Request::register("eec-1").bearer(key.token(&claims())).authority(host);
        fixture.allowed(&mut p, host, &request, &identity_of_eec_1());
    }
    fixture.finish(p);
}

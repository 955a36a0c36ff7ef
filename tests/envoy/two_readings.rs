//! Requests that mean one thing to the filter and could mean another to the server behind it: refused, or made harmless.

use crate::support::fixture::{BOTH, Fixture, Protocol, config, identity_of_eec_1};
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::{Key, claims};
use crate::support::upstream::End;
use serde_json::{Value, json};

const REGISTRATIONS: &str = "/eees-eecregistration/v1/registrations";

/// A fixture with this one rule.
fn fixture(key: &Key, rule: Value) -> Fixture {
    let mut filter = config(&[key]);
    filter["rules"] = json!([rule]);
    Fixture::start(&filter)
}

#[test]
fn paths_that_a_lenient_server_takes_for_an_operation() {
    let key = Key::new(1);
    let fixture = fixture(&key, json!({"match": {"path_prefix": "/"}}));
    let mut p = Problems::new();
    let token = key.token(&claims());
    let body = json!({"eecId": "eec-2"}).to_string();
    for path in [
        "/eees-eecregistration/v1/Registrations",
        "/EEES-EECREGISTRATION/V1/REGISTRATIONS",
        "/eees-eecregistration/v1/registrations/",
        "/eees-eecregistration/v1/registrations.json",
        "/eees-eecregistration/v1/Registrations.JSON/",
        "/eees-eecregistration/v1/registrations/r1/",
        // CherryPy takes any punctuation for `_`, which stands for `-`; older CodeIgniter and Zend some.
        "/eees_eecregistration/v1/registrations",
        "/eees.eecregistration/v1/registrations",
        "/eees~eecregistration/v1/registrations/r1",
        "/eees%7Ceecregistration/v1/registrations",
        "/eees-easdiscovery/v1/eas_profiles/request.discovery.json",
        // Spring's patterns with a suffix, `registrations.*`.
        "/eees-eecregistration/v1/registrations.a.b",
        "/eees-eecregistration/v1/registrations..",
        "/eees-eecregistration/v1/registrations/.json/",
        // Spring before 4.3 trims segments (CVE-2016-5007).
        "/eees-eecregistration/v1/registrations%20",
        "/%20eees-eecregistration/v1%20/registrations/%20r1",
    ] {
        for method in ["POST", "PUT", "GET"] {
            let request = Request::new(method, path).bearer(&token).json(&body);
            fixture.denied(&mut p, &format!("{method} {path}"), &request, "route_unmatched");
        }
    }
    // Django and Werkzeug write methods in capitals before they look at them; HTTP/1.1 does not get so far in Envoy.
    let small = Request::new("post", REGISTRATIONS).bearer(&token).json(&body);
    fixture.denied_over(Protocol::H2, &mut p, "post", &small, "route_unmatched");
    // What is no operation in any spelling is the rule's.
    let other = Request::new("GET", "/eees-eecregistration/v2/registrations").bearer(&token);
    fixture.allowed(&mut p, "v2", &other, &identity_of_eec_1());
    fixture.finish(p);
}

#[test]
fn one_spelling_decides_and_the_path_goes_on_as_it_came() {
    let key = Key::new(1);
    let fixture = fixture(&key, json!({"match": {"path": "/a:b/%C3%BC"}}));
    let mut p = Problems::new();
    let token = key.token(&claims());
    for path in ["/a:b/%C3%BC", "/a%3ab/%c3%bc", "/a%3Ab/%C3%bc"] {
        fixture.allowed(&mut p, path, &Request::new("GET", path).bearer(&token), &identity_of_eec_1());
    }
    for (path, code) in [("/a%2fb/%C3%BC", "path_not_normal"), ("/a%3ab/%c3%BC/", "route_unmatched")] {
        fixture.denied_over(Protocol::H2, &mut p, path, &Request::new("GET", path).bearer(&token), code);
    }
    fixture.finish(p);
}

#[test]
fn identity_headers_with_any_separator_are_removed() {
    let key = Key::new(1);
    let fixture = fixture(&key, json!({"match": {"path_prefix": "/ops"}}));
    let mut p = Problems::new();
    for protocol in BOTH {
        let spoofed = ["x.eec.id", "X!EEC~ID", "x_eec-gpsi", "x|eec^issuer", "x`eec'token*id"];
        let base =
            Request::new("POST", "/ops").bearer(key.token(&claims())).body("x").header("te", "trailers");
        let request = spoofed.iter().fold(base, |request, name| {
            request.header(&name.to_lowercase(), "evil").trailer(&name.to_lowercase(), "evil")
        });
        let request = Request { case: format!("separators-{protocol:?}"), ..request };
        let status = fixture.send(protocol, &request).map(|response| response.status);
        p.equal("separators", "status", status, Ok(201));
        let seen = fixture.upstream.records.wait_for(&request.case, |r| r.end == End::Complete);
        let evil = seen.headers.iter().chain(&seen.trailers).filter(|(_, value)| value == "evil");
        p.equal("separators", "what arrived of them", evil.count(), 0);
    }
    fixture.finish(p);
}

/// aiohttp 3.14 takes a request's last trailer for a header of the next one on that connection.
#[test]
fn trailers_bring_nothing_that_only_headers_may_say() {
    let key = Key::new(1);
    let fixture = fixture(&key, json!({"match": {"path_prefix": "/ops"}}));
    let mut p = Problems::new();
    let most = ["authorization", "dpop", "cookie", "content-type", "content-encoding"];
    for (protocol, names) in
        BOTH.into_iter().flat_map(|protocol| [(protocol, &most[..]), (protocol, &["host"])])
    {
        let base =
            Request::new("POST", "/ops").bearer(key.token(&claims())).body("x").header("te", "trailers");
        let base = base.trailer("x-checksum", "1");
        let request = names.iter().fold(base, |request, name| request.trailer(name, "evil"));
        let case = format!("trailers-{protocol:?}-{}", names.len());
        let request = Request { case, ..request };
        let status = fixture.send(protocol, &request).map(|response| response.status);
        // Envoy 1.36 ends a stream of HTTP/2 with such a trailer by itself.
        if fixture.envoy.is_of("1.36") && protocol == Protocol::H2 && names == ["host"] {
            p.check(&request.case, status.is_err(), || format!("{status:?}"));
            let seen = fixture.upstream.records.find(&request.case);
            p.check(&request.case, seen.is_none_or(|seen| seen.end != End::Complete), || "it arrived".into());
            continue;
        }
        p.equal(&request.case, "status", status, Ok(201));
        let seen = fixture.upstream.records.wait_for(&request.case, |r| r.end == End::Complete);
        let arrived: Vec<&str> = seen.trailers.iter().map(|(name, _)| name.as_str()).collect();
        p.equal(&request.case, "what arrived", arrived, vec!["x-checksum"]);
    }
    fixture.finish(p);
}

/// Rack, Laravel and Slim take another method from a form or from JSON, Express does where told so. A PUT's body would be bound.
#[test]
fn a_post_on_an_item_may_be_a_put_by_what_its_body_says() {
    let key = Key::new(1);
    let fixture = fixture(&key, json!({"match": {"path_prefix": "/"}}));
    let mut p = Problems::new();
    let token = key.token(&claims());
    let item = format!("{REGISTRATIONS}/r1");
    for (media_type, body) in [
        ("application/x-www-form-urlencoded", "_method=PUT&eecId=eec-2"),
        ("application/json", r#"{"_method":"PUT","eecId":"eec-2"}"#),
        ("application/json", r#"{"_METHOD":"PUT","eecId":"eec-2"}"#),
    ] {
        for query in ["", "?x=1", "?_method=PUT", "?.method=PUT"] {
            let post = Request::new("POST", format!("{item}{query}")).bearer(&token);
            let post = post.header("content-type", media_type).body(body);
            fixture.denied(&mut p, &format!("{query} {body}"), &post, "route_unmatched");
        }
    }
    fixture.allowed(&mut p, "GET", &Request::new("GET", &item).bearer(&token), &identity_of_eec_1());
    fixture.finish(p);
}

/// Envoy drops what `Connection` names before any filter sees it, and the rest of `Connection` after: so a client can only make its
/// own token disappear. (Where a host hands the header on, the filter refuses it: `header_not_allowed`, in the decision tables.)
#[test]
fn a_connection_header_takes_no_identity_away() {
    let key = Key::new(1);
    let fixture = fixture(&key, json!({"match": {"path_prefix": "/ops"}}));
    let mut p = Problems::new();
    let get =
        |value: &str| Request::new("GET", "/ops").bearer(key.token(&claims())).header("connection", value);
    for name in ["x-eec-id", "X-Eec-Gpsi", "x_eec_issuer", "dpop"] {
        for value in [name.to_owned(), format!("keep-alive, {name}"), format!("close,{name}")] {
            let seen = fixture.allowed_over(Protocol::H1, &mut p, &value, &get(&value), &identity_of_eec_1());
            let headers = seen.map(|seen| seen.headers).unwrap_or_default();
            p.check(&value, headers.iter().all(|(name, _)| name != "connection"), || format!("{headers:?}"));
        }
    }
    for value in ["authorization", "keep-alive, Authorization"] {
        fixture.denied_over(Protocol::H1, &mut p, value, &get(value), "token_missing");
    }
    fixture.finish(p);
}

#[test]
fn a_token_in_the_query_is_a_second_one() {
    let key = Key::new(1);
    let fixture = fixture(&key, json!({"match": {"path_prefix": "/ops"}}));
    let mut p = Problems::new();
    let token = key.token(&claims());
    for query in [
        "access_token=x",
        "a=b&access_token",
        "%61ccess_token=",
        "a;access%5Ftoken=x",
        "ACCESS_TOKEN=x",
        // PHP writes `_` for what it has in no name, and ends one at `[`; ASP.NET has escapes of its own.
        "access.token=x",
        "access+token=x",
        "%20access%20token=x",
        "access_token[]=x",
        "access_token%5B0%5D=x",
        "access_token%00y=x",
        "%u0061ccess_token=x",
    ] {
        let request = Request::new("GET", format!("/ops?{query}"));
        fixture.denied(&mut p, query, &request.clone().bearer(&token), "token_repeated");
        fixture.denied(&mut p, query, &request, "token_repeated");
    }
    for query in
        ["access_tokens=x", "x=access_token", "accesstoken=x", "a[access_token]=x", "%uaccess_token=x"]
    {
        let other = Request::new("GET", format!("/ops?{query}")).bearer(&token);
        fixture.allowed(&mut p, query, &other, &identity_of_eec_1());
    }
    fixture.finish(p);
}

#[test]
fn a_415_says_what_is_taken() {
    let key = Key::new(1);
    let fixture = Fixture::start(&config(&[&key]));
    let mut p = Problems::new();
    let token = key.token(&claims());
    let patches = "application/merge-patch+json, application/json";
    for (name, method, path, media_type, coding, patch, plain) in [
        (
            "PATCH",
            "PATCH",
            "/eees-eecregistration/v1/registrations/r1",
            "text/plain",
            None,
            vec![patches],
            vec![],
        ),
        ("POST", "POST", REGISTRATIONS, "application/json; charset*0=utf-7", None, vec![], vec![]),
        ("coded", "POST", REGISTRATIONS, "application/json", Some("gzip"), vec![], vec!["identity"]),
        (
            "PATCH, coded",
            "PATCH",
            "/eees-acrevents/v1/subscriptions/s1",
            "application/json",
            Some("br"),
            vec![patches],
            vec!["identity"],
        ),
    ] {
        for protocol in BOTH {
            let request =
                Request::new(method, path).bearer(&token).body("{}").header("content-type", media_type);
            let request =
                coding.iter().fold(request, |request, coding| request.header("content-encoding", coding));
            let response = fixture.send(protocol, &request).expect("an answer");
            p.equal(name, "status", response.status, 415);
            p.equal(name, "accept-patch", response.all("accept-patch"), patch.clone());
            p.equal(name, "accept-encoding", response.all("accept-encoding"), plain.clone());
        }
    }
    fixture.finish(p);
}

//! Bytes that no honest client sends: each gets a named denial, and the VM lives on.

use crate::support::fixture::{Fixture, Protocol, config, identity_of_eec_1};
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::token::{Key, claims};
use crate::support::{h1, h2_raw};

/// The details of the request's access log line: `eec_authn.<code>`, or Envoy's own words if it refused first.
fn details(fixture: &Fixture, request: &Request) -> String {
    fixture.envoy.access(&request.case).get("details").unwrap_or_default()
}

#[test]
fn every_high_byte_in_authorization_path_and_authority() {
    let key = Key::new(1);
    let fixture = Fixture::start(&config(&[&key]));
    let mut p = Problems::new();
    let token = key.token(&claims());
    for byte in (0x80..=0xff_u8).chain([0x01, 0x1f, 0x7f]) {
        let mut inside = format!("Bearer {token}").into_bytes();
        inside[40] = byte;
        let in_token = Request::register("eec-1").header("authorization", &inside);
        let alone = Request::register("eec-1").header("authorization", [byte, byte]);
        let path = [b"/eees-eecregistration/v1/registrations/".as_slice(), &[byte]].concat();
        let in_path = Request::new("DELETE", path).bearer(&token);
        let in_host =
            Request::register("eec-1").bearer(&token).authority([b"ees1".as_slice(), &[byte]].concat());
        for (name, request, code) in [
            ("token", in_token, "token_malformed"),
            ("authorization", alone, "token_missing"),
            ("path", in_path, "path_not_normal"),
            ("authority", in_host, "host_mismatch"),
        ] {
            let name = format!("0x{byte:02x} in {name}");
            // Envoy refuses some of them itself, with 400 and no log line of a request; nothing may pass.
            match h1::exchange(fixture.envoy.address(), &request) {
                Ok(response) if response.status == 400 && response.one("cache-control").is_none() => {}
                Ok(response) => {
                    let got = details(&fixture, &request);
                    p.equal(&name, "details", got.as_str(), format!("eec_authn.{code}").as_str());
                    p.check(&name, response.status >= 400, || format!("status {}", response.status));
                }
                Err(e) => p.add(&name, format!("no answer: {e}")),
            }
            p.check(&name, fixture.upstream.records.find(&request.case).is_none(), || {
                "it reached the upstream".into()
            });
        }
        if byte >= 0x80 {
            let over_h2 = Request { case: format!("h2-{byte}"), ..Request::register("eec-1") }
                .header("authorization", [b"Bearer ".as_slice(), &[byte]].concat());
            if h2_raw::exchange(fixture.envoy.address(), &over_h2).is_ok_and(|e| e == h2_raw::Ended::Answered)
            {
                p.equal("h2", "details", details(&fixture, &over_h2).as_str(), "eec_authn.token_malformed");
            }
        }
    }
    fixture.alive(&mut p, "after all bytes", &token);
    fixture.finish(p);
}

#[test]
fn large_headers_and_doubled_authorization() {
    let key = Key::new(1);
    let fixture = Fixture::start(&config(&[&key]));
    let mut p = Problems::new();
    let token = key.token(&claims());
    let good = || Request::register("eec-1").bearer(&token);
    fixture.denied(
        &mut p,
        "60 KB token",
        &Request::register("eec-1").bearer("a".repeat(60_000)),
        "token_too_large",
    );
    fixture.allowed(
        &mut p,
        "60 KB elsewhere",
        &good().header("x-large", "a".repeat(60_000)),
        &identity_of_eec_1(),
    );
    fixture.denied(
        &mut p,
        "twice the same",
        &good().header("authorization", format!("Bearer {token}")),
        "token_repeated",
    );
    fixture.denied(
        &mut p,
        "Basic beside it",
        &good().header("authorization", "Basic eA=="),
        "token_repeated",
    );
    fixture.denied(
        &mut p,
        "another scheme",
        &Request::register("eec-1").header("authorization", "Basic eA=="),
        "token_missing",
    );
    fixture.denied(
        &mut p,
        "an empty token",
        &Request::register("eec-1").header("authorization", "Bearer"),
        "token_malformed",
    );
    fixture.denied(&mut p, "a space in it", &Request::register("eec-1").bearer("a b"), "token_malformed");
    let lower = Request::register("eec-1").header("authorization", format!("bEaReR   {token}"));
    fixture.allowed(&mut p, "the scheme in any case", &lower, &identity_of_eec_1());
    let many = (0..30)
        .fold(good(), |request, n| request.header(&format!("x_other_{n}"), "v").header("x_eec_id", "evil"));
    fixture.allowed_over(Protocol::H2, &mut p, "many names with _", &many, &identity_of_eec_1());
    fixture.finish(p);
}

#[test]
fn paths_are_refused_never_repaired() {
    let key = Key::new(1);
    let mut filter = config(&[&key]);
    filter["rules"] = serde_json::json!([{"match": {"path_prefix": "/"}}]);
    let fixture = Fixture::start(&filter);
    let mut p = Problems::new();
    let token = key.token(&claims());
    let get = |path: &str| Request::new("GET", path).bearer(&token);
    for path in [
        "//x",
        "/a//b",
        "/./a",
        "/a/.",
        "/../a",
        "/a/..",
        "/a/../b",
        "/a\\b",
        "/a;b",
        "/a%",
        "/a%4",
        "/a%zz",
        "/%61",
        "/%2e%2e/a",
        "/a%2Fb",
        "/a%5cb",
        "/a%25",
        "/a%3b",
        "/a%3F",
        "/a%23",
        "/a%00",
        "/a%0a",
        "/a%7f",
        "/a%ff",
        "/a%c3",
        "/a%C0%AF",
    ] {
        fixture.denied(&mut p, path, &get(path), "path_not_normal");
    }
    for path in
        ["/", "/a/", "/a/...", "/a.b/~c_d-e", "/a%20b", "/a%C3%A9", "/a?x=//../%61;\\", "/a:b@c!$&'()*+,="]
    {
        fixture.allowed(&mut p, path, &get(path), &identity_of_eec_1());
    }
    fixture.finish(p);
}

//! Where answers lead a client: `Location` to the letter, redirects where TS 24.558 has them, and tokens nowhere else.

use super::{REGISTRATIONS, Run, SUBSCRIPTIONS, arrived, ees, status, token_endpoint, url};
use crate::support::upstream::Upstream;

#[test]
fn an_identifier_is_taken_to_the_letter() {
    let tokens = token_endpoint();
    let made = |id: &'static str| ees(move |received| format!("{}/{id}", received.path));
    // A seal of `ownership` behind it, escapes that nobody may decode, characters that nobody may encode.
    for id in ["7.AAAAAAAAAAAAAAAAAAAAAA", "%61%2D.x", "a:b@c!$&'()*+,=", "7?x=%20"] {
        let server = made(id);
        let run = Run::with(&["--entitlement-server", &url(&tokens), "--ees", &url(&server)]);
        assert_eq!(run.exit, 0, "{id}: {}", run.printed);
        let (put, delete) = (arrived(&server)[3].clone(), arrived(&server)[6].clone());
        let path = format!("{REGISTRATIONS}/{id}");
        assert_eq!((put, delete), (("PUT".to_owned(), path.clone()), ("DELETE".to_owned(), path)));
    }
}

#[test]
fn a_server_that_does_not_know_its_own_port_is_found_all_the_same() {
    let tokens = token_endpoint();
    let server = ees(|received| format!("https://127.0.0.1{}/7", received.path));
    let run = Run::with(&["--entitlement-server", &url(&tokens), "--ees", &url(&server)]);
    assert_eq!((run.exit, server.records.count()), (0, 7), "{}", run.printed);
}

#[test]
fn what_was_made_elsewhere_is_reached_only_where_that_is_accepted() {
    let tokens = token_endpoint();
    let other = ees(|_| String::new());
    let port = other.address.port();
    let server = ees(move |received| format!("http://ees2.example:{port}{}/7", received.path));
    let place = format!("ees2.example={}", other.address);
    let options = ["--entitlement-server", &url(&tokens), "--ees", &url(&server), "--connect", &place];
    let run = Run::with(&options);
    assert_eq!((run.exit, other.records.count()), (4, 0), "{}", run.printed);
    assert!(run.last()["why"].as_str().is_some_and(|why| why.contains("--accept-host ees2.example")));
    let run = Run::with(&[&options[..], &["--accept-host", "EES2.example"]].concat());
    assert_eq!(run.exit, 0, "{}", run.printed);
    let put = other.records.first();
    assert_eq!(
        (put.method.as_str(), put.all("host")),
        ("PUT", vec![format!("ees2.example:{port}").as_str()])
    );
    assert_eq!(put.all("authorization"), ["Bearer t0ken-for-ees2.example"]);
}

/// An EES that leads this path elsewhere.
fn leading(path: &'static str, code: &'static str, to: String) -> Upstream {
    let server = move |method: &str, asked: &str| match (method, asked) {
        ("POST", asked) if asked == path => status(&format!("{code} Redirect\r\nlocation: {to}")),
        ("POST", REGISTRATIONS | SUBSCRIPTIONS) => status(&format!("201 Created\r\nlocation: {asked}/7")),
        ("POST", _) => status("200 OK"),
        _ => "HTTP/1.1 204 No Content\r\n\r\n".into(),
    };
    Upstream::saying(move |received| server(&received.method, &received.path))
}

#[test]
fn redirects_are_followed_where_the_api_has_them_and_to_accepted_hosts() {
    let tokens = token_endpoint();
    let other = ees(|received| format!("{}/8", received.path));
    let place = format!("ees2.example={}", other.address);
    let elsewhere = |path: &str| format!("http://ees2.example:{}{path}", other.address.port());
    let run = |server: &Upstream, more: &[&str]| {
        let options = ["--entitlement-server", &url(&tokens), "--ees", &url(server), "--connect", &place];
        Run::with(&[&options[..], more].concat())
    };
    let accepted = ["--accept-host", "ees2.example"];
    for code in ["307", "308"] {
        let server = leading(REGISTRATIONS, code, elsewhere(REGISTRATIONS));
        let not = run(&server, &[]);
        assert_eq!((not.exit, server.records.count()), (4, 1), "{}", not.printed);
        let before = other.records.count();
        let followed = run(&server, &accepted);
        assert_eq!(followed.exit, 0, "{code}: {}", followed.printed);
        let registered = other.records.at(before).expect("a request");
        assert_eq!((registered.method.as_str(), registered.path.as_str()), ("POST", REGISTRATIONS));
        assert_eq!(registered.all("authorization"), ["Bearer t0ken-for-ees2.example"]);
        assert!(String::from_utf8_lossy(&registered.body).contains("eec-1"), "the body goes along");
    }
    // Eees_EASDiscovery has no redirect for making a subscription, and 302 is nowhere.
    for (path, code) in [(SUBSCRIPTIONS, "307"), (REGISTRATIONS, "302")] {
        let before = other.records.count();
        let server = leading(path, code, elsewhere(path));
        let run = run(&server, &accepted);
        assert_eq!((run.exit, other.records.count()), (4, before), "{path} {code}: {}", run.printed);
    }
    // In circles.
    let around = leading(REGISTRATIONS, "307", REGISTRATIONS.to_owned());
    let run = run(&around, &[]);
    assert_eq!((run.exit, around.records.count()), (4, 4), "{}", run.printed);
}

#[test]
fn plain_http_stays_on_loopback() {
    let tokens = token_endpoint();
    // An address of TEST-NET-1: nothing must be sent there, so nothing is waited for.
    let run = Run::with(&["--entitlement-server", &url(&tokens), "--ees", "http://192.0.2.1"]);
    assert_eq!(run.exit, 4, "{}", run.printed);
    assert!(run.last()["why"].as_str().is_some_and(|why| why.contains("--allow-http")), "{}", run.printed);
}

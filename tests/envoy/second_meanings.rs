//! What stands beside the body and gives the request a second meaning to real servers: another media type, another
//! method, another path, members in the query. The filter refuses it, or the upstream never hears of it.

use crate::support::bodies::{REGISTRATIONS, fixture, token};
use crate::support::fixture::{BOTH, Fixture, Protocol};
use crate::support::problems::Problems;
use crate::support::request::Request;
use crate::support::upstream::Received;

const DISCOVERY: &str = "/eees-easdiscovery/v1/eas-profiles/request-discovery";

fn register() -> Request {
    Request::register("eec-1").bearer(token())
}

fn discover(body: &str) -> Request {
    Request::new("POST", DISCOVERY).bearer(token()).json(body)
}

/// Refused by the filter, or arrived without what `is_second` finds.
fn case(
    fixture: &Fixture,
    p: &mut Problems,
    name: &str,
    request: &Request,
    is_second: &dyn Fn(&Received) -> bool,
) {
    for (number, protocol) in BOTH.into_iter().enumerate() {
        let request = Request { case: format!("{}-{number}", request.case), ..request.clone() };
        let name = format!("{name} [{protocol:?}]");
        let Ok(response) = fixture.send(protocol, &request) else {
            p.add(&name, "no answer");
            continue;
        };
        match fixture.upstream.records.find(&request.case) {
            Some(received) => {
                p.check(&name, !is_second(&received), || format!("the upstream got {received:?}"))
            }
            None => {
                let details = fixture.envoy.access(&request.case).get("details").unwrap_or_default();
                let status = response.status;
                p.check(&name, details.starts_with("eec_authn."), || format!("{status}, {details}"));
            }
        }
    }
}

/// uWSGI and Unicorn join such a name to the real one with a comma, Thin takes it instead; Gunicorn takes `SCRIPT_NAME`
/// of a proxy on loopback off the path.
#[test]
fn look_alikes_of_headers_that_say_what_the_body_is() {
    let fixture = fixture(true, |_| ());
    let mut p = Problems::new();
    for (name, value) in [
        ("content_type", "x; charset=utf-7"),
        ("content_encoding", "deflate"),
        ("content_length", "5"),
        ("transfer_encoding", "chunked"),
        ("script_name", "/eees-eecregistration"),
    ] {
        let request = register().header(name, value);
        case(&fixture, &mut p, name, &request, &|r| r.headers.iter().any(|(n, _)| n == name));
    }
    fixture.finish(p);
}

/// A DELETE's body is not read: as PUT it would speak for anybody (Slim takes the override for any method).
#[test]
fn headers_that_make_the_request_another_one() {
    let fixture = fixture(true, |_| ());
    let mut p = Problems::new();
    for (name, value) in [
        ("x-http-method-override", "PUT"),
        ("x-http-method", "PUT"),
        ("x-method-override", "PUT"),
        ("x_http_method_override", "PUT"),
        ("x-original-url", "/eees-eecregistration/v1/registrations"),
        ("x-rewrite-url", "/eees-eecregistration/v1/registrations"),
    ] {
        let delete = Request::new("DELETE", format!("{REGISTRATIONS}/r1")).bearer(token());
        let request = delete.header(name, value).json(r#"{"eecId":"eec-2"}"#);
        case(&fixture, &mut p, name, &request, &|r| r.headers.iter().any(|(n, _)| n == name));
    }
    fixture.finish(p);
}

/// Rails has `params[:eecId]` from the query, and Laravel `$request->get('eecId')`, whatever the body says.
#[test]
fn bound_members_in_the_query() {
    let fixture = fixture(true, |_| ());
    let mut p = Problems::new();
    for query in [
        "eecId=eec-2",
        "x=1&eecId=eec-2",
        "%65ecId=eec-2",
        "ueId=msisdn-2",
        "eecId[]=eec-2",
        "eecId[0]=eec-2",
        "eecId",
        // ASP.NET has escapes of its own; the method is read from `_method`, which PHP finds under other names.
        "%u0065ecId=eec-2",
        "eec%u0049d=eec-2",
        "_method=PUT",
        ".method=PUT",
        "+_method=PUT",
        "%20_METHOD=PUT",
        "_method[]=PUT",
        "_method%00=PUT",
        "__proto__[ueId]=msisdn-2",
        "__proto__.ueId=msisdn-2",
    ] {
        let mut request = register();
        request.path.extend_from_slice(format!("?{query}").as_bytes());
        case(&fixture, &mut p, query, &request, &|_| true);
    }
    let mut request = discover(r#"{"requestorId":{"eecId":"eec-1"}}"#);
    request.path.extend_from_slice(b"?requestorId[eecId]=eec-2");
    case(&fixture, &mut p, "requestorId[eecId]", &request, &|_| true);
    // Another query is nobody's business.
    let mut request = register();
    request.path.extend_from_slice(b"?trace=1&supp-feat=1f&x=eecId");
    let status = fixture.send(Protocol::H1, &request).map(|response| response.status);
    p.equal("another query", "the status", status, Ok(201));
    fixture.finish(p);
}

/// lodash's `get` and Laravel's `Arr::get` look for the whole path as one name first; `Object.assign` makes
/// `__proto__` the prototype, and what the body does not say itself comes from there.
#[test]
fn names_that_reach_a_bound_member_from_elsewhere() {
    let fixture = fixture(true, |_| ());
    let mut p = Problems::new();
    for name in ["requestorId.eecId", "requestorId/eecId", "requestorId[eecId]", "requestorid.eecid"] {
        let body = format!(r#"{{"requestorId":{{"eecId":"eec-1"}},"{name}":"eec-2"}}"#);
        case(&fixture, &mut p, name, &discover(&body), &|_| true);
    }
    let body = r#"{"requestorId":{"eecId":"eec-1","__proto__":{"easId":"eas-1"}}}"#;
    case(&fixture, &mut p, "__proto__ below", &discover(body), &|_| true);
    for name in ["__proto__", "\\u005f_proto__"] {
        let body = format!(r#"{{"eecId":"eec-1","{name}":{{"ueId":"msisdn-2"}}}}"#);
        let request = Request::new("POST", REGISTRATIONS).bearer(token()).json(body);
        case(&fixture, &mut p, name, &request, &|_| true);
    }
    fixture.finish(p);
}

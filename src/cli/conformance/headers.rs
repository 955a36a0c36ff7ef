//! `HDR-…`: where a token stands, and what else the headers claim.

use super::case::{Case, Want};
use super::kit::Kit;
use super::replies;
use super::wire::Request;

const ONE_METHOD: &str = "RFC 6750, 3.1";
const SYNTAX: &str = "RFC 6750, 2.1";
const TR: &str = "TR 33.739, 6.25";

pub(super) fn cases() -> Vec<Case> {
    [credentials(), schemes(), elsewhere(), claims_of_others(), hosts(), replies::cases()]
        .into_iter()
        .flatten()
        .collect()
}

fn with(id: &str, title: &str, clause: &str, want: Want, request: fn(&Kit) -> Request) -> Case {
    Case::new(id, title, clause, want, move |kit| Some(request(kit)))
}

fn no(id: &str, title: &str, clause: &str, request: fn(&Kit) -> Request) -> Case {
    with(id, title, clause, Want::RefusedToken, request)
}

/// `Authorization` with this value.
fn value(kit: &Kit, value: impl Into<Vec<u8>>) -> Request {
    kit.good().header("Authorization", value)
}

fn credentials() -> Vec<Case> {
    vec![
        no("HDR-TWICE", "Two Authorization headers with one good token", ONE_METHOD, |kit| {
            let token = kit.token();
            kit.good().bearer(&token).bearer(&token)
        }),
        no(
            "HDR-TWICE-OTHER-LAST",
            "Two Authorization headers, the second of another client",
            ONE_METHOD,
            |kit| kit.good().bearer(&kit.token()).bearer(&kit.other_token()),
        ),
        no(
            "HDR-TWICE-OTHER-FIRST",
            "Two Authorization headers, the first of another client",
            ONE_METHOD,
            |kit| kit.good().bearer(&kit.other_token()).bearer(&kit.token()),
        ),
        no(
            "HDR-TWICE-BAD-LAST",
            "Two Authorization headers, the second with a bad token",
            ONE_METHOD,
            |kit| kit.good().bearer(&kit.token()).bearer("bad"),
        ),
        no(
            "HDR-TWICE-BAD-FIRST",
            "Two Authorization headers, the first with a bad token",
            ONE_METHOD,
            |kit| kit.good().bearer("bad").bearer(&kit.token()),
        ),
        no("HDR-TWICE-BASIC", "Two Authorization headers, the first `Basic`", ONE_METHOD, |kit| {
            value(kit, "Basic YTpi").bearer(&kit.token())
        }),
        no("HDR-COMMA", "Two tokens in one header, with a comma", SYNTAX, |kit| {
            let token = kit.token();
            value(kit, format!("Bearer {token}, Bearer {token}"))
        }),
        no("HDR-COMMA-OTHER", "Two tokens in one header, the second of another client", SYNTAX, |kit| {
            value(kit, format!("Bearer {},Bearer {}", kit.token(), kit.other_token()))
        }),
        no("HDR-WORDS", "Two tokens behind one scheme", SYNTAX, |kit| {
            value(kit, format!("Bearer {0} {0}", kit.token()))
        }),
        no("HDR-QUERY-TOO", "A good token in the header, another in the query", "RFC 6750, 2", |kit| {
            let path = kit.target.path(kit.good_operation().path);
            kit.good().target(format!("{path}?access_token={}", kit.other_token())).bearer(&kit.token())
        }),
        no("HDR-QUERY-TWICE", "The same good token in the header and in the query", "RFC 6750, 2", |kit| {
            let (token, path) = (kit.token(), kit.target.path(kit.good_operation().path));
            kit.good().target(format!("{path}?access_token={token}")).bearer(&token)
        }),
        no("HDR-QUERY-ESCAPED", "The same, the parameter's name with an escape", "RFC 6750, 2", |kit| {
            let path = kit.target.path(kit.good_operation().path);
            kit.good().target(format!("{path}?access%5Ftoken={}", kit.other_token())).bearer(&kit.token())
        }),
    ]
}

fn schemes() -> Vec<Case> {
    vec![
        with("HDR-SCHEME-LOWER", "`bearer`", SYNTAX, Want::LetThrough, |kit| {
            value(kit, format!("bearer {}", kit.token()))
        }),
        with("HDR-SCHEME-UPPER", "`BEARER`", SYNTAX, Want::LetThrough, |kit| {
            value(kit, format!("BEARER {}", kit.token()))
        }),
        with("HDR-SCHEME-SPACES", "Several spaces behind `Bearer`", SYNTAX, Want::LetThrough, |kit| {
            value(kit, format!("Bearer   {}", kit.token()))
        }),
        no("HDR-SCHEME-NONE", "A good token without a scheme", SYNTAX, |kit| value(kit, kit.token())),
        no("HDR-SCHEME-BASIC", "A good token under `Basic`", SYNTAX, |kit| {
            value(kit, format!("Basic {}", kit.token()))
        }),
        no("HDR-SCHEME-TOKEN", "A good token under `Token`", SYNTAX, |kit| {
            value(kit, format!("Token {}", kit.token()))
        }),
        no("HDR-SCHEME-JWT", "A good token under `JWT`", SYNTAX, |kit| {
            value(kit, format!("JWT {}", kit.token()))
        }),
        no("HDR-SCHEME-LONGER", "A good token under `Bearers`", SYNTAX, |kit| {
            value(kit, format!("Bearers {}", kit.token()))
        }),
        no("HDR-SCHEME-GLUED", "No space behind `Bearer`", SYNTAX, |kit| {
            value(kit, format!("Bearer{}", kit.token()))
        }),
        no("HDR-SCHEME-COLON", "A colon behind `Bearer`", SYNTAX, |kit| {
            value(kit, format!("Bearer: {}", kit.token()))
        }),
        no("HDR-SCHEME-TAB", "A tab behind `Bearer`", SYNTAX, |kit| {
            value(kit, format!("Bearer\t{}", kit.token()))
        }),
        no("HDR-QUOTED", "A good token in quotes", SYNTAX, |kit| {
            value(kit, format!("Bearer \"{}\"", kit.token()))
        }),
        no("HDR-PARAMETER", "A good token as a parameter", SYNTAX, |kit| {
            value(kit, format!("Bearer token=\"{}\"", kit.token()))
        }),
        no("HDR-BYTES", "Bytes that are no text behind a good token", SYNTAX, |kit| {
            let mut bytes = format!("Bearer {}", kit.token()).into_bytes();
            bytes.extend([0xff, 0xfe]);
            value(kit, bytes)
        }),
    ]
}

/// A good token where no method of RFC 6750 has one, and none where it belongs.
fn elsewhere() -> Vec<Case> {
    const ROWS: [(&str, &str, &str); 7] = [
        ("HDR-ELSEWHERE-PROXY", "Proxy-Authorization", "Bearer "),
        ("HDR-ELSEWHERE-X-AUTHORIZATION", "X-Authorization", "Bearer "),
        ("HDR-ELSEWHERE-X-FORWARDED", "X-Forwarded-Authorization", "Bearer "),
        ("HDR-ELSEWHERE-X-TOKEN", "X-Access-Token", ""),
        ("HDR-ELSEWHERE-X-AUTH", "X-Auth-Token", ""),
        ("HDR-ELSEWHERE-COOKIE", "Cookie", "access_token="),
        ("HDR-ELSEWHERE-DPOP", "DPoP", ""),
    ];
    let case = |(id, header, before): (&str, &'static str, &'static str)| {
        let title = format!("A good token in `{header}` alone");
        Case::new(id, &title, "RFC 6750, 2", Want::RefusedToken, move |kit| {
            Some(kit.good().header(header, format!("{before}{}", kit.token())))
        })
    };
    ROWS.into_iter().map(case).collect()
}

/// Headers that claim to say who asks, or that nobody need ask, and no token.
fn claims_of_others() -> Vec<Case> {
    const ROWS: [(&str, &str, &str); 11] = [
        ("HDR-CLAIM-EEC-ID", "X-EEC-ID", "$EEC"),
        ("HDR-CLAIM-EEC-ID-UNDERSCORE", "X_EEC_ID", "$EEC"),
        ("HDR-CLAIM-USER", "X-Forwarded-User", "$EEC"),
        ("HDR-CLAIM-REMOTE-USER", "Remote-User", "$EEC"),
        ("HDR-CLAIM-PAYLOAD", "X-JWT-Payload", "e30"),
        ("HDR-CLAIM-CERTIFICATE", "X-Forwarded-Client-Cert", "By=spiffe://x;Hash=00;Subject=\"CN=$EEC\""),
        ("HDR-CLAIM-VERIFIED", "X-SSL-Client-Verify", "SUCCESS"),
        ("HDR-CLAIM-LOOPBACK", "X-Forwarded-For", "127.0.0.1"),
        ("HDR-CLAIM-INTERNAL", "X-Envoy-Internal", "true"),
        ("HDR-CLAIM-URL", "X-Original-URL", "/healthz"),
        ("HDR-CLAIM-METHOD", "X-HTTP-Method-Override", "OPTIONS"),
    ];
    let case = |(id, header, value): (&str, &'static str, &'static str)| {
        let title = format!("No token, and `{header}` in its place");
        Case::new(id, &title, TR, Want::RefusedToken, move |kit| {
            Some(kit.good().header(header, value.replace("$EEC", &kit.eec)))
        })
    };
    ROWS.into_iter().map(case).collect()
}

/// A token is for one edge server: so is what is asked with it.
fn hosts() -> Vec<Case> {
    fn to(id: &str, title: &str, host: fn(&Kit) -> String) -> Case {
        Case::new(id, title, TR, Want::RefusedPlace, move |kit| {
            Some(kit.good().header("Host", host(kit)).bearer(&kit.token()))
        })
    }
    vec![
        to("HDR-HOST-OTHER", "A good token, for another host", |_| "ees.conformance.invalid".into()),
        to("HDR-HOST-SUFFIX", "A good token, for a host that begins as the right one", |kit| {
            format!("{}.conformance.invalid", kit.target.authority().split(':').next().unwrap_or_default())
        }),
        to("HDR-HOST-PREFIX", "A good token, for a host below the right one", |kit| {
            format!("evil.{}", kit.target.authority())
        }),
    ]
}

//! `htu` (RFC 9449, section 4.2): whether a proof was made for the URI that the request goes to.

use crate::percent;
use crate::policy::path::{in_one_spelling, without_query};
use crate::policy::{Protects, proof::UriScheme};

/// Whether `htu` is the URI of a request to `authority` and `target`, without its query.
pub(super) fn is_meant(
    htu: &str,
    scheme: UriScheme,
    protects: &Protects,
    authority: &[u8],
    target: &[u8],
) -> bool {
    let Some((htu_scheme, rest)) = htu.split_once("://") else { return false };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (htu_authority, rest) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    htu_scheme.eq_ignore_ascii_case(scheme.name())
        && is_authority(htu_authority, scheme, protects, authority)
        && in_one_spelling(&normalized(path)) == in_one_spelling(without_query(target))
}

fn is_authority(htu: &str, scheme: UriScheme, protects: &Protects, request: &[u8]) -> bool {
    let wanted = String::from_utf8_lossy(request).into_owned();
    let (host, port) = host_and_port(htu, scheme);
    let (request_host, request_port) = host_and_port(&wanted, scheme);
    if protects.check_host {
        return host.eq_ignore_ascii_case(request_host) && port == request_port;
    }
    // The request may have come under any name: what the operator calls the server counts.
    let own = protects.fqdns.iter().any(|fqdn| fqdn.is(host.as_bytes()));
    own && (port.is_empty() || port == request_port)
}

/// Host and port, which is empty where it is the scheme's own. A user stays part of the host, which then is nobody's.
fn host_and_port(authority: &str, scheme: UriScheme) -> (&str, &str) {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => {
            (host, if port == scheme.default_port() { "" } else { port })
        }
        _ => (authority, ""),
    }
}

/// A path with its escapes of unreserved characters decoded and its dot segments removed (RFC 3986, sections 6.2.2.2 and 5.2.4).
fn normalized(path: &str) -> Vec<u8> {
    let path = unreserved_decoded(path.as_bytes());
    let mut kept: Vec<&[u8]> = Vec::new();
    let mut segments = path.split(|b| *b == b'/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            b"." => {}
            b".." => drop(kept.pop()),
            segment => {
                kept.push(segment);
                continue;
            }
        }
        // A dot segment at the end leaves the slash before it.
        if last {
            kept.push(b"");
        }
    }
    let mut normal = Vec::with_capacity(path.len());
    for segment in kept {
        normal.push(b'/');
        normal.extend_from_slice(segment);
    }
    if normal.is_empty() { vec![b'/'] } else { normal }
}

fn unreserved_decoded(path: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((byte, after)) = rest.split_first() {
        let escape = if *byte == b'%' { after.split_first_chunk() } else { None };
        let value = escape.and_then(|(digits, after)| Some((percent::escaped(digits)?, after)));
        let unreserved = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
        match value {
            Some((value, after)) if unreserved(value) => {
                decoded.push(value);
                rest = after;
            }
            _ => {
                decoded.push(*byte);
                rest = after;
            }
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fqdn::Fqdn;
    use crate::policy::{ApiRoot, Role};

    fn protects(check_host: bool) -> Protects {
        Protects {
            role: Role::Ees,
            fqdns: ["ees1.example.net", "ees2.example.net"]
                .iter()
                .map(|name| Fqdn::parse(name).expect("a name"))
                .collect(),
            realm: "ees1.example.net".into(),
            api_root: ApiRoot::parse("/").expect("a path"),
            check_host,
            resource_metadata: None,
        }
    }

    fn meant(htu: &str, authority: &str, target: &str) -> bool {
        is_meant(htu, UriScheme::Https, &protects(true), authority.as_bytes(), target.as_bytes())
    }

    #[test]
    fn what_differs_only_in_spelling_is_the_same() {
        for htu in [
            "https://ees1.example.net/a/b",
            "HTTPS://EES1.Example.NET:443/a/b",
            "https://ees1.example.net:/a/b",
            "https://ees1.example.net/a/b?x=1",
            "https://ees1.example.net/a/b#f",
            "https://ees1.example.net/a/b?#",
            "https://ees1.example.net/%61/%62",
            "https://ees1.example.net/x/../a/./b",
            "https://ees1.example.net/%2e%2E/a/b",
        ] {
            assert!(meant(htu, "ees1.example.net", "/a/b?y=2"), "{htu}");
            assert!(meant(htu, "EES1.example.net:443", "/a/b"), "{htu}");
        }
        assert!(meant("https://ees1.example.net", "ees1.example.net", "/"));
        assert!(meant("https://ees1.example.net?x", "ees1.example.net", "/"));
        assert!(meant("https://ees1.example.net/a/..", "ees1.example.net", "/"));
        assert!(meant("https://ees1.example.net/a/b/.", "ees1.example.net", "/a/b/"));
        assert!(meant("https://ees1.example.net:8443/", "ees1.example.net:8443", "/"));
        assert!(meant("https://ees1.example.net/a%3ab/%c3%a9", "ees1.example.net", "/a:b/%C3%A9"));
        assert!(meant("https://ees1.example.net/a:b", "ees1.example.net", "/a%3Ab"));
        assert!(meant("https://ees1.example.net/{x}", "ees1.example.net", "/%7Bx%7D"));
    }

    #[test]
    fn what_is_another_uri_is_not() {
        for htu in [
            "",
            "/a/b",
            "ees1.example.net/a/b",
            "http://ees1.example.net/a/b",
            "https:/ees1.example.net/a/b",
            "https://ees1.example.net/a/b/",
            "https://ees1.example.net/A/b",
            "https://ees1.example.net//a/b",
            "https://ees1.example.net/a//b",
            "https://ees1.example.net/a%2fb",
            "https://ees1.example.net/a/b%20",
            "https://ees1.example.net/a\\b",
            "https://ees1.example.net:80/a/b",
            "https://ees1.example.net:8443/a/b",
            "https://ees1.example.net./a/b",
            "https://ees2.example.net/a/b",
            "https://u@ees1.example.net/a/b",
            "https://ees1.example.net@evil.example/a/b",
            "https://evil.example/?ees1.example.net/a/b",
            "https:///a/b",
            " https://ees1.example.net/a/b",
        ] {
            assert!(!meant(htu, "ees1.example.net", "/a/b"), "{htu}");
        }
        assert!(!meant("https://ees1.example.net/", "ees1.example.net:8443", "/"));
    }

    #[test]
    fn without_check_host_the_server_s_own_names_count() {
        let meant = |htu: &str, authority: &str| {
            is_meant(htu, UriScheme::Http, &protects(false), authority.as_bytes(), b"/")
        };
        assert!(meant("http://ees2.example.net/", "10.0.0.1:8080"));
        assert!(meant("http://ees2.example.net:80/", "10.0.0.1:8080"));
        assert!(meant("http://ees2.example.net:8080/", "10.0.0.1:8080"));
        assert!(!meant("http://ees2.example.net:8081/", "10.0.0.1:8080"));
        // What is no port stays part of a name that is nobody's.
        assert!(!meant("http://ees2.example.net:x/", "10.0.0.1:x"));
        assert!(!meant("http://10.0.0.1:8080/", "10.0.0.1:8080"));
    }
}

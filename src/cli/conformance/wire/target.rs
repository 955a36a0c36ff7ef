//! Where the target is, from `--target` and `--connect`.

use crate::cli::failure::Failure;
use hyper::Uri;

/// The server's front, as its clients name it.
#[derive(Debug, Clone)]
pub(in super::super) struct Target {
    /// Whether TLS is spoken.
    pub(super) https: bool,
    /// What its certificate must name.
    pub(super) host: String,
    /// `Host` of its requests.
    authority: String,
    /// The path before `/eees-…`, without a `/` at its end.
    root: String,
    /// Where to connect: host or address, and port.
    pub(super) connect: (String, u16),
}

impl Target {
    /// From a URL, and another place to connect to, if one is given.
    pub(in super::super) fn parse(url: &str, connect: Option<&str>) -> Result<Target, Failure> {
        let wrong = |why: &str| Failure::new(format!("--target: `{url}` {why}"));
        let uri: Uri =
            url.parse().map_err(|_| wrong("is no URL; give one such as https://ees1.edge.example.net"))?;
        let https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(wrong("is neither https nor, on loopback, http")),
        };
        let authority = uri.authority().ok_or_else(|| wrong("names no server"))?;
        if authority.as_str().contains('@') || uri.query().is_some() {
            return Err(wrong("has more than a server and a path"));
        }
        let default_port = if https { 443 } else { 80 };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let connect = match connect {
            Some(place) => host_and_port(place)
                .ok_or_else(|| Failure::new(format!("--connect: `{place}` is not HOST:PORT")))?,
            None => (host.clone(), authority.port_u16().unwrap_or(default_port)),
        };
        let root = uri.path().trim_end_matches('/').to_owned();
        Ok(Target { https, host, authority: authority.as_str().to_owned(), root, connect })
    }

    /// `Host` of its requests.
    pub(in super::super) fn authority(&self) -> &str {
        &self.authority
    }

    /// The path of a resource below the API root.
    pub(in super::super) fn path(&self, resource: &str) -> String {
        format!("{}{resource}", self.root)
    }

    /// The URL of a path, as clients write it.
    pub(in super::super) fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", if self.https { "https" } else { "http" }, self.authority)
    }
}

/// `HOST:PORT`, where the host may be an IPv6 address in brackets.
fn host_and_port(place: &str) -> Option<(String, u16)> {
    let (host, port) = place.rsplit_once(':')?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    (!host.is_empty()).then_some((host.to_owned(), port.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        let target = Target::parse("https://ees1.edge.example.net/edge/", None).unwrap();
        assert_eq!(target.path("/eees-x"), "/edge/eees-x");
        assert_eq!(target.connect, ("ees1.edge.example.net".to_owned(), 443));
        assert_eq!(target.url("/a"), "https://ees1.edge.example.net/a");
        let target = Target::parse("https://ees1.edge.example.net", Some("[::1]:8443")).unwrap();
        assert_eq!(
            (target.connect.clone(), target.authority()),
            (("::1".into(), 8443), "ees1.edge.example.net")
        );
        let target = Target::parse("http://[::1]:8080", None).unwrap();
        assert_eq!((target.connect.clone(), target.authority()), (("::1".into(), 8080), "[::1]:8080"));
        for wrong in ["", "ees1", "ftp://a", "https://u@a/", "https://a/?q", "https:///x"] {
            assert!(Target::parse(wrong, None).is_err(), "{wrong}");
        }
        for wrong in ["a", ":1", "a:b", "a:65536"] {
            assert!(Target::parse("https://a", Some(wrong)).is_err(), "{wrong}");
        }
    }
}

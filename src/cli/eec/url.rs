//! URLs as they are written: nothing of a path is decoded, sorted or repaired, since an identifier in it may be sealed.

use hyper::Uri;
use std::fmt;

/// An absolute http or https URL without user and fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Url {
    origin: Origin,
    authority: String,
    /// Path and query.
    path: String,
}

/// What a connection leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Origin {
    pub(crate) https: bool,
    /// In lower case; an IPv6 address without its brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Url {
    /// Reads an absolute URL; the error says what it is not.
    pub(crate) fn parse(text: &str) -> Result<Url, String> {
        let wrong = |why: &str| format!("`{text}` {why}");
        let uri: Uri =
            text.parse().map_err(|_| wrong("is no URL; give one such as https://ees1.edge.example.net"))?;
        let https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(wrong("is neither https nor http")),
        };
        let authority = uri.authority().ok_or_else(|| wrong("names no server"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("names a user; leave it out"));
        }
        if authority.host().is_empty() {
            return Err(wrong("names no server"));
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let port = authority.port_u16().unwrap_or(if https { 443 } else { 80 });
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Url {
            origin: Origin { https, host, port },
            authority: authority.as_str().to_owned(),
            path: path.to_owned(),
        })
    }

    /// The same as a server's root: no query, and no `/` at its end.
    pub(crate) fn parse_root(text: &str) -> Result<Url, String> {
        let mut url = Url::parse(text)?;
        if url.path.contains('?') {
            return Err(format!("`{text}` has a query; give the server's root"));
        }
        url.path.truncate(url.path.trim_end_matches('/').len());
        Ok(url)
    }

    /// What lies below a root.
    pub(crate) fn below(&self, path: &str) -> Url {
        Url { path: format!("{}{path}", self.path), ..self.clone() }
    }

    /// Another path, with its query, at the same place.
    pub(crate) fn at(&self, path: &str) -> Url {
        Url { path: path.to_owned(), ..self.clone() }
    }

    /// Where a reference in an answer leads: an absolute URL, or a path of the same server, as `Location` has them.
    pub(crate) fn resolve(&self, reference: &str) -> Option<Url> {
        if reference.starts_with("//") {
            return Url::parse(&format!("{}:{reference}", self.scheme())).ok();
        }
        if reference.starts_with('/') {
            // Read as every other, so that it holds nothing that a request line cannot have.
            return Url::parse(&format!("{}://{}{reference}", self.scheme(), self.authority)).ok();
        }
        Url::parse(reference).ok()
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The server's name, as tokens name it.
    pub(crate) fn host(&self) -> &str {
        &self.origin.host
    }

    /// `Host` of requests.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// Path and query, as the request line has them.
    pub(crate) fn path(&self) -> &str {
        if self.path.is_empty() { "/" } else { &self.path }
    }

    fn scheme(&self) -> &'static str {
        if self.origin.https { "https" } else { "http" }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme(), self.authority, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_as_it_is_written() {
        let url = Url::parse("https://EES1.example.net:8443/a/%61%2e./b;c?d=%20").unwrap();
        assert_eq!((url.host(), url.origin().port, url.origin().https), ("ees1.example.net", 8443, true));
        assert_eq!(url.path(), "/a/%61%2e./b;c?d=%20");
        assert_eq!(url.authority(), "EES1.example.net:8443");
        assert_eq!(url.to_string(), "https://EES1.example.net:8443/a/%61%2e./b;c?d=%20");
        let url = Url::parse("http://[::1]").unwrap();
        assert_eq!((url.host(), url.origin().port, url.path()), ("::1", 80, "/"));
    }

    #[test]
    fn roots_have_no_slash_at_their_end() {
        for text in ["https://a.example/edge", "https://a.example/edge/"] {
            let root = Url::parse_root(text).unwrap();
            assert_eq!(root.below("/eees-x/v1").to_string(), "https://a.example/edge/eees-x/v1");
        }
        assert_eq!(Url::parse_root("https://a.example/").unwrap().below("/x").path(), "/x");
        assert!(Url::parse_root("https://a.example/?q").is_err());
    }

    #[test]
    fn references_lead_where_rfc_3986_says() {
        let base = Url::parse("https://a.example:1/x/y?z").unwrap();
        let led = |reference: &str| base.resolve(reference).map(|url| url.to_string());
        assert_eq!(led("/r/1.s-_").as_deref(), Some("https://a.example:1/r/1.s-_"));
        assert_eq!(led("http://b.example/r/1").as_deref(), Some("http://b.example/r/1"));
        assert_eq!(led("//b.example/r").as_deref(), Some("https://b.example/r"));
        for not in ["", "r/1", "mailto:a", "/a b", "/a\u{7f}", "https://u@b.example/", "ftp://b.example/"] {
            assert_eq!(led(not), None, "{not}");
        }
    }

    #[test]
    fn what_is_no_url_of_a_server() {
        for wrong in ["", "ees1", "ees1:80", "ftp://a", "https://u@a/", "https:///x", "https://:1/"] {
            assert!(Url::parse(wrong).is_err(), "{wrong}");
        }
    }
}

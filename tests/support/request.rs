//! One request and one response, for HTTP/1.1 and HTTP/2 alike.

use std::sync::atomic::{AtomicU64, Ordering};

/// A request to send. Everything is bytes: hostile ones are the point.
#[derive(Debug, Clone)]
pub struct Request {
    /// `GET`, …
    pub method: String,
    /// The request target as it goes on the wire.
    pub path: Vec<u8>,
    /// `Host` or `:authority`; `None` sends none.
    pub authority: Option<Vec<u8>>,
    /// In order, repeated as given.
    pub headers: Vec<(String, Vec<u8>)>,
    /// `None`: no body at all.
    pub body: Option<Vec<u8>>,
    /// After the body; on HTTP/1.1 they make it chunked.
    pub trailers: Vec<(String, Vec<u8>)>,
    /// Value of `x-case`, which finds the request again in the access log and at the upstream.
    pub case: String,
}

impl Request {
    /// A request without body and headers, to the protected host.
    pub fn new(method: &str, path: impl AsRef<[u8]>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self {
            method: method.to_owned(),
            path: path.as_ref().to_vec(),
            authority: Some(super::names::FQDN.into()),
            headers: Vec::new(),
            body: None,
            trailers: Vec::new(),
            case: format!("c{}", NEXT.fetch_add(1, Ordering::Relaxed)),
        }
    }

    /// Registers the EEC `eec_id`: a built-in operation with a body that fits it.
    pub fn register(eec_id: &str) -> Self {
        let body = serde_json::json!({"eecId": eec_id}).to_string();
        Self::new("POST", "/eees-eecregistration/v1/registrations").json(body)
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Adds `Authorization: Bearer …`.
    pub fn bearer(self, token: impl AsRef<[u8]>) -> Self {
        let value = [b"Bearer ", token.as_ref()].concat();
        self.header("authorization", value)
    }

    /// Adds `Authorization: DPoP …`, and this proof.
    pub fn dpop(self, token: impl AsRef<[u8]>, proof: impl AsRef<[u8]>) -> Self {
        let value = [b"DPoP ", token.as_ref()].concat();
        self.header("authorization", value).header("dpop", proof)
    }

    /// Sets a body, and `Content-Type: application/json`.
    pub fn json(self, body: impl AsRef<[u8]>) -> Self {
        self.header("content-type", "application/json").body(body)
    }

    /// Sets a body.
    pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = Some(body.as_ref().to_vec());
        self
    }

    /// What of its body has a meaning (RFC 9110, section 9.3): nothing else reaches a server, unless a rule binds it.
    pub fn content(&self) -> &[u8] {
        let means_something = !["GET", "HEAD", "DELETE", "OPTIONS", "TRACE"].contains(&self.method.as_str());
        self.body.as_deref().filter(|_| means_something).unwrap_or_default()
    }

    /// Adds a trailer.
    pub fn trailer(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.trailers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Another `Host` or `:authority`.
    pub fn authority(mut self, authority: impl AsRef<[u8]>) -> Self {
        self.authority = Some(authority.as_ref().to_vec());
        self
    }

    /// No `Host` and no `:authority`.
    pub fn no_authority(mut self) -> Self {
        self.authority = None;
        self
    }
}

/// What came back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// In order; names in lower case, values byte for byte as Latin-1.
    pub headers: Vec<(String, String)>,
    /// The body, unchunked.
    pub body: Vec<u8>,
    /// After the body.
    pub trailers: Vec<(String, String)>,
    /// Whether the server said that it closes the connection (HTTP/1.1).
    pub closes: bool,
}

impl Response {
    /// All values of one header.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str()).collect()
    }

    /// The value of a header that is there exactly once.
    pub fn one(&self, name: &str) -> Option<&str> {
        match self.all(name).as_slice() {
            [value] => Some(value),
            _ => None,
        }
    }
}

/// Bytes as the characters of the same numbers, for comparing and printing.
pub fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|b| char::from(*b)).collect()
}

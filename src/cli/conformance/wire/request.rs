//! A request as bytes: nothing in it is checked, joined, sorted or repaired.

/// One request. `Host` and `Content-Length` come by themselves where it does not bring them.
#[derive(Debug, Clone)]
pub(in super::super) struct Request {
    method: String,
    target: Vec<u8>,
    headers: Vec<(String, Vec<u8>)>,
    body: Option<Vec<u8>>,
}

impl Request {
    /// A request without headers and body.
    pub(in super::super) fn new(method: &str, target: impl Into<Vec<u8>>) -> Request {
        Request { method: method.to_owned(), target: target.into(), headers: Vec::new(), body: None }
    }

    /// Another method.
    pub(in super::super) fn method(mut self, method: &str) -> Request {
        self.method = method.to_owned();
        self
    }

    /// Another request target.
    pub(in super::super) fn target(mut self, target: impl Into<Vec<u8>>) -> Request {
        self.target = target.into();
        self
    }

    /// One header more, also where there is one of that name.
    pub(in super::super) fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Request {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// No header of that name.
    pub(in super::super) fn without(mut self, name: &str) -> Request {
        self.headers.retain(|(n, _)| n != name);
        self
    }

    /// `Authorization: Bearer …`, one more.
    pub(in super::super) fn bearer(self, token: &str) -> Request {
        self.header("Authorization", format!("Bearer {token}"))
    }

    /// A body, whatever it is.
    pub(in super::super) fn body(mut self, body: impl Into<Vec<u8>>) -> Request {
        self.body = Some(body.into());
        self
    }

    /// No body.
    pub(in super::super) fn without_body(mut self) -> Request {
        self.body = None;
        self.without("Content-Type")
    }

    /// What goes over the wire.
    pub(in super::super) fn bytes(&self, authority: &str) -> Vec<u8> {
        let mut bytes = [self.method.as_bytes(), b" ", &self.target, b" HTTP/1.1\r\n"].concat();
        let mut field = |name: &str, value: &[u8]| {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        };
        if !self.has("Host") {
            field("Host", authority.as_bytes());
        }
        for (name, value) in &self.headers {
            field(name, value);
        }
        field("User-Agent", concat!("eec-authn-conformance/", env!("CARGO_PKG_VERSION")).as_bytes());
        field("Accept", b"*/*");
        // A POST without a body says so; other methods have none anyway.
        let length = self.body.as_ref().map_or(0, Vec::len);
        if (self.body.is_some() || self.method == "POST") && !self.has("Content-Length") {
            field("Content-Length", length.to_string().as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(self.body.as_deref().unwrap_or_default());
        bytes
    }

    fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_what_was_asked_for() {
        let request = Request::new("POST", "/a//b").bearer("one").bearer("two").body("{}");
        let text = String::from_utf8(request.bytes("ees1.example.net")).unwrap();
        assert!(text.starts_with("POST /a//b HTTP/1.1\r\nHost: ees1.example.net\r\n"), "{text}");
        assert!(text.contains("\r\nAuthorization: Bearer one\r\nAuthorization: Bearer two\r\n"), "{text}");
        assert!(text.ends_with("Content-Length: 2\r\n\r\n{}"), "{text}");
        let other = Request::new("GET", "/").header("host", "other").bytes("ees1.example.net");
        assert!(!String::from_utf8(other).unwrap().contains("ees1"));
    }
}

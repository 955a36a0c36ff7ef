//! A request as the filter sees it: bytes, since nothing says that they are text.

/// Whether `name` can be that of a field: a token (RFC 9110, section 5.6.2).
pub fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// Method, target, authority and headers of one request.
#[derive(Debug, Clone, Copy)]
pub struct RequestView<'a> {
    /// `:method`
    pub method: &'a [u8],
    /// `:path`, with its query; empty where there is none (CONNECT).
    pub target: &'a [u8],
    /// `:authority`; empty where there is none.
    pub authority: &'a [u8],
    /// All other headers, in order; names are in lower case.
    pub headers: &'a [(&'a [u8], &'a [u8])],
    /// Whether the request ends with its headers.
    pub end_of_stream: bool,
    /// The SHA-256 of the client certificate of the TLS connection (its DER); `None` without one, or where nobody wants to know.
    pub client_certificate: Option<[u8; 32]>,
}

impl<'a> RequestView<'a> {
    /// Splits the pseudo-headers off a list of header pairs.
    pub fn new(pairs: &'a [(&'a [u8], &'a [u8])], end_of_stream: bool) -> RequestView<'a> {
        let pseudo = |name: &[u8]| pairs.iter().find(|(n, _)| *n == name).map_or(&b""[..], |(_, v)| *v);
        RequestView {
            method: pseudo(b":method"),
            target: pseudo(b":path"),
            authority: pseudo(b":authority"),
            headers: pairs,
            end_of_stream,
            client_certificate: None,
        }
    }

    /// Whether something follows that means nothing: no use of content is defined for its method (RFC 9110, section 9.3). What
    /// follows an upgrade is no content.
    pub fn has_meaningless_content(&self) -> bool {
        const WITHOUT_USE: [&[u8]; 5] = [b"GET", b"HEAD", b"DELETE", b"OPTIONS", b"TRACE"];
        !self.end_of_stream
            && WITHOUT_USE.iter().any(|method| self.method.eq_ignore_ascii_case(method))
            && !self.is_upgrade()
    }

    /// Whether it asks for another protocol; a host hands over no other `Upgrade` than one that it will see to.
    pub fn is_upgrade(&self) -> bool {
        self.values(b"upgrade").next().is_some()
    }

    /// All values of the header `name` (in lower case).
    pub fn values(&self, name: &'a [u8]) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.headers.iter().filter(move |(n, _)| *n == name).map(|(_, value)| *value)
    }
}

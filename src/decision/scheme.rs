//! The schemes under which a request may bring a token.

/// An authentication scheme (RFC 9110, section 11.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// RFC 6750: whoever has the token may use it.
    Bearer,
    /// RFC 9449: the token comes with a proof.
    Dpop,
}

impl Scheme {
    /// Its name in challenges.
    pub fn name(self) -> &'static str {
        match self {
            Scheme::Bearer => "Bearer",
            Scheme::Dpop => "DPoP",
        }
    }

    /// What follows the scheme's name in the value of an Authorization header, if it begins with it.
    pub fn strip(self, value: &[u8]) -> Option<&[u8]> {
        let (start, rest) = value.split_at_checked(self.name().len())?;
        start.eq_ignore_ascii_case(self.name().as_bytes()).then_some(rest)
    }
}

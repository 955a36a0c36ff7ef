//! How an entitlement server is asked, as configured.

use crate::percent::push_form;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

/// How an entitlement server is asked.
#[derive(Debug)]
pub struct Online {
    /// The protocol.
    pub method: Method,
    /// The Envoy cluster to send to.
    pub cluster: Box<str>,
    /// `:path`
    pub path: Box<str>,
    /// `:authority`
    pub authority: Box<str>,
    /// How long a request waits for an answer, in milliseconds.
    pub timeout_ms: u64,
    /// Which tokens are asked about.
    pub apply_to: ApplyTo,
    /// How long an answer "active" is kept, in seconds, never past `exp`.
    pub cache_seconds: f64,
    /// How long an answer "inactive" is kept, in seconds.
    pub negative_cache_seconds: f64,
    /// What becomes of a request while the server cannot be asked.
    pub on_unavailable: OnUnavailable,
}

/// A protocol for asking about tokens.
#[derive(Debug)]
pub enum Method {
    /// Token introspection (RFC 7662).
    Rfc7662 {
        /// HTTP Basic credentials, if the server wants any.
        credentials: Option<Credentials>,
    },
    /// ValidateOperatorToken (GSMA TS.43, 14.1.6.1).
    Ts43 {
        /// Members of the request beside those of the operation, `client_id` among them.
        parameters: Parameters,
    },
}

/// Names and values.
pub type Parameters = Vec<(Box<str>, Box<str>)>;

/// The filter's own credentials. They are never shown.
pub struct Credentials {
    client_id: Box<str>,
    authorization: Box<str>,
}

impl Credentials {
    /// Those of `client_id`; the secret is from the VM's environment.
    pub fn new(client_id: &str, secret: &str) -> Credentials {
        // The parts are form-encoded first (RFC 6749, section 2.3.1).
        let mut pair = String::new();
        push_form(&mut pair, client_id);
        pair.push(':');
        push_form(&mut pair, secret);
        let authorization = format!("Basic {}", STANDARD.encode(pair));
        Credentials { client_id: client_id.into(), authorization: authorization.into() }
    }

    /// The Authorization header of HTTP Basic.
    pub fn authorization(&self) -> &str {
        &self.authorization
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({}, …)", self.client_id)
    }
}

/// Which tokens are asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApplyTo {
    /// Those that are no JWTs.
    Opaque,
    /// Every token, after the local checks.
    All,
}

/// What becomes of a request while the server cannot be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnUnavailable {
    /// It is refused.
    Deny,
    /// It goes on, since a pinned key has verified its token.
    AllowVerified,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_show_whose_they_are_and_no_secret() {
        let credentials = Credentials::new("edge-1", "s3cr3t");
        assert_eq!(format!("{credentials:?}"), "Credentials(edge-1, …)");
    }

    #[test]
    fn credentials_are_encoded_before_they_are_joined() {
        let pair = STANDARD.encode("edge%3A1:s3+cr%3At");
        assert_eq!(Credentials::new("edge:1", "s3 cr:t").authorization(), format!("Basic {pair}"));
    }
}

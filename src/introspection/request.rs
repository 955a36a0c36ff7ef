//! The HTTP request that asks about a token.

use crate::json::Json;
use crate::policy::online::{Credentials, Method, Online, Parameters};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

/// The application whose operation ValidateOperatorToken is (TS.43, 2.2).
pub(super) const TS43_APP: &str = "ap2015";

/// What every request says about the client that asks and its configuration. No version but 2.0 is known to all servers.
const TS43_CONSTANTS: [(&str, &str); 5] = [
    ("vers", "0"),
    ("entitlement_version", "2.0"),
    ("terminal_vendor", "eec"),
    ("terminal_model", "eec-authn"),
    ("terminal_sw_version", "1"),
];

/// The verb of a question: TS.43 knows both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpVerb {
    /// POST
    Post,
    /// GET, after a server has refused POST.
    Get,
}

/// A request to an entitlement server. It holds the token and maybe credentials, so it is never shown.
pub struct IntrospectionRequest {
    /// How it is put.
    pub verb: HttpVerb,
    /// The Envoy cluster.
    pub cluster: Box<str>,
    /// Headers, pseudo-headers included.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty for GET.
    pub body: String,
    /// How long to wait, in milliseconds.
    pub timeout_ms: u64,
}

impl fmt::Debug for IntrospectionRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IntrospectionRequest({}, …)", self.cluster)
    }
}

impl IntrospectionRequest {
    /// The question about `token`, by `verb` (which only TS.43 lets choose).
    pub fn new(online: &Online, token: &str, verb: HttpVerb) -> IntrospectionRequest {
        let mut path = online.path.to_string();
        let mut headers = vec![("accept", "application/json".to_owned())];
        let mut body = String::new();
        match &online.method {
            Method::Rfc7662 { credentials } => {
                body = format!("token={}&token_type_hint=access_token", form(token));
                headers.push(("content-type", "application/x-www-form-urlencoded".into()));
                headers.extend(credentials.as_ref().map(|c| ("authorization", basic(c))));
            }
            Method::Ts43 { parameters } if verb == HttpVerb::Post => {
                let members = ts43_members(parameters, token);
                body = Json::Object(members.map(|(name, value)| (name.into(), value.into())).collect())
                    .to_string();
                headers.push(("content-type", "application/json".into()));
            }
            Method::Ts43 { parameters } => {
                let members = ts43_members(parameters, token);
                let pairs: Vec<String> =
                    members.map(|(name, value)| format!("{}={}", form(name), form(value))).collect();
                path.push(if path.contains('?') { '&' } else { '?' });
                path.push_str(&pairs.join("&"));
            }
        }
        let post = matches!(online.method, Method::Rfc7662 { .. }) || verb == HttpVerb::Post;
        headers.push((":method", if post { "POST" } else { "GET" }.into()));
        headers.push((":path", path));
        headers.push((":authority", online.authority.to_string()));
        if post {
            headers.push(("content-length", body.len().to_string()));
        }
        IntrospectionRequest {
            verb,
            cluster: online.cluster.clone(),
            headers,
            body,
            timeout_ms: online.timeout_ms,
        }
    }
}

/// The members of ValidateOperatorToken (TS.43, 14.1.6.1), with those of every request (2.2): ours are constants, which `parameters`
/// replace.
fn ts43_members<'a>(parameters: &'a Parameters, token: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let own =
        TS43_CONSTANTS.into_iter().filter(|(name, _)| parameters.iter().all(|(given, _)| **given != **name));
    let fixed = [("app", TS43_APP), ("operation", "ValidateOperatorToken"), ("operator_token", token)];
    fixed.into_iter().chain(parameters.iter().map(|(name, value)| (&**name, &**value))).chain(own)
}

/// HTTP Basic with the parts form-encoded first (RFC 6749, section 2.3.1).
fn basic(credentials: &Credentials) -> String {
    let pair = format!("{}:{}", form(&credentials.client_id), form(&credentials.secret));
    format!("Basic {}", STANDARD.encode(pair))
}

/// `application/x-www-form-urlencoded`
fn form(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => out.push(byte.into()),
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

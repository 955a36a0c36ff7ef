//! The HTTP request that asks about a token.

use crate::policy::online::{Credentials, Method, Online};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use std::fmt;

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
            Method::Ts43 { client_id } if verb == HttpVerb::Post => {
                let mut members = json!({
                    "app": "ap2015",
                    "operation": "ValidateOperatorToken",
                    "operator_token": token,
                });
                if let (Some(id), Some(object)) = (client_id, members.as_object_mut()) {
                    object.insert("client_id".into(), (&**id).into());
                }
                body = members.to_string();
                headers.push(("content-type", "application/json".into()));
            }
            Method::Ts43 { client_id } => {
                path.push(if path.contains('?') { '&' } else { '?' });
                path.push_str("app=ap2015&operation=ValidateOperatorToken&operator_token=");
                path.push_str(&form(token));
                if let Some(id) = client_id {
                    path.push_str(&format!("&client_id={}", form(id)));
                }
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

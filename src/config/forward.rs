//! `forward`: which identity headers the upstream gets.

use super::node::Node;
use super::values::claim;
use crate::json::Pointer;
use crate::policy::Forward;
use crate::policy::forward::{DEFAULT_NAMES, HeaderClaim};
use crate::request::is_token;

/// Names that HTTP or Envoy gives a meaning of its own.
const OWNED_NAMES: &[&str] = &[
    "accept",
    "age",
    "allow",
    "authorization",
    "cache-control",
    "connection",
    "cookie",
    "date",
    "dpop",
    "dpop-nonce",
    "etag",
    "expect",
    "expires",
    "forwarded",
    "from",
    "host",
    "http2-settings",
    "keep-alive",
    "location",
    "max-forwards",
    "origin",
    "pragma",
    "range",
    "referer",
    "server",
    "set-cookie",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "vary",
    "via",
    "warning",
    "www-authenticate",
    "x-real-ip",
    "x-request-id",
];

/// Prefixes of such names.
const OWNED_PREFIXES: &[&str] =
    &["accept-", "access-control-", "content-", "grpc-", "if-", "proxy-", "sec-", "x-envoy-", "x-forwarded-"];

pub(super) fn forward(node: &Node<'_>, check_host: bool) -> Option<Forward> {
    let configured = node.member("headers");
    let headers = if configured.is_present() { headers(&configured) } else { defaults() };
    Some(Forward::new(node.member("token").flag()?, check_host, headers))
}

fn defaults() -> Vec<(Box<str>, HeaderClaim)> {
    let at = |name| HeaderClaim::At(Pointer::to_member(name));
    let claims = [HeaderClaim::EecId, HeaderClaim::Gpsi, at("iss"), at("jti")];
    DEFAULT_NAMES.into_iter().map(Box::from).zip(claims).collect()
}

fn headers(node: &Node<'_>) -> Vec<(Box<str>, HeaderClaim)> {
    let mut seen: Vec<(String, &str)> = Vec::new();
    let mut headers = Vec::new();
    for name in node.names() {
        let member = node.member(name);
        let folded = name.to_ascii_lowercase().replace('_', "-");
        if let Some(fault) = fault(name, &folded) {
            member.error(fault);
        } else if let Some((_, other)) = seen.iter().find(|(f, other)| *f == folded && *other != name) {
            member.error(format!(
                "is the same header as \"{other}\" once case and `_` are folded; keep one of them"
            ));
        } else if let Some(claim) = claim(&member) {
            headers.push((name.to_ascii_lowercase().into_boxed_str(), HeaderClaim::At(claim)));
        }
        seen.push((folded, name));
    }
    headers
}

fn fault(name: &str, folded: &str) -> Option<String> {
    let owned = OWNED_NAMES.contains(&folded) || OWNED_PREFIXES.iter().any(|p| folded.starts_with(p));
    if owned || name.starts_with(':') {
        Some("belongs to HTTP or Envoy; use a name of your own, such as \"x-eec-id\"".into())
    } else if !is_token(name) {
        Some("is not a header name; use letters, digits and hyphens".into())
    } else {
        None
    }
}

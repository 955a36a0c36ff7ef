//! Claims as values of identity headers.

use super::Claims;
use crate::decision::{Denial, DenyReason};
use crate::json::Json;
use crate::policy::{Forward, IssuerName};

/// Names and values.
pub(super) type IdentityHeaders = Vec<(Box<str>, Box<str>)>;

/// The headers that tell the upstream who is calling; a claim that is absent sets none.
pub(super) fn values(
    claims: &Claims,
    forward: &Forward,
    issuer: &IssuerName,
) -> Result<IdentityHeaders, Denial> {
    let mut headers = Vec::with_capacity(forward.headers.len());
    for (name, claim) in &forward.headers {
        let value = match claims.find(claim) {
            // `iss` may be written in several ways, or be left out of an answer; the upstream compares with one.
            _ if claim.is_issuer() => Some(issuer.as_str().to_owned()),
            None => continue,
            Some(claim) => text(claim),
        };
        let value = value.filter(|value| is_header_value(value)).ok_or_else(|| {
            Denial::new(DenyReason::ClaimMalformed, "a claim for an identity header does not fit into one")
        })?;
        headers.push((name.clone(), value.into_boxed_str()));
    }
    Ok(headers)
}

fn text(claim: &Json) -> Option<String> {
    match claim {
        Json::String(text) => Some(text.to_string()),
        Json::Number(text) => Some(text.to_string()),
        Json::Bool(flag) => Some(flag.to_string()),
        Json::Array(items) => {
            let entries: Option<Vec<&str>> = items
                .iter()
                .map(|item| item.as_str().filter(|entry| is_header_value(entry) && !entry.contains(',')))
                .collect();
            entries.map(|entries| entries.join(","))
        }
        Json::Null | Json::Object(_) => None,
    }
}

/// Visible ASCII with single spaces inside: what every HTTP implementation passes on unchanged.
fn is_header_value(value: &str) -> bool {
    value.split(' ').all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_graphic()))
}

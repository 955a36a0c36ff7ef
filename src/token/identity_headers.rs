//! Claims as values of identity headers (`docs/contract.md#identity-headers`).

use super::Claims;
use crate::decision::{Denial, DenyReason};
use crate::json::Json;
use crate::policy::{EntitlementServer, Forward};
use std::borrow::Cow;
use std::sync::Arc;

/// Room for the values of a usual token, so that they seldom have to move.
const USUAL_LENGTH: usize = 128;

/// The headers that tell the upstream who is calling. All values lie in one piece: they are read for every
/// request that the token comes with.
#[derive(Debug)]
pub(super) struct IdentityHeaders {
    names: Arc<[Box<str>]>,
    /// Which name, and where its value ends in `values`; a claim that is absent has no entry.
    ends: Box<[(usize, usize)]>,
    values: Box<str>,
}

impl IdentityHeaders {
    /// The headers for these claims.
    pub(super) fn new(
        claims: &Claims,
        forward: &Forward,
        server: &EntitlementServer,
    ) -> Result<IdentityHeaders, Denial> {
        let mut ends = Vec::with_capacity(forward.claims.len());
        let mut values = String::with_capacity(USUAL_LENGTH);
        for (number, claim) in forward.claims.iter().enumerate() {
            let claim = claim.place(&server.claims);
            let value = match claims.find(claim) {
                // `iss` may be written in several ways, or be left out of an answer; the upstream compares with one.
                _ if claim.is_issuer() => Some(server.identity.as_str().into()),
                None => continue,
                Some(claim) => text(claim),
            };
            let value = value.filter(|value| is_header_value(value)).ok_or_else(|| {
                Denial::new(
                    DenyReason::ClaimMalformed,
                    "a claim for an identity header does not fit into one",
                )
            })?;
            values.push_str(&value);
            ends.push((number, values.len()));
        }
        let names = Arc::clone(&forward.names);
        Ok(IdentityHeaders { names, ends: ends.into(), values: values.into() })
    }

    /// Names and values.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut start = 0;
        self.ends.iter().filter_map(move |(number, end)| {
            let value = self.values.get(start..*end)?;
            start = *end;
            Some((&**self.names.get(*number)?, value))
        })
    }
}

fn text(claim: &Json) -> Option<Cow<'_, str>> {
    match claim {
        Json::String(text) | Json::Number(text) => Some((&**text).into()),
        Json::Bool(flag) => Some(if *flag { "true" } else { "false" }.into()),
        Json::Array(items) => {
            let entries: Option<Vec<&str>> = items
                .iter()
                .map(|item| item.as_str().filter(|entry| is_header_value(entry) && !entry.contains(',')))
                .collect();
            entries.map(|entries| entries.join(",").into())
        }
        Json::Null | Json::Object(_) => None,
    }
}

/// Visible ASCII with single spaces inside: what every HTTP implementation passes on unchanged.
fn is_header_value(value: &str) -> bool {
    let (mut good, mut before) = (true, b' ');
    for byte in value.bytes() {
        good &= matches!(byte, b' '..=b'~') && (byte != b' ' || before != b' ');
        before = byte;
    }
    good && before != b' '
}

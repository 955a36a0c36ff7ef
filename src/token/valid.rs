//! A token that has passed every check that depends on it and on the time.

use super::{Claims, VerifiedToken, identity_headers, validity};
use crate::decision::Denial;
use crate::json::{Json, Pointer};
use crate::policy::binding::Client;
use crate::policy::{ClaimCheck, Policy};
use crate::time::UnixTime;

/// Whom a token speaks for. It can only be made out of a [`VerifiedToken`].
#[derive(Debug)]
pub struct ValidToken {
    claims: Claims,
    /// `iss` in the configured spelling.
    issuer: Json,
    eec_id: Box<str>,
    gpsis: Vec<Box<str>>,
    identity_headers: Vec<(Box<str>, Box<str>)>,
}

impl ValidToken {
    /// Checks times, audience, the claims and their shapes, in the order of the contract.
    pub fn check(token: VerifiedToken<'_>, policy: &Policy, now: UnixTime) -> Result<ValidToken, Denial> {
        let claims = token.claims;
        validity::check(&claims, &policy.token, now)?;
        claims.check_audience(policy)?;
        claims.check_shapes(&policy.token)?;
        let identity_headers = identity_headers::values(&claims, &policy.forward, &token.server.identity)?;
        claims.check_confirmation()?;
        let eec_id = claims.find(&policy.token.eec_id_claim).and_then(Json::as_str).unwrap_or_default();
        let gpsis = claims.find(&policy.token.gpsi_claim).and_then(Json::as_strings).unwrap_or_default();
        Ok(ValidToken {
            issuer: Json::String(token.server.identity.as_str().into()),
            eec_id: eec_id.into(),
            gpsis: gpsis.into_iter().map(Box::from).collect(),
            identity_headers,
            claims,
        })
    }

    /// Names and values of the headers that tell the upstream who is calling.
    pub fn identity_headers(&self) -> &[(Box<str>, Box<str>)] {
        &self.identity_headers
    }

    /// The client that the token names.
    pub fn client(&self) -> Client<'_> {
        Client { eec_id: &self.eec_id, gpsis: &self.gpsis }
    }

    /// Whether a condition of a rule holds. For `iss` the configured spelling counts as well as the token's.
    pub fn satisfies(&self, check: &ClaimCheck) -> bool {
        let spelled = check.claim.is_issuer() && check.condition.holds(Some(&self.issuer));
        spelled || check.condition.holds(self.claims.find(&check.claim))
    }

    /// The strings that a claim allows in a bound place: its own, or the members of an array.
    pub fn strings(&self, claim: &Pointer) -> Vec<&str> {
        let mut strings = self.claims.find(claim).and_then(Json::as_strings).unwrap_or_default();
        if claim.is_issuer() {
            strings.extend(self.issuer.as_str());
        }
        strings
    }
}

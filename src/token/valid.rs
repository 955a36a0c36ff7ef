//! A token that has passed every check that depends on it and on the time.

use super::{VerifiedToken, identity_headers, validity};
use crate::decision::Denial;
use crate::policy::Policy;
use crate::time::UnixTime;

/// Whom a token speaks for. It can only be made out of a [`VerifiedToken`].
#[derive(Debug)]
pub struct ValidToken {
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
        Ok(ValidToken { identity_headers })
    }

    /// Names and values of the headers that tell the upstream who is calling.
    pub fn identity_headers(&self) -> &[(Box<str>, Box<str>)] {
        &self.identity_headers
    }
}

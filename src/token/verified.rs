//! A token that somebody has vouched for.

use super::{Claims, ValidToken};
use crate::decision::{Denial, DenyReason};
use crate::json::Json;
use crate::keys::PinnedKey;
use crate::policy::{EntitlementServer, Policy};
use crate::time::UnixTime;
use std::rc::Rc;
use std::sync::Arc;

/// A token that a pinned key of its issuer, or the entitlement server itself, has vouched for. Nothing is
/// said about times and audience yet.
pub struct VerifiedToken<'p> {
    /// The entitlement server that issued it.
    pub server: &'p Arc<EntitlementServer>,
    /// The key that verified it; `None` if the server was asked instead.
    pub key: Option<&'p PinnedKey>,
    /// What it says.
    pub claims: Rc<Claims>,
}

impl<'p> VerifiedToken<'p> {
    /// A token about which `server` has said `claims`. If it says `iss`, that must be itself.
    ///
    /// # Errors
    ///
    /// `issuer_unknown`.
    pub fn by_answer(
        server: &'p Arc<EntitlementServer>,
        claims: Rc<Claims>,
    ) -> Result<VerifiedToken<'p>, Denial> {
        if claims.get("iss").is_some_and(|iss| !iss.as_str().is_some_and(|iss| server.identity.matches(iss)))
        {
            let because = "`iss` in the answer is not the server that gave it";
            return Err(Denial::new(DenyReason::IssuerUnknown, because));
        }
        Ok(VerifiedToken { server, key: None, claims })
    }

    /// The names of the key that verified it.
    pub(super) fn key_ids(&self) -> [Option<&'p str>; 3] {
        match self.key {
            Some(key) => [key.kid.as_deref(), Some(key.key.thumbprint()), key.x5t_s256.as_deref()],
            None => [None; 3],
        }
    }
}

/// Holds what an entitlement server says about a token that a pinned key has verified against the token.
/// Claims may be absent; those that are there must pass, and name the same client.
///
/// # Errors
///
/// `confirmation_failed`, `token_inactive`.
pub fn check_answer(
    token: &ValidToken,
    claims: &Claims,
    policy: &Policy,
    now: UnixTime,
) -> Result<(), Denial> {
    claims.check_confirmation()?;
    let inactive = |because| Err(Denial::new(DenyReason::TokenInactive, because));
    let named = |iss: &Json| iss.as_str().is_some_and(|iss| token.server().identity.matches(iss));
    if !claims.get("iss").is_none_or(named) {
        return inactive("`iss` in the answer is not the server that gave it");
    }
    if !claims.times_are_well_formed() || super::validity::check(claims, &policy.token, now).is_err() {
        return inactive("the times in the answer do not pass");
    }
    let audience = claims.get("aud").is_none_or(|aud| aud.as_strings().is_some());
    if !audience || claims.check_audience(policy).is_err() {
        return inactive("`aud` in the answer does not pass");
    }
    let same = |id: &Json| id.as_str() == Some(token.client().eec_id);
    if !claims.find(&policy.token.eec_id_claim).is_none_or(same) {
        return inactive("the answer names another EEC ID than the token");
    }
    Ok(())
}

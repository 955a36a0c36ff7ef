//! What an entitlement server says about a token, held against the token.

use super::verified::check_token_type;
use super::{Claims, ValidToken, validity};
use crate::decision::{Denial, DenyReason};
use crate::json::Json;
use crate::policy::Policy;
use crate::time::UnixTime;

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
    let confirmation = token.confirmation();
    // An answer without `cnf` leaves the token's.
    if claims.confirmation()?.is_some_and(|answered| Some(&answered) != confirmation) {
        let because = "the answer has another `cnf` than the token";
        return Err(Denial::new(DenyReason::ConfirmationFailed, because));
    }
    check_token_type(claims, confirmation)?;
    let inactive = |because| Err(Denial::new(DenyReason::TokenInactive, because));
    let named = |iss: &Json| iss.as_str().is_some_and(|iss| token.server().identity.matches(iss));
    if !claims.get("iss").is_none_or(named) {
        return inactive("`iss` in the answer is not the server that gave it");
    }
    if !claims.times_are_well_formed() || validity::check(claims, &policy.token, now).is_err() {
        return inactive("the times in the answer do not pass");
    }
    let audience = claims.get("aud").is_none_or(|aud| aud.strings().is_some());
    if !audience || claims.check_audience(policy, token.server()).is_err() {
        return inactive("`aud` in the answer does not pass");
    }
    let same = |id: &Json| id.as_str() == Some(token.client().eec_id);
    if !claims.find(&token.server().claims.eec_id).is_none_or(same) {
        return inactive("the answer names another EEC ID than the token");
    }
    Ok(())
}

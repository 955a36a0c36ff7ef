//! A token that somebody has vouched for.

use super::Claims;
use crate::decision::{Denial, DenyReason};
use crate::json::Json;
use crate::keys::PinnedKey;
use crate::policy::EntitlementServer;
use crate::proof::Confirmation;
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
    /// What the token itself has as `cnf`, where the claims are those of an answer.
    pub own_cnf: Option<&'p Json>,
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
        own_cnf: Option<&'p Json>,
    ) -> Result<VerifiedToken<'p>, Denial> {
        if claims.get("iss").is_some_and(|iss| !iss.as_str().is_some_and(|iss| server.identity.matches(iss)))
        {
            let because = "`iss` in the answer is not the server that gave it";
            return Err(Denial::new(DenyReason::IssuerUnknown, because));
        }
        Ok(VerifiedToken { server, key: None, claims, own_cnf })
    }

    /// What it is bound to. What nobody has vouched for may only narrow: if the token itself has `cnf`, the answer has the same.
    ///
    /// # Errors
    ///
    /// `confirmation_failed`.
    pub(super) fn confirmation(&self) -> Result<Option<Confirmation>, Denial> {
        let confirmation = self.claims.confirmation()?;
        let failed = |because| Err(Denial::new(DenyReason::ConfirmationFailed, because));
        match self.own_cnf.map(Confirmation::read) {
            Some(Err(because)) => return failed(because),
            Some(Ok(own)) if Some(&own) != confirmation.as_ref() => {
                return failed("the answer does not have the `cnf` of the token");
            }
            Some(Ok(_)) | None => {}
        }
        if self.key.is_none() {
            check_token_type(&self.claims, confirmation.as_ref())?;
        }
        Ok(confirmation)
    }

    /// The names of the key that verified it.
    pub(super) fn key_ids(&self) -> [Option<&'p str>; 3] {
        match self.key {
            Some(key) => [key.kid.as_deref(), Some(key.key.thumbprint()), key.x5t_s256.as_deref()],
            None => [None; 3],
        }
    }
}

/// A token that an answer calls one of DPoP is bound to a key (RFC 9449, section 6.2).
pub(super) fn check_token_type(claims: &Claims, confirmation: Option<&Confirmation>) -> Result<(), Denial> {
    let bound = confirmation.is_some_and(|confirmation| confirmation.jkt.is_some());
    if claims.may_be_of_dpop() && !bound {
        let because = "the answer has `token_type` DPoP, or one that is no text, and there is no `cnf.jkt`";
        return Err(Denial::new(DenyReason::ConfirmationFailed, because));
    }
    Ok(())
}

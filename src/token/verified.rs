//! A token that somebody has vouched for.

use super::Claims;
use crate::decision::{Denial, DenyReason};
use crate::keys::PinnedKey;
use crate::policy::EntitlementServer;
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
        let claims = claims.without_nulls(&server.claims);
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

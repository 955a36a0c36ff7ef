//! A question about a token that a request waits for, and what its answer means for how long.

use crate::decision::Denial;
use crate::introspection::{LastingToken, Party, TokenStatus};
use crate::json::Json;
use crate::policy::online::OnUnavailable;
use crate::policy::{Asked, Policy};
use crate::time::UnixTime;
use crate::token::{Bearer, TokenDigest, ValidToken, check_answer};
use std::rc::Rc;

/// A question that a request waits for.
#[derive(Debug)]
pub struct PendingIntrospection {
    /// Who is asked, and how.
    pub asked: Asked,
    /// The token, in short.
    pub digest: TokenDigest,
    /// The token. It is a secret: `Debug` does not show it.
    pub token: Secret,
    /// What a pinned key has verified already.
    pub(super) verified: Option<Rc<ValidToken>>,
    /// What the token says that it is bound to, where no pinned key has verified it.
    pub(super) own_cnf: Option<Json>,
}

/// A text that is never shown.
pub struct Secret(pub Box<str>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

impl PendingIntrospection {
    pub(super) fn new(
        asked: Asked,
        bearer: Bearer<'_>,
        verified: Option<Rc<ValidToken>>,
        own_cnf: Option<Json>,
    ) -> PendingIntrospection {
        let token = bearer.as_str();
        let digest = match &verified {
            Some(verified) => verified.digest(token),
            None => TokenDigest::new(asked.server.number, token),
        };
        PendingIntrospection { asked, digest, token: Secret(token.into()), verified, own_cnf }
    }

    /// Whether a pinned key has verified the token.
    pub fn is_verified(&self) -> bool {
        self.verified.is_some()
    }

    /// Whether what a key has verified passes while the server cannot be asked.
    pub(super) fn passes_unasked(&self) -> bool {
        self.asked.online.on_unavailable == OnUnavailable::AllowVerified
    }

    /// `denial` with what is known of the token: who is asked, and whom it speaks for if a key has verified it.
    pub(super) fn refused(&self, denial: Denial) -> Denial {
        match &self.verified {
            Some(token) => token.refused(denial),
            // What an answer has told beside stays.
            None => denial
                .about(|about| about.issuer(self.asked.server.number, self.asked.server.identity.as_str())),
        }
    }

    /// On whose behalf the server is asked.
    pub fn party(&self) -> Party {
        Party { server: self.asked.server.number, verified: self.verified.is_some() }
    }
}

/// Whether the server says that the token is not active, or something that the token does not bear out.
pub fn is_told_inactive(
    policy: &Policy,
    pending: &PendingIntrospection,
    answer: &TokenStatus,
    now: UnixTime,
) -> bool {
    match (answer, &pending.verified) {
        (TokenStatus::Inactive, _) => true,
        // Whatever it is refused for while the server can be asked, an outage must not bring it back.
        (TokenStatus::Active(claims), Some(token)) => check_answer(token, claims, policy, now).is_err(),
        (TokenStatus::Active(_), None) | (TokenStatus::Unavailable(_), _) => false,
    }
}

/// The token, if what is answered about it must last while the server cannot be asked: where tokens pass unasked, an
/// outage must not bring a revoked one back. None passes but those that a pinned key has verified, and so none else
/// is remembered: strangers have no part in it.
pub fn lasting_token(pending: &PendingIntrospection) -> Option<LastingToken<'_>> {
    pending.verified.as_ref().filter(|_| pending.passes_unasked())?;
    let issuer = pending.asked.server.identity.canonical();
    let (signing_input, _signature) = pending.token.0.rsplit_once('.')?;
    Some(LastingToken { issuer, signing_input })
}

/// How long an answer may be kept: as configured, and never past the end of the token.
pub fn keep_until(pending: &PendingIntrospection, answer: &TokenStatus, now: UnixTime) -> UnixTime {
    let online = &pending.asked.online;
    match answer {
        TokenStatus::Unavailable(_) => now,
        TokenStatus::Inactive => now.plus(online.negative_cache_seconds),
        TokenStatus::Active(claims) => {
            let own = pending.verified.as_ref().and_then(|token| token.expiry());
            let ends = [own, claims.expiry(), Some(now.seconds() + online.cache_seconds)];
            let end = ends.into_iter().flatten().fold(f64::INFINITY, f64::min);
            UnixTime::new(end).unwrap_or(now)
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_secret_is_never_shown() {
        assert_eq!(format!("{:?}", super::Secret("secret".into())), "…");
    }
}

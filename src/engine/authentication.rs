//! Who is calling: from the Authorization header to a valid token, by a pinned key or by asking.

use crate::decision::{Denial, DenyReason};
use crate::keys::HostVerifier;
use crate::online::{Answer, SharedDigest, TokenDigest};
use crate::policy::online::{ApplyTo, OnUnavailable};
use crate::policy::{Online, Policy};
use crate::request::RequestView;
use crate::time::UnixTime;
use crate::token::{Bearer, Credentials, UntrustedToken, ValidToken, VerifiedToken, check_answer};
use crate::worker::TokenCache;
use std::rc::Rc;

/// What the token's own checks come to.
#[derive(Debug)]
pub enum Authentication {
    /// The client is known.
    Known {
        /// Whom the token speaks for.
        token: Rc<ValidToken>,
        /// Whether it had been verified before; `None` if nothing is kept.
        cached: Option<bool>,
    },
    /// The entitlement server has to be asked.
    Ask {
        /// About what.
        asking: Asking,
        /// As above.
        cached: Option<bool>,
    },
}

/// A question that a request waits for.
#[derive(Debug)]
pub struct Asking {
    /// The number of the entitlement server.
    pub server: usize,
    /// The token, in short.
    pub digest: TokenDigest,
    /// The token. It is a secret: `Debug` does not show it.
    pub token: Secret,
    /// What a pinned key has verified already.
    verified: Option<Rc<ValidToken>>,
}

/// A text that is never shown.
pub struct Secret(pub Box<str>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// A token about which the entitlement server has had its say.
#[derive(Debug)]
pub struct Settled {
    /// Whom it speaks for.
    pub token: Rc<ValidToken>,
    /// Whether it passes only because the server could not be asked.
    pub unasked: bool,
}

/// The token and everything that it must be by itself.
pub fn authenticate(
    policy: &Policy,
    tokens: &mut TokenCache,
    request: &RequestView<'_>,
    now: UnixTime,
    host: &dyn HostVerifier,
) -> Result<Authentication, Denial> {
    let credentials = Credentials::from_request(request)?;
    let bearer = || credentials.bearer(policy.token.max_bytes);
    // A token that equals a verified one needs no look at its characters.
    let kept = tokens.get(credentials.place_of_token()).filter(|token| token.is_valid_at(now)).cloned();
    let cached = tokens.is_on().then_some(kept.is_some());
    let token = match kept {
        Some(token) => token,
        None => {
            let bearer = bearer()?;
            if let Some(server) = policy.opaque_server
                && !UntrustedToken::is_meant(bearer)
            {
                return Ok(Authentication::Ask { asking: Asking::new(server, bearer, None), cached });
            }
            let token = UntrustedToken::parse(bearer)?;
            let server = token.issuer(policy)?;
            if policy.entitlement_servers.get(server).is_some_and(|server| server.keys.keys().is_empty()) {
                return Ok(Authentication::Ask { asking: Asking::new(server, bearer, None), cached });
            }
            let token = token.verify(policy, server, now, host)?;
            let token = Rc::new(ValidToken::check(token, policy, now)?);
            tokens.insert(bearer.as_str().as_bytes(), Rc::clone(&token));
            token
        }
    };
    // A pinned key has verified it; its server may want to be asked about each all the same.
    match online(policy, token.server()) {
        Some(Online { apply_to: ApplyTo::All, .. }) => {
            let asking = Asking::new(token.server(), bearer()?, Some(token));
            Ok(Authentication::Ask { asking, cached })
        }
        _ => Ok(Authentication::Known { token, cached }),
    }
}

/// What the answer about a token comes to.
pub fn settle(policy: &Policy, asking: &Asking, answer: &Answer, now: UnixTime) -> Result<Settled, Denial> {
    let allow_verified = passes_unasked(policy, asking);
    let settled = |token: &Rc<ValidToken>, unasked| Settled { token: Rc::clone(token), unasked };
    match (answer, &asking.verified) {
        (Answer::Inactive, _) => {
            Err(Denial::new(DenyReason::TokenInactive, "the entitlement server says that it is not active"))
        }
        (Answer::Unavailable, Some(token)) if allow_verified => Ok(settled(token, true)),
        (Answer::Unavailable, _) => {
            Err(Denial::new(DenyReason::EntitlementUnavailable, "the entitlement server cannot be asked"))
        }
        (Answer::Active(claims), Some(token)) => {
            check_answer(token, claims, policy, now)?;
            Ok(settled(token, false))
        }
        (Answer::Active(claims), None) => {
            let token = VerifiedToken::by_answer(policy, asking.server, Rc::clone(claims))?;
            Ok(settled(&Rc::new(ValidToken::check(token, policy, now)?), false))
        }
    }
}

fn passes_unasked(policy: &Policy, asking: &Asking) -> bool {
    online(policy, asking.server).is_some_and(|online| online.on_unavailable == OnUnavailable::AllowVerified)
}

/// How to remember a token that is answered inactive, if that must last while the server cannot be asked: where
/// tokens pass unasked, an outage must not bring a revoked one back.
pub fn lasting_digest(policy: &Policy, asking: &Asking) -> Option<SharedDigest> {
    let server = policy.entitlement_servers.get(asking.server)?;
    passes_unasked(policy, asking).then(|| SharedDigest::new(server.identity.as_str(), &asking.token.0))
}

/// How long an answer may be kept: as configured, and never past the end of the token.
pub fn keep_until(policy: &Policy, asking: &Asking, answer: &Answer, now: UnixTime) -> UnixTime {
    let Some(online) = online(policy, asking.server) else { return now };
    match answer {
        Answer::Unavailable => now,
        Answer::Inactive => now.plus(online.negative_cache_seconds),
        Answer::Active(claims) => {
            let own = asking.verified.as_ref().and_then(|token| token.expiry());
            let ends = [own, claims.expiry(), Some(now.seconds() + online.cache_seconds)];
            let end = ends.into_iter().flatten().fold(f64::INFINITY, f64::min);
            UnixTime::new(end).unwrap_or(now)
        }
    }
}

impl Asking {
    fn new(server: usize, bearer: Bearer<'_>, verified: Option<Rc<ValidToken>>) -> Asking {
        let token = bearer.as_str();
        Asking { server, digest: TokenDigest::new(server, token), token: Secret(token.into()), verified }
    }
}

fn online(policy: &Policy, server: usize) -> Option<&Online> {
    policy.entitlement_servers.get(server).and_then(|server| server.online.as_ref())
}

//! Who is calling: from the Authorization header to a valid token, by a pinned key or by asking.

use super::pending::PendingIntrospection;
use crate::decision::{Check, Denial, DenyReason, Trace};
use crate::introspection::TokenStatus;
use crate::jwks_remote::FetchedKeys;
use crate::keys::{HostVerifier, KeyHint, KeySet};
use crate::plugin_state::PluginState;
use crate::policy::online::ApplyTo;
use crate::policy::{EntitlementServer, Policy};
use crate::proof::Possession;
use crate::time::UnixTime;
use crate::token::{Credentials, UntrustedToken, ValidToken, VerifiedToken, check_answer};
use std::rc::Rc;

/// What the token's own checks come to.
#[derive(Debug)]
pub(super) enum Authentication {
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
        pending: PendingIntrospection,
        /// As above.
        cached: Option<bool>,
    },
    /// Keys of this entitlement server have to be there first; what the walk has seen so far is looked at again then.
    AwaitKeys(usize),
}

/// A token about which the entitlement server has had its say.
#[derive(Debug)]
pub(super) struct Settled {
    /// Whom it speaks for.
    pub token: Rc<ValidToken>,
    /// Whether it passes only because the server could not be asked.
    pub unasked: bool,
}

/// The keys at hand, and whether a request may wait for others.
#[derive(Clone, Copy)]
struct KeyAccess<'a> {
    fetched: &'a FetchedKeys,
    may_wait: bool,
}

/// The keys for one token.
enum Keys<'a> {
    Known(&'a KeySet),
    Await,
}

impl<'a> KeyAccess<'a> {
    /// The keys of `server` for a token with `hint`. Where some are fetched, a name that is not known is worth a fetch, and
    /// without a set everything is that names no pinned key.
    fn keys(
        self,
        server: &'a EntitlementServer,
        hint: &KeyHint<'_>,
        now: UnixTime,
    ) -> Result<Keys<'a>, Denial> {
        let keys = self.fetched.keys(server, now);
        if server.jwks_remote.is_none() || (hint.names_a_key() && keys.knows(hint)) {
            return Ok(Keys::Known(keys));
        }
        let has_set = self.fetched.has_set(server.number, now);
        match (self.may_wait, has_set) {
            (true, false) => Ok(Keys::Await),
            (true, true) if hint.names_a_key() => Ok(Keys::Await),
            (true | false, true) => Ok(Keys::Known(keys)),
            (false, false) => Err(Denial::new(
                DenyReason::EntitlementUnavailable,
                "the keys of the entitlement server cannot be had",
            )),
        }
    }
}

/// A token that is refused.
#[derive(Debug)]
pub(super) struct Refusal {
    /// Why.
    pub denial: Denial,
    /// Whether it had been verified before.
    pub cached: bool,
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Refusal {
        Refusal { denial, cached: false }
    }
}

/// The token and everything that it must be by itself, and that it comes from the client that it was issued to.
///
/// # Errors
///
/// The first check that fails, from `token_missing` to `token_revoked`.
pub(super) fn authenticate(
    plugin: &PluginState,
    may_wait: bool,
    credentials: Credentials<'_>,
    possession: &Possession<'_>,
    now: UnixTime,
    host: &dyn HostVerifier,
    trace: &mut Trace,
) -> Result<Authentication, Refusal> {
    let policy = &plugin.policy;
    let (fetched, mut tokens) = (plugin.fetched.borrow(), plugin.tokens.borrow_mut());
    let fetched = KeyAccess { fetched: &fetched, may_wait };
    let max_bytes = policy.token.max_bytes;
    // A token that equals a verified one needs no look at its characters.
    let kept = tokens.get(credentials.place_of_token()).filter(|token| token.is_valid_at(now)).cloned();
    let cached = tokens.is_on().then_some(kept.is_some());
    let token = match kept {
        Some(token) => {
            // Whatever is known of the token, each request is another.
            let proven = possession.check(&token.holder(), trace);
            proven.map_err(|denial| Refusal { denial: token.refused(denial), cached: true })?;
            token
        }
        None => {
            let bearer = credentials.bearer(max_bytes, trace)?;
            if let Some(asked) = &policy.opaque_server
                && !UntrustedToken::is_meant(bearer)
            {
                return Ok(Authentication::Ask {
                    pending: PendingIntrospection::new(asked.clone(), bearer, None, None),
                    cached,
                });
            }
            let token = UntrustedToken::parse(bearer, &policy.token, trace)?;
            let server = token.issuer(policy, trace)?;
            if let Some(asked) = server.asked()
                && !server.has_keys()
            {
                return Ok(Authentication::Ask {
                    pending: PendingIntrospection::new(asked, bearer, None, token.into_cnf()),
                    cached,
                });
            }
            let of_server =
                |denial: Denial| denial.about(|about| about.issuer(server.number, server.identity.as_str()));
            let keys = match fetched.keys(server, &token.hint(), now).map_err(of_server)? {
                Keys::Known(keys) => keys,
                Keys::Await => return Ok(Authentication::AwaitKeys(server.number)),
            };
            let token = token.verify(server, keys, now, host, trace).map_err(of_server)?;
            let token = Rc::new(ValidToken::check(token, policy, possession, now, trace)?);
            tokens.insert(bearer.as_str().as_bytes(), Rc::clone(&token));
            token
        }
    };
    // A pinned key has verified it; its server may want to be asked about each all the same.
    match token.server().asked().filter(|asked| asked.online.apply_to == ApplyTo::All) {
        Some(asked) => {
            let bearer = credentials.bearer(max_bytes, trace)?;
            let pending = PendingIntrospection::new(asked, bearer, Some(token), None);
            Ok(Authentication::Ask { pending, cached })
        }
        None => Ok(Authentication::Known { token, cached }),
    }
}

/// What the answer about a token comes to.
///
/// # Errors
///
/// `token_inactive`, `entitlement_unavailable`, or the check that fails for the claims of the answer.
pub(super) fn settle(
    policy: &Policy,
    pending: &PendingIntrospection,
    answer: &TokenStatus,
    possession: &Possession<'_>,
    now: UnixTime,
    trace: &mut Trace,
) -> Result<Settled, Denial> {
    let server = &pending.asked.server;
    trace.note(Check::Introspection, || {
        let found = match answer {
            TokenStatus::Active(_) => "active",
            TokenStatus::Inactive => "not active",
            TokenStatus::Unavailable(_) => "no answer",
        };
        (format!("active, by {}", server.identity.as_str()), found.into())
    });
    let settled = |token: &Rc<ValidToken>, unasked| Settled { token: Rc::clone(token), unasked };
    match (answer, &pending.verified) {
        (TokenStatus::Inactive, _) => {
            Err(Denial::new(DenyReason::TokenInactive, "the entitlement server says that it is not active"))
        }
        (TokenStatus::Unavailable(_), Some(token)) if pending.passes_unasked() => Ok(settled(token, true)),
        (TokenStatus::Unavailable(cause), _) => {
            Err(Denial::new(DenyReason::EntitlementUnavailable, cause.because()))
        }
        (TokenStatus::Active(claims), Some(token)) => {
            check_answer(token, claims, policy, now)?;
            Ok(settled(token, false))
        }
        (TokenStatus::Active(claims), None) => {
            let token = VerifiedToken::by_answer(server, Rc::clone(claims), pending.own_cnf.as_ref())?;
            Ok(settled(&Rc::new(ValidToken::check(token, policy, possession, now, trace)?), false))
        }
    }
}

//! What is counted: the statistics of `docs/contract.md#statistics`, without the host's handles.

use crate::decision::DenyReason;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counter {
    /// Requests that went on with a verified identity.
    Allowed,
    /// Requests that a rule let pass without a token.
    PassedWithoutToken,
    /// Tokens that were known to be good.
    CacheHit,
    /// Tokens that had to be verified.
    CacheMiss,
    /// Answers of entitlement servers: active.
    OnlineOk,
    /// Answers of entitlement servers: not active.
    OnlineInactive,
    /// Questions without an answer.
    OnlineUnavailable,
    /// Requests that went on although nobody answered (`allow_verified`).
    OnlineAllowedUnasked,
    /// Requests that an answer kept from before was good for.
    OnlineCacheHit,
    /// Requests refused, by reason.
    Denied(DenyReason),
    /// Requests that would have been refused, by reason.
    ShadowDenied(DenyReason),
}

/// Those without a reason, in the order of [`Counter::index`].
const PLAIN: [(Counter, &str); 9] = [
    (Counter::Allowed, "allowed"),
    (Counter::PassedWithoutToken, "passed_without_token"),
    (Counter::CacheHit, "cache.hit"),
    (Counter::CacheMiss, "cache.miss"),
    (Counter::OnlineOk, "online.ok"),
    (Counter::OnlineInactive, "online.inactive"),
    (Counter::OnlineUnavailable, "online.unavailable"),
    (Counter::OnlineAllowedUnasked, "online.allowed_unasked"),
    (Counter::OnlineCacheHit, "online.cache_hit"),
];

impl Counter {
    /// Every counter there is, in the order of [`Counter::index`].
    pub fn all() -> impl Iterator<Item = Counter> {
        let reasons = || DenyReason::ALL.iter().copied();
        let plain = PLAIN.iter().map(|(counter, _)| *counter);
        plain.chain(reasons().map(Counter::Denied)).chain(reasons().map(Counter::ShadowDenied))
    }

    /// Its name below `eec_authn.`.
    pub fn name(self) -> String {
        match self {
            Counter::Denied(reason) => format!("denied.{}", reason.code()),
            Counter::ShadowDenied(reason) => format!("shadow_denied.{}", reason.code()),
            plain => PLAIN.iter().find(|(own, _)| *own == plain).map_or("", |(_, name)| name).into(),
        }
    }

    /// Its place in [`Counter::all`].
    pub fn index(self) -> usize {
        let place = |reason: DenyReason| PLAIN.len().saturating_add(usize::from(reason as u8));
        match self {
            Counter::Denied(reason) => place(reason),
            Counter::ShadowDenied(reason) => place(reason).saturating_add(DenyReason::ALL.len()),
            plain => PLAIN.iter().position(|(own, _)| *own == plain).unwrap_or_default(),
        }
    }
}

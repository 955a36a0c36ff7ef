//! What is counted: the statistics of `docs/contract.md#statistics`, one row each, without the host's handles.

use crate::decision::DenyReason;
use crate::gauge::Gauge;

macro_rules! counters {
    ($($variant:ident, $name:literal, $doc:literal;)*) => {
        /// What is counted.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Counter {
            $(#[doc = $doc] $variant,)*
            /// Requests refused, by reason.
            Denied(DenyReason),
            /// Requests that would have been refused, by reason.
            ShadowDenied(DenyReason),
            /// Requests that went on with a token of the entitlement server with this number.
            IssuerAllowed(usize),
            /// Requests refused with a token that names it.
            IssuerDenied(usize),
            /// Requests that the rule with this number took.
            RuleMatched(usize),
            /// Those of them that were refused.
            RuleDenied(usize),
        }

        /// The rows as numbers, in their order.
        enum Row {
            $($variant,)*
        }

        const ROWS: &[Counter] = &[$(Counter::$variant,)*];

        impl Counter {
            /// Its name below `eec_authn.`.
            pub fn name(self) -> String {
                match self {
                    $(Counter::$variant => $name.into(),)*
                    Counter::Denied(reason) => format!("denied.{}", reason.code()),
                    Counter::ShadowDenied(reason) => format!("shadow_denied.{}", reason.code()),
                    Counter::IssuerAllowed(number) => format!("issuer.{number}.allowed"),
                    Counter::IssuerDenied(number) => format!("issuer.{number}.denied"),
                    Counter::RuleMatched(number) => format!("rule.{number}.matched"),
                    Counter::RuleDenied(number) => format!("rule.{number}.denied"),
                }
            }

            /// Its place in [`Counter::all`]; none of them for a server or a rule that is not there.
            pub fn index(self, extent: Extent) -> usize {
                let after_rows = |reason: DenyReason| ROWS.len().saturating_add(usize::from(reason as u8));
                let of_two = |start: usize, number: usize, place: usize, end: usize| {
                    if number < end { start.saturating_add(number.saturating_mul(2)).saturating_add(place) } else { usize::MAX }
                };
                let servers = ROWS.len().saturating_add(DenyReason::ALL.len().saturating_mul(2));
                let rules = servers.saturating_add(extent.servers.saturating_mul(2));
                match self {
                    $(Counter::$variant => Row::$variant as usize,)*
                    Counter::Denied(reason) => after_rows(reason),
                    Counter::ShadowDenied(reason) => after_rows(reason).saturating_add(DenyReason::ALL.len()),
                    Counter::IssuerAllowed(number) => of_two(servers, number, 0, extent.servers),
                    Counter::IssuerDenied(number) => of_two(servers, number, 1, extent.servers),
                    Counter::RuleMatched(number) => of_two(rules, number, 0, extent.rules),
                    Counter::RuleDenied(number) => of_two(rules, number, 1, extent.rules),
                }
            }
        }
    };
}

counters! {
    Allowed, "allowed", "Requests that went on with a verified identity.";
    PassedWithoutToken, "passed_without_token", "Requests that a rule let pass without a token.";
    CacheHit, "cache.hit", "Tokens that were known to be good.";
    CacheMiss, "cache.miss", "Tokens that had to be verified.";
    ProofChecked, "proof.checked", "DPoP proofs that were looked at, good or bad.";
    OnlineOk, "online.ok", "Answers of entitlement servers: active.";
    OnlineInactive, "online.inactive", "Answers of entitlement servers: not active.";
    OnlineUnavailable, "online.unavailable", "Questions without an answer, and those that could not be asked.";
    UnavailableTimeout, "online.unavailable.timeout", "Of these: no answer in time.";
    UnavailableConnect, "online.unavailable.connect", "Of these: no connection, or an answer that broke off.";
    UnavailableCluster, "online.unavailable.cluster", "Of these: a cluster that is unknown, empty, or takes no more.";
    UnavailableStatus, "online.unavailable.status", "Of these: a status that says nothing.";
    UnavailableUnreadable, "online.unavailable.unreadable", "Of these: an answer that cannot be read.";
    UnavailableCredentials, "online.unavailable.credentials", "Of these: the filter's own credentials were refused.";
    UnavailableOverload, "online.unavailable.overload", "Of these: our own bounds; nobody was asked.";
    OnlineAllowedUnasked, "online.allowed_unasked", "Requests that went on although nobody answered (`allow_verified`).";
    JwksFetched, "jwks.fetched", "Key sets that were fetched.";
    JwksFailed, "jwks.failed", "Fetches of a key set that brought none.";
    OnlineCacheHit, "online.cache_hit", "Requests that an answer kept from before was good for.";
    OwnershipSealed, "ownership.sealed", "Answers in which the client got a seal.";
    OwnershipUnsealed, "ownership.unsealed", "Requests that went on without a seal (`unsealed: \"allow\"`).";
    OwnershipUnsealable, "ownership.unsealable", "Answers to a POST that named no new resource which a seal could be put to.";
}

/// Of how much each a configuration has that is counted by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Entitlement servers.
    pub servers: usize,
    /// Rules.
    pub rules: usize,
}

impl Counter {
    /// Every counter there is for a configuration of this extent, in the order of [`Counter::index`].
    pub fn all(extent: Extent) -> impl Iterator<Item = Counter> {
        let reasons = || DenyReason::ALL.iter().copied();
        let fixed = ROWS.iter().copied();
        let fixed = fixed.chain(reasons().map(Counter::Denied)).chain(reasons().map(Counter::ShadowDenied));
        let servers = (0..extent.servers).flat_map(|n| [Counter::IssuerAllowed(n), Counter::IssuerDenied(n)]);
        let rules = (0..extent.rules).flat_map(|n| [Counter::RuleMatched(n), Counter::RuleDenied(n)]);
        fixed.chain(servers).chain(rules)
    }
}

/// Whether the name of a statistic begins with this word.
pub fn is_statistic(word: &str) -> bool {
    let counters = Counter::all(Extent { servers: 1, rules: 1 }).map(Counter::name);
    let mut names = counters.chain(Gauge::ONE_OF_EACH.iter().map(|gauge| gauge.name()));
    names.any(|name| name.split('.').next() == Some(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_counter_has_the_place_that_it_says() {
        let extent = Extent { servers: 2, rules: 3 };
        for (place, counter) in Counter::all(extent).enumerate() {
            assert_eq!(counter.index(extent), place, "{}", counter.name());
        }
        let all = Counter::all(extent).count();
        for beyond in [Counter::IssuerAllowed(2), Counter::IssuerDenied(9), Counter::RuleMatched(3)] {
            assert!(beyond.index(extent) >= all, "{}", beyond.name());
        }
    }
}

//! When a token is valid: `exp`, `nbf`, `iat` (RFC 7519, section 4.1) and the longest lifetime allowed.

use super::Claims;
use super::claims::{Dates, NumericDate};
use crate::decision::{Denial, DenyReason};
use crate::keys::PinnedKey;
use crate::policy::TokenRules;
use crate::time::UnixTime;

/// Checks the times in `claims`; a claim that is absent or no finite number is passed over here.
pub(super) fn check(claims: &Claims, rules: &TokenRules, now: UnixTime) -> Result<(), Denial> {
    let now = now.seconds();
    let skew = rules.clock_skew_seconds;
    let Dates { exp, nbf, iat } = claims.dates();
    let exp = exp.seconds();
    if exp.is_some_and(|exp| now >= exp + skew) {
        return Err(Denial::new(DenyReason::TokenExpired, "`exp` has passed"));
    }
    if nbf.seconds().is_some_and(|nbf| nbf > now + skew) {
        return Err(Denial::new(DenyReason::TokenNotYetValid, "`nbf` lies in the future"));
    }
    if iat.seconds().is_some_and(|iat| iat > now + skew) {
        return Err(Denial::new(DenyReason::TokenNotYetValid, "`iat` lies in the future"));
    }
    let issued = if iat == NumericDate::Absent { Some(now) } else { iat.seconds() };
    if let (Some(exp), Some(issued)) = (exp, issued)
        && exp - issued > rules.max_lifetime_seconds
    {
        return Err(Denial::new(
            DenyReason::LifetimeTooLong,
            "valid for longer than `token.max_lifetime_seconds`",
        ));
    }
    Ok(())
}

/// From when until when a token that is valid `now` stays so, as its claims and its key have it. The lifetime
/// of a token without `iat` is counted from now, so it is not known to have been valid before.
pub(super) fn span(
    claims: &Claims,
    rules: &TokenRules,
    key: Option<&PinnedKey>,
    now: UnixTime,
) -> (f64, f64) {
    let skew = rules.clock_skew_seconds;
    let window = key.map(|key| key.window).unwrap_or_default();
    let set_ends = key.and_then(|key| key.fetched).map(|fetched| fetched.until.seconds());
    let Dates { exp, nbf, iat } = claims.dates();
    let begins = |date: NumericDate| date.seconds().map(|start| start - skew);
    let counted = (iat == NumericDate::Absent).then(|| now.seconds());
    let starts = [begins(nbf), begins(iat), counted, window.not_before.map(UnixTime::seconds)];
    let exp = exp.seconds().map(|exp| exp + skew);
    let ends = [exp, window.not_after.map(UnixTime::seconds), set_ends];
    let start = starts.into_iter().flatten().fold(f64::NEG_INFINITY, f64::max);
    let end = ends.into_iter().flatten().fold(f64::INFINITY, f64::min);
    (start, end)
}

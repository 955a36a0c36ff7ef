//! When a token is valid: `exp`, `nbf`, `iat` (RFC 7519, section 4.1) and the longest lifetime allowed.

use super::Claims;
use super::claims::{Dates, NumericDate};
use crate::decision::{Denial, DenyReason};
use crate::keys::PinnedKey;
use crate::policy::TokenRules;
use crate::time::UnixTime;

/// Checks the times in `claims`; a claim that is absent or no finite number is passed over here.
pub(super) fn check(claims: &Claims, rules: &TokenRules, now: UnixTime) -> Result<(), Denial> {
    let Dates { exp, nbf, iat } = claims.dates();
    let exp = exp.seconds();
    if exp.is_some_and(|exp| rules.is_over(exp, now)) {
        return Err(Denial::new(DenyReason::TokenExpired, "`exp` has passed"));
    }
    if nbf.seconds().is_some_and(|nbf| rules.lies_ahead(nbf, now)) {
        return Err(Denial::new(DenyReason::TokenNotYetValid, "`nbf` lies in the future"));
    }
    if iat.seconds().is_some_and(|iat| rules.lies_ahead(iat, now)) {
        return Err(Denial::new(DenyReason::TokenNotYetValid, "`iat` lies in the future"));
    }
    let issued = if iat == NumericDate::Absent { Some(now.seconds()) } else { iat.seconds() };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;
    use crate::policy::{RequiredType, Scopes};

    fn at(seconds: f64) -> UnixTime {
        UnixTime::new(seconds).expect("a time")
    }

    /// What has been checked once is not checked again while it lasts.
    #[test]
    fn a_token_stays_valid_exactly_as_long_as_its_claims_would_pass() {
        let rules = TokenRules {
            max_bytes: 8_192,
            clock_skew_seconds: 30.0,
            max_lifetime_seconds: 1_000.0,
            require_claims: vec![],
            typ: RequiredType::AnyOrNone,
            scopes: Scopes::Off,
        };
        for (claims, start) in [
            (r#"{"iat":1000,"exp":2000}"#, 970.0),
            (r#"{"iat":1000,"nbf":1200,"exp":2000}"#, 1_170.0),
            (r#"{"iat":1200,"nbf":1000,"exp":2000}"#, 1_170.0),
            // Its lifetime is counted from now.
            (r#"{"nbf":1000,"exp":2000}"#, 1_500.0),
        ] {
            let claims = Claims::new(json::parse(claims.as_bytes()).expect("JSON"));
            assert_eq!(span(&claims, &rules, None, at(1_500.0)), (start, 2_030.0), "{claims:?}");
            for seconds in [start - 1.0, start, 1_500.0, 2_029.0, 2_030.0] {
                let passes = check(&claims, &rules, at(seconds)).is_ok();
                let is_counted = claims.get("iat").is_none() && seconds < start;
                let lasts = (start..2_030.0).contains(&seconds);
                assert!(passes == lasts || is_counted, "{claims:?} at {seconds}");
            }
        }
    }
}

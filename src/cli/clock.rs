//! The only clock: the core takes the time as an argument.

use super::failure::Failure;
use eec_authn::time::UnixTime;
use std::time::{SystemTime, UNIX_EPOCH};

/// Whole seconds since 1970-01-01T00:00:00Z.
#[allow(clippy::disallowed_methods, reason = "the command line is where the time comes from")]
pub(crate) fn now() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX)
}

/// The given time, or now.
pub(crate) fn or_now(given: Option<UnixTime>) -> Result<UnixTime, Failure> {
    given.or_else(|| UnixTime::new(now() as f64)).ok_or_else(|| Failure::new("no clock"))
}

/// A span of time in an argument: whole seconds, without a unit.
pub(crate) fn seconds(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| "give whole seconds without a unit, such as 3600 for an hour".into())
}

/// A time in an argument: RFC 3339 in UTC, or seconds since 1970.
pub(crate) fn time(text: &str) -> Result<UnixTime, String> {
    let seconds = text.parse().ok().and_then(UnixTime::new);
    seconds
        .or_else(|| UnixTime::from_rfc3339(text))
        .ok_or_else(|| "give a time such as 2026-11-01T00:00:00Z, or seconds since 1970".into())
}

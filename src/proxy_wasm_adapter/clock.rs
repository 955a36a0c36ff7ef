//! The host's clock.

use super::hostcalls;
use crate::time::UnixTime;

/// The current time; without a clock, a time at which every token has expired.
pub(super) fn now() -> UnixTime {
    UnixTime::from_nanoseconds(hostcalls::now().unwrap_or(u64::MAX))
}

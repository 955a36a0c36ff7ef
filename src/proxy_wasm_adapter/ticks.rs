//! How often the root context is called.

use super::hostcalls;
use std::cell::Cell;
use std::time::Duration;

/// The period of a root context's ticks. The host begins a period anew each time that it is set, so that one which is set
/// with every request would never end: it is set only where it changes.
pub(super) struct Ticks {
    root: u32,
    period: Cell<Duration>,
}

impl Ticks {
    pub(super) fn new(root: u32) -> Ticks {
        Ticks { root, period: Cell::new(Duration::ZERO) }
    }

    /// From now on, a tick every `period` (zero: none); `context` is the effective one, before and after.
    pub(super) fn every(&self, period: Duration, context: u32) {
        if self.period.replace(period) != period {
            hostcalls::set_effective_context(self.root);
            hostcalls::set_tick_period(period);
            hostcalls::set_effective_context(context);
        }
    }

    /// From now on, a tick every `period` or more often.
    pub(super) fn at_least_every(&self, period: Duration, context: u32) {
        let current = self.period.get();
        if current.is_zero() || current > period {
            self.every(period, context);
        }
    }

    /// The longest period that is no longer than any of `wanted`.
    pub(super) fn shortest(wanted: impl IntoIterator<Item = Option<Duration>>) -> Duration {
        wanted.into_iter().flatten().min().unwrap_or(Duration::ZERO)
    }
}

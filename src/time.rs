//! Points in time as numbers: the core has no clock, so `now` is always an argument.

use std::cell::Cell;
use std::fmt;
use std::str::FromStr;

/// Seconds since 1970-01-01T00:00:00Z (a NumericDate of RFC 7519): finite, fractions allowed.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct UnixTime(f64);

impl UnixTime {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: UnixTime = UnixTime(0.0);

    /// The time `seconds` after the epoch, if that is a finite number.
    pub fn new(seconds: f64) -> Option<UnixTime> {
        seconds.is_finite().then_some(UnixTime(seconds))
    }

    /// From whole seconds and nanoseconds, as clocks give them.
    pub fn from_nanoseconds(nanoseconds: u64) -> UnixTime {
        UnixTime(nanoseconds as f64 / 1e9)
    }

    /// Seconds since the epoch.
    pub fn seconds(self) -> f64 {
        self.0
    }

    /// This time moved by `seconds`.
    pub fn plus(self, seconds: f64) -> UnixTime {
        UnixTime(self.0 + seconds)
    }

    /// Parses RFC 3339 in UTC with whole seconds, such as `2026-10-01T00:00:00Z`.
    ///
    /// ```
    /// use eec_authn::time::UnixTime;
    ///
    /// let start = UnixTime::from_rfc3339("1970-01-02T00:00:00Z").expect("a time");
    /// assert_eq!(start.seconds(), 86_400.0);
    /// assert_eq!(start.plus(1.0).to_string(), "1970-01-02T00:00:01Z");
    /// assert_eq!(UnixTime::from_rfc3339("1970-01-02 00:00"), None);
    /// ```
    pub fn from_rfc3339(text: &str) -> Option<UnixTime> {
        let date = der::DateTime::from_str(text).ok()?;
        Some(UnixTime(date.unix_duration().as_secs_f64()))
    }

    /// Whether `text` is such a time, but lies before 1970, where times begin here.
    pub fn is_rfc3339_before_1970(text: &str) -> bool {
        let Some((year, rest)) = text.split_at_checked(4).filter(|(year, _)| is_number(year)) else {
            return false;
        };
        // The calendar repeats itself every 400 years, so the same date is there 2,000 years later.
        let later =
            year.parse::<u16>().ok().filter(|year| *year < 1970).map(|year| year.saturating_add(2000));
        later.is_some_and(|year| UnixTime::from_rfc3339(&format!("{year}{rest}")).is_some())
    }
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = std::time::Duration::try_from_secs_f64(self.0)
            .ok()
            .and_then(|d| der::DateTime::from_unix_duration(d).ok());
        match date {
            Some(date) => write!(f, "{date}"),
            // A cast saturates, and whole seconds are as good: to write a float takes 14 KB.
            None => write!(f, "{} s since 1970", self.0 as i64),
        }
    }
}

/// Whether the moment `at` has come, which was at most `away` seconds ahead when it was set: if it seems further, the clock has
/// been set back since, and nobody is to wait until it has caught up.
pub fn has_come(at: f64, now: UnixTime, away: f64) -> bool {
    now.seconds() >= at || at - now.seconds() > away
}

/// What is to happen now and then.
#[derive(Debug)]
pub struct Recurring {
    period: f64,
    next: Cell<f64>,
}

impl Recurring {
    /// It is due at once, and then every `period` seconds.
    pub fn every(period: f64) -> Recurring {
        Recurring { period, next: Cell::new(f64::MIN) }
    }

    /// Whether it is due; if so, it is next due a period later.
    pub fn is_due(&self, now: UnixTime) -> bool {
        let is_due = has_come(self.next.get(), now, self.period);
        if is_due {
            self.next.set(now.seconds() + self.period);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_recurs_is_due_once_a_period_and_outlives_a_clock_that_is_set_back() {
        let recurring = Recurring::every(10.0);
        let due = |at: f64| recurring.is_due(UnixTime::EPOCH.plus(at));
        let seen =
            [1_000.0, 1_000.0, 1_009.9, 1_010.0, 1_019.0, 1_050.0, 1_051.0, 1_059.0, 500.0, 505.0, 510.0];
        let expected = [true, false, false, true, false, true, false, false, true, false, true];
        assert_eq!(seen.map(due), expected);
    }
}

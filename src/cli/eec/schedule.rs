//! When each request of a crowd is due: at a fixed rate, whether or not the ones before have been answered.

use std::time::Duration;

/// The longest time, in seconds: a week.
const LONGEST: u64 = 7 * 24 * 3600;
/// The requests a second that can be asked for: more than one process can send, and one in a quarter of an hour.
const RATES: std::ops::RangeInclusive<f64> = 0.001..=1_000_000.0;

/// A crowd, and how much it asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schedule {
    /// How many clients there are.
    pub(crate) clients: usize,
    /// Requests a second, of all together.
    pub(crate) rate: f64,
    /// For how long.
    pub(crate) duration: Duration,
}

impl Schedule {
    /// When the client number `client` (from 0) is to send its request number `n`, from the start; `None` once time is up. The clients
    /// take turns, so the requests of all are evenly apart.
    pub(super) fn due(&self, client: usize, n: usize) -> Option<Duration> {
        let place = n.checked_mul(self.clients)?.checked_add(client)?;
        let due = Duration::try_from_secs_f64(place as f64 / self.rate).ok()?;
        (due < self.duration).then_some(due)
    }

    /// How many requests of a client, from its number `first` on, are due before `end`.
    pub(super) fn due_before(&self, client: usize, first: usize, end: Duration) -> u64 {
        let is_due = |n: usize| self.due(client, n).is_some_and(|due| due < end);
        // More than there are, and what is due is at the beginning: found by halving.
        let most = self.rate * self.duration.as_secs_f64() / self.clients.max(1) as f64 + 2.0;
        let (mut due, mut not) = (first, first.saturating_add(most as usize));
        while due < not {
            let middle = due + (not - due) / 2;
            if is_due(middle) { due = middle + 1 } else { not = middle }
        }
        (due - first) as u64
    }
}

/// From `60s`, `5m`, `1h` or seconds alone.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.char_indices().next_back() {
        Some((at, 's')) => (&text[..at], 1),
        Some((at, 'm')) => (&text[..at], 60),
        Some((at, 'h')) => (&text[..at], 3600),
        _ => (text, 1),
    };
    let seconds = number.parse::<u32>().ok().filter(|number| *number > 0);
    let seconds = seconds.and_then(|number| u64::from(number).checked_mul(unit));
    match seconds {
        Some(seconds) if seconds <= LONGEST => Ok(Duration::from_secs(seconds)),
        Some(_) => Err(format!("`{text}` is too long; give at most {}h", LONGEST / 3600)),
        None => Err(format!("`{text}` is no time such as 60s, 5m or 1h")),
    }
}

/// Requests a second.
pub(super) fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse::<f64>().ok().filter(|rate| RATES.contains(rate));
    rate.ok_or_else(|| {
        let (least, most) = (RATES.start(), RATES.end());
        format!("`{text}` is no number of requests a second; give one from {least} to {most}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_evenly_apart_whoever_sends_them() {
        let schedule = Schedule { clients: 4, rate: 8.0, duration: Duration::from_secs(1) };
        let mut due: Vec<Duration> =
            (0..4).flat_map(|client| (0..).map_while(move |n| schedule.due(client, n))).collect();
        due.sort();
        let expected: Vec<Duration> = (0..8).map(|place| Duration::from_millis(place * 125)).collect();
        assert_eq!(due, expected);
        assert_eq!(schedule.due(3, 1), Some(Duration::from_millis(875)));
        assert_eq!(schedule.due(usize::MAX, usize::MAX), None);
    }

    #[test]
    fn what_is_still_due_is_counted() {
        let schedule = Schedule { clients: 3, rate: 7.0, duration: Duration::from_secs(5) };
        for (client, first) in [(0, 0), (1, 4), (2, 11), (0, 12), (2, 90)] {
            for end in [0, 1, 700, 3000, 5000, 9000].map(Duration::from_millis) {
                let counted = (first..500).filter(|n| schedule.due(client, *n).is_some_and(|due| due < end));
                assert_eq!(schedule.due_before(client, first, end), counted.count() as u64);
            }
        }
        let much = Schedule { clients: 1, rate: 1e6, duration: Duration::from_secs(LONGEST) };
        assert_eq!(much.due_before(0, 5, Duration::from_secs(1)), 999_995);
    }

    #[test]
    fn times_and_rates() {
        for (text, seconds) in [("60s", 60), ("5m", 300), ("1h", 3600), ("90", 90)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)));
        }
        for wrong in ["", "s", "0", "-1s", "1.5s", "1d", "4294967296", "4294967295h", "169h", "\u{e9}"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
        assert_eq!(duration("168h"), Ok(Duration::from_secs(LONGEST)));
        assert_eq!((rate("0.5"), rate("0.001"), rate("1e6")), (Ok(0.5), Ok(0.001), Ok(1e6)));
        for wrong in ["", "0", "-1", "inf", "NaN", "x", "1e-20", "1e12"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
    }
}

//! When each request of a crowd is due: at a fixed rate, whether or not the ones before have been answered.

use std::time::Duration;

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
    seconds.map(Duration::from_secs).ok_or_else(|| format!("`{text}` is no time such as 60s, 5m or 1h"))
}

/// Requests a second: more than none.
pub(super) fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse::<f64>().ok().filter(|rate| rate.is_finite() && *rate > 0.0);
    rate.ok_or_else(|| format!("`{text}` is no number of requests a second"))
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
    fn times_and_rates() {
        for (text, seconds) in [("60s", 60), ("5m", 300), ("1h", 3600), ("90", 90)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)));
        }
        for wrong in ["", "s", "0", "-1s", "1.5s", "1d", "4294967296", "\u{e9}"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
        assert_eq!(rate("0.5"), Ok(0.5));
        for wrong in ["", "0", "-1", "inf", "NaN", "x"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
    }
}

//! When a key set is fetched: what the workers of a process agree on, as a value without a clock.

use crate::time::{self, UnixTime};

/// The pause after a fetch for an unknown name, in seconds, and the longest that it grows to.
const FIRST_PAUSE: f64 = 5.0;
const LONGEST_PAUSE: f64 = 60.0;

/// The pause after the first failure, in seconds; each failure after it doubles it.
const FIRST_RETRY: f64 = 1.0;

/// How far the workers' readings of one clock lie apart at most, in seconds: each reads it before it looks at what others
/// have written meanwhile. What is further ahead was written before the clock was set back.
const APART: f64 = 1.0;

/// More fetches than there can be in any process.
const MOST_FETCHES: u64 = 1 << 53;

/// The first field of a schedule as bytes: other bytes under its name are none.
const FORMAT: u64 = 0x6565_6361_6a77_0001;

/// Why a fetch is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// Only if it is time for one.
    Due,
    /// A token names a key that is not known, or needs keys where there are none.
    Unknown,
}

/// What a fetch has brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Brought {
    /// A set with a key that was not there.
    New,
    /// A set without one.
    Same,
    /// No set.
    Nothing,
}

/// How fast things go, as configured.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How often the set is fetched, in seconds.
    pub refresh: f64,
    /// How long a fetch may take, in seconds.
    pub timeout: f64,
}

/// The schedule of one key set in one process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    /// The fetch under way: until when its worker is believed to be at it. Fetches are numbered from 1.
    lease: Option<UnixTime>,
    /// The number of the newest fetch.
    fetches: u64,
    /// Whether the newest fetch was for an unknown name.
    for_unknown: bool,
    /// When the newest fetch for an unknown name began.
    asked_unknown: f64,
    /// How long no other begins.
    pause: f64,
    /// When the next fetch is due, whoever asks.
    due: f64,
    /// How many fetches have failed in a row.
    failures: u64,
    /// The number of the fetch that brought the set in force; 0 if none has.
    set: u64,
}

impl Default for Schedule {
    /// Nothing has been fetched, and a fetch is due.
    fn default() -> Schedule {
        Schedule {
            lease: None,
            fetches: 0,
            for_unknown: false,
            asked_unknown: f64::MIN,
            pause: FIRST_PAUSE,
            due: f64::MIN,
            failures: 0,
            set: 0,
        }
    }
}

impl Schedule {
    /// Whether a fetch is under way. A clock that was set back does not make one last longer.
    pub fn is_under_way(&self, now: UnixTime, pace: Pace) -> bool {
        self.lease.is_some_and(|end| !has_come(end.seconds(), now, pace.timeout))
    }

    /// The number of the fetch that brought the set in force; 0 if none has.
    pub fn set(&self) -> u64 {
        self.set
    }

    /// The number of the newest fetch, ended or not; 0 if there has been none.
    pub fn fetches(&self) -> u64 {
        self.fetches
    }

    /// Whether the fetch `number` is the newest and has not ended, however long it takes.
    pub fn is_awaited(&self, number: u64) -> bool {
        self.lease.is_some() && number == self.fetches
    }

    /// The schedule with a fetch begun now, and the number of that; `None` if it may not begin.
    pub fn begun(&self, want: Want, now: UnixTime, pace: Pace) -> Option<(Schedule, u64)> {
        if self.is_under_way(now, pace) {
            return None;
        }
        let is_due = has_come(self.due, now, pace.refresh);
        let may_ask = has_come(self.asked_unknown + self.pause, now, self.pause);
        let for_unknown = match want {
            Want::Due if is_due => false,
            // One that is due costs nothing of what unknown names may bring about.
            Want::Unknown if is_due => false,
            Want::Unknown if may_ask => true,
            Want::Due | Want::Unknown => return None,
        };
        let number = self.fetches.saturating_add(1);
        let asked_unknown = if for_unknown { now.seconds() } else { self.asked_unknown };
        let lease = Some(now.plus(pace.timeout));
        Some((Schedule { lease, fetches: number, for_unknown, asked_unknown, ..*self }, number))
    }

    /// The schedule with the fetch `number` ended; `None` if it is not under way any more. `spread` (0 to 1) makes a
    /// crowd of processes that started together fetch apart.
    pub fn ended(
        &self,
        number: u64,
        brought: Brought,
        now: UnixTime,
        pace: Pace,
        spread: f64,
    ) -> Option<Schedule> {
        if !self.is_awaited(number) {
            return None;
        }
        let pause = match brought {
            Brought::New => FIRST_PAUSE,
            Brought::Same | Brought::Nothing if self.for_unknown => (self.pause * 2.0).min(LONGEST_PAUSE),
            Brought::Same | Brought::Nothing => self.pause,
        };
        let (failures, due, set) = match brought {
            Brought::New | Brought::Same => (0, pace.refresh * (1.0 - spread / 10.0), number),
            Brought::Nothing => {
                let doubled = FIRST_RETRY * 2.0_f64.powi(self.failures.min(32) as i32);
                (self.failures.saturating_add(1), doubled.min(pace.refresh), self.set)
            }
        };
        Some(Schedule { lease: None, pause, failures, due: now.seconds() + due, set, ..*self })
    }

    /// The schedule without the fetch `number`, whose answer nobody will see: it is as if none had begun. `None` if it is not
    /// under way any more.
    pub fn abandoned(&self, number: u64) -> Option<Schedule> {
        let asked_unknown = if self.for_unknown { f64::MIN } else { self.asked_unknown };
        self.is_awaited(number).then_some(Schedule { lease: None, asked_unknown, ..*self })
    }

    /// As bytes that all workers can read.
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let lease = self.lease.map_or(f64::NEG_INFINITY, UnixTime::seconds);
        let fields = [
            FORMAT,
            lease.to_bits(),
            self.fetches,
            u64::from(self.for_unknown),
            self.asked_unknown.to_bits(),
            self.pause.to_bits(),
            self.due.to_bits(),
            self.failures,
            self.set,
        ];
        fields.iter().flat_map(|field| field.to_le_bytes()).collect()
    }

    /// What was written so; anything else is a schedule by which nothing has happened yet.
    pub(super) fn from_bytes(bytes: &[u8]) -> Schedule {
        Schedule::read(bytes).unwrap_or_default()
    }

    fn read(bytes: &[u8]) -> Option<Schedule> {
        let (fields, rest) = bytes.as_chunks::<8>();
        let fields: Vec<u64> = fields.iter().map(|field| u64::from_le_bytes(*field)).collect();
        let [FORMAT, lease, fetches, for_unknown, asked_unknown, pause, due, failures, set] = *fields else {
            return None;
        };
        let number = |bits| Some(f64::from_bits(bits)).filter(|number: &f64| number.is_finite());
        let pause = number(pause).filter(|pause| (FIRST_PAUSE..=LONGEST_PAUSE).contains(pause))?;
        // So many that there could be no more: somebody else's number.
        if fetches.max(set) > MOST_FETCHES {
            return None;
        }
        rest.is_empty().then_some(Schedule {
            lease: UnixTime::new(f64::from_bits(lease)),
            fetches,
            for_unknown: for_unknown != 0,
            asked_unknown: number(asked_unknown)?,
            pause,
            due: number(due)?,
            failures,
            set,
        })
    }
}

/// The same as [`time::has_come`], by any of the workers' readings of the clock.
fn has_come(at: f64, now: UnixTime, away: f64) -> bool {
    time::has_come(at, now, away + APART)
}

#[cfg(test)]
mod tests;

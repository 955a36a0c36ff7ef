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
mod tests {
    use super::*;

    const PACE: Pace = Pace { refresh: 300.0, timeout: 1.0 };

    fn at(seconds: f64) -> UnixTime {
        UnixTime::new(1_796_000_000.0 + seconds).expect("a time")
    }

    /// Plays `wanted` (seconds and why, in order) against a server that answers as `brings` says a tenth of a second later,
    /// and returns when fetches began.
    fn fetches(
        schedule: &mut Schedule,
        wanted: impl IntoIterator<Item = (f64, Want)>,
        brings: impl Fn(f64) -> Brought,
    ) -> Vec<f64> {
        let mut begun = Vec::new();
        let mut under_way: Option<(f64, u64)> = None;
        for (second, want) in wanted {
            if let Some((start, number)) = under_way.filter(|(start, _)| second >= start + 0.1) {
                let ended = schedule.ended(number, brings(start), at(start + 0.1), PACE, 0.0);
                *schedule = ended.expect("it is under way");
                under_way = None;
            }
            if let Some((next, number)) = schedule.begun(want, at(second), PACE) {
                assert!(under_way.is_none(), "one at a time: {second}");
                (*schedule, under_way) = (next, Some((second, number)));
                begun.push(second);
            }
        }
        begun
    }

    /// Every tenth of a second, from `from` to `to`.
    fn every_tenth(from: u32, to: u32, want: Want) -> impl Iterator<Item = (f64, Want)> {
        (from..to).flat_map(move |second| {
            (0..10).map(move |tenth| (f64::from(second) + f64::from(tenth) / 10.0, want))
        })
    }

    /// Within a second: pauses begin where a fetch ends, and each fetch takes a moment.
    #[track_caller]
    fn assert_near(times: &[f64], wanted: &[f64]) {
        let near = times.iter().zip(wanted).all(|(time, wanted)| (time - wanted).abs() < 1.0);
        assert!(near && times.len() == wanted.len(), "{times:?} is not {wanted:?}");
    }

    #[test]
    fn the_first_is_at_once_and_then_it_is_every_so_often() {
        let begun = fetches(&mut Schedule::default(), every_tenth(0, 1_000, Want::Due), |_| Brought::Same);
        assert_near(&begun, &[0.0, 300.0, 600.0, 901.0]);
    }

    #[test]
    fn until_one_succeeds_the_pauses_double_up_to_the_refresh() {
        let mut schedule = Schedule::default();
        let begun = fetches(&mut schedule, every_tenth(0, 1_500, Want::Due), |_| Brought::Nothing);
        assert_near(
            &begun,
            &[0.0, 1.0, 3.0, 7.0, 15.0, 32.0, 64.0, 128.0, 256.0, 512.0, 812.0, 1112.0, 1412.0],
        );
        assert_eq!(schedule.set(), 0);
    }

    #[test]
    fn ten_minutes_without_a_server_keep_the_set_and_find_the_server_again() {
        let mut schedule = Schedule::default();
        let out = |time: f64| (310.0..910.0).contains(&time);
        let brings = |time| if out(time) { Brought::Nothing } else { Brought::Same };
        let begun = fetches(&mut schedule, every_tenth(0, 1_600, Want::Due), brings);
        let failed: Vec<f64> = begun.iter().copied().filter(|time| out(*time)).collect();
        assert_near(&failed, &[600.0, 601.0, 603.0, 607.0, 616.0, 632.0, 664.0, 728.0, 856.0]);
        // The next try finds it again.
        assert_near(begun.get(11..).expect("more"), &[1_112.0, 1_412.0]);
        assert_eq!(schedule.set(), 13, "the last that brought one");
    }

    #[test]
    fn unknown_names_bring_one_in_five_seconds_with_a_growing_pause() {
        let mut schedule = Schedule::default();
        fetches(&mut schedule, [(0.0, Want::Due), (1.0, Want::Due)], |_| Brought::Same);
        let begun = fetches(&mut schedule, every_tenth(1, 290, Want::Unknown), |_| Brought::Same);
        assert_near(&begun, &[1.0, 11.0, 31.0, 71.0, 131.0, 191.0, 251.0]);
    }

    #[test]
    fn what_brings_something_new_ends_the_growing() {
        let mut schedule = Schedule::default();
        fetches(&mut schedule, [(0.0, Want::Due), (1.0, Want::Due)], |_| Brought::Same);
        let brings = |time: f64| if time > 30.5 { Brought::New } else { Brought::Same };
        let begun = fetches(&mut schedule, every_tenth(1, 60, Want::Unknown), brings);
        assert_near(&begun, &[1.0, 11.0, 31.0, 36.0, 41.0, 46.0, 51.0, 56.0]);
    }

    #[test]
    fn what_is_due_takes_nothing_from_unknown_names() {
        let mut schedule = Schedule::default();
        let begun = fetches(&mut schedule, every_tenth(0, 5, Want::Unknown), |_| Brought::Same);
        assert_eq!(begun, [0.0, 0.1]);
    }

    #[test]
    fn a_worker_that_is_gone_holds_nobody_up_for_longer_than_a_fetch_may_take() {
        let (schedule, gone) = Schedule::default().begun(Want::Due, at(0.0), PACE).expect("due");
        assert!(schedule.is_under_way(at(0.9), PACE) && schedule.begun(Want::Due, at(0.9), PACE).is_none());
        assert!(!schedule.is_under_way(at(1.0), PACE));
        let (next, number) = schedule.begun(Want::Due, at(1.0), PACE).expect("due still");
        assert_eq!(number, 2);
        // It comes back.
        assert_eq!(next.ended(gone, Brought::New, at(1.1), PACE, 0.0), None);
        let done = next.ended(number, Brought::New, at(1.2), PACE, 0.0).expect("its own");
        assert_eq!(done.ended(number, Brought::New, at(1.3), PACE, 0.0), None, "once only");
    }

    #[test]
    fn a_fetch_that_is_abandoned_is_as_if_it_had_not_begun() {
        let mut schedule = Schedule::default();
        for (want, second) in [(Want::Due, 0.0), (Want::Unknown, 10.0)] {
            let (begun, number) = schedule.begun(want, at(second), PACE).expect("it may");
            assert_eq!(begun.abandoned(number + 1), None);
            let abandoned = begun.abandoned(number).expect("its own");
            assert_eq!(abandoned.ended(number, Brought::New, at(second), PACE, 0.0), None, "{want:?}");
            let (again, number) = abandoned.begun(want, at(second), PACE).expect("at once");
            schedule = again.ended(number, Brought::Same, at(second), PACE, 0.0).expect("its own");
            assert_eq!((schedule.abandoned(number), schedule.set()), (None, number), "{want:?}");
        }
    }

    #[test]
    fn a_worker_that_read_the_clock_a_moment_before_another_began_begins_none() {
        for (want, before) in [(Want::Due, 0.0), (Want::Unknown, 10.0)] {
            let mut schedule = Schedule::default();
            if want == Want::Unknown {
                fetches(&mut schedule, [(0.0, Want::Due), (1.0, Want::Due)], |_| Brought::Same);
            }
            let (begun, number) = schedule.begun(want, at(before), PACE).expect("it may");
            assert_eq!(begun.begun(Want::Unknown, at(before - 0.001), PACE), None, "{want:?}");
            let ended = begun.ended(number, Brought::New, at(before + 0.2), PACE, 0.0).expect("its own");
            assert_eq!(ended.begun(want, at(before + 0.199), PACE), None, "{want:?}");
        }
    }

    #[test]
    fn a_clock_that_is_set_back_stops_nothing() {
        let mut schedule = Schedule::default();
        fetches(&mut schedule, [(86_400.0, Want::Due), (86_401.0, Want::Unknown)], |_| Brought::Same);
        let leased = schedule;
        assert!(!leased.is_under_way(at(0.0), PACE));
        assert!(leased.begun(Want::Due, at(0.0), PACE).is_some());
        let (ended, _) = leased.begun(Want::Unknown, at(0.0), PACE).expect("it may");
        assert!(ended.is_under_way(at(0.5), PACE));
    }

    #[test]
    fn refreshes_are_spread_by_a_tenth() {
        let due_after = |spread: f64| {
            let (begun, number) = Schedule::default().begun(Want::Due, at(0.0), PACE).expect("due");
            let ended = begun.ended(number, Brought::Same, at(0.0), PACE, spread).expect("its own");
            (0..400).find(|second| ended.begun(Want::Due, at(f64::from(*second)), PACE).is_some())
        };
        assert_eq!([due_after(0.0), due_after(0.5), due_after(1.0)], [Some(300), Some(285), Some(270)]);
    }

    #[test]
    fn bytes_keep_all_of_it_and_strange_ones_are_nothing() {
        let (schedule, _) = Schedule::default().begun(Want::Unknown, at(0.0), PACE).expect("due");
        let bytes = schedule.to_bytes();
        assert_eq!(Schedule::from_bytes(&bytes), schedule);
        assert_eq!(Schedule::from_bytes(&Schedule::default().to_bytes()), Schedule::default());
        let endless = Schedule { fetches: u64::MAX, ..schedule }.to_bytes();
        for strange in
            [&b""[..], b"x", &endless, &bytes[1..], &[&bytes[..], &[0]].concat(), &[0xff; 72], &[0; 72]]
        {
            assert_eq!(Schedule::from_bytes(strange), Schedule::default());
        }
    }
}

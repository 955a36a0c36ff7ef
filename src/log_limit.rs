//! How many lines may be logged: a flood of requests must not become a flood of lines, and a flood of lines of one kind
//! must not hide that there is another.

use std::collections::VecDeque;

/// Lines of one configuration in one worker within any second.
const MAX_LINES: usize = 10;

const SECOND: u64 = 1_000_000_000;

macro_rules! line_kinds {
    ($($variant:ident, $several:literal, $doc:literal;)*) => {
        /// What a line is about. Within any second one of each kind finds room, whatever the others do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum LineKind {
            $(#[doc = $doc] $variant,)*
        }

        impl LineKind {
            /// All of them, in the order in which they are declared.
            const ALL: &'static [LineKind] = &[$(LineKind::$variant,)*];

            /// What several of them are called.
            pub fn several(self) -> &'static str {
                match self {
                    $(LineKind::$variant => $several,)*
                }
            }
        }
    };
}

line_kinds! {
    Denial, "denials", "A request was, or would have been, refused.";
    NoAnswer, "questions without an answer", "An entitlement server has given no answer, and why.";
    NotRemembered, "such answers", "What an entitlement server said about a token could not be kept for an outage.";
    Keys, "lines about keys", "Keys of an entitlement server could not be fetched, or some were left out.";
}

const _: () = assert!(LineKind::ALL.len() <= MAX_LINES, "there is room for each kind");

/// What has been logged of late.
#[derive(Debug, Default)]
pub struct LogLimit {
    /// When, oldest first, and what.
    lines: VecDeque<(u64, LineKind)>,
    /// How many lines of each kind were left out since the last one.
    left_out: [u64; LineKind::ALL.len()],
}

impl LogLimit {
    /// Whether a line may be written at `now`, in nanoseconds; if so, how many of its kind were left out before it.
    pub fn admit(&mut self, kind: LineKind, now: u64) -> Option<u64> {
        // A clock that was set back is no reason to be silent until it has caught up.
        self.lines.retain(|(then, _)| now.checked_sub(*then).is_some_and(|age| age < SECOND));
        let absent = |other: &&LineKind| **other != kind && !self.lines.iter().any(|(_, k)| k == *other);
        let kept_for_others = LineKind::ALL.iter().filter(absent).count();
        let left_out = self.left_out.get_mut(kind as usize)?;
        if self.lines.len().saturating_add(kept_for_others) >= MAX_LINES {
            *left_out = left_out.saturating_add(1);
            return None;
        }
        self.lines.push_back((now, kind));
        Some(std::mem::take(left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::LineKind::{Denial, Keys, NoAnswer, NotRemembered};
    use super::*;

    const MILLISECOND: u64 = 1_000_000;

    /// When lines were written, of those that were wanted.
    fn written(
        limit: &mut LogLimit,
        wanted: impl IntoIterator<Item = (u64, LineKind)>,
    ) -> Vec<(u64, LineKind)> {
        wanted
            .into_iter()
            .filter(|(at, kind)| limit.admit(*kind, at.saturating_mul(MILLISECOND)).is_some())
            .collect()
    }

    /// The most lines within any second.
    fn densest(lines: &[(u64, LineKind)]) -> usize {
        let within = |from: u64| {
            lines.iter().filter(|(at, _)| (from..from.saturating_add(1_000)).contains(at)).count()
        };
        lines.iter().map(|(at, _)| within(*at)).max().unwrap_or_default()
    }

    #[test]
    fn at_most_ten_within_any_second() {
        let floods = [vec![Denial], vec![NoAnswer], vec![NotRemembered, Denial, Keys, NoAnswer]];
        for kinds in floods {
            // Beginning in the middle of a second: none is special.
            let wanted = (1_700..9_000).zip(kinds.iter().copied().cycle());
            let lines = written(&mut LogLimit::default(), wanted);
            assert!(densest(&lines) <= 10, "{lines:?}");
            assert!(lines.len() >= 8 * 7, "{lines:?}");
        }
    }

    #[test]
    fn a_flood_of_one_kind_leaves_room_for_each_other() {
        let mut limit = LogLimit::default();
        let mut wanted: Vec<(u64, LineKind)> = (0..5_000).map(|at| (at, Denial)).collect();
        wanted.extend([(900, NoAnswer), (1_950, NoAnswer), (1_990, NotRemembered)]);
        wanted.extend([(3_001, NotRemembered), (3_001, NoAnswer)]);
        wanted.sort_by_key(|(at, _)| *at);
        let lines = written(&mut limit, wanted);
        let others = lines.iter().filter(|(_, kind)| *kind != Denial).count();
        assert_eq!((others, densest(&lines) <= 10), (5, true), "{lines:?}");
    }

    #[test]
    fn what_is_left_out_is_told_with_the_next_line() {
        let mut limit = LogLimit::default();
        let admitted: Vec<Option<u64>> = (0..20).map(|_| limit.admit(Denial, 0)).collect();
        // Three places are kept for the three other kinds.
        assert_eq!(admitted, [vec![Some(0); 7], vec![None; 13]].concat());
        assert_eq!(limit.admit(NoAnswer, 0), Some(0));
        assert_eq!(limit.admit(Denial, SECOND), Some(13));
        assert_eq!(limit.admit(Denial, SECOND), Some(0));
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_silence() {
        let mut limit = LogLimit::default();
        let before = (0..20).filter_map(|_| limit.admit(Denial, 3_600 * SECOND)).count();
        assert_eq!((before, limit.admit(Denial, 0)), (7, Some(13)));
    }
}

//! What has been counted and not yet told to the host. Counting is an addition here; the host is told now and then.

use crate::counter::{Counter, Extent};
use std::cell::Cell;

/// What one worker has counted for one configuration.
#[derive(Debug)]
pub struct Tally {
    extent: Extent,
    counts: Box<[Cell<u64>]>,
    has_news: Cell<bool>,
}

impl Tally {
    /// Nothing counted yet, for a configuration of this extent.
    pub fn new(extent: Extent) -> Tally {
        let counts = Counter::all(extent).map(|_| Cell::new(0)).collect();
        Tally { extent, counts, has_news: Cell::new(false) }
    }

    /// What it can count.
    pub fn extent(&self) -> Extent {
        self.extent
    }

    /// Adds one.
    pub fn count(&self, counter: Counter) {
        if let Some(count) = self.counts.get(counter.index(self.extent)) {
            count.set(count.get().saturating_add(1));
            self.has_news.set(true);
        }
    }

    /// Whether anything has been counted since it was taken.
    pub fn has_news(&self) -> bool {
        self.has_news.get()
    }

    /// Takes what has been counted: places in [`Counter::all`], and how much.
    pub fn take(&self) -> impl Iterator<Item = (usize, u64)> {
        let is_new = self.has_news.replace(false);
        let counts = self.counts.iter().enumerate().filter(move |_| is_new);
        counts.map(|(place, count)| (place, count.take())).filter(|(_, count)| *count > 0)
    }

    /// The same by counter, each as often as it was counted.
    pub fn take_all(&self) -> Vec<Counter> {
        let taken: Vec<(usize, u64)> = self.take().collect();
        let times = |place| taken.iter().find(|(at, _)| *at == place).map_or(0, |(_, count)| *count);
        let counted = Counter::all(self.extent).enumerate();
        counted.flat_map(|(place, counter)| (0..times(place)).map(move |_| counter)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::DenyReason;

    #[test]
    fn what_is_taken_is_what_was_counted_and_only_once() {
        let tally = Tally::new(Extent { servers: 2, rules: 3 });
        assert!(!tally.has_news());
        let counted = [
            Counter::Allowed,
            Counter::Denied(DenyReason::TokenExpired),
            Counter::IssuerDenied(1),
            Counter::RuleMatched(2),
            Counter::RuleMatched(2),
        ];
        counted.iter().for_each(|counter| tally.count(*counter));
        // What the configuration does not have cannot be counted.
        tally.count(Counter::RuleDenied(3));
        assert!(tally.has_news());
        assert_eq!(tally.take_all(), counted);
        assert!(!tally.has_news());
        assert_eq!(tally.take().count(), 0);
        tally.count(Counter::IssuerDenied(1));
        assert_eq!(tally.take().map(|(_, times)| times).collect::<Vec<_>>(), [1], "and no other");
    }
}

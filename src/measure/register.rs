//! The configurations that have gauges in common, and who holds each, as all workers read and write it.

use crate::gauge::Gauge;

/// A configuration.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    /// Of several with one, the newest is in force.
    pub(super) fqdn: Box<str>,
    pub(super) generation: u32,
    /// The later it came, the higher.
    pub(super) order: u64,
    /// Sorted.
    pub(super) gauges: Vec<Gauge>,
    pub(super) holders: Vec<Holder>,
}

/// A worker in which a configuration is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Holder {
    pub(super) id: u64,
    /// Until when it is believed to be there, in seconds since 1970.
    pub(super) until: f64,
}

#[derive(Debug, Default, PartialEq)]
pub(super) struct Register(Vec<Entry>);

impl Register {
    /// Keeps those who hold; gives the gauges of configurations that nobody holds any more, and forgets these.
    pub(super) fn retain(&mut self, holds: impl Fn(&Holder) -> bool) -> Vec<Gauge> {
        let mut gone = Vec::new();
        self.0.retain_mut(|entry| {
            entry.holders.retain(&holds);
            if entry.holders.is_empty() {
                gone.extend(entry.gauges.iter().copied());
            }
            !entry.holders.is_empty()
        });
        gone
    }

    /// `holder` has the configuration of `wanted`, whose place is at least the one that it has there.
    pub(super) fn hold(&mut self, wanted: &Entry, holder: Holder) {
        match self.0.iter_mut().find(|entry| entry.is_same(wanted)) {
            Some(entry) => {
                entry.order = entry.order.max(wanted.order);
                entry.gauges.clone_from(&wanted.gauges);
                entry.holders.push(holder);
            }
            None => self.0.push(Entry { holders: vec![holder], ..wanted.clone() }),
        }
    }

    pub(super) fn newest_order(&self) -> u64 {
        self.0.iter().map(|entry| entry.order).max().unwrap_or_default()
    }

    /// The gauges that are shown with the value of this configuration: it is in force, and no newer one has them.
    pub(super) fn own(&self, of: &Entry) -> Vec<Gauge> {
        let Some(entry) = self.0.iter().find(|entry| entry.is_same(of)) else { return Vec::new() };
        if !self.is_in_force(entry) {
            return Vec::new();
        }
        let newer: Vec<&Entry> = self.in_force().filter(|other| other.order > entry.order).collect();
        let is_own = |gauge: &&Gauge| !newer.iter().any(|other| other.has(**gauge));
        entry.gauges.iter().filter(is_own).copied().collect()
    }

    /// The gauges of configurations that a newer one has replaced.
    pub(super) fn replaced(&self) -> Vec<Gauge> {
        let replaced = self.0.iter().filter(|entry| !self.is_in_force(entry));
        replaced.flat_map(|entry| entry.gauges.iter().copied()).collect()
    }

    /// Whether a configuration in force has this gauge.
    pub(super) fn is_shown(&self, gauge: Gauge) -> bool {
        self.in_force().any(|entry| entry.has(gauge))
    }

    fn in_force(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter().filter(|entry| self.is_in_force(entry))
    }

    fn is_in_force(&self, entry: &Entry) -> bool {
        !self.0.iter().any(|other| other.fqdn == entry.fqdn && other.order > entry.order)
    }

    /// A line for each configuration.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let lines = self.0.iter().map(|entry| {
            let gauges: Vec<String> = entry.gauges.iter().map(|gauge| gauge.to_word()).collect();
            let holders: Vec<String> =
                entry.holders.iter().map(|holder| format!("{}:{}", holder.id, holder.until as u64)).collect();
            let (gauges, holders) = (gauges.join(","), holders.join(","));
            format!("{} {} {} {gauges} {holders}\n", entry.fqdn, entry.generation, entry.order)
        });
        lines.collect::<String>().into_bytes()
    }

    /// What was written so; lines of anybody else are none.
    pub(super) fn of_bytes(bytes: &[u8]) -> Register {
        let lines = std::str::from_utf8(bytes).unwrap_or_default().lines();
        Register(lines.filter_map(Entry::of_line).collect())
    }
}

impl Entry {
    fn has(&self, gauge: Gauge) -> bool {
        self.gauges.binary_search(&gauge).is_ok()
    }

    fn is_same(&self, other: &Entry) -> bool {
        self.generation == other.generation && self.fqdn == other.fqdn
    }

    fn of_line(line: &str) -> Option<Entry> {
        let mut words = line.split(' ');
        let mut word = || words.next();
        let (fqdn, generation, order) = (word()?.into(), word()?.parse().ok()?, word()?.parse().ok()?);
        let gauges: Vec<Gauge> = word()?.split(',').map(Gauge::of_word).collect::<Option<_>>()?;
        let holders = word()?.split(',').map(Holder::of_word).collect::<Option<_>>()?;
        (word().is_none() && gauges.is_sorted()).then_some(Entry { fqdn, generation, order, gauges, holders })
    }
}

impl Holder {
    fn of_word(word: &str) -> Option<Holder> {
        let (id, until) = word.split_once(':')?;
        Some(Holder { id: id.parse().ok()?, until: until.parse::<u64>().ok()? as f64 })
    }
}

//! Whose a gauge is (`docs/contract.md#statistics`). A gauge has one value in the whole process, and it is set by each worker, by the
//! configuration in force, by the one before, which serves until its connections are drained, and by that of another listener. So they
//! agree by a register in shared data: a gauge shows the newest configuration that has it, and none goes back to an older one.
//!
//! A host cannot take a gauge away: where no configuration has it any more, it is set to 0. A worker that traps says no farewell,
//! so that it is in the register for a while only, and says now and then that it is still there.

use crate::gauge::Gauge;
use crate::shared_map::{self, SharedMap};
use crate::time::{UnixTime, has_come};
use std::cell::RefCell;

mod register;

use register::{Entry, Holder, Register};

/// How often a configuration says that it is there, and measures anew, in seconds.
pub const PERIOD: f64 = 10.0;

/// After so long without a word, in seconds, a worker is not there any more.
const LEASE: f64 = 60.0;

/// How far the workers' readings of one clock lie apart at most, in seconds.
const APART: f64 = 1.0;

/// The part of one configuration in one worker.
#[derive(Debug)]
pub struct Measure {
    place: String,
    entry: Entry,
    holder: u64,
    is_there: bool,
}

/// What is to be done to gauges.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// These are this configuration's to set.
    pub own: Vec<Gauge>,
    /// These are nobody's any more: 0.
    pub over: Vec<Gauge>,
}

/// What a configuration has to say.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Come,
    Stay,
    Leave,
}

impl Measure {
    /// Of a configuration that shares its gauges with all of the same `name`, takes the place of those of the same `fqdn`, and has
    /// these gauges; all workers agree on its `generation`. `holder` is a number that no other worker has.
    pub fn new(
        name: Option<&str>,
        fqdn: &str,
        generation: u32,
        mut gauges: Vec<Gauge>,
        holder: u64,
    ) -> Measure {
        gauges.sort_unstable();
        let place = match name {
            Some(name) => format!("eec_authn.gauges.{name}"),
            None => "eec_authn.gauges".to_owned(),
        };
        let entry = Entry { fqdn: fqdn.into(), generation, order: 0, gauges, holders: Vec::new() };
        Measure { place, entry, holder, is_there: false }
    }

    /// The configuration is in force, as from now on, or still.
    pub fn hold(&mut self, map: &dyn SharedMap, now: UnixTime) -> Shown {
        let word = if self.is_there { Word::Stay } else { Word::Come };
        self.is_there = true;
        self.say(map, word, now)
    }

    /// The configuration goes. Whoever never held one has none to leave.
    pub fn leave(&mut self, map: &dyn SharedMap, now: UnixTime) -> Shown {
        if !std::mem::take(&mut self.is_there) {
            return Shown::default();
        }
        self.say(map, Word::Leave, now)
    }

    fn say(&mut self, map: &dyn SharedMap, word: Word, now: UnixTime) -> Shown {
        let said = RefCell::new(None);
        let written = shared_map::update(map, &self.place, &|bytes| {
            let mut register = Register::of_bytes(bytes);
            // Each worker has read the clock before it looks here.
            let mut gone = register.retain(|holder| !has_come(holder.until, now, LEASE + APART));
            let order = match word {
                Word::Come => register.newest_order().saturating_add(1),
                Word::Stay | Word::Leave => self.entry.order,
            };
            gone.extend(register.retain(|holder| holder.id != self.holder));
            if word != Word::Leave {
                let holder = Holder { id: self.holder, until: (now.seconds() + LEASE).floor() };
                register.hold(&Entry { order, ..self.entry.clone() }, holder);
            }
            gone.extend(register.replaced());
            let own = if word == Word::Leave { Vec::new() } else { register.own(&self.entry) };
            gone.retain(|gauge| !register.is_shown(*gauge));
            gone.sort_unstable();
            gone.dedup();
            let bytes = register.to_bytes();
            said.replace(Some((order, Shown { own, over: gone })));
            Some(bytes)
        });
        match said.into_inner().filter(|_| written) {
            Some((order, shown)) => {
                self.entry.order = order;
                shown
            }
            // Nobody can be asked: each for himself.
            None if word == Word::Leave => Shown { own: Vec::new(), over: self.entry.gauges.clone() },
            None => Shown { own: self.entry.gauges.clone(), over: Vec::new() },
        }
    }
}

#[cfg(test)]
mod tests;

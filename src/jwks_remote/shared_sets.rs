//! What the workers of a process share of fetched sets: the schedule, the newest set as it came, and the newest `iat`.
//!
//! Other modules of the same `vm_id` can write here. So a set is kept as the server has sent it, and whoever takes it over
//! reads it as if he had fetched it.

use super::answer::{Answer, Form};
use super::schedule::{Brought, Pace, Schedule, Want};
use crate::policy::JwksRemote;
use crate::shared_map::{self, Read, SharedMap};
use crate::time::UnixTime;
use std::cell::Cell;

/// What becomes of a wish for a fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// This worker fetches; the number is that of the fetch.
    Fetch(u64),
    /// A fetch is under way.
    UnderWay,
    /// None may begin now.
    NotNow,
}

/// A set as its server has sent it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredSet {
    /// The number of the fetch that brought it.
    pub number: u64,
    /// When it was asked for.
    pub fetched_at: UnixTime,
    /// The answer's body.
    pub body: Vec<u8>,
}

impl StoredSet {
    /// The answer that it was.
    pub fn answer<'a>(&'a self, content_types: &'a [&'a [u8]]) -> Answer<'a> {
        Answer { status: Some(200), content_types, content_encodings: &[], body: &self.body }
    }

    /// The media type that it came with.
    pub fn media_type(remote: &JwksRemote) -> &'static [u8] {
        Form::of(remote).media_types().first().map_or(&b""[..], |name| name.as_bytes())
    }
}

/// The shared part of one `jwks_remote`.
pub struct SharedSets<'a> {
    map: &'a dyn SharedMap,
    remote: &'a JwksRemote,
}

impl<'a> SharedSets<'a> {
    /// What is in `map` about `remote`.
    pub fn new(map: &'a dyn SharedMap, remote: &'a JwksRemote) -> SharedSets<'a> {
        SharedSets { map, remote }
    }

    /// The schedule as it stands.
    pub fn schedule(&self) -> Schedule {
        match self.map.get(&self.place("schedule")) {
            Read::Value(bytes, _) => Schedule::from_bytes(&bytes),
            Read::Nothing | Read::Failed => Schedule::default(),
        }
    }

    /// Begins a fetch, if one may begin.
    pub fn begin(&self, want: Want, now: UnixTime) -> Admission {
        let admission = Cell::new(Admission::NotNow);
        let agreed = shared_map::update(self.map, &self.place("schedule"), &|bytes| {
            let schedule = Schedule::from_bytes(bytes);
            match schedule.begun(want, now, self.pace()) {
                Some((begun, number)) => {
                    admission.set(Admission::Fetch(number));
                    Some(begun.to_bytes())
                }
                None => {
                    let under_way = schedule.is_under_way(now, self.pace());
                    admission.set(if under_way { Admission::UnderWay } else { Admission::NotNow });
                    None
                }
            }
        });
        if agreed { admission.get() } else { Admission::NotNow }
    }

    /// Ends the fetch `number`. Whether it was under way still: else what it brought comes too late.
    pub fn end(&self, number: u64, brought: Brought, now: UnixTime, spread: f64) -> bool {
        let in_time = Cell::new(false);
        let written = shared_map::update(self.map, &self.place("schedule"), &|bytes| {
            let ended = Schedule::from_bytes(bytes).ended(number, brought, now, self.pace(), spread);
            in_time.set(ended.is_some());
            ended.map(Schedule::to_bytes)
        });
        written && in_time.get()
    }

    /// The answer to the fetch `number` will not be seen: another may begin.
    pub fn abandon(&self, number: u64) {
        shared_map::update(self.map, &self.place("schedule"), &|bytes| {
            Schedule::from_bytes(bytes).abandoned(number).map(Schedule::to_bytes)
        });
    }

    /// Whether no other fetch has begun since the one with this number, which has not ended: else what it brings comes too late.
    pub fn is_awaited(&self, number: u64) -> bool {
        self.schedule().is_awaited(number)
    }

    /// Whether a fetch is under way.
    pub fn is_under_way(&self, now: UnixTime) -> bool {
        self.schedule().is_under_way(now, self.pace())
    }

    /// Leaves a set for the others; never an earlier one than is there. One with a number that no fetch has had yet is of another
    /// schedule, which nobody knows any more.
    pub fn store(&self, set: &StoredSet) -> bool {
        let fetches = self.schedule().fetches();
        shared_map::update(self.map, &self.place("set"), &|bytes| {
            let newer = number_of(bytes).is_none_or(|there| there < set.number || there > fetches);
            newer.then(|| {
                let head = [set.number.to_le_bytes(), set.fetched_at.seconds().to_bits().to_le_bytes()];
                [head.as_flattened(), &set.body].concat()
            })
        })
    }

    /// The newest set, if it is one of this schedule's: at least that which the schedule has in force.
    pub fn stored(&self) -> Option<StoredSet> {
        let schedule = self.schedule();
        self.found().filter(|set| (schedule.set()..=schedule.fetches()).contains(&set.number))
    }

    fn found(&self) -> Option<StoredSet> {
        let Read::Value(bytes, _) = self.map.get(&self.place("set")) else { return None };
        let (number, rest) = bytes.split_first_chunk()?;
        let (fetched_at, body) = rest.split_first_chunk()?;
        let fetched_at = UnixTime::new(f64::from_bits(u64::from_le_bytes(*fetched_at)))?;
        Some(StoredSet { number: u64::from_le_bytes(*number), fetched_at, body: body.to_vec() })
    }

    /// Since when a worker without a set has had no newer one: since that was asked for which there is, and it cannot use, or since
    /// the process first wanted any.
    pub fn without_a_set_since(&self, now: UnixTime) -> UnixTime {
        let newest = self.stored().map(|set| set.fetched_at);
        newest.or_else(|| self.wanted_since(now)).unwrap_or(now)
    }

    fn wanted_since(&self, now: UnixTime) -> Option<UnixTime> {
        let mine = now.seconds().to_bits().to_le_bytes();
        let agreed = shared_map::agree(self.map, &self.place("since"), &mine)?;
        UnixTime::new(f64::from_bits(u64::from_le_bytes(agreed)))
    }

    /// The newest `iat` that has been accepted for this server, whatever its configuration was then.
    pub fn newest_issue(&self) -> Option<f64> {
        match self.map.get(&self.place_of_issue()) {
            Read::Value(bytes, _) => issue(&bytes),
            Read::Nothing | Read::Failed => None,
        }
    }

    /// A set with this `iat` has been accepted.
    pub fn accept_issue(&self, issued_at: f64) -> bool {
        shared_map::update(self.map, &self.place_of_issue(), &|bytes| {
            let newer = issue(bytes).is_none_or(|there| there < issued_at);
            newer.then(|| issued_at.to_bits().to_le_bytes().to_vec())
        })
    }

    fn pace(&self) -> Pace {
        Pace { refresh: self.remote.refresh_seconds as f64, timeout: self.remote.timeout_ms as f64 / 1e3 }
    }

    fn place(&self, what: &str) -> String {
        format!("eec_authn.jwks.{what}.{}", self.remote.set_name.as_str())
    }

    fn place_of_issue(&self) -> String {
        format!("eec_authn.jwks.iat.{}", self.remote.server_name.as_str())
    }
}

fn number_of(bytes: &[u8]) -> Option<u64> {
    bytes.first_chunk().map(|number| u64::from_le_bytes(*number))
}

fn issue(bytes: &[u8]) -> Option<f64> {
    let bits = u64::from_le_bytes(bytes.try_into().ok()?);
    Some(f64::from_bits(bits)).filter(|issued_at| issued_at.is_finite())
}

#[cfg(test)]
mod tests;

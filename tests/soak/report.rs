//! What the soak says at its end.

use super::CLIENTS;
use super::client::{LOST, Outcome};
use std::collections::BTreeMap;
use std::fmt::{Display, Formatter, Result};
use std::time::Duration;

/// Latencies are kept in steps of this many microseconds, up to a second.
const STEP: u128 = 20;
const STEPS: usize = 50_000;
/// How much Envoy may grow after its first seconds: caches fill up to their bounds, allocators keep pages.
const MAY_GROW_KIB: u64 = 128 * 1024;

const ALLOWED: &str = "allowed";

/// What one client has seen.
pub struct Tally {
    by_kind: BTreeMap<&'static str, u64>,
    by_code: BTreeMap<String, u64>,
    latencies: Vec<u64>,
    /// Requests whose client went away.
    pub left: u64,
    /// Decisions that are not the contract's.
    pub wrong: Vec<String>,
}

impl Default for Tally {
    fn default() -> Tally {
        let (by_kind, by_code) = (BTreeMap::new(), BTreeMap::new());
        Tally { by_kind, by_code, latencies: vec![0; STEPS], left: 0, wrong: Vec::new() }
    }
}

impl Tally {
    /// Counts one answered request.
    pub fn add(&mut self, kind: &'static str, outcome: &Outcome, took: Duration) {
        *self.by_kind.entry(kind).or_default() += 1;
        let code = match &outcome.0 {
            Ok(Some(code)) => code,
            Ok(None) => ALLOWED,
            Err(_) => "no answer of the filter",
        };
        *self.by_code.entry(code.to_owned()).or_default() += 1;
        let step = usize::try_from(took.as_micros() / STEP).unwrap_or(STEPS);
        self.latencies[step.min(STEPS - 1)] += 1;
    }
}

/// Everything together.
#[derive(Default)]
pub struct Report {
    all: Tally,
    /// How long it ran.
    pub seconds: u64,
    /// Pushes that were taken.
    pub pushes: u64,
    /// Bad pushes that were refused, as they should.
    pub refused_pushes: u64,
    /// Requests around the pushes, on top of the clients': to be allowed, and to be denied.
    pub checks: (u64, u64),
    /// Requests that the upstream has seen.
    pub arrived: u64,
    /// Traps that were asked for.
    pub traps: u64,
    /// Requests after a trap that came before the new VM, on top of the clients'.
    pub lost_checks: u64,
    /// Envoy's counters of VMs that it replaced after a trap.
    pub vm_reloads: BTreeMap<String, u64>,
    /// Envoy's resident memory, in KiB.
    pub memory_at_start: u64,
    /// The same at the end.
    pub memory_at_end: u64,
    /// The filter's own count of its denials.
    pub counted_denials: BTreeMap<String, u64>,
    /// Decisions that are not the contract's.
    pub wrong: Vec<String>,
}

impl Report {
    /// Adds what a client has seen.
    pub fn add(&mut self, tally: Tally) {
        tally.by_kind.into_iter().for_each(|(kind, n)| *self.all.by_kind.entry(kind).or_default() += n);
        tally.by_code.into_iter().for_each(|(code, n)| *self.all.by_code.entry(code).or_default() += n);
        self.all.latencies.iter_mut().zip(tally.latencies).for_each(|(sum, n)| *sum += n);
        self.all.left += tally.left;
        self.wrong.extend(tally.wrong);
    }

    /// The latency that `share` of a hundred requests stay under, in milliseconds.
    fn percentile(&self, share: u64) -> f64 {
        let total: u64 = self.all.latencies.iter().sum();
        let mut left = total * share / 100;
        let place = self.all.latencies.iter().position(|n| {
            let reached = *n > left;
            left = left.saturating_sub(*n);
            reached
        });
        f64::from(u32::try_from(place.unwrap_or(STEPS)).expect("small")) * 0.02
    }

    /// The clients' requests that were lost to a trap.
    fn lost(&self) -> u64 {
        self.all.by_code.get(LOST).copied().unwrap_or(0)
    }

    fn reloads(&self, kind: &str) -> u64 {
        self.vm_reloads.iter().filter(|(name, _)| name.ends_with(kind)).map(|(_, n)| n).sum()
    }

    /// Panics if anything was wrong, or if a kind of traffic never came.
    pub fn hold(&self) {
        assert!(
            self.wrong.is_empty(),
            "{} wrong, the first: {:#?}",
            self.wrong.len(),
            &self.wrong[..self.wrong.len().min(5)]
        );
        for kind in ["good", "bad", "hostile", "bound", "thief"] {
            assert!(self.all.by_kind.get(kind).is_some_and(|n| *n > 20), "too little {kind} traffic");
        }
        // Three counts of the same: the clients', the upstream's, the filter's.
        let allowed = self.all.by_code.get(ALLOWED).copied().unwrap_or(0);
        let requests: u64 = self.all.by_code.values().sum();
        let denied: u64 = self.counted_denials.values().sum();
        // A request that is lost to a trap may have been allowed and arrived before.
        let lost = self.lost();
        let arrived = allowed + self.checks.0;
        let may_arrive = arrived..=arrived + lost;
        assert!(may_arrive.contains(&self.arrived), "{} arrived, of {may_arrive:?}", self.arrived);
        assert_eq!(denied, requests - allowed - lost + self.checks.1, "counted by the filter, and denied");
        assert!(self.pushes > 0, "nothing was pushed");
        assert!(self.traps > 0, "nothing trapped");
        assert_eq!(self.reloads("success"), self.traps, "VMs replaced, and traps that were asked for");
        assert_eq!(self.reloads("failure"), 0, "a new VM failed");
        // The requests under way at that worker, and those that Envoy sent away before it made the new VM.
        let may_be_lost = self.traps * CLIENTS + self.reloads("backoff");
        assert!(lost + self.lost_checks <= may_be_lost, "{lost} were lost, and {may_be_lost} may be");
        let may = self.memory_at_start + MAY_GROW_KIB;
        assert!(self.memory_at_end <= may, "Envoy has grown to {} KiB", self.memory_at_end);
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let requests: u64 = self.all.by_kind.values().sum();
        writeln!(f, "soak of {} seconds", self.seconds)?;
        writeln!(f, "  requests          {requests}, and {} whose client went away", self.all.left)?;
        self.all.by_kind.iter().try_for_each(|(kind, n)| writeln!(f, "    {kind:<24}{n:>10}"))?;
        writeln!(f, "  decisions, as the clients saw them")?;
        self.all.by_code.iter().try_for_each(|(code, n)| writeln!(f, "    {code:<24}{n:>10}"))?;
        let counted: u64 = self.counted_denials.values().sum();
        writeln!(f, "  denials           {counted} by the filter's own count")?;
        writeln!(f, "  at the upstream   {}", self.arrived)?;
        writeln!(
            f,
            "  pushes            {} taken, {} refused as they should",
            self.pushes, self.refused_pushes
        )?;
        writeln!(f, "  wrong decisions   {}", self.wrong.len())?;
        writeln!(
            f,
            "  traps             {} on demand, {} VMs replaced, {} other requests lost to them",
            self.traps,
            self.reloads("success"),
            self.lost() + self.lost_checks
        )?;
        writeln!(
            f,
            "  Envoy's memory    {} KiB at the start, {} KiB at the end",
            self.memory_at_start, self.memory_at_end
        )?;
        write!(f, "  latency           p50 {:.2} ms, p99 {:.2} ms", self.percentile(50), self.percentile(99))
    }
}

//! What came of a crowd's requests: how many ended how, and how long they took.

use super::report::Outcome;
use crate::cli::failure::Failure;
use crate::cli::output::harmless;
use hdrhistogram::Histogram;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Longer than any answer is waited for, in microseconds.
const LONGEST: u64 = 3_600_000_000;
/// How many different reasons are told apart.
const REASONS: usize = 50;
/// How many characters of each are kept: a server may give a cause of any length.
const REASON: usize = 200;
/// The percentiles that are shown, and what they are called.
const PERCENTILES: [(&str, f64); 5] =
    [("p50", 50.0), ("p90", 90.0), ("p99", 99.0), ("p99_9", 99.9), ("max", 100.0)];

/// Times, as a histogram of three significant digits.
pub(super) struct Latencies(Histogram<u64>);

impl Latencies {
    fn new() -> Result<Latencies, Failure> {
        Histogram::new_with_bounds(1, LONGEST, 3).map(Latencies).map_err(Failure::because("a histogram"))
    }

    pub(super) fn record(&mut self, took: Duration) {
        self.0.saturating_record(u64::try_from(took.as_micros()).unwrap_or(LONGEST));
    }

    /// In milliseconds, by percentile.
    fn milliseconds(&self) -> [f64; PERCENTILES.len()] {
        PERCENTILES.map(|(_, percentile)| self.0.value_at_percentile(percentile) as f64 / 1e3)
    }

    fn json(&self) -> Value {
        let names = PERCENTILES.iter().map(|(name, _)| (*name).to_owned());
        Value::Object(names.zip(self.milliseconds().map(|ms| json!(ms))).collect::<Map<_, _>>())
    }
}

/// What came of one kind of request, or of all.
pub(super) struct Row {
    done: u64,
    refused: u64,
    failed: u64,
    latencies: Latencies,
}

impl Row {
    fn new() -> Result<Row, Failure> {
        Ok(Row { done: 0, refused: 0, failed: 0, latencies: Latencies::new()? })
    }

    fn add(&mut self, outcome: &Outcome, took: Duration) {
        let count = match outcome {
            Outcome::Done => &mut self.done,
            Outcome::Refused(..) => &mut self.refused,
            Outcome::Failed(_) => &mut self.failed,
        };
        *count = count.saturating_add(1);
        self.latencies.record(took);
    }

    fn count(&self) -> u64 {
        self.done.saturating_add(self.refused).saturating_add(self.failed)
    }

    fn json(&self, step: &str) -> Value {
        json!({
            "step": step, "count": self.count(), "done": self.done, "refused": self.refused,
            "failed": self.failed, "milliseconds": self.latencies.json(),
        })
    }

    fn text(&self, step: &str) -> String {
        let counts = [self.count(), self.done, self.refused, self.failed];
        let counts: String = counts.iter().map(|count| format!("{count:>9}")).collect();
        let times: String = self.latencies.milliseconds().iter().map(|ms| format!("{ms:>10.1}")).collect();
        format!("{step:<12}{counts}{times}")
    }
}

/// All that came of a crowd.
pub(super) struct Tally {
    /// In the order of a client's life.
    steps: Vec<(&'static str, Row)>,
    all: Row,
    /// Refusals and failures, by step and reason.
    reasons: BTreeMap<String, u64>,
    /// How late requests began though their client was idle: this machine's own doing.
    late: Latencies,
    /// Requests that were due, and whose clients still waited for an answer when time was up.
    not_sent: u64,
    /// What could not be taken away.
    pub(super) left_behind: u64,
}

impl Tally {
    /// Nothing yet of these steps.
    pub(super) fn new(steps: impl Iterator<Item = &'static str>) -> Result<Tally, Failure> {
        Ok(Tally {
            steps: steps.map(|step| Ok((step, Row::new()?))).collect::<Result<_, Failure>>()?,
            all: Row::new()?,
            reasons: BTreeMap::new(),
            late: Latencies::new()?,
            not_sent: 0,
            left_behind: 0,
        })
    }

    /// One request more.
    pub(super) fn add(&mut self, step: &str, outcome: &Outcome, took: Duration) {
        self.all.add(outcome, took);
        if let Some((_, row)) = self.steps.iter_mut().find(|(name, _)| *name == step) {
            row.add(outcome, took);
        }
        self.note(step, outcome);
    }

    /// One request that began so long after it was due, with its client idle.
    pub(super) fn add_late(&mut self, late: Duration) {
        self.late.record(late);
    }

    /// So many requests were due and never sent.
    pub(super) fn add_not_sent(&mut self, count: u64) {
        self.not_sent = self.not_sent.saturating_add(count);
    }

    /// Counts why something did not end well.
    pub(super) fn note(&mut self, step: &str, outcome: &Outcome) {
        let reason = match outcome {
            Outcome::Done => return,
            Outcome::Refused(status, cause) => {
                format!("{step}: refused: {status} {}", shortened(cause.as_deref().unwrap_or_default()))
            }
            Outcome::Failed(why) => format!("{step}: {}", shortened(why)),
        };
        let reason = reason.trim_end();
        let known = self.reasons.len() < REASONS || self.reasons.contains_key(reason);
        let reason = if known { reason.to_owned() } else { "other reasons".to_owned() };
        let count = self.reasons.entry(reason).or_default();
        *count = count.saturating_add(1);
    }

    /// How many requests there were, and how many of them were refused and failed.
    pub(super) fn counts(&self) -> [u64; 3] {
        [self.all.count(), self.all.refused, self.all.failed]
    }

    /// For machines: an object for each step, and one for all.
    pub(super) fn json(&self, took: Duration) -> Vec<Value> {
        let mut rows: Vec<Value> = self.tried().map(|(step, row)| row.json(step)).collect();
        let mut all = self.all.json("all");
        all["seconds"] = json!(took.as_secs_f64());
        all["rate"] = json!(self.rate(took));
        all["reasons"] = json!(self.reasons);
        all["late_milliseconds"] = self.late.json();
        all["not_sent"] = json!(self.not_sent);
        all["left_behind"] = json!(self.left_behind);
        rows.push(all);
        rows
    }

    /// For people: a table, and what there is to say about it.
    pub(super) fn text(&self, took: Duration) -> String {
        let heads = ["count", "done", "refused", "failed"].map(|head| format!("{head:>9}")).concat();
        let times: String =
            PERCENTILES.iter().map(|(name, _)| format!("{:>10}", name.replace('_', "."))).collect();
        let mut lines = vec![format!("{:<12}{heads}{times}", "ms")];
        lines.extend(self.tried().map(|(step, row)| row.text(step)));
        lines.push(self.all.text("all"));
        lines.push(format!("\n{:.1} requests a second in {:.1} s", self.rate(took), took.as_secs_f64()));
        let [_, _, p99, _, max] = self.late.milliseconds();
        lines.push(format!("begun late by this machine: p99 {p99:.1} ms, max {max:.1} ms"));
        if self.not_sent > 0 {
            lines.push(format!(
                "{} requests were due and not sent: their clients waited for an answer until time was up",
                self.not_sent
            ));
        }
        // What a server gives for a reason may have line breaks of its own.
        lines.extend(self.reasons.iter().map(|(reason, count)| format!("{count} × {}", harmless(reason))));
        if self.left_behind > 0 {
            lines.push(format!("{} registrations and subscriptions are left behind", self.left_behind));
        }
        lines.join("\n")
    }

    fn tried(&self) -> impl Iterator<Item = &(&'static str, Row)> {
        self.steps.iter().filter(|(_, row)| row.count() > 0)
    }

    fn rate(&self, took: Duration) -> f64 {
        self.all.count() as f64 / took.as_secs_f64().max(f64::EPSILON)
    }
}

/// The beginning of a reason.
fn shortened(reason: &str) -> String {
    match reason.char_indices().nth(REASON) {
        Some((end, _)) => format!("{}…", &reason[..end]),
        None => reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_what_was_recorded() {
        let mut tally = Tally::new(["register", "update"].into_iter()).unwrap();
        // 1 … 1000 ms: the percentiles are known by hand.
        for ms in 1..=1000 {
            tally.add("register", &Outcome::Done, Duration::from_millis(ms));
        }
        let rows = tally.json(Duration::from_secs(10));
        let near = |name: &str, expected: f64| {
            let got = rows[0]["milliseconds"][name].as_f64().unwrap();
            assert!((got - expected).abs() <= expected / 500.0, "{name}: {got}, not {expected}");
        };
        for (name, expected) in
            [("p50", 500.0), ("p90", 900.0), ("p99", 990.0), ("p99_9", 999.0), ("max", 1000.0)]
        {
            near(name, expected);
        }
        assert_eq!(
            (&rows[1]["step"], &rows[1]["count"], &rows[1]["rate"]),
            (&json!("all"), &json!(1000), &json!(100.0))
        );
    }

    #[test]
    fn reasons_are_counted_by_step_and_are_not_without_end() {
        let mut tally = Tally::new(["register", "discover", "update"].into_iter()).unwrap();
        let refused = Outcome::Refused(403, Some("BINDING_MISMATCH".into()));
        for step in ["register", "discover", "register"] {
            tally.add(step, &refused, Duration::from_millis(1));
        }
        for n in 0..100 {
            tally.add("update", &Outcome::Failed(format!("why {n}")), Duration::from_secs(7200));
        }
        assert_eq!(tally.reasons["register: refused: 403 BINDING_MISMATCH"], 2);
        assert_eq!(tally.reasons["other reasons"], 100 - (REASONS as u64 - 2));
        assert_eq!(tally.counts(), [103, 3, 100]);
        assert!(tally.text(Duration::from_secs(1)).contains("2 × register: refused: 403 BINDING_MISMATCH"));
        // One that is known is counted still, without a cause too.
        let mut tally = Tally::new(["update"].into_iter()).unwrap();
        for n in 0..REASONS * 2 {
            tally.add("update", &Outcome::Refused(403, None), Duration::ZERO);
            tally.add("update", &Outcome::Failed(format!("why {n}")), Duration::ZERO);
        }
        assert_eq!(tally.reasons["update: refused: 403"], 2 * REASONS as u64);
    }

    #[test]
    fn a_server_s_reasons_are_short_lines_that_steer_nothing() {
        let mut tally = Tally::new(["register"].into_iter()).unwrap();
        let cause = format!("\u{1b}[31m\u{9b}\n1 × nothing{}", "€".repeat(1000));
        tally.add("register", &Outcome::Refused(403, Some(cause)), Duration::ZERO);
        let (text, json) = (tally.text(Duration::from_secs(1)), tally.json(Duration::from_secs(1)));
        let line = text.lines().last().expect("a line");
        assert!(line.starts_with(r"1 × register: refused: 403 \u001b[31m\u009b\u000a1 × nothing€"), "{line}");
        assert!(line.ends_with("€…") && line.chars().count() < 250, "{line}");
        assert!(json[1]["reasons"].to_string().len() < 1000);
    }
}

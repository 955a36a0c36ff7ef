//! The story as it is printed, and its end.

use super::lived::Lived;
use super::observed::Observed;
use super::step::Step;
use super::witnesses::Witness;
use crate::cli::Output;
use crate::cli::failure::Failure;
use serde_json::{Map, Value, json};

/// A step as it is printed.
struct Told<'a> {
    what: String,
    expected: String,
    got: String,
    /// The identity that the server behind the filter saw.
    seen: Option<&'a Value>,
}

/// All that came of the story so far.
#[derive(Default)]
pub(super) struct PlayResult {
    steps: Vec<Value>,
    witnesses: Map<String, Value>,
    as_told: usize,
    not_as_told: usize,
}

impl PlayResult {
    /// The head of a table.
    pub(super) fn open(&self, title: &str, output: Output) -> Result<(), Failure> {
        if output.json {
            return Ok(());
        }
        output.line(row(" ", title, "expected", "got"))
    }

    /// A step of a client's life and what came of it.
    pub(super) fn lived(
        &mut self,
        lived: &Lived,
        faults: Vec<String>,
        output: Output,
    ) -> Result<(), Failure> {
        let told = Told {
            what: lived.what(),
            expected: lived.expected_text(),
            got: lived.text(),
            seen: lived.seen(),
        };
        let notes = lived.report.notes.iter().map(|note| format!("    {note}"));
        self.tell(told, notes.collect(), faults, output)
    }

    /// A step and what came of it; faults follow in lines of their own.
    pub(super) fn add(
        &mut self,
        step: &Step,
        observed: &Observed,
        faults: Vec<String>,
        output: Output,
    ) -> Result<(), Failure> {
        let told = Told {
            what: step.what.to_owned(),
            expected: step.expected.text(),
            got: observed.text(),
            seen: observed.seen(),
        };
        self.tell(told, Vec::new(), faults, output)
    }

    /// Whatever else has been expected and got.
    pub(super) fn other(
        &mut self,
        what: &str,
        [expected, got]: [String; 2],
        faults: Vec<String>,
        output: Output,
    ) -> Result<(), Failure> {
        self.tell(Told { what: what.to_owned(), expected, got, seen: None }, Vec::new(), faults, output)
    }

    fn tell(
        &mut self,
        told: Told<'_>,
        notes: Vec<String>,
        faults: Vec<String>,
        output: Output,
    ) -> Result<(), Failure> {
        let ok = self.count(&faults);
        let Told { what, expected, got, seen } = told;
        if !output.json {
            output.line(row(mark(ok), &what, &expected, &got))?;
            notes.iter().try_for_each(|note| output.line(note))?;
            if let Some(seen) = seen {
                output.line(format_args!("    the server saw {}", pairs(seen)))?;
            }
            print_faults(&faults, output)?;
        }
        self.steps.push(json!({
            "request": what, "expected": expected, "got": got, "seen": seen, "ok": ok, "faults": faults,
        }));
        Ok(())
    }

    /// What Envoy recorded.
    pub(super) fn witness(&mut self, title: &str, witness: Witness, output: Output) -> Result<(), Failure> {
        let Witness { lines, faults } = witness;
        let ok = self.count(&faults);
        if !output.json {
            output.line(format_args!("\n{} {title}", mark(ok)))?;
            for line in &lines {
                output.line(format_args!("    {line}"))?;
            }
            print_faults(&faults, output)?;
        }
        self.witnesses.insert(title.to_owned(), json!({"lines": lines, "ok": ok, "faults": faults}));
        Ok(())
    }

    /// The last line, or the whole story for machines.
    pub(super) fn print_end(&self, output: Output) -> Result<(), Failure> {
        if output.json {
            let ok = self.is_as_told();
            return output.line(json!({"ok": ok, "steps": self.steps, "witnesses": self.witnesses}));
        }
        match self.not_as_told {
            0 => output.line(format_args!("\n✓ all {} as told", self.as_told)),
            not => output.line(format_args!("\n✗ {not} not as told, {} as told", self.as_told)),
        }
    }

    /// Whether everything went as told, and something did.
    pub(super) fn is_as_told(&self) -> bool {
        self.not_as_told == 0 && self.as_told > 0
    }

    fn count(&mut self, faults: &[String]) -> bool {
        let counter = if faults.is_empty() { &mut self.as_told } else { &mut self.not_as_told };
        *counter = counter.saturating_add(1);
        faults.is_empty()
    }
}

fn row(mark: &str, what: &str, expected: &str, got: &str) -> String {
    format!("{mark} {what:<52} {expected:<24} {got}")
}

fn mark(ok: bool) -> &'static str {
    if ok { "✓" } else { "✗" }
}

fn print_faults(faults: &[String], output: Output) -> Result<(), Failure> {
    faults.iter().try_for_each(|fault| output.line(format_args!("  ✗ {fault}")))
}

/// `name: value` pairs of an object of strings.
fn pairs(object: &Value) -> String {
    let members = object.as_object().into_iter().flatten();
    let pairs: Vec<_> =
        members.map(|(name, value)| format!("{name}: {}", value.as_str().unwrap_or("?"))).collect();
    if pairs.is_empty() { "no identity".to_owned() } else { pairs.join(", ") }
}

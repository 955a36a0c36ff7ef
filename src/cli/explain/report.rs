//! What `explain` found, for people and for machines: the trace of the walk, and what it came to.

use crate::cli::failure::Failure;
use crate::cli::{Exit, Output};
use eec_authn::decision::Ending;
use eec_authn::exchange::rehearsal::Decision;
use eec_authn::explanation::{Explanation, Shown};

/// A walk, ready to be printed.
pub(super) struct Report {
    explanation: Explanation,
    /// Variables with secrets that are not there, so that no seal fits.
    unknown_secrets: Vec<String>,
}

impl Report {
    pub(super) fn new(explanation: Explanation, unknown_secrets: Vec<String>) -> Report {
        Report { explanation, unknown_secrets }
    }

    /// Prints it, and says how the verb ends.
    pub(super) fn print(&self, output: Output) -> Result<Exit, Failure> {
        if output.json {
            output.line(self.explanation.to_json(&self.unknown_secrets))?
        } else {
            self.for_people(output)?
        }
        Ok(match self.explanation.decision() {
            Decision::Denied(..) | Decision::Recorded(_) => Exit::Denied,
            Decision::Undecided => Exit::Undecided,
            Decision::Allowed | Decision::Passed => Exit::Fine,
        })
    }

    fn for_people(&self, output: Output) -> Result<(), Failure> {
        for (check, ending, note) in self.explanation.endings() {
            let state = ending.state();
            let words = match (ending, ending.code(), note) {
                (Shown::Decided(Ending::Passed), _, Some(note)) => note.found.clone(),
                (_, Some(code), Some(note)) => {
                    format!("{} (expected: {}; {state}: {code})", note.found, note.expected)
                }
                (_, Some(code), None) => format!("{state}: {code}"),
                (_, None, _) => state.to_owned(),
            };
            output.line(format_args!("{} {:<26} {words}", mark(ending), check.name()))?;
        }
        output.line(format_args!("\n{}", self.explanation.verdict()))?;
        if let Some(denial) = self.explanation.denial() {
            output.line(format_args!("because {}", denial.explained()))?;
        }
        if let Some(reply) = self.explanation.reply() {
            output.line(format_args!("\nHTTP {}", reply.status))?;
            for (name, value) in &reply.headers {
                output.line(format_args!("{name}: {value}"))?;
            }
            output.line(format_args!("\n{}", reply.body))?;
        }
        if let Some(path) = self.explanation.upstream_path() {
            output.line(format_args!(":path: {path}"))?;
        }
        for (name, value) in self.explanation.identity() {
            output.line(format_args!("{name}: {value}"))?;
        }
        if !self.unknown_secrets.is_empty() {
            let names = self.unknown_secrets.join(", ");
            output.line(format_args!("not in the environment, so that no seal is known: {names}"))?;
        }
        if let Some((denial, note)) = self.explanation.recorded() {
            output.line(format_args!("{note}: {}, because {}", denial.reason.code(), denial.explained()))?;
        }
        Ok(())
    }
}

fn mark(shown: Shown) -> char {
    match shown {
        Shown::Decided(Ending::Passed) => '✓',
        Shown::Decided(Ending::Failed(_)) => '✗',
        Shown::Decided(Ending::NotReached | Ending::DoesNotApply) => '·',
        Shown::Recorded(_) => '!',
    }
}

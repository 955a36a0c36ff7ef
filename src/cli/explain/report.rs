//! What `explain` found, for people and for machines: the trace of the walk, and what it came to.

use crate::cli::failure::Failure;
use crate::cli::{Exit, Output};
use eec_authn::decision::{Check, Denial, DenyReason, Ending, Note};
use eec_authn::exchange::rehearsal::{Decision, Outcome};
use eec_authn::reply::Reply;
use serde_json::{Map, Value, json};

const WHOLE: &str = "the filter is in shadow mode: the request would go on, and this would be recorded";
const RULE: &str = "the rule is in shadow mode: the request would go on, and this would be recorded";

/// A walk, ready to be printed.
pub(super) struct Report {
    outcome: Outcome,
    /// Variables with secrets that are not there, so that no seal fits.
    unknown_secrets: Vec<String>,
}

impl Report {
    pub(super) fn new(outcome: Outcome, unknown_secrets: Vec<String>) -> Report {
        Report { outcome, unknown_secrets }
    }

    /// Prints it, and says how the verb ends.
    pub(super) fn print(&self, output: Output) -> Result<Exit, Failure> {
        if output.json {
            output.line(self.for_machines())?
        } else {
            self.for_people(output)?
        }
        Ok(match self.outcome.decision {
            Decision::Denied(..) | Decision::Recorded(_) => Exit::Denied,
            Decision::Undecided => Exit::Undecided,
            Decision::Allowed | Decision::Passed => Exit::Fine,
        })
    }

    /// Every check in order, how it ended, and what it compared.
    fn endings(&self) -> Vec<(Check, Shown, Option<&Note>)> {
        let recorded = self.outcome.noted.as_ref().map(|denial| denial.reason);
        let endings = self.outcome.trace.endings(self.outcome.denial()).into_iter();
        let shown = |(check, ending, note)| match recorded {
            Some(reason) if reason.check() == check && ending == Ending::Passed => {
                (check, Shown::Recorded(reason), note)
            }
            _ => (check, Shown::Decided(ending), note),
        };
        endings.map(shown).collect()
    }

    fn verdict(&self) -> String {
        match &self.outcome.decision {
            Decision::Denied(denial, _) | Decision::Recorded(denial) => {
                format!("denied: {}", denial.reason.code())
            }
            Decision::Passed => "passes without a token".into(),
            Decision::Undecided if self.outcome.is_unanswered => {
                "undecided: it depends on what the entitlement server answers; give that by --answer".into()
            }
            Decision::Undecided => "undecided: all but its body would do; give that by --body".into(),
            Decision::Allowed => "allowed".into(),
        }
    }

    fn reply(&self) -> Option<&Reply> {
        match &self.outcome.decision {
            Decision::Denied(_, reply) => Some(reply),
            _ => None,
        }
    }

    /// What is only recorded, and why the request goes on.
    fn recorded(&self) -> Option<(&Denial, &'static str)> {
        match &self.outcome.decision {
            Decision::Recorded(denial) => Some((denial, WHOLE)),
            _ => self.outcome.noted.as_ref().map(|denial| (denial, RULE)),
        }
    }

    fn identity(&self) -> impl Iterator<Item = (&str, &str)> {
        self.outcome.identity.iter().flat_map(|token| token.identity_headers())
    }

    /// The path that the upstream gets instead of the client's.
    fn upstream_path(&self) -> Option<String> {
        self.outcome.target.as_ref().map(|target| String::from_utf8_lossy(target).into_owned())
    }

    fn for_machines(&self) -> Value {
        let endings = self.endings();
        let checks: Vec<Value> = endings
            .iter()
            .map(|(check, ending, note)| {
                json!({
                    "check": check.name(), "clause": check.clause(), "state": ending.state(), "code": ending.code(),
                    "expected": note.map(|note| &note.expected), "found": note.map(|note| &note.found),
                })
            })
            .collect();
        let reply = self.reply().map(|reply| {
            let mut headers: Map<String, Value> = Map::new();
            for (name, value) in &reply.headers {
                // A field that is there twice is one list (RFC 9110, section 5.3).
                let before = headers.get(*name).and_then(Value::as_str).map(|before| format!("{before}, "));
                headers.insert((*name).to_owned(), json!(before.unwrap_or_default() + value));
            }
            let body: Value = serde_json::from_str(&reply.body).unwrap_or_default();
            json!({"status": reply.status, "headers": headers, "body": body})
        });
        let identity: Map<String, Value> =
            self.identity().map(|(name, value)| (name.to_owned(), json!(value))).collect();
        let shadow = self.recorded().map(
            |(denial, note)| json!({"code": denial.reason.code(), "because": denial.because, "note": note}),
        );
        json!({
            "checks": checks, "decision": self.verdict(),
            "because": self.outcome.denial().map(|denial| denial.because),
            "reply": reply, "identity_headers": identity, "shadow": shadow,
            "upstream_path": self.upstream_path(), "unknown_secrets": self.unknown_secrets,
        })
    }

    fn for_people(&self, output: Output) -> Result<(), Failure> {
        for (check, ending, note) in self.endings() {
            let state = ending.state();
            let words = match (ending, ending.code(), note) {
                (Shown::Decided(Ending::Passed), _, Some(note)) => note.found.clone(),
                (_, Some(code), Some(note)) => {
                    format!("{} (expected: {}; {state}: {code})", note.found, note.expected)
                }
                (_, Some(code), None) => format!("{state}: {code}"),
                (_, None, _) => state.to_owned(),
            };
            output.line(format_args!("{} {:<26} {words}", ending.mark(), check.name()))?;
        }
        output.line(format_args!("\n{}", self.verdict()))?;
        if let Some(denial) = self.outcome.denial() {
            output.line(format_args!("because {}", denial.because))?;
        }
        if let Some(reply) = self.reply() {
            output.line(format_args!("\nHTTP {}", reply.status))?;
            for (name, value) in &reply.headers {
                output.line(format_args!("{name}: {value}"))?;
            }
            output.line(format_args!("\n{}", reply.body))?;
        }
        if let Some(path) = self.upstream_path() {
            output.line(format_args!(":path: {path}"))?;
        }
        for (name, value) in self.identity() {
            output.line(format_args!("{name}: {value}"))?;
        }
        if !self.unknown_secrets.is_empty() {
            let names = self.unknown_secrets.join(", ");
            output.line(format_args!("not in the environment, so that no seal is known: {names}"))?;
        }
        if let Some((denial, note)) = self.recorded() {
            output.line(format_args!("{note}: {}, because {}", denial.reason.code(), denial.because))?;
        }
        Ok(())
    }
}

/// How a check ended, and whether that was only recorded.
#[derive(Clone, Copy)]
enum Shown {
    Decided(Ending),
    /// It failed, and a rule in shadow mode lets the request go on.
    Recorded(DenyReason),
}

impl Shown {
    fn state(self) -> &'static str {
        match self {
            Shown::Decided(Ending::Passed) => "passed",
            Shown::Decided(Ending::Failed(_)) => "failed",
            Shown::Decided(Ending::NotReached) => "not reached",
            Shown::Decided(Ending::DoesNotApply) => "does not apply",
            Shown::Recorded(_) => "recorded",
        }
    }

    /// The code that it denies with, or would.
    fn code(self) -> Option<&'static str> {
        match self {
            Shown::Decided(Ending::Failed(reason)) | Shown::Recorded(reason) => Some(reason.code()),
            Shown::Decided(Ending::Passed | Ending::NotReached | Ending::DoesNotApply) => None,
        }
    }

    fn mark(self) -> char {
        match self {
            Shown::Decided(Ending::Passed) => '✓',
            Shown::Decided(Ending::Failed(_)) => '✗',
            Shown::Decided(Ending::NotReached | Ending::DoesNotApply) => '·',
            Shown::Recorded(_) => '!',
        }
    }
}

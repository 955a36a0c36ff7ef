//! What a run ends with: a table, JSON, JUnit.

use super::kit::Kit;
use super::operations::Role;
use super::verdict::{NAMES, Outcome, Verdict};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The outcomes of a run, and what belongs to all of them.
pub(super) struct Report<'a> {
    pub(super) kit: &'a Kit,
    pub(super) target: &'a str,
    pub(super) outcomes: Vec<Outcome<'a>>,
    /// What was made and could not be taken away.
    pub(super) left_behind: Vec<String>,
}

impl Role {
    /// As the options have it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Role::Ees => "ees",
            Role::Ecs => "ecs",
        }
    }
}

impl Report<'_> {
    /// How many cases had each verdict, in the order of [`NAMES`].
    pub(super) fn counts(&self) -> [usize; 4] {
        let mut counts = [0; 4];
        for outcome in &self.outcomes {
            counts[outcome.verdict.place()] += 1;
        }
        counts
    }

    /// One line a case, why where it is not held, and the sum.
    pub(super) fn table(&self) -> String {
        let mut text = String::new();
        let width = self.outcomes.iter().map(|outcome| outcome.case.id.len()).max().unwrap_or_default();
        let mut group = "";
        for outcome in &self.outcomes {
            if outcome.group != group {
                group = outcome.group;
                let _ = writeln!(text, "{}{group}", if text.is_empty() { "" } else { "\n" });
            }
            let case = outcome.case;
            let _ = writeln!(
                text,
                "  {:<20}{:<width$}  {} -> {}",
                outcome.verdict.name(),
                case.id,
                case.title,
                case.want.name()
            );
            if let Some(why) = outcome.verdict.why() {
                let _ = writeln!(text, "  {:<20}{why} ({})", "", case.clause);
            }
        }
        let counts = self.counts().into_iter().zip(NAMES);
        let counts: Vec<String> = counts.map(|(count, name)| format!("{count} {name}")).collect();
        let _ = write!(text, "\n{} cases: {}", self.outcomes.len(), counts.join(", "));
        for path in &self.left_behind {
            let _ = write!(text, "\nleft behind on the target, since it could not be deleted: {path}");
        }
        text
    }

    /// Everything, for machines.
    pub(super) fn json(&self) -> Value {
        let [held, failed, not_applicable, not_judged] = self.counts();
        let cases: Vec<Value> = self
            .outcomes
            .iter()
            .map(|outcome| {
                let case = outcome.case;
                json!({
                    "id": case.id, "group": outcome.group, "title": case.title, "clause": case.clause,
                    "want": case.want.name(), "verdict": outcome.verdict.name(), "why": outcome.verdict.why(),
                    "status": outcome.status,
                })
            })
            .collect();
        json!({
            "target": self.target, "role": self.kit.role.name(), "good_request": self.kit.good_operation().listed(),
            "held": held, "failed": failed, "not_applicable": not_applicable, "could_not_be_judged": not_judged,
            "left_behind": self.left_behind, "cases": cases,
        })
    }

    /// JUnit's XML: a test suite a group; what could not be judged is an error, what does not apply is skipped.
    pub(super) fn junit(&self) -> String {
        let mut text = String::from(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"eec-authn conformance\">\n",
        );
        for suite in self.outcomes.chunk_by(|a, b| a.group == b.group) {
            let count =
                |place: usize| suite.iter().filter(|outcome| outcome.verdict.place() == place).count();
            let _ = writeln!(
                text,
                "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\" errors=\"{}\">",
                xml(suite[0].group),
                suite.len(),
                count(1),
                count(2),
                count(3)
            );
            for outcome in suite {
                let case = outcome.case;
                let name =
                    xml(&format!("{} {} -> {} ({})", case.id, case.title, case.want.name(), case.clause));
                let inner = match &outcome.verdict {
                    Verdict::Held => String::new(),
                    Verdict::Failed(why) => format!("<failure message=\"{}\"/>", xml(why)),
                    Verdict::NotApplicable(why) => format!("<skipped message=\"{}\"/>", xml(why)),
                    Verdict::NotJudged(why) => format!("<error message=\"{}\"/>", xml(why)),
                };
                let _ = writeln!(
                    text,
                    "    <testcase classname=\"conformance\" name=\"{name}\">{inner}</testcase>"
                );
            }
            text.push_str("  </testsuite>\n");
        }
        text.push_str("</testsuites>\n");
        text
    }
}

/// Text within an attribute of XML 1.0, which has no control characters.
fn xml(text: &str) -> String {
    let mut safe = String::new();
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            c if c.is_control() => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

//! What a walk notes about its checks where somebody wants to see it.

#[cfg(not(target_os = "wasi"))]
use super::Denial;
use super::DenyReason;
use super::check::Check;

/// What one check wanted and had, in words for people. Never a token, a signature or a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The check.
    pub check: Check,
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub found: String,
}

/// What an operation is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationName {
    /// The API, as in `{apiRoot}/{api}/v1`.
    pub api: &'static str,
    /// The method.
    pub method: &'static str,
    /// The rest of the path, with `{id}` for whatever is one segment.
    pub resource: &'static str,
}

/// What has been noted.
#[derive(Debug, Default)]
struct Notes {
    of_checks: Vec<Note>,
    operation: Option<OperationName>,
}

/// The notes of one walk; nothing is noted, and no word is made, unless it was asked for. A proxy never asks: in its
/// module there is no place for notes, and what makes the words is left out.
#[derive(Debug, Default)]
pub struct Trace {
    #[cfg(not(target_os = "wasi"))]
    notes: Option<Notes>,
}

#[cfg(target_os = "wasi")]
const _: () = assert!(size_of::<Trace>() == 0, "a trace costs a proxy nothing");

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It held.
    Passed,
    /// It made the decision, with this code.
    Failed(DenyReason),
    /// An earlier one had decided already.
    NotReached,
    /// It means nothing for this request.
    DoesNotApply,
}

impl Trace {
    /// A trace that notes nothing.
    pub fn off() -> Trace {
        Trace::default()
    }

    /// A trace for somebody who wants to see the walk.
    #[cfg(not(target_os = "wasi"))]
    pub fn on() -> Trace {
        Trace { notes: Some(Notes::default()) }
    }

    #[cfg(not(target_os = "wasi"))]
    fn notes(&mut self) -> Option<&mut Notes> {
        self.notes.as_mut()
    }

    #[cfg(target_os = "wasi")]
    fn notes(&mut self) -> Option<&mut Notes> {
        None
    }

    /// Notes what a check is about to compare.
    pub fn note(&mut self, check: Check, words: impl FnOnce() -> (String, String)) {
        if let Some(notes) = self.notes() {
            let (expected, found) = words();
            notes.of_checks.push(Note { check, expected, found });
        }
    }

    /// Notes which built-in operation the request is, whatever becomes of it.
    pub fn note_operation(&mut self, operation: impl FnOnce() -> Option<OperationName>) {
        if let Some(notes) = self.notes() {
            notes.operation = operation();
        }
    }

    /// The built-in operation that the walk has found; none either where it came to no look.
    #[cfg(not(target_os = "wasi"))]
    pub fn operation(&self) -> Option<OperationName> {
        self.notes.as_ref()?.operation
    }

    /// Every check in order, how it ended, and what it noted; `denial` is what the walk came to.
    #[cfg(not(target_os = "wasi"))]
    pub fn endings(&self, denial: Option<&Denial>) -> Vec<(Check, Ending, Option<&Note>)> {
        let notes = self.notes.as_ref().map_or(&[][..], |notes| &notes.of_checks);
        let failed = denial.map(|denial| (denial.reason.check(), denial.reason));
        let ending = |check: Check| {
            // The last word counts: an answer is held against the same claims as the token.
            let note = notes.iter().rev().find(|note| note.check == check);
            let ending = match (failed, note) {
                (Some((at, reason)), _) if at == check => Ending::Failed(reason),
                (Some((at, _)), _) if at < check => Ending::NotReached,
                (_, Some(_)) => Ending::Passed,
                (_, None) => Ending::DoesNotApply,
            };
            (check, ending, note)
        };
        Check::ALL.iter().map(|check| ending(*check)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(trace: &Trace, denial: Option<DenyReason>, checks: [Check; 4]) -> [Ending; 4] {
        let denial = denial.map(|reason| Denial::new(reason, "because"));
        let all = trace.endings(denial.as_ref());
        checks.map(|check| all.iter().find(|(other, ..)| *other == check).expect("every check").1)
    }

    #[test]
    fn what_was_noted_has_passed_up_to_the_one_that_decided_and_nothing_after_it() {
        let checks = [Check::Path, Check::Route, Check::Host, Check::Body];
        let mut trace = Trace::on();
        for check in [Check::Path, Check::Host, Check::Body] {
            trace.note(check, || ("expected".into(), "found".into()));
        }
        let [passed, not_reached, does_not_apply] =
            [Ending::Passed, Ending::NotReached, Ending::DoesNotApply];
        assert_eq!(ends(&trace, None, checks), [passed, does_not_apply, passed, passed]);
        // What comes after the decision is not reached, noted or not.
        let failed = Ending::Failed(DenyReason::HostMismatch);
        let denial = Some(DenyReason::HostMismatch);
        assert_eq!(ends(&trace, denial, checks), [passed, does_not_apply, failed, not_reached]);
        assert_eq!(ends(&Trace::on(), denial, checks)[3], not_reached);
    }

    #[test]
    fn the_last_note_of_a_check_counts_and_nothing_is_worded_unasked() {
        let mut trace = Trace::on();
        for found in ["first", "last"] {
            trace.note(Check::Path, || ("expected".into(), found.into()));
        }
        let all = trace.endings(None);
        let note = all.iter().find_map(|(check, _, note)| note.filter(|_| *check == Check::Path));
        assert_eq!(note.map(|note| note.found.as_str()), Some("last"));
        Trace::off().note(Check::Path, || unreachable!("nobody asks"));
    }
}

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

/// The notes of one walk; nothing is noted, and no word is made, unless it was asked for. A proxy never asks: in its
/// module there is no place for notes, and what makes the words is left out.
#[derive(Debug, Default)]
pub struct Trace {
    #[cfg(not(target_os = "wasi"))]
    notes: Option<Vec<Note>>,
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
        Trace { notes: Some(Vec::new()) }
    }

    #[cfg(not(target_os = "wasi"))]
    fn notes(&mut self) -> Option<&mut Vec<Note>> {
        self.notes.as_mut()
    }

    #[cfg(target_os = "wasi")]
    fn notes(&mut self) -> Option<&mut Vec<Note>> {
        None
    }

    /// Notes what a check is about to compare.
    pub fn note(&mut self, check: Check, words: impl FnOnce() -> (String, String)) {
        if let Some(notes) = self.notes() {
            let (expected, found) = words();
            notes.push(Note { check, expected, found });
        }
    }

    /// Every check in order, how it ended, and what it noted; `denial` is what the walk came to.
    #[cfg(not(target_os = "wasi"))]
    pub fn endings(&self, denial: Option<&Denial>) -> Vec<(Check, Ending, Option<&Note>)> {
        let notes = self.notes.as_deref().unwrap_or_default();
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

//! What a walk notes about its checks where somebody wants to see it.

use super::check::Check;
use super::{Denial, DenyReason};

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

/// The notes of one walk; nothing is noted, and no word is made, unless it was asked for.
#[derive(Debug, Default)]
pub struct Trace(Option<Vec<Note>>);

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
        Trace(None)
    }

    /// A trace for somebody who wants to see the walk.
    pub fn on() -> Trace {
        Trace(Some(Vec::new()))
    }

    /// Notes what a check is about to compare. A proxy never asks for it: what makes the words is not in its module.
    pub fn note(&mut self, check: Check, words: impl FnOnce() -> (String, String)) {
        if !cfg!(target_os = "wasi")
            && let Some(notes) = &mut self.0
        {
            let (expected, found) = words();
            notes.push(Note { check, expected, found });
        }
    }

    /// Every check in order, how it ended, and what it noted; `denial` is what the walk came to.
    pub fn endings(&self, denial: Option<&Denial>) -> Vec<(Check, Ending, Option<&Note>)> {
        let notes = self.0.as_deref().unwrap_or_default();
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

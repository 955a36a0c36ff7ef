//! The outage that holds, and how many questions were asked.

use super::fault::Fault;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The order that holds, and how much has been asked.
#[derive(Default)]
pub(super) struct Faults(Mutex<Book>);

#[derive(Default)]
struct Book {
    fault: Option<Fault>,
    questions: u64,
}

impl Faults {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Orders a fault in place of the one before, or ends it.
    pub(super) fn order(&self, fault: Option<Fault>) {
        self.book().fault = fault;
    }

    /// The fault that holds, and the number of questions since the start.
    pub(super) fn stand(&self) -> (Option<Fault>, u64) {
        let book = self.book();
        (book.fault.clone(), book.questions)
    }

    /// Counts a question, and takes the fault that hits it.
    pub(super) fn next(&self, method: &str) -> Option<Fault> {
        let mut book = self.book();
        book.questions = book.questions.saturating_add(1);
        let fault = book.fault.as_mut()?;
        if fault.method.as_ref().is_some_and(|only| only != method) {
            return None;
        }
        let hit = fault.clone();
        if let Some(times) = &mut fault.times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                book.fault = None;
            }
        }
        Some(hit)
    }
}

//! One log line for a denial, at a limited rate: a flood of bad requests must not become a flood of lines.

use super::hostcalls::{self, Level};
use crate::decision::{Denial, Hint};
use std::cell::Cell;

/// Lines a second and worker.
const MAX_LINES: u32 = 10;

const SECOND: u64 = 1_000_000_000;

/// How much of this second's room is taken.
#[derive(Default)]
pub(super) struct DenialLog {
    second: Cell<u64>,
    lines: Cell<u32>,
    left_out: Cell<u64>,
}

impl DenialLog {
    /// Writes why a request was, or would have been, refused. A [`Denial`] names no token, claim or key.
    pub(super) fn write(&self, verdict: &str, denial: &Denial) {
        let second = hostcalls::now().unwrap_or_default().checked_div(SECOND).unwrap_or_default();
        if self.second.replace(second) != second {
            self.lines.set(0);
            let left_out = self.left_out.take();
            if left_out > 0 {
                hostcalls::log(Level::Info, &format!("{left_out} more denials were not logged"));
            }
        }
        if self.lines.get() >= MAX_LINES {
            self.left_out.set(self.left_out.get().saturating_add(1));
            return;
        }
        self.lines.set(self.lines.get().saturating_add(1));
        let place = match &denial.hint {
            Hint::Member(pointer) => format!(" at {pointer}"),
            Hint::None | Hint::Accept { .. } => String::new(),
        };
        let line = format!("{verdict} {}: {}{place}", denial.reason.code(), denial.because);
        hostcalls::log(Level::Info, &line);
    }
}

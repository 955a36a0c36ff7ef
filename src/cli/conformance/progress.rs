//! How far a run is, for whoever watches it in a terminal.

use std::io::{IsTerminal, Write};

/// One line on standard error that is written over again and again.
pub(super) struct Progress {
    done: usize,
    all: usize,
    shown: bool,
}

impl Progress {
    /// For so many cases; shown in a terminal only.
    pub(super) fn new(all: usize) -> Progress {
        Progress { done: 0, all, shown: std::io::stderr().is_terminal() }
    }

    /// The next case.
    pub(super) fn at(&mut self, id: &str) {
        self.done += 1;
        if self.shown {
            // Nobody is left to tell if a terminal cannot be written to.
            let _ = write!(std::io::stderr(), "\r\x1b[K{}/{} {id}", self.done, self.all);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

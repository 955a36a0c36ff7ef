//! Collects what went wrong in a table of cases, so that one run shows all of it.

use std::fmt::Debug;

/// Disagreements found so far; dropping it without [`Problems::finish`] fails too.
#[derive(Default)]
pub struct Problems {
    found: Vec<String>,
    checks: usize,
    finished: bool,
}

impl Problems {
    /// Nothing found yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// `got` must be `want`.
    pub fn equal<T: PartialEq + Debug>(&mut self, case: &str, what: &str, got: T, want: T) {
        self.checks += 1;
        if got != want {
            self.found.push(format!("{case}: {what} is {got:?}, should be {want:?}"));
        }
    }

    /// `holds` must hold; `what` says in words what does not.
    pub fn check(&mut self, case: &str, holds: bool, what: impl FnOnce() -> String) {
        self.checks += 1;
        if !holds {
            self.found.push(format!("{case}: {}", what()));
        }
    }

    /// Something that has no value to compare.
    pub fn add(&mut self, case: &str, what: impl AsRef<str>) {
        self.check(case, false, || what.as_ref().to_owned());
    }

    /// Panics with the whole list; also if nothing was checked at all.
    pub fn finish(mut self) {
        self.finished = true;
        assert!(self.checks > 0, "no case was checked");
        let n = self.found.len();
        assert!(n == 0, "{n} of {} checks failed:\n  {}", self.checks, self.found.join("\n  "));
    }
}

impl Drop for Problems {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.finished, "the list of problems was never looked at");
        } else if !self.finished {
            eprintln!("problems until then:\n  {}", self.found.join("\n  "));
        }
    }
}

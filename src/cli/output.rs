//! How results are printed, and what goes beside them.

use super::failure::Failure;
use std::fmt;
use std::io::Write;

/// What every verb can be told about its output.
#[derive(clap::Args, Clone, Copy)]
pub(crate) struct Output {
    /// Print results as JSON, for machines.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

impl Output {
    /// Prints one line and flushes it. `println!` would panic where the reader has gone, and leave things running.
    pub(crate) fn line(self, text: impl fmt::Display) -> Result<(), Failure> {
        let mut stdout = std::io::stdout().lock();
        writeln!(stdout, "{text}").and_then(|()| stdout.flush()).map_err(Failure::because("cannot print"))
    }

    /// A line on standard error about what goes on all the same.
    pub(crate) fn warn(self, text: impl fmt::Display) {
        complain(format_args!("warning: {text}"));
    }
}

/// A line on standard error. Nobody is left to tell if that is gone; `eprintln!` would panic.
pub(crate) fn complain(text: impl fmt::Display) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

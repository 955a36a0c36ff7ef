//! How results are printed.

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
}

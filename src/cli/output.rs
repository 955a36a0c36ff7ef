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
    /// Prints one line, or one JSON value, and flushes it. Line breaks before it are kept; what is within is made harmless.
    pub(crate) fn line(self, text: impl fmt::Display) -> Result<(), Failure> {
        let text = text.to_string();
        let line = text.trim_start_matches('\n');
        let breaks = &text[..text.len() - line.len()];
        self.document(format_args!("{breaks}{}", harmless(line)))
    }

    /// Prints several lines: where nobody else has a say in the line breaks.
    pub(crate) fn lines(self, text: impl fmt::Display) -> Result<(), Failure> {
        self.document(all_harmless(&text.to_string()))
    }

    /// Prints what another program reads, as it is. `println!` would panic where the reader has gone, and leave things running.
    pub(crate) fn document(self, text: impl fmt::Display) -> Result<(), Failure> {
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
    let _ = writeln!(std::io::stderr().lock(), "{}", harmless(&text.to_string()));
}

/// A line as it may be shown: tokens, configurations and servers may hold what steers a terminal, or what has a line read in another
/// order than it was written. Such characters are escaped as JSON does, which within JSON changes nothing that is said.
pub(crate) fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_harmful(c) {
            shown.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            shown.push(c);
        }
    }
    shown
}

fn all_harmless(text: &str) -> String {
    text.split('\n').map(harmless).collect::<Vec<_>>().join("\n")
}

/// Control characters, what separates lines, and what sets the direction of writing (Unicode Standard Annex 9); all of them are in the
/// basic plane.
fn is_harmful(c: char) -> bool {
    let directs =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || directs || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_is_shown() {
        let bad = "a\u{1b}[2J\u{7f}\u{9b}\n\r\t\u{202e}b\u{2066}\u{2069}\u{200f}\u{61c}\u{2028}é€😀";
        assert_eq!(
            harmless(bad),
            r"a\u001b[2J\u007f\u009b\u000a\u000d\u0009\u202eb\u2066\u2069\u200f\u061c\u2028é€😀"
        );
        assert_eq!(all_harmless("a\n\nb\u{9b}\n"), "a\n\nb\\u009b\n");
        // In JSON it is the same string as before.
        let json = serde_json::json!({"kid": bad}).to_string();
        let read: serde_json::Value = serde_json::from_str(&harmless(&json)).expect("JSON still");
        assert_eq!(read["kid"], bad);
    }
}

//! A file of `envoy/` as it is shipped, with what is different on a test machine put in its place.

use crate::support::find;
use std::fs;

/// The text of a file below the package's root.
pub fn read(path: &str) -> String {
    let full = find::root().join(path);
    fs::read_to_string(&full).unwrap_or_else(|e| panic!("{}: {e}", full.display()))
}

/// `text` with each `from` replaced by `to`; panics where a `from` is not there, so that a test cannot drift from the
/// file that is shipped.
pub fn adapt(text: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "`{from}` is not in the shipped file");
        text.replace(from, to)
    })
}

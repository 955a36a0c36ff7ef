//! A file that is there as a whole or not at all: Envoy may read it at any moment.

use crate::cli::failure::Failure;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Writes a new file beside `path` and renames it over that, with the permissions of the one that was there.
pub(super) fn write(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let cannot = |what: &str| format!("cannot write {}: {what}", path.display());
    let Some(name) = path.file_name().filter(|_| !path.is_dir()) else {
        return Err(Failure::new(cannot("it is a directory; name a file")));
    };
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}.new", std::process::id()));
    let temporary = path.with_file_name(temporary);
    let written = into(&temporary, path, content);
    if written.is_err() {
        // It may never have been made.
        let _ = fs::remove_file(&temporary);
    }
    written.map_err(|error| Failure::new(cannot(&error.to_string())))
}

fn into(temporary: &PathBuf, path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut file: File = OpenOptions::new().write(true).create_new(true).open(temporary)?;
    if let Ok(before) = fs::metadata(path) {
        file.set_permissions(before.permissions())?;
    }
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(temporary, path)
}

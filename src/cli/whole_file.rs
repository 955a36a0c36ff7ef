//! Files that verbs write: there as a whole or not at all, since others may read them at any moment.

use super::failure::Failure;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Who may read a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Those who could read the one before it, or the usual ones.
    AsBefore,
    /// Its owner, from the beginning.
    Owner,
}

/// Writes a file that is not there yet.
pub(crate) fn create(path: &Path, content: &[u8], readers: Readers) -> Result<(), Failure> {
    let file = new_file(path, readers).map_err(|error| {
        let remedy = match error.kind() {
            _ if path.is_dir() => "; it is a directory, name a file",
            ErrorKind::AlreadyExists => "; --force overwrites it",
            _ => return cannot_make(path, &error),
        };
        cannot(path, format!("{error}{remedy}"))
    })?;
    filled(file, content).map_err(|error| {
        // Nobody needs a part of it.
        let _ = fs::remove_file(path);
        cannot(path, error)
    })
}

/// Writes a file in the place of the one that may be there, in one step. A link stays, and what it leads to is replaced. What is read by
/// a device or at the other end of a pipe goes straight there; nothing else that is no regular file is touched.
pub(crate) fn replace(path: &Path, content: &[u8], readers: Readers) -> Result<(), Failure> {
    match fs::metadata(path).map(|found| found.file_type()) {
        Ok(found) if found.is_dir() => return Err(cannot(path, "it is a directory; name a file")),
        Ok(found) if found.is_file() => {}
        Ok(found) if readers == Readers::AsBefore && (found.is_char_device() || found.is_fifo()) => {
            let device = OpenOptions::new().write(true).open(path);
            return device
                .and_then(|mut device| device.write_all(content))
                .map_err(|error| cannot(path, error));
        }
        Ok(_) => return Err(cannot(path, "it is no regular file; name one, or a new one")),
        Err(_) if path.is_symlink() => {
            return Err(cannot(path, "it is a link to nothing; name the file itself"));
        }
        // There is none, or the attempt will tell.
        Err(_) => {}
    }
    let file = if path.is_symlink() { fs::canonicalize(path) } else { Ok(path.to_owned()) };
    file.and_then(|file| renamed(&file, content, readers)).map_err(|error| cannot_make(path, &error))
}

/// Writes a new file beside `path` and renames it over that.
fn renamed(path: &Path, content: &[u8], readers: Readers) -> io::Result<()> {
    let beside = beside(path);
    let mut written = new_file(&beside, readers).and_then(|file| {
        if let (Readers::AsBefore, Ok(before)) = (readers, fs::metadata(path)) {
            file.set_permissions(before.permissions())?;
        }
        filled(file, content)
    });
    // Somebody else's file of this name is not ours to take away.
    if written.as_ref().is_err_and(|error| error.kind() == ErrorKind::AlreadyExists) {
        return written;
    }
    written = written.and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // It may never have been made.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn beside(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.new", std::process::id()));
    path.with_file_name(name)
}

fn new_file(path: &Path, readers: Readers) -> io::Result<File> {
    let mode = match readers {
        Readers::AsBefore => 0o666,
        Readers::Owner => 0o600,
    };
    OpenOptions::new().write(true).create_new(true).mode(mode).open(path)
}

fn filled(mut file: File, content: &[u8]) -> io::Result<()> {
    file.write_all(content)?;
    file.sync_all()
}

fn cannot_make(path: &Path, error: &io::Error) -> Failure {
    let remedy = if error.kind() == ErrorKind::NotFound { "; the directory must exist" } else { "" };
    cannot(path, format!("{error}{remedy}"))
}

fn cannot(path: &Path, why: impl std::fmt::Display) -> Failure {
    Failure::new(format!("cannot write {}: {why}", path.display()))
}

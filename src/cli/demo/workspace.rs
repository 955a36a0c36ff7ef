//! A directory that goes away with its value.

use crate::cli::failure::Failure;
use crate::cli::output::complain;
use crate::cli::random::random_name;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A fresh directory in the system's temporary one, for its owner only.
pub(super) struct Workspace(PathBuf);

impl Workspace {
    /// Makes it; a directory of that name must not exist yet.
    pub(super) fn new() -> Result<Workspace, Failure> {
        let path = std::env::temp_dir().join(format!("eec-authn-demo-{}", random_name()?));
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.map_err(Failure::because(format!("cannot make `{}`", path.display())))?;
        Ok(Workspace(path))
    }

    /// The path of a file in it.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file in it.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<PathBuf, Failure> {
        let path = self.file(name);
        fs::write(&path, text).map_err(Failure::because(format!("cannot write `{}`", path.display())))?;
        Ok(path)
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        let path: &Path = &self.0;
        // A process that is just being killed may still have made a file while the directory was emptied.
        for _ in 0..50 {
            if fs::remove_dir_all(path).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        complain(format_args!("warning: `{}` could not be removed", path.display()));
    }
}

//! What every platform stands on: Kubernetes' API with nothing behind it, and a registry with the filter's image.

pub mod alert;
pub mod bound;
pub mod filled;
pub mod images;
pub mod kubernetes;
pub mod load;

use crate::support::find;
use std::path::PathBuf;

/// A program of `scripts/mesh_tools.txt`.
pub fn tool(name: &str) -> PathBuf {
    let path = find::root().join(".tools/mesh/bin").join(name);
    assert!(path.is_file(), "{} is missing; run `make mesh-tools`", path.display());
    path
}

/// A file of the modules that the programs are made of.
pub fn file(name: &str) -> PathBuf {
    let path = find::root().join(".tools/mesh/files").join(name);
    assert!(path.is_file(), "{} is missing; run `make mesh-tools`", path.display());
    path
}

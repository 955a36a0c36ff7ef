//! The folder with the collections.

use std::path::PathBuf;

/// What `name` is called in the folder. What is missing fails the test: it never skips.
pub(crate) fn entry(name: &str) -> PathBuf {
    let folder = std::env::var_os("EEC_AUTHN_CORPORA").filter(|value| !value.is_empty());
    let folder = folder.expect("EEC_AUTHN_CORPORA names no folder; run `make test-corpora CORPORA=folder`");
    let path = PathBuf::from(folder).join(name);
    assert!(path.exists(), "{} is missing; is EEC_AUTHN_CORPORA the right folder?", path.display());
    path
}

//! The folders with what others have published.

use std::path::PathBuf;

/// What `name` is called in the folder with the collections.
pub(crate) fn entry(name: &str) -> PathBuf {
    let path = named("EEC_AUTHN_CORPORA").join(name);
    assert!(path.exists(), "{} is missing; is EEC_AUTHN_CORPORA the right folder?", path.display());
    path
}

/// The folder with 3GPP's OpenAPI files.
pub(crate) fn openapi() -> PathBuf {
    named("EEC_AUTHN_OPENAPI")
}

/// What is missing fails the test: it never skips.
fn named(variable: &str) -> PathBuf {
    let folder = std::env::var_os(variable).filter(|value| !value.is_empty());
    folder.map(PathBuf::from).unwrap_or_else(|| panic!("{variable} names no folder; run `make test-corpora`"))
}

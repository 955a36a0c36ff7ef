//! The page's files: inside this program where it was built with the feature `page`, or from a folder.

use crate::cli::failure::Failure;
use std::path::Path;

/// A file of the page.
pub(super) struct File {
    pub(super) name: &'static str,
    pub(super) media_type: &'static str,
    /// What it holds, where it is inside this program.
    inside: Option<&'static [u8]>,
}

/// A file of the folder that the build is told by `EEC_AUTHN_PAGE`.
#[cfg(feature = "page")]
macro_rules! inside {
    ($name:literal) => {
        Some(include_bytes!(concat!(
            env!(
                "EEC_AUTHN_PAGE",
                "the feature `page` needs the folder that `make page` has built, in EEC_AUTHN_PAGE"
            ),
            "/",
            $name
        )))
    };
}

#[cfg(not(feature = "page"))]
macro_rules! inside {
    ($name:literal) => {
        None
    };
}

macro_rules! files {
    ($($name:literal $media_type:literal,)*) => {
        /// All there is to serve.
        pub(super) static FILES: &[File] = &[$(File { name: $name, media_type: $media_type, inside: inside!($name) },)*];
    };
}

files! {
    "index.html" "text/html; charset=utf-8",
    "style.css" "text/css; charset=utf-8",
    "page.js" "text/javascript; charset=utf-8",
    "engine.js" "text/javascript; charset=utf-8",
}

/// What the files hold, in the order of [`FILES`].
pub(super) struct Files(pub(super) Vec<Vec<u8>>);

impl Files {
    /// From `folder`, or else from inside.
    pub(super) fn load(folder: Option<&Path>) -> Result<Files, Failure> {
        let load = |file: &File| match (folder, file.inside) {
            (Some(folder), _) => {
                let path = folder.join(file.name);
                std::fs::read(&path).map_err(Failure::because(format!("cannot read {}", path.display())))
            }
            (None, Some(bytes)) => Ok(bytes.to_vec()),
            (None, None) => Err(Failure::new(
                "this build has no page inside (a release has): build it by `make page`, and give its folder, `--files dist/page`",
            )),
        };
        FILES.iter().map(load).collect::<Result<_, _>>().map(Files)
    }
}

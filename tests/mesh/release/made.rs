//! A release as `make dist` and `scripts/sign.sh` make it, with a key of the test's, and its image in a registry.

use crate::cluster::tool;
use crate::fixture::registry::Registry;
use crate::harness::Run;
use crate::support::find;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The release, as it is published.
pub struct Release {
    pub registry: Registry,
    /// The files.
    pub folder: PathBuf,
    /// Where there is room for another.
    pub run: Run,
}

/// The repository of its image.
pub const IMAGE: &str = "edge/eec-authn";

impl Release {
    /// Puts it together, pushes the image and signs both.
    pub fn make(run: &Run) -> Release {
        let folder = run.folder.join("dist");
        let mut dist = Command::new("python3");
        dist.arg(find::root().join("scripts/dist.py"))
            .args([&folder, find::module()])
            .arg(format!("{}-unknown-linux-musl={}", std::env::consts::ARCH, env!("CARGO_BIN_EXE_eec-authn")))
            // There is no network here.
            .env("CARGO_NET_OFFLINE", "true");
        done(&mut dist);
        run.progress("the release is put together");
        let registry = Registry::start();
        let tag = env!("CARGO_PKG_VERSION");
        registry.copy(
            &format!("oci:{}:{tag}", folder.join("oci").display()),
            &format!("docker://{}/{IMAGE}:{tag}", registry.address),
        );
        let keys = run.folder.join("keys");
        key_pair(&keys);
        std::fs::copy(keys.join("cosign.pub"), folder.join("cosign.pub")).expect("a copy");
        let mut sign = Command::new(find::root().join("scripts/sign.sh"));
        sign.arg(&folder)
            .arg(format!("{}/{IMAGE}", registry.address))
            .env("PATH", path())
            .env("HOME", &keys)
            .env("COSIGN_KEY", keys.join("cosign.key"))
            .env("COSIGN_PASSWORD", "");
        done(&mut sign);
        run.progress("files and image are signed");
        Release { registry, folder, run: run.clone() }
    }

    /// A copy of the files, for a test to spoil.
    pub fn copy(&self, name: &str) -> PathBuf {
        let to = self.run.folder.join(name);
        done(Command::new("cp").arg("-r").arg(&self.folder).arg(&to));
        to
    }
}

/// A key pair in a folder of its own.
pub fn key_pair(folder: &Path) {
    std::fs::create_dir_all(folder).expect("a folder");
    let mut make = Command::new(tool("cosign"));
    make.arg("generate-key-pair").env("COSIGN_PASSWORD", "").env("HOME", folder).current_dir(folder);
    done(&mut make);
}

/// The PATH with the pinned `cosign` before any other.
pub fn path() -> String {
    let own = tool("cosign");
    format!("{}:{}", own.parent().expect("a folder").display(), std::env::var("PATH").unwrap_or_default())
}

fn done(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

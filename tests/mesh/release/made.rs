//! A release as `make dist` and `scripts/sign.sh` make it, with a key of the test's, and its image in a registry; and what the workflow
//! publishes of it, which is all that a stranger has.

use crate::cluster::tool;
use crate::fixture::registry::Registry;
use crate::fixture::shipped::read;
use crate::harness::Run;
use crate::support::find;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The release, as it is published.
pub struct Release {
    pub registry: Registry,
    /// The files that are published, and no others; the key lies beside the folder.
    pub folder: PathBuf,
    /// Where there is room for another.
    pub run: Run,
}

/// The repository of its image.
pub const IMAGE: &str = "edge/eec-authn";

impl Release {
    /// Puts it together, pushes the image, signs both and publishes the files.
    pub fn make(run: &Run) -> Release {
        let dist = run.folder.join("dist");
        put_together(&dist, find::module());
        run.progress("the release is put together");
        let registry = Registry::start();
        let tag = env!("CARGO_PKG_VERSION");
        registry.copy(
            &format!("oci:{}:{tag}", dist.join("oci").display()),
            &format!("docker://{}/{IMAGE}:{tag}", registry.address),
        );
        let keys = run.folder.join("keys");
        key_pair(&keys);
        std::fs::copy(keys.join("cosign.pub"), run.folder.join("cosign.pub")).expect("a copy");
        let release = Release { registry, folder: run.folder.join("published"), run: run.clone() };
        release.sign(&dist);
        run.progress("files and image are signed");
        publish(&dist, &release.folder);
        release
    }

    /// Signs a folder, and its image, with the release's key.
    pub fn sign(&self, dist: &Path) {
        let keys = self.run.folder.join("keys");
        let mut sign = Command::new(find::root().join("scripts/sign.sh"));
        sign.arg(dist)
            .arg(format!("{}/{IMAGE}", self.registry.address))
            .env("PATH", path())
            .env("HOME", &keys)
            .env("COSIGN_KEY", keys.join("cosign.key"))
            .env("COSIGN_PASSWORD", "");
        done(&mut sign);
    }

    /// A copy of the files, for a test to spoil.
    pub fn copy(&self, name: &str) -> PathBuf {
        let to = self.run.folder.join(name);
        done(Command::new("cp").arg("-r").arg(&self.folder).arg(&to));
        to
    }
}

/// `make dist`, with this module and the command line under test.
pub fn put_together(folder: &Path, module: &Path) {
    let mut dist = Command::new("python3");
    dist.arg(find::root().join("scripts/dist.py"))
        .args([folder, module])
        .arg(format!("{}-unknown-linux-musl={}", std::env::consts::ARCH, env!("CARGO_BIN_EXE_eec-authn")))
        // There is no network here.
        .env("CARGO_NET_OFFLINE", "true");
    done(&mut dist);
}

/// The last step of the workflow, as it stands there, with a `gh` that puts the files into a folder: side by side, under their last names.
const GH: &str = r#"#!/bin/bash
set -e
shift 3
while [ $# -gt 0 ]; do
    case $1 in
    --title | --notes-file) shift 2 ;;
    --*) shift ;;
    *) cp -L "$1" "$PUBLISHED/" && shift ;;
    esac
done
"#;

/// Publishes what was put together in `dist`, as the workflow does.
pub fn publish(dist: &Path, to: &Path) {
    let workflow = read(".github/workflows/release.yml");
    let (_, step) = workflow.split_once("- name: A draft with the files").expect("the step");
    let (_, script) = step.split_once("run: |\n").expect("its commands");
    let bin = to.with_extension("bin");
    for folder in [to, &bin] {
        std::fs::create_dir_all(folder).expect("a folder");
    }
    let gh = bin.join("gh");
    std::fs::write(&gh, GH).expect("a file");
    std::fs::set_permissions(&gh, Permissions::from_mode(0o755)).expect("its mode");
    let mut bash = Command::new("bash");
    bash.args(["-e", "-c", script])
        .current_dir(dist.parent().expect("a folder"))
        .env("PATH", format!("{}:{}", bin.display(), path()))
        .env("PUBLISHED", to)
        .env("GITHUB_REF_NAME", concat!("v", env!("CARGO_PKG_VERSION")));
    done(&mut bash);
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

//! `docs/verify-a-release.md`, run as it stands; and what it must refuse.

use super::made::{IMAGE, Release, key_pair, path, publish, put_together};
use crate::fixture::registry::layout;
use crate::fixture::shipped::read;
use crate::support::find;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// The commands of a section of the page, with the test's registry and key.
fn commands_of(release: &Release, section: &str) -> Vec<String> {
    let page = read("docs/verify-a-release.md");
    let part = page.split("\n## ").find(|part| part.starts_with(section)).expect("the section");
    let here = format!("{}/{IMAGE}", release.registry.address);
    let lines = part.lines().filter_map(|line| line.strip_prefix("    "));
    lines.map(|line| line.replace("registry.example.net/edge/eec-authn", &here)).collect()
}

/// Those for a release that is signed with a key.
fn commands(release: &Release) -> Vec<String> {
    let commands = commands_of(release, "Signed with a key");
    assert!(commands.len() >= 11, "{commands:?}");
    commands
}

/// Runs commands in a folder, the first that fails ends it.
fn run(folder: &Path, commands: &[String]) -> Output {
    let script = format!("set -euo pipefail\n{}", commands.join("\n"));
    let mut bash = Command::new("bash");
    bash.arg("-c").arg(script).current_dir(folder).env("PATH", path()).env("HOME", folder);
    bash.output().expect("bash starts")
}

fn sets_a_variable(command: &str) -> bool {
    ["KEY=", "CLI=", "IMAGE="].iter().any(|name| command.starts_with(name))
}

/// The commands in which a word stands, behind those that set variables.
fn those_with(commands: &[String], word: &str) -> Vec<String> {
    let wanted = |command: &&String| command.contains(word) || sets_a_variable(command);
    commands.iter().filter(wanted).cloned().collect()
}

fn refused(folder: &Path, commands: &[String], why: &str) {
    assert!(!commands.is_empty());
    let output = run(folder, commands);
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(!output.status.success(), "{commands:?} was content: {text}");
    assert!(text.contains(why), "{commands:?} fails otherwise: {text}");
}

pub fn the_page_verifies_a_release(release: &Release) {
    let output = run(&release.folder, &commands(release));
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains(concat!("\"version\": \"", env!("CARGO_PKG_VERSION"), "\"")), "{told}");
    let head = Command::new("git")
        .args(["rev-parse", "HEAD"])
        .current_dir(find::root())
        .output()
        .expect("git starts");
    let head = String::from_utf8_lossy(&head.stdout).trim().to_owned();
    assert!(told.contains(&format!("\"gitCommit\": \"{head}\"")), "{told}");
}

/// To a registry on loopback, which has no TLS.
pub fn the_page_puts_the_image_into_another_registry(release: &Release) {
    let there = format!("{}/mine", release.registry.address);
    let other = commands_of(release, "Into your own registry").into_iter().map(|line| {
        line.replace("registry.your.net/edge", &there)
            .replace("skopeo copy", "skopeo copy --insecure-policy --dest-tls-verify=false")
            .replace("skopeo inspect", "skopeo inspect --tls-verify=false")
    });
    let commands: Vec<String> =
        commands(release).into_iter().filter(|line| sets_a_variable(line)).chain(other).collect();
    let output = run(&release.folder, &commands);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    release.registry.manifest("mine/eec-authn", env!("CARGO_PKG_VERSION"));
    let folder = release.copy("other-digest");
    fs::write(folder.join("oci.sha256"), format!("{}  oci", "0".repeat(64))).expect("a file");
    assert!(!run(&folder, &commands).status.success(), "another digest was taken");
}

pub fn a_changed_byte_is_refused(release: &Release) {
    let commands = commands(release);
    let folder = release.copy("changed");
    let change = |name: &str| {
        let mut bytes = fs::read(folder.join(name)).expect("a file");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(folder.join(name), bytes).expect("a file");
    };
    change("eec_authn.wasm");
    refused(&folder, &those_with(&commands, "sha256sum --check"), "eec_authn.wasm: FAILED");
    refused(&folder, &those_with(&commands, "--bundle eec_authn.wasm.provenance"), "digest");
    change("SHA256SUMS");
    refused(&folder, &those_with(&commands, "verify-blob --key"), "invalid signature");
}

/// Whatever is left out, one of the commands wants it.
pub fn a_file_that_is_missing_is_refused(release: &Release) {
    let commands = commands(release);
    let folder = release.copy("incomplete");
    for entry in fs::read_dir(&release.folder).expect("the files") {
        let name = entry.expect("a file").file_name().into_string().expect("a name");
        let aside = release.run.folder.join("aside");
        fs::rename(folder.join(&name), &aside).expect("it was there");
        assert!(!run(&folder, &commands).status.success(), "{name} was not missed");
        fs::rename(aside, folder.join(&name)).expect("it was there");
    }
}

pub fn signatures_of_other_files_are_refused(release: &Release) {
    let commands = commands(release);
    let cli = format!("eec-authn-{}-{}-linux-musl", env!("CARGO_PKG_VERSION"), std::env::consts::ARCH);
    let bundles = ["SHA256SUMS", "eec_authn.wasm.provenance", &format!("{cli}.provenance")]
        .map(|name| format!("{name}.sigstore.json"));
    let folder = release.copy("swapped");
    for (of, instead) in [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)] {
        fs::copy(release.folder.join(&bundles[instead]), folder.join(&bundles[of])).expect("a copy");
        let those = those_with(&commands, &format!("--bundle {}", bundles[of].replace(&cli, "$CLI")));
        refused(&folder, &those, "failed to verify signature");
        fs::copy(release.folder.join(&bundles[of]), folder.join(&bundles[of])).expect("a copy");
    }
}

/// Ours, signed by our key, and whole: but not the version that was asked for.
pub fn an_older_release_is_refused(release: &Release) {
    let commands = commands(release);
    let newer: Vec<String> = commands.iter().map(|line| line.replace("VERSION=", "VERSION=9.")).collect();
    refused(&release.folder, &newer, "Verified OK");
    // Its command line under the name of the one that was asked for does not help.
    let folder = release.copy("renamed");
    let name = |version: &str| format!("eec-authn-{version}-{}-linux-musl", std::env::consts::ARCH);
    let (old, new) = (name(env!("CARGO_PKG_VERSION")), name(concat!("9.", env!("CARGO_PKG_VERSION"))));
    for ending in ["", ".provenance.sigstore.json"] {
        fs::copy(folder.join(format!("{old}{ending}")), folder.join(format!("{new}{ending}")))
            .expect("a copy");
    }
    refused(&folder, &newer, "Verified OK");
}

/// `make sign` twice, as after a fault: old signatures are no files of the release, and two of the image do no harm.
pub fn what_is_signed_again_verifies(release: &Release) {
    let (dist, published) = (release.run.folder.join("dist"), release.run.folder.join("published-again"));
    put_together(&dist, find::module());
    release.sign(&dist);
    publish(&dist, &published);
    let output = run(&published, &commands(release));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

pub fn another_key_is_refused(release: &Release) {
    key_pair(&release.run.folder.join("other-keys"));
    let commands: Vec<String> = commands(release)
        .iter()
        .map(|line| line.replace("KEY=../cosign.pub", "KEY=../other-keys/cosign.pub"))
        .collect();
    for command in commands.iter().filter(|command| command.starts_with("cosign")) {
        refused(&release.folder, &those_with(&commands, command), "signature");
    }
}

/// The same module under another version is another image, which nobody has signed.
pub fn an_image_without_a_signature_is_refused(release: &Release) {
    let folder = release.copy("unsigned");
    layout(find::module(), "9.9.9", &folder.join("oci"));
    let from = format!("oci:{}:9.9.9", folder.join("oci").display());
    release.registry.copy(&from, &format!("docker://{}/{IMAGE}:9.9.9", release.registry.address));
    for word in ["cosign verify --key", "cosign verify-attestation"] {
        refused(&folder, &those_with(&commands(release), word), "no ");
    }
}

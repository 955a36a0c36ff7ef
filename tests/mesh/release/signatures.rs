//! `docs/verify-a-release.md`, run as it stands; and what it must refuse.

use super::made::{IMAGE, Release, key_pair, path};
use crate::fixture::registry::layout;
use crate::fixture::shipped::read;
use crate::support::find;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// The commands of the page for a release that is signed with a key; one of several lines is one.
fn commands(release: &Release) -> Vec<String> {
    let page = read("docs/verify-a-release.md");
    let part = page.split("\n## ").find(|part| part.starts_with("Signed with a key")).expect("the section");
    let lines = part.lines().filter_map(|line| line.strip_prefix("    "));
    let here = format!("{}/{IMAGE}", release.registry.address);
    let commands: Vec<String> =
        lines.map(|line| line.replace("registry.example.net/edge/eec-authn", &here)).collect();
    assert!(commands.len() >= 8, "{commands:?}");
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
    command.starts_with("IMAGE=") || command.starts_with("CLI=")
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
    let head = Command::new("git")
        .args(["rev-parse", "HEAD"])
        .current_dir(find::root())
        .output()
        .expect("git starts");
    let head = String::from_utf8_lossy(&head.stdout).trim().to_owned();
    assert!(told.contains(&format!("\"gitCommit\": \"{head}\"")), "{told}");
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
    refused(&folder, &those_with(&commands, "eec_authn.wasm.provenance"), "digest");
    change("SHA256SUMS");
    refused(&folder, &those_with(&commands, "verify-blob --key"), "invalid signature");
}

pub fn another_key_is_refused(release: &Release) {
    let folder = release.copy("of-another");
    key_pair(&release.run.folder.join("other-keys"));
    let other = release.run.folder.join("other-keys/cosign.pub");
    fs::copy(other, folder.join("cosign.pub")).expect("a copy");
    for command in commands(release).iter().filter(|command| command.starts_with("cosign")) {
        refused(&folder, &those_with(&commands(release), command), "signature");
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

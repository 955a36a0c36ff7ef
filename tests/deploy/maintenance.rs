//! The verbs that look after the project itself: how they end, and what they say, whatever the tools behind them come to.

use super::documents::files;
use crate::support::find;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

/// What stands in place of Cargo and its tools: a script.
struct Cargo(TempDir);

impl Cargo {
    fn new(script: &str) -> Cargo {
        let folder = tempfile::tempdir().expect("a folder");
        let cargo = folder.path().join("cargo");
        fs::write(&cargo, format!("#!/bin/sh\n{script}")).expect("a script");
        fs::set_permissions(&cargo, PermissionsExt::from_mode(0o755)).expect("a script that runs");
        Cargo(folder)
    }

    /// Runs one of ours with it: how it ends, what it says and what it complains about.
    fn run(
        &self,
        script: &str,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> (Option<i32>, String, String) {
        let path = format!("{}:{}", self.0.path().display(), std::env::var("PATH").expect("a PATH"));
        let mut command = Command::new(find::root().join("scripts").join(script));
        command.args(arguments).env("PATH", &path).envs(environment.iter().copied());
        let Output { status, stdout, stderr } = command.output().expect("it runs");
        let [stdout, stderr] = [stdout, stderr].map(|said| String::from_utf8(said).expect("text"));
        (status.code(), stdout, stderr)
    }
}

/// Each lock file has dependencies of its own, of all the packages of its workspace, and one of them that is refused is the end of it.
#[test]
fn the_audit_reads_every_lock_file_and_fails_with_any_of_them() {
    let root = find::root();
    // It says what it is asked about, and refuses the first.
    let cargo = Cargo::new(
        "[ \"$4\" = --workspace ] || exit 99\necho \"asked $3\"\ncase $3 in ./Cargo.toml) exit $REFUSED ;; esac\n",
    );
    for refused in [0, 1] {
        let (ends, said, _) = cargo.run("audit.sh", &[], &[("REFUSED", &refused.to_string())]);
        assert_eq!(ends, Some(refused));
        let asked: BTreeSet<PathBuf> =
            said.lines().filter_map(|line| Some(root.join(line.strip_prefix("asked ./")?))).collect();
        let locked: BTreeSet<PathBuf> =
            files(&root, &["Cargo.lock"]).iter().map(|lock| lock.with_extension("toml")).collect();
        assert!(locked.contains(&root.join("fuzz/Cargo.toml")), "{locked:?}");
        assert_eq!(asked, locked);
    }
}

/// cargo-mutants ends with 2 where a change was not noticed, with 3 where one ran into the limit of time, with 4 where the tests
/// fail by themselves.
#[test]
fn a_change_that_nobody_notices_ends_the_run_with_what_to_do() {
    // As the tool does, it asks for the folder of its results.
    let cargo = Cargo::new("[ -d target/mutants ] || exit 99\nexit $ENDS\n");
    for (ends, expected, told) in [
        ("0", 0, ""),
        ("1", 1, "error: cargo-mutants came to no result (status 1)"),
        ("2", 2, "error: target/mutants/mutants.out/missed.txt lists what no test noticed"),
        ("3", 0, ""),
        ("4", 4, "error: the tests fail without any change"),
        ("70", 70, "error: cargo-mutants came to no result (status 70)"),
    ] {
        let (ended, said, complained) = cargo.run("mutants.sh", &["src/exchange"], &[("ENDS", ends)]);
        assert_eq!(ended, Some(expected), "{ends}: {complained}");
        assert!(
            complained.starts_with(told) && complained.is_empty() == told.is_empty(),
            "{ends}: {complained}"
        );
        assert_eq!(said.contains("timeout.txt"), ends == "3", "{said}");
    }
}

#[test]
fn what_is_asked_of_mutants_must_be_there() {
    // Some changes to choose from.
    let cargo = Cargo::new("[ \"$2\" != --list ] || seq 120\necho \"$@\" >&2\n");
    let (ended, _, complained) = cargo.run("mutants.sh", &["src/nowhere"], &[]);
    assert_eq!(ended, Some(1));
    assert!(complained.starts_with("error: no file or folder src/nowhere"), "{complained}");
    let (ended, _, complained) = cargo.run("mutants.sh", &[], &[("SAMPLE", "some")]);
    assert_eq!(ended, Some(1));
    assert!(complained.starts_with("error: SAMPLE is a number"), "{complained}");
    // A folder is all that is in it, and of 120 changes some 60 are every other one.
    let (ended, said, asked) = cargo.run("mutants.sh", &["src/exchange"], &[("SAMPLE", "60")]);
    assert_eq!(ended, Some(0), "{asked}");
    assert!(said.contains("mutants: of 120 changes, share "), "{said}");
    assert!(asked.contains("--file src/exchange/** --shard ") && asked.contains("/2 --sharding"), "{asked}");
}

//! Every example does what its README shows: the command lines are run as they stand there.
//!
//! A line `…` stands for whatever a command says between. What `check` says is shown in full: so an example has no errors,
//! and the warnings that its README names and no others. After a change of those, run with `UPDATE_GOLDEN=1`, and read
//! what has changed.

use crate::support::find;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

const CHECK: &str = "eec-authn check filter.json";

fn folders() -> Vec<PathBuf> {
    let entries = fs::read_dir(find::root().join("examples")).expect("the examples").flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// The command lines of a README, each with what it shows of the output.
fn shown(readme: &str) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let mut inside = false;
    for line in readme.lines() {
        let Some(line) = line.strip_prefix("    ") else {
            inside = false;
            continue;
        };
        if let Some(command) = line.strip_prefix("$ ") {
            inside = true;
            found.push((command.to_owned(), Vec::new()));
        } else if inside {
            found.last_mut().expect("a command").1.push(line.to_owned());
        }
    }
    found
}

/// What a command line prints, run in the folder with `eec-authn` on the PATH.
fn printed(folder: &Path, tools: &Path, command: &str) -> Vec<String> {
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").expect("a PATH"));
    let mut bash = Command::new("bash");
    let output =
        bash.args(["-c", command]).current_dir(folder).env("PATH", path).output().expect("bash runs");
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    text.lines().map(str::to_owned).collect()
}

fn fits(shown: &[String], printed: &[String]) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((line, rest)) if line == "…" => (0..=printed.len()).any(|skip| fits(rest, &printed[skip..])),
        Some((line, rest)) => printed.first() == Some(line) && fits(rest, &printed[1..]),
    }
}

/// What is wrong with one example.
fn mistakes(folder: &Path, tools: &Path) -> Vec<String> {
    let file = folder.join("README.md");
    let readme = fs::read_to_string(&file).expect("the README of an example");
    let mut found = Vec::new();
    for (command, shown) in shown(&readme) {
        let printed = printed(folder, tools, &command);
        if command == CHECK && std::env::var_os("UPDATE_GOLDEN").is_some() {
            let block = |lines: &[String]| format!("    $ {CHECK}\n    {}\n", lines.join("\n    "));
            fs::write(&file, readme.replace(&block(&shown), &block(&printed))).expect("the README");
        } else if !fits(&shown, &printed) {
            let (shown, printed) = (shown.join("\n"), printed.join("\n"));
            found.push(format!("{}: {command}\nshows\n{shown}\nbut it prints\n{printed}\n", file.display()));
        }
    }
    found
}

#[test]
fn every_example_does_what_its_readme_shows() {
    let tools = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_eec-authn"), tools.path().join("eec-authn"))
        .expect("a link");
    let folders = folders();
    assert!(folders.len() >= 10, "{folders:?}");
    let tools = tools.path();
    let wrong: Vec<String> = thread::scope(|scope| {
        let running: Vec<_> = folders.iter().map(|f| scope.spawn(|| mistakes(f, tools))).collect();
        running.into_iter().flat_map(|thread| thread.join().expect("a thread")).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_example_is_listed_and_shows_check_in_full_and_a_decision() {
    let index = fs::read_to_string(find::root().join("examples/README.md")).expect("the index");
    for folder in folders() {
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        assert!(index.contains(&format!("| [{name}]({name}/README.md) |")), "{name} is not in the index");
        let lines = shown(&fs::read_to_string(folder.join("README.md")).expect("its README"));
        let check = lines.iter().find(|(command, _)| command == CHECK);
        let (_, check) = check.unwrap_or_else(|| panic!("{name} does not show `{CHECK}`"));
        let last = check.last().unwrap_or_else(|| panic!("{name} does not show what `check` says"));
        assert!(
            last.starts_with("filter.json: valid, ") && !check.contains(&"…".into()),
            "{name}: {check:?}"
        );
        assert!(lines.iter().any(|(command, _)| command.starts_with("eec-authn explain ")), "{name}");
    }
}

#[test]
fn no_example_holds_a_private_key() {
    for folder in folders() {
        for entry in fs::read_dir(&folder).expect("an example").flatten() {
            let text = fs::read_to_string(entry.path()).expect("text");
            assert!(!text.contains("PRIVATE KEY") && !text.contains("\"d\":"), "{}", entry.path().display());
        }
    }
}

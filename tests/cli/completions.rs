//! The shell completions: those of bash in a real bash, the others by what they name.

use std::fs;
use std::path::Path;
use std::process::Command;

const EEC_AUTHN: &str = env!("CARGO_BIN_EXE_eec-authn");

fn printed(args: &[&str]) -> String {
    let output = Command::new(EEC_AUTHN).args(args).output().expect("the command runs");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// The verbs that `--help` lists, in its order.
fn verbs() -> Vec<String> {
    let help = printed(&["--help"]);
    let (_, list) = help.split_once("\nCommands:\n").expect("a list of verbs");
    let lines = list.lines().take_while(|line| !line.is_empty());
    // What wraps is moved further to the right.
    let starts = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    starts.map(|line| line.split_whitespace().next().expect("a verb").to_owned()).collect()
}

/// The long options of a verb, as its help lists them.
fn options(verb: &str) -> Vec<String> {
    let help = printed(&[verb, "--help"]);
    let (_, list) = help.split_once("\nOptions:\n").expect("options");
    // The next heading ends the list.
    let list = list.lines().take_while(|line| line.is_empty() || line.starts_with(' '));
    let words = list.filter(|line| line.trim_start().starts_with('-'));
    let option = |line: &str| line.split([' ', ',']).find(|word| word.starts_with("--")).map(str::to_owned);
    words.filter_map(option).collect()
}

/// What bash offers after `line`, whose last word may be empty.
fn offered(folder: &Path, line: &[&str]) -> Vec<String> {
    let script = r#"
        set -eu
        source "$1"
        shift
        # complete -o default -F FUNCTION eec-authn
        registered=($(complete -p eec-authn))
        for ((i = 0; i < ${#registered[@]}; i++)); do
            [[ ${registered[i]} == -F ]] && function=${registered[i + 1]}
        done
        COMP_WORDS=("$@")
        COMP_CWORD=$(($# - 1))
        "$function" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" || true # nothing fits
        printf '%s\n' ${COMPREPLY[@]+"${COMPREPLY[@]}"}"#;
    let source = folder.join("completions.sh");
    fs::write(&source, printed(&["completions", "bash"])).expect("a file");
    let output = Command::new("bash")
        .args(["--norc", "-c", script, "bash"])
        .arg(&source)
        .arg("eec-authn")
        .args(line)
        .current_dir(folder)
        .output()
        .expect("bash runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{line:?}: {errors}");
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn bash_offers_verbs_options_values_and_files() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["filter.json", "fine.json", "other.json"] {
        fs::write(folder.path().join(name), "{}").expect("a file");
    }
    let offered = |line: &[&str]| offered(folder.path(), line);
    let verbs = verbs();
    assert!(verbs.len() > 8 && verbs.contains(&"check".to_owned()), "{verbs:?}");
    let mut first = offered(&[""]);
    first.retain(|word| !word.starts_with('-'));
    assert_eq!(first, verbs, "the verbs of --help, and no others");
    assert_eq!(offered(&["dev-"]), ["dev-entitlement-server", "dev-edge-server"]);
    for verb in verbs.iter().filter(|verb| *verb != "help") {
        let (mut own, mut listed) = (offered(&[verb, "--"]), options(verb));
        own.sort();
        listed.sort();
        assert_eq!(own, listed, "{verb}");
    }
    let platforms = offered(&["render", ""]);
    for platform in ["envoy", "istio", "envoy-gateway"] {
        assert!(platforms.contains(&platform.to_owned()), "{platforms:?}");
    }
    let mut files = offered(&["explain", "--config", "fi"]);
    files.sort();
    assert_eq!(files, ["filter.json", "fine.json"]);
    assert_eq!(offered(&["no-such-verb"]), Vec::<String>::new());
}

#[test]
fn zsh_and_fish_know_every_verb_and_option() {
    let (zsh, fish) = (printed(&["completions", "zsh"]), printed(&["completions", "fish"]));
    assert!(zsh.starts_with("#compdef eec-authn\n"), "{zsh:.80}");
    for verb in verbs().iter().filter(|verb| *verb != "help") {
        assert!(zsh.contains(&format!("({verb})\n")), "zsh: {verb}");
        assert!(fish.contains(&format!(" -a \"{verb}\" ")), "fish: {verb}");
        for option in options(verb) {
            // Alone, repeatable, or behind what it excludes.
            let forms = [format!("'{option}"), format!("'*{option}"), format!("){option}")];
            assert!(forms.iter().any(|form| zsh.contains(form)), "zsh: {verb} {option}");
            let name = option.trim_start_matches('-');
            let line = fish.lines().find(|line| line.contains(verb) && line.contains(&format!(" -l {name}")));
            assert!(line.is_some(), "fish: {verb} {option}");
        }
    }
}

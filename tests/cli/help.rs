//! The examples of every verb's `--help`, run in a real bash as they stand there.

use crate::support::fixture::{FQDN, ISSUER, config};
use crate::support::foreign;
use crate::support::seal::{SECRET, in_environment};
use crate::support::token::{Key, claims};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Verbs whose examples need more than files: a server that runs until it is stopped, an Envoy, an edge server. Other tests run those.
const NOT_RUN: [&str; 6] =
    ["dev-entitlement-server", "dev-edge-server", "demo", "conformance", "eec", "page"];

fn bash(folder: &Path, script: &str) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_eec-authn")).parent().expect("a folder");
    let path = std::env::var("PATH").expect("a PATH");
    let path = format!("{}:{path}", program.display());
    let mut command = Command::new("bash");
    command.args(["--norc", "-eu", "-c", script]).current_dir(folder).env("PATH", path).env("HOME", folder);
    command.env("EEC_AUTHN_OWNERSHIP", in_environment(&SECRET));
    command.output().expect("bash runs")
}

fn help(folder: &Path, verb: &str) -> String {
    let output = bash(folder, &format!("eec-authn {verb} --help"));
    assert!(output.status.success(), "{verb}");
    String::from_utf8(output.stdout).expect("text")
}

/// The lines below a heading.
fn section<'a>(page: &'a str, heading: &str) -> Vec<&'a str> {
    let lines = page.lines().skip_while(|line| *line != heading).skip(1);
    lines.take_while(|line| line.starts_with("  ")).map(|line| &line[2..]).collect()
}

/// The verbs that `--help` lists.
fn verbs(folder: &Path) -> Vec<String> {
    let page = help(folder, "");
    let lines = section(&page, "Commands:").into_iter().filter(|line| !line.starts_with(' '));
    let verbs = lines.filter_map(|line| line.split(' ').next()).filter(|verb| *verb != "help");
    verbs.map(str::to_owned).collect()
}

/// A folder with everything that the examples name.
fn furnish(folder: &Path) {
    let write = |name: &str, content: &str| fs::write(folder.join(name), content).expect("a file");
    let key = Key::new(1);
    let mut filter = config(&[&key]);
    filter["ownership"] = json!({"secret_env": ["EEC_AUTHN_OWNERSHIP"], "unsealed": "allow"});
    write("filter.json", &filter.to_string());
    write("ees.json", &filter.to_string());
    write("ecs.json", &json!({"protects": {"role": "ecs", "fqdns": ["ecs.example.com"]}, "entitlement_servers": filter["entitlement_servers"]}).to_string());
    write("jwks.json", &json!({"keys": [key.jwk()]}).to_string());
    write("token.txt", &key.token(&claims()));
    write("body.json", "{\"eecId\":\"eec-1\"}");
    let made = foreign::run("certificates.py", &json!({"names": [ISSUER]}));
    write("certificate.pem", made["certificates"][ISSUER]["certificate"].as_str().expect("a certificate"));
    for below in [".local/share/bash-completion/completions", ".zfunc", ".config/fish/completions"] {
        fs::create_dir_all(folder.join(below)).expect("a folder");
    }
}

#[test]
fn the_examples_of_every_verb_work_as_they_stand_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    furnish(folder);
    let verbs = verbs(folder);
    assert!(verbs.len() > 8, "{verbs:?}");
    let mut run = 0;
    // In this order `mint` finds the key of `keygen`.
    for verb in verbs.iter().filter(|verb| !NOT_RUN.contains(&verb.as_str())) {
        let page = help(folder, verb);
        let lines = section(&page, "Examples:");
        let script: String = lines.iter().map(|line| format!("{line}\n")).collect();
        for example in script.split("# ").filter(|example| !example.is_empty()) {
            let (what, line) = example.split_once('\n').expect("what for, and the example");
            let output = bash(folder, line);
            let told = format!(
                "{verb}: {what}: {line}{}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
            // The token is of today, and that time is not; and the seal is made up.
            let denied = what.ends_with("at another time") || what == "Is it this client's?";
            assert_eq!(output.status.code(), Some(if denied { 2 } else { 0 }), "{told}");
            run += 1;
        }
    }
    assert!(run > 15, "{run} examples");
    let made = |name: &str| fs::read(folder.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    for name in ["key.json", "entry.json", "next-entry.json", "report.json", "filter-config.schema.json"] {
        serde_json::from_slice::<Value>(&made(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
    assert!(String::from_utf8_lossy(&made("token.txt")).starts_with("eyJ"), "a token for {FQDN}");
}

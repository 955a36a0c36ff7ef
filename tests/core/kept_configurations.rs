//! Configurations of earlier versions: each is still accepted, or the changelog says what replaces it.
//!
//! `tests/kept_configurations/VERSION` holds what that version accepted; `scripts/keep_configurations.py` makes the folder.

use eec_authn::config;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What is refused by now: the file, how its error begins, and the line of the changelog.
const REPLACED: &[(&str, &str, &str)] = &[
    (
        "0.1.0/replaced-rule-whose-paths-exclude-each-other.json",
        "rules[0].match: \"path\" is not below \"path_prefix\"",
        "Rules that can never match are configuration errors",
    ),
    (
        "0.1.0/replaced-rule-whose-method-no-operation-has.json",
        "rules[0].match: no operation of the \"api\" has one of the \"methods\"",
        "Rules that can never match are configuration errors",
    ),
    (
        "0.1.0/replaced-rule-whose-path-has-braces.json",
        "rules[0].match.path: ",
        "A `path` with braces is a configuration error",
    ),
    (
        "0.1.0/replaced-forward-dpop.json",
        "forward.headers.dpop: ",
        "`dpop` in `forward.headers` is a configuration error",
    ),
    (
        "0.1.0/replaced-forward-dpop-nonce.json",
        "forward.headers.dpop-nonce: ",
        "`dpop-nonce` is one for the same reason",
    ),
    (
        "0.1.0/replaced-rsa-key-with-the-roca-fingerprint.json",
        "entitlement_servers[0].keys[0].jwk.n: ",
        "RSA moduli with the ROCA fingerprint",
    ),
    (
        "0.1.0/replaced-rsa-key-with-a-small-factor.json",
        "entitlement_servers[0].keys[0].jwk.n: ",
        "a prime factor below 2^16 are configuration errors",
    ),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// One text, however its lines are broken.
fn flowing(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned()
}

/// The versions that are in the changelog, but for what is not released.
fn released(changelog: &str) -> Vec<&str> {
    let headings = changelog.lines().filter_map(|line| line.strip_prefix("## "));
    let versions = headings.map(|heading| heading.split(' ').next().unwrap_or_default());
    versions.filter(|version| version.starts_with(|first: char| first.is_ascii_digit())).collect()
}

#[test]
fn what_an_earlier_version_accepted_is_accepted_or_the_changelog_says_what_replaces_it() {
    let changelog = fs::read_to_string(root().join("CHANGELOG.md")).expect("the changelog");
    let folder = root().join("tests/kept_configurations");
    let versions: Vec<String> = sorted(&folder).iter().map(|path| name(path)).collect();
    for version in released(&changelog) {
        assert!(versions.iter().any(|kept| kept == version), "{version} keeps no configurations");
    }

    let mut replaced: BTreeMap<&str, (&str, &str)> =
        REPLACED.iter().map(|(file, error, line)| (*file, (*error, *line))).collect();
    assert_eq!(replaced.len(), REPLACED.len(), "a file is listed twice");
    let mut problems = Vec::new();
    for version in versions {
        let files = sorted(&folder.join(&version));
        assert!(files.len() >= 30, "{version} keeps only {} configurations", files.len());
        for path in files {
            let file = format!("{version}/{}", name(&path));
            let text = fs::read(&path).expect("the configuration");
            // Secrets are at least 32 bytes in base64url.
            let errors =
                config::parse(&text, &|_| Some("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE".into()))
                    .map_or_else(|errors| errors.iter().map(ToString::to_string).collect(), |_| Vec::new());
            match (replaced.remove(file.as_str()), errors.first()) {
                (None, None) => {}
                (None, Some(_)) => problems.push(format!("{file} is refused: {errors:?}")),
                (Some(_), None) => problems.push(format!("{file} is accepted, so nothing replaces it")),
                (Some((begins, line)), Some(error)) => {
                    if !error.starts_with(begins) {
                        problems.push(format!("{file}: {error:?} does not begin with {begins:?}"));
                    }
                    if !flowing(&changelog).contains(&flowing(line)) {
                        problems.push(format!("{file}: the changelog does not say {line:?}"));
                    }
                }
            }
        }
    }
    problems.extend(replaced.keys().map(|file| format!("{file} is listed and not there")));
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

//! The WHATWG's URL tests, as the crate `url` ships them, as paths: what our check of paths lets through is a path
//! that such a reader leaves as it is, since a server behind us may be one. Where it would only spell a byte as an escape,
//! `deviations.txt` lists the byte.

use super::deviations;
use eec_authn::policy::path;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use url::Url;

/// The set's name in `deviations.txt`.
pub(crate) const SET: &str = "url-path";

const ORIGIN: &str = "http://ees1.edge.example.net";

/// Where the crate lies; Cargo knows, and has it, since this is compiled with it.
fn package() -> PathBuf {
    let cargo = std::env::var_os("CARGO").expect("CARGO is not set; run this through Cargo");
    let run = |arguments: &[&str]| {
        let output = Command::new(&cargo)
            .args(arguments)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("Cargo runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    let version = run(&["-vV"]);
    let platform = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host");
    // For one platform: what the others need does not have to be there.
    let metadata =
        run(&["metadata", "--format-version=1", "--offline", "--locked", "--filter-platform", platform]);
    let metadata: Value = serde_json::from_str(&metadata).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let url = packages.iter().find(|package| package["name"] == "url").expect("the package `url`");
    let manifest = PathBuf::from(url["manifest_path"].as_str().expect("a path"));
    manifest.parent().expect("a folder").to_owned()
}

/// Everything in the tests that could be sent as a request target.
fn targets() -> BTreeSet<String> {
    let text = std::fs::read(package().join("tests/urltestdata.json")).expect("the tests");
    let tests: Vec<Value> = serde_json::from_slice(&text).expect("JSON");
    let mut all = BTreeSet::new();
    for test in tests.iter().filter(|test| test.is_object()) {
        let input = test["input"].as_str().expect("an input");
        // As it stands, where it is a path; behind a slash; what follows the host; what the tests make of it.
        all.insert(input.to_owned());
        all.insert(format!("/{input}"));
        all.extend(
            input.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| rest[at..].to_owned())),
        );
        all.extend(test["pathname"].as_str().map(str::to_owned));
        // Each segment, as the identifier of a resource and before another one.
        for segment in input.split(['/', '\\', '?', '#']) {
            all.extend([format!("/a/{segment}"), format!("/a/{segment}/b")]);
        }
    }
    all.retain(|target| target.starts_with('/'));
    assert!(all.len() > 2_000, "the tests have shrunk: {}", all.len());
    all
}

/// The path that a WHATWG reader sees in a request with this target: alone, and as a link on a page of ours.
fn read(target: &str) -> String {
    let whole = Url::parse(&format!("{ORIGIN}{target}")).unwrap_or_else(|e| panic!("{target:?}: {e}"));
    let link = Url::parse(&format!("{ORIGIN}/x/y")).and_then(|page| page.join(target));
    assert_eq!(Ok(&whole), link.as_ref(), "{target:?} depends on where it stands");
    assert_eq!(whole.origin().ascii_serialization(), ORIGIN, "{target:?} leads elsewhere");
    whole.path().to_owned()
}

/// The bytes that `whatwg` has as escapes and `ours` as they are; everything else must be the same.
fn escaped(ours: &str, whatwg: &str) -> Option<BTreeSet<u8>> {
    let mut bytes = BTreeSet::new();
    let mut rest = whatwg;
    for byte in ours.bytes() {
        let escape = format!("%{byte:02X}");
        rest = match rest.strip_prefix(char::from(byte)) {
            Some(rest) => rest,
            None => {
                bytes.insert(byte);
                rest.strip_prefix(&escape)?
            }
        };
    }
    rest.is_empty().then_some(bytes)
}

/// Looks at the path of a target if we let it through; whether we do.
fn look(target: &str, found: &mut BTreeSet<u8>) -> bool {
    let ours = path::without_query(target.as_bytes());
    if !path::is_normal(ours) {
        return false;
    }
    let ours = std::str::from_utf8(ours).expect("a normal path is ASCII");
    let whatwg = read(target);
    let bytes = escaped(ours, &whatwg);
    found.extend(bytes.unwrap_or_else(|| panic!("{target:?} is {ours:?} for us and {whatwg:?} there")));
    true
}

#[test]
fn accepted_paths_stay_as_they_are() {
    let mut found = BTreeSet::new();
    let targets = targets();
    let accepted = targets.iter().filter(|target| look(target, &mut found)).count();
    assert!(accepted > 800, "only {accepted} of {} are accepted: this says nothing", targets.len());
    // And each byte on its own, in each place.
    for byte in (0..=0x7f_u8).map(char::from) {
        for target in [format!("/{byte}"), format!("/{byte}a"), format!("/a{byte}b"), format!("/a/{byte}")] {
            look(&target, &mut found);
        }
    }
    let found = found.into_iter().map(|byte| (SET.to_owned(), format!("0x{byte:02x}"))).collect();
    deviations().check(|set| set == SET, &found);
}

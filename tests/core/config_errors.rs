//! What an operator reads about a wrong configuration, word by word.
//!
//! `tests/golden/config_errors.txt` holds every case of `tests/cases/config_errors.json` with its errors. After a change
//! run with `UPDATE_GOLDEN=1`, and read what has changed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_compact::{KeyPair, Seed};
use eec_authn::config;
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

#[test]
#[allow(clippy::disallowed_methods, reason = "a test has an environment")]
fn every_error_text_is_the_golden_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let cases = fs::read_to_string(root.join("cases/config_errors.json")).expect("the cases");
    let cases: Value = serde_json::from_str(&cases).expect("JSON");
    let mut report = String::new();
    for case in cases.as_array().expect("a list") {
        // A text stands for itself: JSON that serde would not write.
        let text = case["config"].as_str().map_or_else(|| case["config"].to_string(), str::to_owned);
        let x = URL_SAFE_NO_PAD.encode(KeyPair::from_seed(Seed::new([1; 32])).pk.as_ref());
        let text = text.replace("@x", &x);
        let errors = config::parse(text.as_bytes(), &|_| None).err().unwrap_or_default();
        assert!(!errors.is_empty(), "accepted: {text}");
        writeln!(report, "## {}", case["name"].as_str().expect("a name")).expect("a string");
        errors.iter().for_each(|error| writeln!(report, "{error}").expect("a string"));
    }
    let golden = root.join("golden/config_errors.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, &report).expect("the golden file");
    }
    let expected = fs::read_to_string(&golden).expect("the golden file; make it with UPDATE_GOLDEN=1");
    assert!(report == expected, "run with UPDATE_GOLDEN=1 and read the difference:\n{report}");
}

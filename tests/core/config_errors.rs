//! What an operator reads about a wrong configuration, word by word.
//!
//! `tests/golden/config_errors.txt` holds every case of `tests/cases/config_errors.json` with its errors. After a change
//! run with `UPDATE_GOLDEN=1`, and read what has changed.

use crate::support::fixture::config as small;
use crate::support::token::Key;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_compact::{KeyPair, Seed};
use eec_authn::config;
use serde_json::{Value, json};
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

/// Two letters that are not quite in each other's places, and one in common at the beginning.
const NEAR_NOTHING: [&str; 5] = ["oxde", "xmde", "omdx", "omdexx", "gxyzw"];

#[test]
fn a_member_that_was_meant_is_named() {
    let said = |filter: &Value| {
        let errors = config::parse(filter.to_string().as_bytes(), &|_| None).expect_err("a mistake");
        errors.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    for (path, wrong, meant) in [
        ("", "modus", "mode"),
        ("", "entitlement_server", "entitlement_servers"),
        ("token", "max_lifetime", "max_lifetime_seconds"),
        ("ownership", "secret", "secret_env"),
        ("token", "clock_skew_secs", "clock_skew_seconds"),
        // Four letters of twenty.
        ("token", "max_lifespan_seconds", "max_lifetime_seconds"),
        // A letter too many, too few, another, two that changed places, and another way to write.
        ("", "xmode", "mode"),
        ("", "ode", "mode"),
        ("", "xode", "mode"),
        ("", "omde", "mode"),
        ("", "M-O-D-E", "mode"),
        ("", "gspi", "gpsi"),
    ] {
        let mut filter = small(&[&Key::new(1)]);
        let place = if path.is_empty() { &mut filter } else { &mut filter[path] };
        place[wrong] = json!(1);
        let dot = if path.is_empty() { "" } else { "." };
        let wanted =
            format!("{path}{dot}{wrong}: is not known here; did you mean \"{meant}\"? known members");
        let said = said(&filter);
        assert!(said.iter().any(|error| error.starts_with(&wanted)), "no `{wanted}` in {said:?}");
    }
    // What is near to nothing, or to several, is no such guess.
    let mut filter = small(&[&Key::new(1)]);
    filter["issuer"] = json!(1);
    filter["token"]["max"] = json!(1);
    for name in NEAR_NOTHING {
        filter[name] = json!(1);
    }
    let said = said(&filter);
    for alone in NEAR_NOTHING.iter().chain(&["issuer", "token.max"]) {
        let wanted = format!("{alone}: is not known here; known members");
        assert!(said.iter().any(|error| error.starts_with(&wanted)), "{alone}: {said:?}");
    }
}

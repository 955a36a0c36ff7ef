//! The examples of the page (`page/examples.json`) are a decision table: each is decided as it says, and each code has one.

use crate::decision_cases::run;
use eec_authn::decision::DenyReason;
use serde_json::Value;
use std::collections::BTreeSet;

const EXAMPLES: &str = include_str!("../../page/examples.json");

fn cases() -> Vec<Value> {
    let table: Value = serde_json::from_str(EXAMPLES).expect("JSON");
    table["cases"].as_array().expect("cases").clone()
}

#[test]
fn every_example_is_decided_as_it_says() {
    run(&[("page", EXAMPLES)]);
}

#[test]
fn each_code_has_one_example_in_the_order_of_the_checks() {
    let cases = cases();
    let denied: Vec<&str> = cases.iter().filter_map(|case| case["expect"].as_str()).collect();
    let codes: Vec<&str> = DenyReason::ALL.iter().map(|reason| reason.code()).collect();
    let shown: Vec<&str> = denied.into_iter().filter(|word| codes.contains(word)).collect();
    assert_eq!(shown, codes, "page/examples.json: one example for each code, in the order of the checks");
}

#[test]
fn each_example_has_a_name_of_its_own_and_a_word_about_it() {
    let cases = cases();
    let names: BTreeSet<&str> = cases.iter().filter_map(|case| case["name"].as_str()).collect();
    assert_eq!(names.len(), cases.len(), "two of one name");
    for case in &cases {
        let about = case["about"].as_str().unwrap_or_default();
        assert!(about.ends_with(['.', '?']) && about.len() < 140, "{}: {about:?}", case["name"]);
    }
}

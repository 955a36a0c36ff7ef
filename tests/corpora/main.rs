//! Collections of hard cases that others have published, through the core: whole decisions where they are of
//! that kind. `deviations.txt` says where we answer otherwise, and why.
//!
//! What no package brings lies in the folder that `EEC_AUTHN_CORPORA` names: `make test-corpora` sets it and runs all;
//! elsewhere those tests are ignored, and say so. It has
//!
//! * `json-test-suite/`: the files of `test_parsing/` in nst/JSONTestSuite;
//! * `wycheproof-json-web/`: `json_web_signature_test.json` and `json_web_key_test.json` of `testvectors_v1/` in C2SP/wycheproof;
//! * `x509-limbo/`: `limbo.json` of C2SP/x509-limbo.
//!
//! `EEC_AUTHN_OPENAPI` names the folder with 3GPP's OpenAPI files of TS 24.558 and TS 29.558, and what they refer to as far as it is at
//! hand; a real Envoy gets requests that are made out of them.

#![cfg(not(target_family = "wasm"))]
// Tests are outside the core: they have a clock, files and an environment.
#![allow(clippy::disallowed_methods)]

#[path = "../support/mod.rs"]
mod support;

mod folder;
mod json_test_suite;
mod openapi;
mod walk;
mod whatwg_urls;
mod wycheproof_json_web;
mod x509_limbo;

use support::deviations::Deviations;

fn deviations() -> Deviations {
    Deviations::read(include_str!("deviations.txt"))
}

#[test]
fn every_deviation_is_of_a_set() {
    let known: Vec<&str> = json_test_suite::PLACES
        .into_iter()
        .chain(wycheproof_json_web::SETS)
        .chain([whatwg_urls::SET, x509_limbo::SET])
        .collect();
    for set in deviations().sets() {
        assert!(known.contains(&set), "{set}");
    }
}

//! The core in WebAssembly, run by Node: what holds natively must hold where pointers have 32 bits.
//!
//! `make test` runs it; natively this file is empty.
#![cfg(target_arch = "wasm32")]

mod decision_cases;
mod es256_cases;

use eec_authn::fqdn::Fqdn;
use eec_authn::json::{self, Json};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn strict_json_reads_a_token_payload() {
    let payload =
        json::parse(br#"{"iss":"aes.example.net","aud":["ees1.example.net"],"exp":1790000000.5}"#).unwrap();
    assert_eq!(payload.get("iss").and_then(Json::as_str), Some("aes.example.net"));
    assert_eq!(payload.get("exp").and_then(Json::as_finite), Some(1790000000.5));
}

#[wasm_bindgen_test]
fn strict_json_refuses_what_parsers_disagree_on() {
    for text in [&b"{\"a\":1,\"a\":2}"[..], b"\xef\xbb\xbf{}", b"\"\\ud800\"", b"{} {}", b"\"\xff\""] {
        assert!(json::parse(text).is_err(), "{text:?}");
    }
    let deep = |n: usize| [vec![b'['; n], vec![b']'; n]].concat();
    assert!(json::parse(&deep(json::MAX_DEPTH)).is_ok());
    assert!(json::parse(&deep(100_000)).is_err(), "nesting must not reach the end of the stack");
}

#[wasm_bindgen_test]
fn fqdns_are_named_as_the_contract_says() {
    let host = Fqdn::parse("EES1.edge.example.net.").unwrap();
    assert!(host.is_named_by("https://ees1.edge.example.net/"));
    assert!(!host.is_named_by("https://ees1.edge.example.net:443"));
    assert!(host.is_authority(b"ees1.edge.example.net:8443"));
}

#[wasm_bindgen_test]
fn every_case_of_every_table() {
    decision_cases::run_all();
}

#[wasm_bindgen_test]
fn es256_vectors_of_wycheproof() {
    es256_cases::wycheproof(8);
}

#[wasm_bindgen_test]
fn es256_signatures_at_random() {
    es256_cases::random_and_altered(200);
}

#[wasm_bindgen_test]
fn es256_keys_that_collide_with_the_base_point() {
    es256_cases::colliding_keys();
}

#[wasm_bindgen_test]
fn es256_r_and_s_at_their_ends() {
    es256_cases::ends_of_r_and_s();
}

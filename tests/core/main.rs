//! The core by itself, natively: no Envoy, no process.

#![cfg(not(target_family = "wasm"))]
// Tests are outside the core: they have a clock, files and an environment.
#![allow(clippy::disallowed_methods)]

#[path = "../decision_cases/mod.rs"]
mod decision_cases;
#[path = "../es256_cases/mod.rs"]
mod es256_cases;
#[path = "../support/mod.rs"]
mod support;

mod advice;
mod config_errors;
mod config_values;
mod contract_page;
mod decisions;
mod deny_codes;
mod explanation;
mod fetched_keys;
mod fqdn;
mod host_flow;
mod json;
mod json_against_serde;
mod jwks_remote;
mod kept_configurations;
mod lenient_readers;
mod look_alikes;
mod many_rules;
mod ownership;
mod ownership_answers;
mod ownership_watched;
mod page_examples;
mod pages;
mod possession;
mod published;
mod replies;
mod review;
mod schema_against_parser;
mod secrets;
mod time;
mod token_mutations;
mod trace;
mod vectors;

//! The filter in a real Envoy.

#![cfg(all(feature = "cli", not(target_family = "wasm")))]
// Tests are outside the core: they have a clock, files and an environment.
#![allow(clippy::disallowed_methods)]

#[path = "../decision_cases/mod.rs"]
#[allow(dead_code, reason = "the tables are played in Envoy here, not by the core")]
mod decision_cases;
#[path = "../support/mod.rs"]
mod support;

mod binding;
mod bodies;
mod body_transport;
mod claims;
mod client_certificate;
mod compact_jws;
mod config;
mod conformance;
mod content;
mod counters;
mod crossing_streams;
mod decisions;
mod eec;
mod foreign;
mod gauges;
mod harness;
mod hostile;
mod jwks_remote;
mod jwks_remote_load;
mod jwks_remote_of_others;
mod jwks_remote_outages;
mod jwks_remote_push;
mod jwks_remote_rotation;
mod jwks_remote_vouched;
mod jwks_remote_waiting;
mod keys;
mod names;
mod oauth_of_others;
mod online;
mod online_bounds;
mod online_log;
mod online_outages;
mod online_push;
mod online_waiting;
mod order;
mod ownership;
mod ownership_answers;
mod ownership_beside;
mod ownership_modes;
mod ownership_push;
mod possession;
mod profiles_of_others;
mod proof_memory;
mod push;
mod push_many_keys;
mod real_servers;
mod replies;
mod revocation;
mod revoked;
mod routes;
mod rules;
mod second_meanings;
mod shadow;
mod shadow_rows;
mod statistics;
mod streams;
mod tables;
mod tokens;
mod ts43_of_others;
mod two_readings;
mod upgrade;

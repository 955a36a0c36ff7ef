//! The core inside a proxy-wasm host (ABI 0.2.1): Envoy and Istio.
//!
//! [`hostcalls`] is the only file with `unsafe` in the project; [`root`] holds the configuration, [`http`] one
//! request. Nothing is decided here.

mod answers;
mod call_answer;
mod calls;
mod client_certificate;
mod clock;
mod fetching;
mod going_on;
mod header_map;
mod hostcalls;
mod http;
mod jwks_gauges;
mod key_fetches;
mod limited_log;
mod native_verifier;
mod proxy_host;
mod ready;
mod root;
mod shared;
mod shared_data;
mod start;
mod statistics;
mod streams;
mod ticks;

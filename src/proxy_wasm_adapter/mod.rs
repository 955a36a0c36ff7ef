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
mod gauges;
mod going_on;
mod header_map;
mod hostcalls;
mod http;
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

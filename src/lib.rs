//! Authenticates 3GPP Edge Enabler Clients (EEC) in front of an edge ECS or EES.
//!
//! TR 33.739 solution #25: an entitlement server (GSMA TS.43) issues a token to the client; this filter
//! verifies it, enforces its claims, and lets the request through only as the client that the token names.
//! `ARCHITECTURE.md` has the map; the way of a request is
//!
//! ```text
//! header bytes -> RequestView -> route -> Bearer -> UntrustedToken -> (+ key) VerifiedToken -> (+ now) ValidToken
//!              -> claim checks -> body -> binding -> Grant -> Step -> host calls
//! ```
//!
//! Everything but `proxy_wasm_adapter` and `cli` is the core: it has no clock, files, environment or logging.

#![cfg_attr(not(target_os = "wasi"), forbid(unsafe_code))]
#![deny(unsafe_code)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects
)]

mod ascii_twin;
mod byte_class;
pub mod cache;
pub mod config;
pub mod counter;
pub mod decision;
pub mod exchange;
#[cfg(not(target_os = "wasi"))]
pub mod explanation;
pub mod fqdn;
pub mod gauge;
pub mod host;
pub mod introspection;
pub mod json;
pub mod jwks_remote;
pub mod jws;
pub mod keys;
pub mod log_limit;
pub mod mac_key;
pub mod measure;
pub mod ownership;
pub mod percent;
pub mod plugin_state;
pub mod policy;
pub mod proof;
pub mod reply;
pub mod request;
pub mod shared_map;
pub mod tally;
pub mod time;
pub mod token;

#[cfg(target_os = "wasi")]
mod proxy_wasm_adapter;

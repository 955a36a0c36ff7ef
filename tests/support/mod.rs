//! The end-to-end test fixture: a real Envoy with the filter, a client before it and an upstream behind it.
//!
//! * [`envoy`] starts Envoy, or takes one that runs, pushes configurations and reads its log, statistics and access log;
//! * [`bootstrap`] is what it is to run, and writes its configuration files;
//! * [`request`] is one request for both protocols; [`h1`], [`h2_client`] and [`h2_raw`] send it;
//! * [`upstream`] and [`upstream_h2`] record exactly what arrived;
//! * [`names`] is what everything is called; [`token`] mints tokens, good and hostile; [`foreign`] lets another JOSE library mint them, and runs servers of others;
//! * [`trapping`] is the filter, but traps on demand;
//! * [`contract`] is the table of `docs/contract.md#decisions`, and [`fixture`] holds a whole case against it;
//! * [`deviations`] lists where we answer otherwise than published tests want;
//! * [`edge_server`] keeps registrations and subscriptions, as an EES or edge ECS does;
//! * [`ees`] is an upstream that keeps registrations and subscriptions, [`seal`] makes the seals of `ownership` on its own;
//! * [`counted`] is what a fixture knows of the counters, [`page`] reads the pages of tokens;
//! * [`bodies`] is what the tests of bodies share, [`entitlement_server`] is one that a test scripts, [`fetched_keys`] what it has fetched from there.
//!
//! Every test binary uses its own part of this.
#![allow(dead_code, unused_imports, unreachable_pub)]
// Tests are outside the core: they have a clock and an environment.
#![allow(clippy::disallowed_methods)]

pub mod bodies;
pub mod bootstrap;
pub mod cases;
pub mod contract;
pub mod counted;
pub mod deviations;
pub mod edge_server;
pub mod ees;
pub mod entitlement_server;
pub mod envoy;
pub mod fetched_keys;
pub mod find;
pub mod fixture;
pub mod foreign;
pub mod h1;
pub mod h2_client;
pub mod h2_raw;
pub mod names;
pub mod page;
pub mod problems;
pub mod proof;
pub mod request;
pub mod seal;
pub mod token;
pub mod trapping;
pub mod upstream;
pub mod upstream_h2;

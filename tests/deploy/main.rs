//! What an operator deploys: every file under `envoy/`, the image, the release, the documents, the examples.

#![cfg(all(feature = "cli", not(target_family = "wasm")))]
// Tests are outside the core: they have a clock, files and an environment.
#![allow(clippy::disallowed_methods)]

#[path = "../support/mod.rs"]
mod support;

mod alerts;
mod deployment;
mod dist;
mod docker;
mod documents;
mod examples;
mod fetched_keys;
mod fixture;
mod kubernetes;
mod maintenance;
mod oci;
mod operators_guide;
mod platforms;
mod prometheus;
mod rendered;
mod resources;
mod sidecar;
mod static_cli;
mod traps;
mod two_servers;

//! The filter in real meshes: etcd, Kubernetes' API server, istiod with the sidecar's agent, Envoy Gateway and an image registry, each
//! the real program, none in a container; and the page on verifying a release, with `cosign`. `make test-mesh` builds what is missing and runs this.
//!
//! It has a main of its own instead of Rust's test harness, since all stories of a platform share one cluster, and that runs in namespaces
//! which the kernel empties when this process ends, however it ends (`harness::namespaces`). Arguments are parts of names of stories.

#![cfg(all(feature = "cli", not(target_family = "wasm")))]
#![allow(unreachable_pub, reason = "the modules of a test binary are its own")]
#![allow(clippy::disallowed_methods, reason = "tests have a clock, files and an environment")]

#[path = "../deploy/fixture/mod.rs"]
mod fixture;
#[path = "../support/mod.rs"]
mod support;

mod cluster;
mod envoy_gateway;
mod fleet;
mod harness;
mod istio;
mod release;

use harness::Platform;
use std::process::ExitCode;

/// Where the filter is tried.
const PLATFORMS: [Platform; 3] = [release::PLATFORM, istio::PLATFORM, envoy_gateway::PLATFORM];

fn main() -> ExitCode {
    // `make bench-fleet`: the same cluster, measured.
    if fleet::wanted() { harness::main(&[fleet::PLATFORM]) } else { harness::main(&PLATFORMS) }
}

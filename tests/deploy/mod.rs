//! What the tests of the deployment files share.
#![allow(dead_code, unreachable_pub)]
#![allow(clippy::disallowed_methods, reason = "tests have a clock and files")]

pub mod registry;
pub mod running;
pub mod schema;
pub mod shipped;
pub mod sidecar;
pub mod tls;

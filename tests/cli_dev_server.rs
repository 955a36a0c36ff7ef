//! `eec-authn dev-entitlement-server` as a process, over HTTP.

#![cfg(all(feature = "cli", not(target_family = "wasm")))]

#[path = "cli_dev_server/faults.rs"]
mod faults;
#[path = "cli_dev_server/issue.rs"]
mod issue;
#[path = "cli_dev_server/jws.rs"]
mod jws;
#[path = "cli_dev_server/life.rs"]
mod life;
#[path = "cli_dev_server/process.rs"]
mod process;
#[path = "cli_dev_server/questions.rs"]
mod questions;

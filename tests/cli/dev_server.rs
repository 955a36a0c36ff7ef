//! `eec-authn dev-entitlement-server` as a process, over HTTP.

mod faults;
mod issue;
mod jws;
mod life;
pub(crate) mod process;
mod questions;
mod rotation;

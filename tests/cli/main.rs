//! The command line as a process of its own.

#![cfg(all(feature = "cli", not(target_family = "wasm")))]
// Tests are outside the core: they have a clock, files and an environment.
#![allow(clippy::disallowed_methods)]

#[path = "../support/mod.rs"]
mod support;

mod check;
mod completions;
mod conformance;
mod conformance_list;
mod demo;
mod dev_edge_server;
mod dev_server;
mod eec;
mod explain;
mod harmless;
mod help;
mod key_sets;
mod keys;
mod mistakes;
mod page;
mod proofs;
mod render;
mod seals;
mod tokens;
mod verbs;
mod written_files;

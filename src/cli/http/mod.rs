//! Small HTTP/1.1 server and client, for loopback.

mod client;
mod input;
mod problem;
mod server;

pub(crate) use client::send;
pub(crate) use input::{Input, WholeBody};
pub(crate) use problem::Problem;
pub(crate) use server::{Reset, listen, serve};

//! HTTP/1.1 by hand, over TCP or TLS: what a client library would tidy up must reach the target as it is.

mod answer;
mod connection;
mod request;
mod target;

pub(super) use answer::Answer;
pub(super) use connection::Connector;
pub(super) use request::Request;
pub(super) use target::Target;

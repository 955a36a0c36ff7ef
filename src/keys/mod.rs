//! Pinned public keys: what they are, how they verify, and how a token picks one.

mod algorithm;

pub use algorithm::Algorithm;

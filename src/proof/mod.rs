//! Proof of possession (`docs/contract.md#proof`): that the client which sends a token is the one that it was issued to.
//!
//! A token says in `cnf` what it is bound to ([`Confirmation`]): a key, of which each request then brings a signed proof
//! (DPoP, RFC 9449), a TLS client certificate (RFC 8705), or both. What a request brings is [`Presented`]; [`Possession`] holds one
//! against the other, in the order of the contract. Proofs that were used are remembered by all workers together ([`ProofMemory`]).

mod confirmation;
mod dpop;
mod memory;
mod nonce;
mod possession;
mod presented;
mod replay;
mod target;

pub use confirmation::Confirmation;
pub use memory::{MemoryOwner, ProofMemory};
pub use possession::{Holder, Possession};
pub use presented::Presented;

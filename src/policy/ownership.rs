//! Whether the resources of built-in collections belong to the clients that made them (`docs/contract.md#ownership`).

use crate::mac_key::MacKey;

/// By which secrets seals are made and known, and what becomes of identifiers without one.
#[derive(Debug)]
pub struct Ownership {
    /// The first one seals, all of them open; never empty.
    pub keys: Vec<MacKey>,
    /// Identifiers without a seal.
    pub unsealed: Unsealed,
}

/// What becomes of a request on an item whose identifier has no seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsealed {
    /// It is refused.
    Deny,
    /// It goes on, and is counted: ownership protects nothing meanwhile.
    Allow,
}

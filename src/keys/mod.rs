//! Pinned public keys: how they are read, how they verify, and how a token picks one.
//!
//! A key has one algorithm (RFC 8725, section 3.1) and belongs to one entitlement server. What a token says
//! (`alg`, `kid`, `x5t#S256`) can only pick among the keys of that server, never bring one along.
//!
//! Keys come as JWK, in a JWK set, in PEM or in a certificate. All are read strictly: everything that is wrong with
//! a key is found when the configuration is loaded, and verifying has nothing left to parse but the signature.

mod algorithm;
mod certificate;
mod chain;
mod chain_signature;
mod curve;
mod ecdsa;
mod ed25519;
mod error;
mod es256;
mod es384;
mod host;
mod inversion;
mod jwk;
mod jwks;
mod key_set;
mod pem;
mod probes;
mod proven_host;
mod public_key;
mod rsa;
mod sound_moduli;
mod spki;
mod spki_der;
mod tables;
#[cfg(test)]
mod tests;
mod thumbprint;
mod weak_modulus;
mod x509;

pub use algorithm::{Algorithm, Hash};
pub use certificate::{Certificate, Outline};
pub use chain::{TrustAnchors, Vouched};
pub use chain_signature::Work;
pub use error::{KeyError, KeyErrors, KeyFault};
pub use host::{HostVerifier, NoHost};
pub use jwk::{Jwk, PresentedKey};
pub use jwks::JwkSet;
pub use key_set::{Fetched, KeyHint, KeySet, PinnedKey, Window};
pub use proven_host::ProvenHost;
pub use public_key::PublicKey;
pub use sound_moduli::{recall_sound_moduli, share_sound_moduli};
pub use tables::TableStore;

//! Verification by the host, where it has native code for it.

use super::Algorithm;

/// Envoy offers BoringSSL to its plugins as the foreign function `verify_signature`: RSA PKCS#1 v1.5 and
/// ECDSA, an order of magnitude faster than the same in WebAssembly. Other hosts have no such function.
/// (`Sync` is what rustls-webpki asks of whatever verifies certificates.)
pub trait HostVerifier: Sync {
    /// Whether `signature` is that of `message` under the key `spki_der` (a DER SubjectPublicKeyInfo) and an algorithm
    /// of the kinds named above. An ECDSA signature is the DER SEQUENCE of RFC 3279, section 2.2.3.
    ///
    /// `None`: the host has no such function, or answered something that is neither yes nor no.
    fn verify(&self, algorithm: Algorithm, spki_der: &[u8], signature: &[u8], message: &[u8])
    -> Option<bool>;
}

/// A host that verifies nothing: everything is done here.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoHost;

impl HostVerifier for NoHost {
    fn verify(&self, _: Algorithm, _: &[u8], _: &[u8], _: &[u8]) -> Option<bool> {
        None
    }
}

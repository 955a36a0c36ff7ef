//! A public key with its one algorithm.

use super::Algorithm;
use super::ed25519::Ed25519Key;
use super::error::KeyErrors;
use super::es256::P256Key;
use super::host::HostVerifier;
use super::jwk::Jwk;
use crate::json::Json;

/// A public key that can verify. Nothing in it is secret.
#[derive(Debug, Clone)]
pub struct PublicKey {
    pub(super) algorithm: Algorithm,
    pub(super) thumbprint: Box<str>,
    pub(super) material: Material,
}

/// What the algorithms verify with.
#[derive(Debug, Clone)]
pub(super) enum Material {
    Ed25519(Ed25519Key),
    P256(P256Key),
}

impl PublicKey {
    /// Reads a JSON Web Key (RFC 7517) as a pinned verification key. [`Jwk::parse`] reads its `kid` as well.
    pub fn from_jwk(jwk: &Json) -> Result<PublicKey, KeyErrors> {
        Jwk::parse(jwk).map(|jwk| jwk.key)
    }

    /// The only algorithm this key verifies.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The base64url SHA-256 thumbprint of RFC 7638.
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// Whether `signature`, as it stands in a JWS, is this key's for `message` (the signing input). Any
    /// length and content of both is fine to ask about.
    ///
    /// `host` is asked first where it may have faster code for the algorithm.
    pub fn verify(&self, message: &[u8], signature: &[u8], _host: &dyn HostVerifier) -> bool {
        match &self.material {
            Material::Ed25519(key) => key.verify(message, signature),
            Material::P256(key) => key.verify(message, signature),
        }
    }
}

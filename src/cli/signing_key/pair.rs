//! A key pair of one algorithm.

use super::algorithm::Algorithm;
use super::rsa_pair::RsaPair;
use crate::cli::failure::Failure;
use crate::cli::random::random;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_compact::{KeyPair, Seed};
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use serde_json::Value;
use sha2::{Digest, Sha256};

pub(super) enum Pair {
    Ed25519(Box<KeyPair>),
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    Rsa(Box<RsaPair>),
}

impl Pair {
    /// A fresh pair, from the system's randomness.
    pub(super) fn generate(algorithm: Algorithm) -> Result<Pair, Failure> {
        // A few numbers of that length are no private keys: zero, and what is above the curve's order.
        loop {
            let bytes = match algorithm {
                Algorithm::Rs256 | Algorithm::Ps256 => {
                    return Ok(Pair::Rsa(Box::new(RsaPair::generate(algorithm)?)));
                }
                Algorithm::Es384 => random::<48>()?.to_vec(),
                Algorithm::EdDsa | Algorithm::Es256 => random::<32>()?.to_vec(),
            };
            if let Some(pair) = Pair::from_private(algorithm, &bytes) {
                return Ok(pair);
            }
        }
    }

    /// The pair of a private JWK.
    pub(super) fn from_private_jwk(jwk: &Value) -> Option<Pair> {
        let member = |name: &str| jwk.get(name).and_then(Value::as_str);
        let algorithm = match (member("kty"), member("crv")) {
            (Some("RSA"), _) => return RsaPair::from_private_jwk(jwk).map(|pair| Pair::Rsa(Box::new(pair))),
            (_, Some("Ed25519")) => Algorithm::EdDsa,
            (_, Some("P-256")) => Algorithm::Es256,
            (_, Some("P-384")) => Algorithm::Es384,
            _ => return None,
        };
        Pair::from_private(algorithm, &URL_SAFE_NO_PAD.decode(member("d")?).ok()?)
    }

    /// The pair of a private key: a seed, or a number of the curve's length.
    fn from_private(algorithm: Algorithm, bytes: &[u8]) -> Option<Pair> {
        Some(match algorithm {
            Algorithm::EdDsa => Pair::Ed25519(Box::new(KeyPair::from_seed(Seed::from_slice(bytes).ok()?))),
            Algorithm::Es256 if bytes.len() == 32 => {
                Pair::P256(p256::ecdsa::SigningKey::from_slice(bytes).ok()?)
            }
            Algorithm::Es384 if bytes.len() == 48 => {
                Pair::P384(p384::ecdsa::SigningKey::from_slice(bytes).ok()?)
            }
            Algorithm::Es256 | Algorithm::Es384 | Algorithm::Rs256 | Algorithm::Ps256 => return None,
        })
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        match self {
            Pair::Ed25519(_) => Algorithm::EdDsa,
            Pair::P256(_) => Algorithm::Es256,
            Pair::P384(_) => Algorithm::Es384,
            Pair::Rsa(pair) => pair.algorithm(),
        }
    }

    /// What a private JWK has besides.
    pub(super) fn private_members(&self) -> Vec<(&'static str, String)> {
        match self {
            Pair::Ed25519(pair) => vec![("d", URL_SAFE_NO_PAD.encode(pair.sk.seed().as_ref()))],
            Pair::P256(key) => vec![("d", URL_SAFE_NO_PAD.encode(key.to_bytes()))],
            Pair::P384(key) => vec![("d", URL_SAFE_NO_PAD.encode(key.to_bytes()))],
            Pair::Rsa(pair) => pair.private_members(),
        }
    }

    /// The members that make the public key, in the order that RFC 7638 wants them.
    pub(super) fn public_members(&self) -> Vec<(&'static str, String)> {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let ec = |crv: &str, point: &[u8]| {
            // An uncompressed point is 4, x, y (SEC 1, section 2.3.3).
            let (x, y) = point.split_at(point.len().div_ceil(2));
            vec![("crv", crv.into()), ("kty", "EC".into()), ("x", text(&x[1..])), ("y", text(y))]
        };
        match self {
            Pair::Ed25519(pair) => {
                vec![("crv", "Ed25519".into()), ("kty", "OKP".into()), ("x", text(pair.pk.as_ref()))]
            }
            Pair::P256(key) => ec("P-256", key.verifying_key().to_encoded_point(false).as_bytes()),
            Pair::P384(key) => ec("P-384", key.verifying_key().to_encoded_point(false).as_bytes()),
            Pair::Rsa(pair) => pair.public_members(),
        }
    }

    /// RFC 7638: SHA-256 over the required members of the JWK.
    pub(super) fn thumbprint(&self) -> String {
        let members: Vec<String> =
            self.public_members().iter().map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
        URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{{{}}}", members.join(","))))
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Pair::Ed25519(pair) => pair.sk.sign(message, None).to_vec(),
            Pair::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.to_bytes().to_vec()
            }
            Pair::P384(key) => {
                let signature: p384::ecdsa::Signature = key.sign(message);
                signature.to_bytes().to_vec()
            }
            Pair::Rsa(pair) => pair.sign(message),
        }
    }

    pub(super) fn has_signed(&self, message: &[u8], signature: &[u8]) -> Option<bool> {
        Some(match self {
            Pair::Ed25519(pair) => {
                pair.pk.verify(message, &ed25519_compact::Signature::from_slice(signature).ok()?).is_ok()
            }
            Pair::P256(key) => {
                let signature = p256::ecdsa::Signature::from_slice(signature).ok()?;
                key.verifying_key().verify(message, &signature).is_ok()
            }
            Pair::P384(key) => {
                let signature = p384::ecdsa::Signature::from_slice(signature).ok()?;
                key.verifying_key().verify(message, &signature).is_ok()
            }
            Pair::Rsa(pair) => pair.has_signed(message, signature),
        })
    }
}

//! A public key with its one algorithm.

use super::algorithm::{Algorithm, Family};
use super::curve::Curve;
use super::ecdsa::EcdsaKey;
use super::ed25519::Ed25519Key;
use super::error::{KeyError, KeyErrors, quoted};
use super::host::HostVerifier;
use super::rsa::RsaKey;
use super::tables::TableStore;
use super::thumbprint::{base64url, thumbprint};

/// A public key that can verify. Nothing in it is secret.
#[derive(Debug, Clone)]
pub struct PublicKey {
    algorithm: Algorithm,
    thumbprint: Box<str>,
    material: Material,
}

/// What the algorithms verify with.
#[derive(Debug, Clone)]
enum Material {
    Ed25519(Box<Ed25519Key>),
    Ecdsa(Box<EcdsaKey>),
    Rsa(Box<RsaKey>),
}

impl PublicKey {
    /// The only algorithm this key verifies.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The base64url SHA-256 thumbprint of RFC 7638.
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// What is legal about the key but deserves a look.
    pub fn warning(&self) -> Option<String> {
        match &self.material {
            Material::Rsa(key) => key.cost(self.algorithm),
            Material::Ed25519(_) | Material::Ecdsa(_) => None,
        }
    }

    /// What makes the key unfit for use, as far as only a long look tells.
    pub(super) fn weakness(&self) -> Option<&'static str> {
        match &self.material {
            Material::Rsa(key) => key.weakness(),
            Material::Ed25519(_) | Material::Ecdsa(_) => None,
        }
    }

    /// Lets the key have tables of `store`, which make verifying faster and change no answer. They are made a row at a time,
    /// with each signature that is verified without them.
    pub fn prepare(&self, store: &TableStore) {
        match &self.material {
            Material::Ed25519(key) => key.prepare(store),
            Material::Ecdsa(key) => key.prepare(store),
            Material::Rsa(_) => {}
        }
    }

    /// Makes what is missing of the key's tables now, which takes milliseconds: for whoever measures them.
    pub fn finish_tables(&self) {
        match &self.material {
            Material::Ed25519(key) => key.finish_tables(),
            Material::Ecdsa(key) => key.finish_tables(),
            Material::Rsa(_) => {}
        }
    }

    /// Whether `signature`, as it stands in a JWS, is this key's for `message` (the signing input). Any
    /// length and content of both is fine to ask about.
    ///
    /// `host` is asked where it may have faster code for the algorithm.
    pub fn verify(&self, message: &[u8], signature: &[u8], host: &dyn HostVerifier) -> bool {
        match &self.material {
            Material::Ed25519(key) => key.verify(message, signature),
            Material::Ecdsa(key) => key.verify(message, signature, host),
            Material::Rsa(key) => key.verify(self.algorithm, message, signature, host),
        }
    }
}

/// A key whose algorithm is still open.
pub(super) struct Parts {
    thumbprint: Box<str>,
    material: Material,
}

impl Parts {
    pub(super) fn ed25519(x: &[u8]) -> Result<Parts, KeyErrors> {
        let key = Ed25519Key::parse(x, ".x")?;
        let thumbprint = thumbprint(&[("crv", "Ed25519"), ("kty", "OKP"), ("x", &base64url(x))]);
        Ok(Parts { thumbprint, material: Material::Ed25519(Box::new(key)) })
    }

    pub(super) fn ec(curve: Curve, x: &[u8], y: &[u8]) -> Result<Parts, KeyErrors> {
        let key = EcdsaKey::parse(curve, x, y)?;
        let (x, y) = (base64url(x), base64url(y));
        let thumbprint = thumbprint(&[("crv", curve.name()), ("kty", "EC"), ("x", &x), ("y", &y)]);
        Ok(Parts { thumbprint, material: Material::Ecdsa(Box::new(key)) })
    }

    pub(super) fn rsa(n: &[u8], e: &[u8]) -> Result<Parts, KeyErrors> {
        Ok(Parts::of_rsa(RsaKey::parse(n, e)?, n, e))
    }

    /// An RSA key that comes with what it has signed: [`PublicKey::weakness`] is still to be asked.
    pub(super) fn presented_rsa(n: &[u8], e: &[u8]) -> Result<Parts, KeyErrors> {
        let key = RsaKey::unexamined(n, e)?;
        if !key.has_usual_exponent() {
            return Err(vec![KeyError::invalid(".e", "is not 65537")]);
        }
        Ok(Parts::of_rsa(key, n, e))
    }

    fn of_rsa(key: RsaKey, n: &[u8], e: &[u8]) -> Parts {
        let thumbprint = thumbprint(&[("e", &base64url(e)), ("kty", "RSA"), ("n", &base64url(n))]);
        Parts { thumbprint, material: Material::Rsa(Box::new(key)) }
    }

    /// The algorithms of such a key; the first is the default.
    fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        let fits = |algorithm: &Algorithm| match (algorithm.family(), &self.material) {
            (Family::Ed25519, Material::Ed25519(_)) => true,
            (Family::Ecdsa(curve), Material::Ecdsa(key)) => curve == key.curve(),
            (Family::RsaPkcs1 | Family::RsaPss, Material::Rsa(_)) => true,
            (Family::Ed25519 | Family::Ecdsa(_) | Family::RsaPkcs1 | Family::RsaPss, _) => false,
        };
        Algorithm::ALL.iter().copied().filter(fits)
    }

    /// Fixes the algorithm: what `alg` says if it fits, else the default (RFC 8725, section 3.1).
    pub(super) fn with_algorithm(self, alg: Option<&str>) -> Result<PublicKey, KeyError> {
        let chosen = self.algorithms().find(|algorithm| alg.is_none_or(|alg| algorithm.is_named(alg)));
        if let Some(algorithm) = chosen {
            if let Material::Rsa(key) = &self.material {
                key.check(algorithm)?;
            }
            return Ok(PublicKey { algorithm, thumbprint: self.thumbprint, material: self.material });
        }
        let alg = alg.unwrap_or_default();
        let names: Vec<String> = self.algorithms().map(|algorithm| quoted(algorithm.name())).collect();
        let remedy = names.join(" or ");
        Err(if alg == "none" || alg.starts_with("HS") {
            KeyError::invalid(".alg", format!("{} is never accepted; use {remedy}", quoted(alg)))
        } else {
            KeyError::unusable(".alg", format!("{} does not fit this key; use {remedy}", quoted(alg)))
        })
    }
}

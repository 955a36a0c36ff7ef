//! An RSA key pair, for RS256 or PS256 (RFC 7518, sections 3.3, 3.5 and 6.3).

use super::algorithm::Algorithm;
use crate::cli::failure::Failure;
use crate::cli::random::SystemRandom;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rsa::pkcs8::EncodePublicKey as _;
use rsa::traits::{PrivateKeyParts as _, PublicKeyParts as _};
use rsa::{BigUint, Pkcs1v15Sign, Pss, RsaPrivateKey};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The length of a fresh key, in bits.
const BITS: usize = 2048;

pub(super) struct RsaPair {
    key: RsaPrivateKey,
    /// Whether it signs by PSS.
    pss: bool,
}

impl RsaPair {
    pub(super) fn generate(algorithm: Algorithm) -> Result<RsaPair, Failure> {
        let key = RsaPrivateKey::new(&mut SystemRandom, BITS).map_err(Failure::because("no RSA key"))?;
        Ok(RsaPair { key, pss: algorithm == Algorithm::Ps256 })
    }

    /// The pair of a private JWK; its primes may be left out.
    pub(super) fn from_private_jwk(jwk: &Value) -> Option<RsaPair> {
        let member = |name: &str| jwk.get(name).map(|value| value.as_str().unwrap_or_default());
        let number = |name: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(member(name)?).ok()?;
            Some(BigUint::from_bytes_be(&bytes)).filter(|number| number.bits() > 1)
        };
        let pss = match member("alg") {
            None | Some("RS256") => false,
            Some("PS256") => true,
            Some(_) => return None,
        };
        let n = number("n").filter(|n| (2048..=8192).contains(&n.bits()))?;
        let primes = match (member("p"), member("q")) {
            (None, None) => Vec::new(),
            _ => vec![number("p")?, number("q")?],
        };
        // It looks whether they belong together.
        let key = RsaPrivateKey::from_components(n, number("e")?, number("d")?, primes).ok()?;
        Some(RsaPair { key, pss })
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        if self.pss { Algorithm::Ps256 } else { Algorithm::Rs256 }
    }

    /// In the order that RFC 7638 wants them.
    pub(super) fn public_members(&self) -> Vec<(&'static str, String)> {
        vec![("e", text(self.key.e())), ("kty", "RSA".into()), ("n", text(self.key.n()))]
    }

    pub(super) fn private_members(&self) -> Vec<(&'static str, String)> {
        let primes = ["p", "q"].into_iter().zip(self.key.primes()).map(|(name, prime)| (name, text(prime)));
        let exponents = [("dp", self.key.dp()), ("dq", self.key.dq())];
        let exponents = exponents.into_iter().filter_map(|(name, number)| Some((name, text(number?))));
        let coefficient = self.key.crt_coefficient().map(|number| ("qi", text(&number)));
        [("d", text(self.key.d()))].into_iter().chain(primes).chain(exponents).chain(coefficient).collect()
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let digest = Sha256::digest(message);
        let signature = if self.pss {
            self.key.sign_with_rng(&mut SystemRandom, Pss::new::<Sha256>(), &digest)
        } else {
            self.key.sign_with_rng(&mut SystemRandom, Pkcs1v15Sign::new::<Sha256>(), &digest)
        };
        // A key of at least 2048 bits that has been looked at signs every digest.
        signature.unwrap_or_default()
    }

    pub(super) fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let (digest, public) = (Sha256::digest(message), self.key.to_public_key());
        let verified = if self.pss {
            public.verify(Pss::new::<Sha256>(), &digest, signature)
        } else {
            public.verify(Pkcs1v15Sign::new::<Sha256>(), &digest, signature)
        };
        verified.is_ok()
    }

    /// The SubjectPublicKeyInfo, in DER.
    pub(super) fn spki(&self) -> Option<Vec<u8>> {
        self.key.to_public_key().to_public_key_der().ok().map(|der| der.into_vec())
    }
}

fn text(number: &BigUint) -> String {
    URL_SAFE_NO_PAD.encode(number.to_bytes_be())
}

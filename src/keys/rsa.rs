//! RSA signatures: PKCS #1 v1.5 and PSS (RFC 7518, sections 3.3 and 3.5).

use super::algorithm::{Algorithm, Family, Hash};
use super::error::{KeyError, KeyErrors};
use super::host::HostVerifier;
use super::sound_moduli;
use super::spki_der;
use super::weak_modulus;
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, Pkcs1v15Sign, Pss, RsaPublicKey};
use sha2::{Digest, Sha256, Sha384, Sha512};

/// RFC 7518 wants at least 2048; above the most, one forged signature would cost too much time.
const LEAST_BITS: usize = 2048;
const MOST_BITS: usize = 8192;
/// Above this, what only this module can verify deserves a warning.
const MOST_BITS_FOR_PSS: usize = 4096;
/// The least and the usual one: smaller exponents have been the way into sloppy implementations (FIPS 186-5, section A.1.1).
const USUAL_EXPONENT: u32 = 65_537;

/// An RSA public key of acceptable size.
#[derive(Debug, Clone)]
pub(super) struct RsaKey {
    key: RsaPublicKey,
    /// The modulus, big-endian.
    modulus: Box<[u8]>,
    /// The key as the host wants it.
    spki: Option<Box<[u8]>>,
}

impl RsaKey {
    /// Reads modulus and exponent: big-endian, without leading zeros.
    pub(super) fn parse(n: &[u8], e: &[u8]) -> Result<RsaKey, KeyErrors> {
        RsaKey::read(n, e, weakness)
    }

    /// The same without the look that takes long, for a key of which it is not known yet whether it matters.
    pub(super) fn unexamined(n: &[u8], e: &[u8]) -> Result<RsaKey, KeyErrors> {
        RsaKey::read(n, e, |_| None)
    }

    /// What that look finds.
    pub(super) fn weakness(&self) -> Option<&'static str> {
        weakness(&self.modulus)
    }

    /// Whether the exponent is the one that everybody has: others take up to four times as long.
    pub(super) fn has_usual_exponent(&self) -> bool {
        *self.key.e() == BigUint::from(USUAL_EXPONENT)
    }

    fn read(
        n: &[u8],
        e: &[u8],
        weakness: impl FnOnce(&[u8]) -> Option<&'static str>,
    ) -> Result<RsaKey, KeyErrors> {
        let mut errors = KeyErrors::new();
        for (member, number) in [(".n", n), (".e", e)] {
            if number.first().is_none_or(|byte| *byte == 0) {
                let message =
                    "is empty or begins with a zero byte; encode the number in as few bytes as possible";
                errors.push(KeyError::invalid(member, message));
            }
        }
        // Before any arithmetic: a number of a megabyte is nothing to compute with.
        let bits = bit_length(n);
        if !(LEAST_BITS..=MOST_BITS).contains(&bits) {
            let message = format!("has {bits} bits; use an RSA key of {LEAST_BITS} to {MOST_BITS} bits");
            errors.push(KeyError::invalid(".n", message));
        } else if n.last().is_none_or(|byte| byte & 1 == 0) {
            errors.push(KeyError::invalid(
                ".n",
                "is even, so no RSA modulus; take the key from its issuer again",
            ));
        } else if let Some(weakness) = weakness(n) {
            errors.push(KeyError::invalid(".n", weakness));
        }
        let exponent = BigUint::from_bytes_be(e.get(..8).unwrap_or(e));
        let odd = e.last().is_some_and(|byte| byte & 1 == 1);
        if exponent < BigUint::from(USUAL_EXPONENT) || e.len() > 4 || !odd {
            let message =
                "must be an odd number from 65537 to 4294967295 as exponent; use a key with the usual 65537";
            errors.push(KeyError::invalid(".e", message));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let key = RsaPublicKey::new_with_max_size(BigUint::from_bytes_be(n), exponent, MOST_BITS)
            .map_err(|_| vec![KeyError::invalid("", "is no RSA key; take the key from its issuer again")])?;
        let spki = spki_der::encode_rsa(&key);
        Ok(RsaKey { key, modulus: n.into(), spki })
    }

    /// Whether the key can be used with `algorithm`. For PSS with 8k+1 bits the encoded message is a byte shorter
    /// than the modulus (RFC 8017, section 8.1.2), and the library does not look at the byte left over.
    pub(super) fn check(&self, algorithm: Algorithm) -> Result<(), KeyError> {
        let bits = self.key.n().bits();
        if !is_pss(algorithm) || bits & 7 != 1 {
            return Ok(());
        }
        let name = algorithm.name();
        let message = format!(
            "{name:?} needs an RSA key of a multiple of 8 bits, and this one has {bits}; use another"
        );
        Err(KeyError::invalid(".alg", message))
    }

    /// What the key costs with `algorithm`, if that is much: hosts know no PSS.
    pub(super) fn cost(&self, algorithm: Algorithm) -> Option<String> {
        let bits = self.key.n().bits();
        let name = algorithm.name();
        (is_pss(algorithm) && bits > MOST_BITS_FOR_PSS).then(|| {
            format!(
                "is slow: {name:?} is verified in WebAssembly, and with {bits} bits each forged token costs a worker some \
                 milliseconds (13 with {MOST_BITS}); use at most {MOST_BITS_FOR_PSS} bits, or \"RS256\""
            )
        })
    }

    /// Whether `signature` is this key's for `message` under an RS or PS algorithm.
    pub(super) fn verify(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
        host: &dyn HostVerifier,
    ) -> bool {
        // One signature, one form: as long as the modulus, and below it (RFC 8017, section 5.2.2).
        if signature.len() != self.modulus.len() || *signature >= *self.modulus {
            return false;
        }
        let hash = algorithm.hash();
        let digest = || match hash {
            Hash::Sha256 => Sha256::digest(message).to_vec(),
            Hash::Sha384 => Sha384::digest(message).to_vec(),
            Hash::Sha512 => Sha512::digest(message).to_vec(),
        };
        match algorithm.family() {
            Family::RsaPkcs1 => {
                let asked =
                    self.spki.as_deref().and_then(|spki| host.verify(algorithm, spki, signature, message));
                let padding = match hash {
                    Hash::Sha256 => Pkcs1v15Sign::new::<Sha256>,
                    Hash::Sha384 => Pkcs1v15Sign::new::<Sha384>,
                    Hash::Sha512 => Pkcs1v15Sign::new::<Sha512>,
                };
                asked.unwrap_or_else(|| self.key.verify(padding(), &digest(), signature).is_ok())
            }
            Family::RsaPss => {
                // The host knows no PSS. The salt is as long as the hash, here by default.
                let padding = match hash {
                    Hash::Sha256 => Pss::new::<Sha256>,
                    Hash::Sha384 => Pss::new::<Sha384>,
                    Hash::Sha512 => Pss::new::<Sha512>,
                };
                self.key.verify(padding(), &digest(), signature).is_ok()
            }
            Family::Ed25519 | Family::Ecdsa(_) => false,
        }
    }
}

fn weakness(modulus: &[u8]) -> Option<&'static str> {
    sound_moduli::weakness_of(modulus, weak_modulus::weakness)
}

fn is_pss(algorithm: Algorithm) -> bool {
    algorithm.family() == Family::RsaPss
}

/// Bits of a big-endian number.
fn bit_length(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let significant = number.get(zeros..).unwrap_or_default();
    let top = significant.first().map_or(0, |byte| byte.leading_zeros() as usize);
    significant.len().saturating_mul(8).saturating_sub(top)
}

//! ECDSA on P-256 and P-384 (RFC 7518, section 3.4).

use super::Algorithm;
use super::curve::Curve;
use super::error::{KeyError, KeyErrors};
use super::es256::Es256Key;
use super::es384::{self, Es384Key};
use super::host::HostVerifier;
use super::spki_der;
use super::tables::TableStore;

/// A public key that is known to be a point of its curve.
#[derive(Debug, Clone)]
pub(super) struct EcdsaKey {
    point: Point,
    /// The key as the host wants it.
    spki: Option<Box<[u8]>>,
}

#[derive(Debug, Clone)]
enum Point {
    P256(Es256Key),
    P384(Es384Key),
}

impl EcdsaKey {
    /// Reads affine coordinates, each of the curve's length.
    pub(super) fn parse(curve: Curve, x: &[u8], y: &[u8]) -> Result<EcdsaKey, KeyErrors> {
        // 4 marks an uncompressed point (SEC 1, section 2.3.3).
        let encoded = [&[4], x, y].concat();
        let point = match curve {
            Curve::P256 => Es256Key::parse(&encoded).map(Point::P256),
            Curve::P384 => Es384Key::parse(x, y).map(Point::P384),
        };
        let off = || {
            let message =
                format!("is not a point on the curve {}; take the key from its issuer again", curve.name());
            vec![KeyError::invalid("", message)]
        };
        Ok(EcdsaKey { point: point.ok_or_else(off)?, spki: spki_der::encode_ec(curve, &encoded) })
    }

    /// The key's curve.
    pub(super) fn curve(&self) -> Curve {
        match self.point {
            Point::P256(_) => Curve::P256,
            Point::P384(_) => Curve::P384,
        }
    }

    /// Lets the key have tables of `store`.
    pub(super) fn prepare(&self, store: &TableStore) {
        match &self.point {
            Point::P256(key) => key.prepare(store),
            Point::P384(_) => {}
        }
    }

    /// Makes what is missing of its tables.
    pub(super) fn finish_tables(&self) {
        match &self.point {
            Point::P256(key) => key.finish_tables(),
            Point::P384(_) => {}
        }
    }

    /// Whether `signature` (r and s in full length) is this key's for `message`.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8], host: &dyn HostVerifier) -> bool {
        let length = self.curve().length();
        let Some((r, s)) = signature.split_at_checked(length).filter(|(_, s)| s.len() == length) else {
            return false;
        };
        // Reading the signature finds r and s outside 1..n-1, so that the host never sees them.
        match &self.point {
            Point::P256(key) => p256::ecdsa::Signature::from_slice(signature).is_ok_and(|signature| {
                key.vouches_for(message, &signature) || {
                    let asked = self.ask(host, Algorithm::Es256, r, s, message);
                    let good = asked.unwrap_or_else(|| key.verify(message, &signature));
                    // Good tokens alone bring tables about: a stranger's cost no more than they did.
                    if good {
                        key.grow_tables();
                    }
                    good
                }
            }),
            Point::P384(key) => es384::Signature::from_slice(signature).is_some_and(|signature| {
                self.ask(host, Algorithm::Es384, r, s, message)
                    .unwrap_or_else(|| key.verify(message, &signature))
            }),
        }
    }

    fn ask(
        &self,
        host: &dyn HostVerifier,
        algorithm: Algorithm,
        r: &[u8],
        s: &[u8],
        message: &[u8],
    ) -> Option<bool> {
        host.verify(algorithm, self.spki.as_deref()?, &der_signature(r, s), message)
    }
}

/// The DER SEQUENCE of two INTEGERs (RFC 3279, section 2.2.3). Numbers of up to 48 bytes keep all its lengths
/// below 128, in one byte each.
fn der_signature(r: &[u8], s: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(104);
    for number in [r, s] {
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        let digits = number.get(zeros..).unwrap_or_default();
        // A leading 1 bit would make it negative.
        let sign: &[u8] = if digits.first().is_none_or(|byte| *byte >= 0x80) { &[0] } else { &[] };
        body.extend_from_slice(&[0x02, short(digits.len().saturating_add(sign.len()))]);
        body.extend_from_slice(sign);
        body.extend_from_slice(digits);
    }
    let mut der = vec![0x30, short(body.len())];
    der.append(&mut body);
    der
}

fn short(length: usize) -> u8 {
    u8::try_from(length).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn der_numbers_are_minimal_and_positive() {
        assert_eq!(der_signature(&[0, 0, 1], &[0x7f]), [0x30, 6, 2, 1, 1, 2, 1, 0x7f]);
        assert_eq!(der_signature(&[0x80, 0], &[0, 0xff]), [0x30, 9, 2, 3, 0, 0x80, 0, 2, 2, 0, 0xff]);
        assert_eq!(der_signature(&[0], &[]), [0x30, 6, 2, 1, 0, 2, 1, 0]);
        let longest = der_signature(&[0xff; 48], &[0xff; 48]);
        assert_eq!((longest.len(), longest[1]), (104, 102));
    }

    #[test]
    #[cfg(not(target_arch = "wasm32"))]
    fn der_is_that_of_the_library() {
        for fill in [1_u8, 0x7f, 0x80, 0xfe] {
            let mut raw = [fill; 96];
            raw[..40].fill(0);
            raw[95] = 1;
            let signature = p384::ecdsa::Signature::from_slice(&raw).unwrap();
            assert_eq!(der_signature(&raw[..48], &raw[48..]), signature.to_der().as_bytes());
        }
    }
}

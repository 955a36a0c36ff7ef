//! ES384: ECDSA on P-384 with SHA-384 (FIPS 186-5, section 6.4.2), for hosts that do not verify it themselves.
//!
//! Field and scalars are residues of the crate `crypto-bigint`, which P-256 brings along; the crate `p384` has its own, unrolled, a
//! hundred kilobytes that every Envoy would compile before its first request for something it never calls. Tests hold
//! all of it against that crate. Everything here is public: nothing needs to be constant in time.

mod point;
#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests;

use p256::elliptic_curve::bigint::modular::constant_mod::{Residue, ResidueParams as _};
use p256::elliptic_curve::bigint::{Encoding as _, U384, impl_modulus};
use point::Point;
use sha2::{Digest as _, Sha384};

impl_modulus!(
    Order,
    U384,
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973"
);

/// An integer modulo the order of the group.
type Scalar = Residue<Order, { U384::LIMBS }>;

/// Bytes of a coordinate, and of r and s each.
const LENGTH: usize = 48;

/// A public key that is known to be a point of the curve.
#[derive(Debug, Clone)]
pub(super) struct Es384Key(Point);

/// Two integers from 1 to n - 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signature {
    r: U384,
    s: U384,
}

impl Signature {
    /// Reads r and s, each in full length; anything else is no signature.
    pub(super) fn from_slice(bytes: &[u8]) -> Option<Signature> {
        let (r, s) = bytes.split_at_checked(LENGTH)?;
        let number = |bytes| read(bytes).filter(|n| *n != U384::ZERO && *n < Order::MODULUS);
        Some(Signature { r: number(r)?, s: number(s)? })
    }
}

impl Es384Key {
    /// Reads affine coordinates of a point of the curve.
    pub(super) fn parse(x: &[u8], y: &[u8]) -> Option<Es384Key> {
        Point::new(&read(x)?, &read(y)?).map(Es384Key)
    }

    /// Whether `signature` is this key's for `message`.
    pub(super) fn verify(&self, message: &[u8], signature: &Signature) -> bool {
        self.verify_hash(&Sha384::digest(message).into(), signature)
    }

    fn verify_hash(&self, hash: &[u8; LENGTH], signature: &Signature) -> bool {
        let hash = U384::from_be_bytes(*hash);
        let (inverse, _) = Scalar::new(&signature.s).invert();
        let factor = |number: &U384| Scalar::new(number).mul(&inverse).retrieve();
        let sum = self.0.sum_with_generator(&factor(&hash), &factor(&signature.r));
        // The point at infinity has no x, and verifies nothing.
        sum.x().is_some_and(|x| Scalar::new(&x).retrieve() == signature.r)
    }
}

/// Reads an integer of 384 bits, big-endian.
fn read(bytes: &[u8]) -> Option<U384> {
    Some(U384::from_be_bytes(*bytes.first_chunk::<LENGTH>().filter(|_| bytes.len() == LENGTH)?))
}

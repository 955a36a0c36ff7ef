//! Integers modulo n, the order of P-256. Products are the library's; the inverse is ours, and checked.

use crate::keys::inversion::{self, Modulus, Number};
use p256::Scalar;
use p256::elliptic_curve::PrimeField;
use p256::elliptic_curve::scalar::IsHigh;
use std::ops::Neg as _;

/// n in limbs of 30 bits.
struct Order;

impl Modulus for Order {
    const P: Number =
        [0x3c632551, 0xee72b0b, 0x3179e84f, 0x39beab69, 0x3fffffbc, 0x3fffffff, 0xfff, 0x3fffc000, 0xffff];
}

/// The inverse of `scalar`, which is not 0.
pub(super) fn inverse(scalar: &Scalar) -> Option<Scalar> {
    let inverse = inversion::inverse::<Order>(&little_endian(scalar))?;
    let inverse = Option::<Scalar>::from(Scalar::from_repr(reversed(inverse).into()))?;
    (inverse.multiply(scalar) == Scalar::ONE).then_some(inverse)
}

/// The number of `scalar` and -`scalar` that is at most n/2, little-endian, and whether it is the latter.
pub(super) fn halved(scalar: &Scalar) -> ([u8; 32], bool) {
    let high = bool::from(scalar.is_high());
    (little_endian(&if high { scalar.neg() } else { *scalar }), high)
}

fn little_endian(scalar: &Scalar) -> [u8; 32] {
    reversed(scalar.to_bytes().into())
}

fn reversed(mut bytes: [u8; 32]) -> [u8; 32] {
    bytes.reverse();
    bytes
}

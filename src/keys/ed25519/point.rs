//! Points of edwards25519, -x² + y² = 1 + d x² y² (RFC 8032, section 5.1), as far as sums of table entries need them.
//!
//! Sums are those of "Twisted Edwards Curves Revisited" (Hisil, Wong, Carter and Dawson 2008, section 3.1), complete
//! on this curve, with one summand affine. Nothing here is secret: nothing is constant in time.

use super::field::Field;
use crate::keys::tables::{Entry, inverses};

/// d = -121665 / 121666, little-endian.
const D: [u8; 32] = [
    0xa3, 0x78, 0x59, 0x13, 0xca, 0x4d, 0xeb, 0x75, 0xab, 0xd8, 0x41, 0x41, 0x4d, 0x0a, 0x70, 0x00, 0x98,
    0xe8, 0x79, 0x77, 0x79, 0x40, 0xc7, 0x8c, 0x73, 0xfe, 0x6f, 0x2b, 0xee, 0x6c, 0x03, 0x52,
];

/// 1/2, which is (p + 1) / 2, little-endian.
const HALF: [u8; 32] = {
    let mut bytes = [0xff; 32];
    bytes[0] = 0xf7;
    bytes[31] = 0x3f;
    bytes
};

/// A square root of -1, little-endian.
const ROOT_OF_MINUS_1: [u8; 32] = [
    0xb0, 0xa0, 0x0e, 0x4a, 0x27, 0x1b, 0xee, 0xc4, 0x78, 0xe4, 0x2f, 0xad, 0x06, 0x18, 0x43, 0x2f, 0xa7,
    0xd7, 0xfb, 0x3d, 0x99, 0x00, 0x4d, 0x2b, 0x0b, 0xdf, 0xc1, 0x4f, 0x80, 0x24, 0x83, 0x2b,
];

/// A point in extended coordinates: x = X/Z, y = Y/Z, T = XY/Z.
#[derive(Clone, Copy)]
pub(super) struct Point {
    x: Field,
    y: Field,
    z: Field,
    t: Field,
}

/// An affine point, in the form in which it is added.
///
/// All three are half of what the paper has: then the sum needs no doubled Z.
#[derive(Clone, Copy)]
pub(super) struct Summand {
    /// (y + x) / 2
    sum: Field,
    /// (y - x) / 2
    difference: Field,
    /// d x y
    product: Field,
}

impl Point {
    pub(super) const IDENTITY: Point = Point { x: Field::ZERO, y: Field::ONE, z: Field::ONE, t: Field::ZERO };

    /// Decodes a point (RFC 8032, section 5.1.3). Whether the encoding is canonical is for the caller to know.
    pub(super) fn decode(encoded: &[u8; 32]) -> Option<Point> {
        let mut bytes = *encoded;
        let odd = bytes.last().is_some_and(|last| last >> 7 == 1);
        if let Some(last) = bytes.last_mut() {
            *last &= 0x7f;
        }
        let y = Field::from_bytes(&bytes);
        // x² = u / v
        let u = y.square().minus(&Field::ONE).tight();
        let v = y.square().times(&Field::from_bytes(&D)).plus(&Field::ONE).tight();
        let v3 = v.square().times(&v);
        let v7 = v3.square().times(&v);
        let root = u.times(&v3).times(&u.times(&v7).root_power());
        let check = v.times(&root.square());
        let x = if check.equals(u) {
            root
        } else if check.equals(u.negative()) {
            root.times(&Field::from_bytes(&ROOT_OF_MINUS_1))
        } else {
            return None;
        };
        let x = if x.is_odd() == odd { x } else { x.negative() };
        Some(Point { x, y, z: Field::ONE, t: x.times(&y) })
    }

    /// Adds `other`, or subtracts it if `negative`.
    #[inline]
    pub(super) fn add(&mut self, other: &Summand, negative: bool) {
        // -(x, y) is (-x, y): sum and difference change places, and d x y its sign.
        let (minus, plus) =
            if negative { (&other.sum, &other.difference) } else { (&other.difference, &other.sum) };
        let a = self.y.minus(&self.x).times(&minus.loose());
        let b = self.y.plus(&self.x).times(&plus.loose());
        let c = self.t.times(&other.product);
        let e = b.minus(&a);
        let (f, g) =
            if negative { (self.z.plus(&c), self.z.minus(&c)) } else { (self.z.minus(&c), self.z.plus(&c)) };
        let h = b.plus(&a);
        self.x = e.times(&f);
        self.y = g.times(&h);
        self.z = f.times(&g);
        self.t = e.times(&h);
    }

    /// The canonical encoding (RFC 8032, section 5.1.2).
    pub(super) fn encode(&self) -> [u8; 32] {
        let inverse = self.z.inverse();
        let mut bytes = self.y.times(&inverse).to_bytes();
        if let Some(last) = bytes.last_mut() {
            *last |= u8::from(self.x.times(&inverse).is_odd()) << 7;
        }
        bytes
    }
}

impl Entry for Summand {
    #[inline]
    fn touch(&self) -> u32 {
        self.sum.first_limb()
            ^ self.difference.first_limb()
            ^ self.product.first_limb()
            ^ self.product.last_limb()
    }
}

/// Many points at once in the form in which they are added.
pub(super) fn summands(points: &[Point]) -> Vec<Summand> {
    let (half, d) = (Field::from_bytes(&HALF), Field::from_bytes(&D));
    let z: Vec<Field> = points.iter().map(|point| point.z).collect();
    points
        .iter()
        .zip(inverses(&z))
        .map(|(point, inverse)| {
            let (x, y) = (point.x.times(&inverse), point.y.times(&inverse));
            Summand {
                sum: y.plus(&x).times(&half.loose()),
                difference: y.minus(&x).times(&half.loose()),
                product: x.times(&y).times(&d),
            }
        })
        .collect()
}

//! Points of P-384, y² = x³ - 3x + b (SP 800-186, section 3.2.1.4), in projective coordinates.
//!
//! They are added by the complete formulas of "Complete addition formulas for prime order elliptic curves" (Renes, Costello and
//! Batina 2016, section 3), which know no special case: doubling and the point at infinity are additions like others.

use p256::elliptic_curve::bigint::modular::constant_mod::{Residue, ResidueParams as _};
use p256::elliptic_curve::bigint::{U384, impl_modulus};

impl_modulus!(
    Prime,
    U384,
    "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff"
);

/// An element of the field.
type Field = Residue<Prime, { U384::LIMBS }>;

const B: Field = Field::new(&U384::from_be_hex(
    "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
));

const GENERATOR: Point = Point {
    x: Field::new(&U384::from_be_hex(
        "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
    )),
    y: Field::new(&U384::from_be_hex(
        "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
    )),
    z: Field::ONE,
};

/// A point: x = X/Z, y = Y/Z; the one at infinity has Z = 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    x: Field,
    y: Field,
    z: Field,
}

impl Point {
    const INFINITY: Point = Point { x: Field::ZERO, y: Field::ONE, z: Field::ZERO };

    /// The point with these coordinates, each below p, if it is one of the curve.
    pub(super) fn new(x: &U384, y: &U384) -> Option<Point> {
        if *x >= Prime::MODULUS || *y >= Prime::MODULUS {
            return None;
        }
        let (x, y) = (Field::new(x), Field::new(y));
        let right = x.square().mul(&x).sub(&triple(&x)).add(&B);
        (y.square() == right).then_some(Point { x, y, z: Field::ONE })
    }

    /// Its x, if it has one.
    pub(super) fn x(&self) -> Option<U384> {
        if self.z == Field::ZERO {
            return None;
        }
        let (inverse, _) = self.z.invert();
        Some(self.x.mul(&inverse).retrieve())
    }

    /// `a` times the generator and `b` times this point, bit by bit of both at once.
    pub(super) fn sum_with_generator(&self, a: &U384, b: &U384) -> Point {
        let both = self.plus(&GENERATOR);
        let mut sum = Point::INFINITY;
        for bit in (0..U384::BITS).rev() {
            sum = sum.plus(&sum);
            match (a.bit_vartime(bit), b.bit_vartime(bit)) {
                (false, false) => {}
                (true, false) => sum = sum.plus(&GENERATOR),
                (false, true) => sum = sum.plus(self),
                (true, true) => sum = sum.plus(&both),
            }
        }
        sum
    }

    /// The sum, for any two points: the formulas of the paper for a = -3.
    fn plus(&self, other: &Point) -> Point {
        let [xx, yy, zz] = [self.x.mul(&other.x), self.y.mul(&other.y), self.z.mul(&other.z)];
        // (u1 + v1)(u2 + v2) less u1 u2 and v1 v2 is u1 v2 + u2 v1.
        let cross = |u1: &Field, v1: &Field, u2: &Field, v2: &Field, uu: &Field, vv: &Field| {
            u1.add(v1).mul(&u2.add(v2)).sub(uu).sub(vv)
        };
        let xy = cross(&self.x, &self.y, &other.x, &other.y, &xx, &yy);
        let yz = cross(&self.y, &self.z, &other.y, &other.z, &yy, &zz);
        let xz = cross(&self.x, &self.z, &other.x, &other.z, &xx, &zz);

        // a xz + 3b zz
        let m = triple(&B.mul(&zz).sub(&xz));
        // a xx + 3b xz - a² zz
        let n = triple(&B.mul(&xz).sub(&xx).sub(&triple(&zz)));
        // 3 xx + a zz
        let s = triple(&xx.sub(&zz));
        let (less, more) = (yy.sub(&m), yy.add(&m));
        Point {
            x: xy.mul(&less).sub(&yz.mul(&n)),
            y: s.mul(&n).add(&more.mul(&less)),
            z: yz.mul(&more).add(&xy.mul(&s)),
        }
    }
}

fn triple(element: &Field) -> Field {
    element.add(element).add(element)
}

//! Points of P-256, y² = x³ - 3x + b, as far as sums of table entries need them.
//!
//! Sums are `madd-2008-s` of the Explicit-Formulas Database (Bernstein and Lange), 8 products and 2 squares with one
//! summand affine. They are not complete: a point added to itself or to its negative leaves ZZ = 0,
//! and so does every sum after that. Whoever reads a sum hears of it, once, at the end.
//!
//! Values stay in these bounds, as multiples of p (`field.rs` needs 16): coordinates of an [`Affine`] in -2..2; of a
//! [`Sum`], X in -5..3 and the others in -2..2. An addition then has U2 and S2 in -0.2..1.2, P = U2 - X in -3.2..6.2 and
//! R = S2 - Y in -2.2..3.2, PP in 0..2.3, PPP in -0.3..1.5, Q = X·PP in -0.4..1.3 and R² in 0..1.4. So the new X is in
//! -4.1..2.5, Q - X in -2.9..5.4, Y = R(Q - X) - Y·PPP in -0.7..1.7, and ZZ and ZZZ in -0.2..1.2.

use super::field::{Factor, Field};
use crate::keys::tables::{Entry, inverses};
use p256::elliptic_curve::sec1::ToEncodedPoint;

/// An affine point, in the form in which it is added.
#[derive(Clone, Copy)]
pub(super) struct Affine {
    pub(super) x: Field,
    pub(super) y: Field,
}

/// A sum: x = X/ZZ, y = Y/ZZZ, where ZZ³ = ZZZ².
#[derive(Clone, Copy)]
pub(super) struct Sum {
    x: Field,
    y: Field,
    zz: Field,
    zzz: Field,
}

impl Affine {
    /// The library's point; the identity is none.
    pub(super) fn new(point: &p256::AffinePoint) -> Option<Affine> {
        let encoded = point.to_encoded_point(false);
        let field = |bytes: &[u8]| bytes.try_into().ok().map(|bytes| Field::from_bytes(&bytes));
        Some(Affine { x: field(encoded.x()?)?, y: field(encoded.y()?)? })
    }
}

impl Sum {
    /// One point, or its negative.
    pub(super) fn new(first: &Affine, negative: bool) -> Sum {
        let y = first.y.signed(negative).times(&Field::ONE);
        Sum { x: first.x, y, zz: Field::ONE, zzz: Field::ONE }
    }

    /// Adds `other`, or subtracts it if `negative`.
    #[inline]
    pub(super) fn add(&mut self, other: &Affine, negative: bool) {
        let p = self.zz.times(&other.x).minus(&self.x);
        let r = other.y.signed(negative).times(&self.zzz).minus(&self.y);
        let pp = p.square();
        let ppp = p.times(&pp);
        let q = self.x.times(&pp);
        self.x = r.square().less(&ppp, &q);
        self.y = r.times_less(&q.minus(&self.x), &self.y, &ppp);
        self.zz = self.zz.times(&pp);
        self.zzz = self.zzz.times(&ppp);
        debug_assert!(self.is_within_bounds());
    }

    fn is_within_bounds(&self) -> bool {
        self.x.is_within(5) && [self.y, self.zz, self.zzz].iter().all(|number| number.is_within(2))
    }

    /// Twice the sum (`dbl-2008-s-1` of the same database, with Z negative).
    pub(super) fn doubled(&self) -> Sum {
        let minus_twice = |x: &Field| Field::ZERO.less(&Field::ZERO, x);
        let u = minus_twice(&self.y);
        let v = u.square();
        let w = u.times(&v);
        let s = self.x.times(&v);
        // -3(X² - ZZ²): the curve's a is -3.
        let squares = self.x.square().less(&self.zz.square(), &Field::ZERO);
        let m = Field::ZERO.less(&squares, &squares);
        let x = m.square().less(&Field::ZERO, &s);
        let y = m.times_less(&s.minus(&x), &w, &self.y);
        let double = Sum { x, y, zz: v.times(&self.zz), zzz: w.times(&self.zzz) };
        debug_assert!(double.is_within_bounds());
        double
    }

    /// Whether the sum is worth nothing: it met a point twice, or came to the identity.
    pub(super) fn is_lost(&self) -> bool {
        self.zz.is_zero()
    }

    /// Whether its x is `x`.
    pub(super) fn has_x(&self, x: &Field) -> bool {
        self.zz.times(x).minus(&self.x).is_zero()
    }

    /// Whether it is `point`.
    pub(super) fn is(&self, point: &Affine) -> bool {
        !self.is_lost() && self.has_x(&point.x) && self.zzz.times(&point.y).minus(&self.y).is_zero()
    }
}

impl Entry for Affine {
    #[inline]
    fn touch(&self) -> u32 {
        self.x.first_limb() ^ self.y.first_limb() ^ self.y.last_limb()
    }
}

/// Many sums at once as affine points. None may be lost.
pub(super) fn affine(sums: &[Sum]) -> Vec<Affine> {
    let zzz: Vec<Field> = sums.iter().map(|sum| sum.zzz).collect();
    let inverses = inverses(&zzz);
    sums.iter()
        .zip(inverses)
        .map(|(sum, inverse)| {
            // ZZ/ZZZ is 1/Z, and 1/ZZ its square.
            let per_zz = sum.zz.times(&inverse).square();
            Affine { x: sum.x.times(&per_zz), y: sum.y.times(&inverse) }
        })
        .collect()
}

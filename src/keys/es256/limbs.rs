//! Products of numbers in nine signed limbs of 29 bits, and their reduction modulo the p of P-256.
//!
//! Written out, since the compiler unrolls no loop of this size, and none at all where it goes for small code. `field.rs` has the bounds.

#![expect(clippy::arithmetic_side_effects, reason = "the bounds are in field.rs")]

pub(super) const BITS: u32 = 29;
pub(super) const MASK: i32 = (1 << BITS) - 1;

pub(super) type Limbs = [i32; 9];

/// A product before its reduction: what belongs to 2^0, 2^29, 2^58….
pub(super) type Columns = [i64; 17];

/// p in limbs.
pub(super) const P: Limbs = [MASK, MASK, MASK, 511, 0, 0, 1 << 18, MASK - (1 << 21) + 1, (1 << 24) - 1];

/// The same limbs, with room for their products.
#[inline(always)]
fn wide([l0, l1, l2, l3, l4, l5, l6, l7, l8]: Limbs) -> [i64; 9] {
    let [l0, l1, l2, l3, l4] = [i64::from(l0), i64::from(l1), i64::from(l2), i64::from(l3), i64::from(l4)];
    [l0, l1, l2, l3, l4, i64::from(l5), i64::from(l6), i64::from(l7), i64::from(l8)]
}

#[inline(always)]
pub(super) fn difference(a: &Limbs, b: &Limbs) -> Limbs {
    let [a0, a1, a2, a3, a4, a5, a6, a7, a8] = *a;
    let [b0, b1, b2, b3, b4, b5, b6, b7, b8] = *b;
    [a0 - b0, a1 - b1, a2 - b2, a3 - b3, a4 - b4, a5 - b5, a6 - b6, a7 - b7, a8 - b8]
}

/// The limbs, or, where `ones` is -1 and not 0, their negatives.
#[inline(always)]
pub(super) fn signed(a: &Limbs, ones: i32) -> Limbs {
    let [a0, a1, a2, a3, a4, a5, a6, a7, a8] = *a;
    let flipped =
        [a0 ^ ones, a1 ^ ones, a2 ^ ones, a3 ^ ones, a4 ^ ones, a5 ^ ones, a6 ^ ones, a7 ^ ones, a8 ^ ones];
    difference(&flipped, &[ones; 9])
}

/// Takes the next limb, with what the ones below it carry; what it carries goes on.
macro_rules! carried {
    ($carry:ident, $($sum:expr),*) => {
        [$({
            let sum = $sum + $carry;
            $carry = sum >> BITS;
            sum & MASK
        }),*]
    };
}

/// The first, less the second and twice the third, each limb but the last within its bits.
#[inline(always)]
pub(super) fn less(a: &Limbs, b: &Limbs, c: &Limbs) -> Limbs {
    let [a0, a1, a2, a3, a4, a5, a6, a7, a8] = difference(a, b);
    let [c0, c1, c2, c3, c4, c5, c6, c7, c8] = *c;
    let mut carry = 0;
    let [l0, l1, l2, l3, l4, l5, l6, l7] = carried!(
        carry,
        a0 - 2 * c0,
        a1 - 2 * c1,
        a2 - 2 * c2,
        a3 - 2 * c3,
        a4 - 2 * c4,
        a5 - 2 * c5,
        a6 - 2 * c6,
        a7 - 2 * c7
    );
    [l0, l1, l2, l3, l4, l5, l6, l7, a8 - 2 * c8 + carry]
}

/// The first product, less the second.
#[inline(always)]
#[rustfmt::skip]
pub(super) fn columns_less(a: Columns, b: Columns) -> Columns {
    let [a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16] = a;
    let [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15, b16] = b;
    [
        a0 - b0, a1 - b1, a2 - b2, a3 - b3, a4 - b4, a5 - b5, a6 - b6, a7 - b7, a8 - b8, a9 - b9, a10 - b10,
        a11 - b11, a12 - b12, a13 - b13, a14 - b14, a15 - b15, a16 - b16,
    ]
}

#[inline(always)]
#[rustfmt::skip]
pub(super) fn product(a: &Limbs, b: &Limbs) -> Columns {
    let [a0, a1, a2, a3, a4, a5, a6, a7, a8] = wide(*a);
    let [b0, b1, b2, b3, b4, b5, b6, b7, b8] = wide(*b);
    [
        a0 * b0,
        a0 * b1 + a1 * b0,
        a0 * b2 + a1 * b1 + a2 * b0,
        a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0,
        a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0,
        a0 * b5 + a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1 + a5 * b0,
        a0 * b6 + a1 * b5 + a2 * b4 + a3 * b3 + a4 * b2 + a5 * b1 + a6 * b0,
        a0 * b7 + a1 * b6 + a2 * b5 + a3 * b4 + a4 * b3 + a5 * b2 + a6 * b1 + a7 * b0,
        a0 * b8 + a1 * b7 + a2 * b6 + a3 * b5 + a4 * b4 + a5 * b3 + a6 * b2 + a7 * b1 + a8 * b0,
        a1 * b8 + a2 * b7 + a3 * b6 + a4 * b5 + a5 * b4 + a6 * b3 + a7 * b2 + a8 * b1,
        a2 * b8 + a3 * b7 + a4 * b6 + a5 * b5 + a6 * b4 + a7 * b3 + a8 * b2,
        a3 * b8 + a4 * b7 + a5 * b6 + a6 * b5 + a7 * b4 + a8 * b3,
        a4 * b8 + a5 * b7 + a6 * b6 + a7 * b5 + a8 * b4,
        a5 * b8 + a6 * b7 + a7 * b6 + a8 * b5,
        a6 * b8 + a7 * b7 + a8 * b6,
        a7 * b8 + a8 * b7,
        a8 * b8,
    ]
}

#[inline(always)]
#[rustfmt::skip]
pub(super) fn square(a: &Limbs) -> Columns {
    let [a0, a1, a2, a3, a4, a5, a6, a7, a8] = wide(*a);
    let [d0, d1, d2, d3, d4, d5, d6, d7] = [2 * a0, 2 * a1, 2 * a2, 2 * a3, 2 * a4, 2 * a5, 2 * a6, 2 * a7];
    [
        a0 * a0,
        d0 * a1,
        d0 * a2 + a1 * a1,
        d0 * a3 + d1 * a2,
        d0 * a4 + d1 * a3 + a2 * a2,
        d0 * a5 + d1 * a4 + d2 * a3,
        d0 * a6 + d1 * a5 + d2 * a4 + a3 * a3,
        d0 * a7 + d1 * a6 + d2 * a5 + d3 * a4,
        d0 * a8 + d1 * a7 + d2 * a6 + d3 * a5 + a4 * a4,
        d1 * a8 + d2 * a7 + d3 * a6 + d4 * a5,
        d2 * a8 + d3 * a7 + d4 * a6 + a5 * a5,
        d3 * a8 + d4 * a7 + d5 * a6,
        d4 * a8 + d5 * a7 + a6 * a6,
        d5 * a8 + d6 * a7,
        d6 * a8 + a7 * a7,
        d7 * a8,
        a8 * a8,
    ]
}

/// Adds the multiple of p that makes the column `$c0` a multiple of 2^29, and carries it over.
macro_rules! clear {
    ($c0:ident $c1:ident $c3:ident $c6:ident $c7:ident $c8:ident) => {
        let m = $c0 & i64::from(MASK);
        $c1 += $c0 >> BITS;
        $c3 += m << 9;
        $c6 += m << 18;
        $c7 -= m << 21;
        $c8 += m << 24;
    };
}

/// The product divided by R.
#[inline(always)]
pub(super) fn reduce(columns: Columns) -> Limbs {
    let [c0, mut c1, mut c2, mut c3, mut c4, mut c5, mut c6, mut c7, mut c8, rest @ ..] = columns;
    let [mut c9, mut c10, mut c11, mut c12, mut c13, mut c14, mut c15, mut c16] = rest;
    clear!(c0 c1 c3 c6 c7 c8);
    clear!(c1 c2 c4 c7 c8 c9);
    clear!(c2 c3 c5 c8 c9 c10);
    clear!(c3 c4 c6 c9 c10 c11);
    clear!(c4 c5 c7 c10 c11 c12);
    clear!(c5 c6 c8 c11 c12 c13);
    clear!(c6 c7 c9 c12 c13 c14);
    clear!(c7 c8 c10 c13 c14 c15);
    clear!(c8 c9 c11 c14 c15 c16);
    let mut carry = 0;
    let mask = i64::from(MASK);
    macro_rules! limb {
        ($column:ident) => {{
            let sum = $column + carry;
            carry = sum >> BITS;
            (sum & mask) as i32
        }};
    }
    let [l0, l1, l2, l3] = [limb!(c9), limb!(c10), limb!(c11), limb!(c12)];
    let [l4, l5, l6, l7] = [limb!(c13), limb!(c14), limb!(c15), limb!(c16)];
    [l0, l1, l2, l3, l4, l5, l6, l7, carry as i32]
}

//! The field of P-256, integers modulo p = 2^256 - 2^224 + 2^192 + 2^96 - 1.
//!
//! Elements are nine signed limbs of 29 bits, times R = 2^261 (Montgomery 1985): p is -1 modulo 2^29, so the multiple of
//! p that clears a limb is the limb itself, and adding it is four shifts. WebAssembly multiplies 32 by 32
//! bits at best, and with signed limbs a difference is nine subtractions.
//!
//! Nobody has proved it; `mod.rs` says why nothing that must not be wrong rests on it. What keeps it in bounds:
//!
//! * A [`Field`] has limbs of 0 to 2^29 - 1, but for the last, which is signed. A [`Difference`] has limbs of at most
//!   2^29 in size. The last is what the value has above 2^232: as long as values lie between -16p and 16p, its size is
//!   at most 2^28. `point.rs` says why they do: of values up to ap and bp in size, the product lies
//!   between -(ab/32)p and (1 + ab/32)p.
//! * A column of a product is then at most 9 · 2^29 · 2^29 < 2^61.2, one of a difference of two products 2^62.2, and the
//!   reduction adds less than 2^55: below 2^63. Tests run with overflow checks on.

#![expect(clippy::arithmetic_side_effects, reason = "the bounds are above")]

use super::limbs::{BITS, Limbs, MASK, P, columns_less, difference, less, product, reduce, signed, square};
use crate::keys::tables::FieldElement;

/// R² modulo p in limbs: a product with it is an element times R.
const R_SQUARED: Field =
    Field([3_072, 0, 536_805_376, 534_773_759, 532_676_607, 536_870_911, 536_870_911, 536_870_910, 19]);

/// 1 without the R: a product with it is an element without.
const BARE_ONE: Field = Field([1, 0, 0, 0, 0, 0, 0, 0, 0]);

/// p - 2, big-endian.
const P_MINUS_2: [u8; 32] =
    *b"\xff\xff\xff\xff\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfd";

/// An element.
#[derive(Clone, Copy)]
pub(super) struct Field(Limbs);

/// A difference of two elements, or the negative of one.
#[derive(Clone, Copy)]
pub(super) struct Difference(Limbs);

/// What can be multiplied.
pub(super) trait Factor {
    fn limbs(&self) -> &Limbs;

    #[inline]
    fn times(&self, other: &impl Factor) -> Field {
        Field(reduce(product(self.limbs(), other.limbs())))
    }

    #[inline(always)]
    fn square(&self) -> Field {
        Field(reduce(square(self.limbs())))
    }

    /// This times `factor`, less `a` times `b`.
    #[inline]
    fn times_less(&self, factor: &impl Factor, a: &impl Factor, b: &impl Factor) -> Field {
        Field(reduce(columns_less(product(self.limbs(), factor.limbs()), product(a.limbs(), b.limbs()))))
    }

    /// Its least residue without the R, but for p in place of 0 at times: from an element above -R, the reduction
    /// makes 0 to p.
    fn bare(&self) -> Limbs {
        self.times(&BARE_ONE).0
    }

    fn is_zero(&self) -> bool {
        let bare = self.bare();
        bare == [0; 9] || bare == P
    }
}

impl Factor for Field {
    #[inline]
    fn limbs(&self) -> &Limbs {
        &self.0
    }
}

impl Factor for Difference {
    #[inline]
    fn limbs(&self) -> &Limbs {
        &self.0
    }
}

impl Field {
    pub(super) const ZERO: Field = Field([0; 9]);

    /// 1: R modulo p.
    pub(super) const ONE: Field =
        Field([32, 0, 0, 536_854_528, 536_870_911, 536_870_911, 528_482_303, 67_108_863, 0]);

    /// Reads 256 bits, big-endian.
    pub(super) fn from_bytes(bytes: &[u8; 32]) -> Field {
        let mut limbs = [0; 9];
        for (limb, first_bit) in limbs.iter_mut().zip((0..).step_by(BITS as usize)) {
            let bytes = bytes.iter().rev().skip(first_bit / 8).take(5);
            let window = bytes.rfold(0_u64, |window, byte| window << 8 | u64::from(*byte));
            *limb = (window >> (first_bit % 8)) as i32 & MASK;
        }
        Field(limbs).times(&R_SQUARED)
    }

    #[inline(always)]
    pub(super) fn times(&self, other: &impl Factor) -> Field {
        Factor::times(self, other)
    }

    /// Whether its limbs are in bounds, and its value, roughly, between -`multiple` p and `multiple` p.
    pub(super) fn is_within(&self, multiple: u32) -> bool {
        let [lower @ .., last] = self.0;
        lower.iter().all(|limb| (0..=MASK).contains(limb)) && last.unsigned_abs() <= multiple << 24
    }

    /// The lowest of its limbs.
    #[inline]
    pub(super) fn first_limb(&self) -> u32 {
        self.0.first().copied().unwrap_or_default().cast_unsigned()
    }

    /// The highest of its limbs.
    #[inline]
    pub(super) fn last_limb(&self) -> u32 {
        self.0.last().copied().unwrap_or_default().cast_unsigned()
    }

    #[inline]
    pub(super) fn minus(&self, other: &Field) -> Difference {
        Difference(difference(&self.0, &other.0))
    }

    /// The element, or its negative.
    #[inline]
    pub(super) fn signed(&self, negative: bool) -> Difference {
        // By arithmetic: signs cannot be predicted, and to guess wrong costs more.
        Difference(signed(&self.0, -i32::from(negative)))
    }

    /// This, less `once` and twice `twice`.
    #[inline]
    pub(super) fn less(&self, once: &Field, twice: &Field) -> Field {
        Field(less(&self.0, &once.0, &twice.0))
    }
}

impl FieldElement for Field {
    const ONE: Field = Field::ONE;

    fn times(&self, other: &Field) -> Field {
        self.times(other)
    }

    /// The power of p - 2.
    fn inverse(&self) -> Field {
        let mut power = Field::ONE;
        for byte in P_MINUS_2 {
            for bit in (0..8).rev() {
                power = power.square();
                if byte >> bit & 1 == 1 {
                    power = power.times(self);
                }
            }
        }
        power
    }
}

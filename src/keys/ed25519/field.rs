//! The field of Curve25519, integers modulo p = 2^255 - 19.
//!
//! Its operations are the formally verified ones of fiat-crypto, in the 32-bit form: WebAssembly multiplies 32 by
//! 32 bits at best. That library's two types carry its proof: what has been added or subtracted once
//! ([`Loose`]) can only be multiplied next.

use crate::keys::inversion::{self, Modulus};
use crate::keys::tables::FieldElement;
use fiat_crypto::curve25519_32::{
    fiat_25519_add, fiat_25519_carry, fiat_25519_carry_mul, fiat_25519_carry_square, fiat_25519_from_bytes,
    fiat_25519_loose_field_element, fiat_25519_opp, fiat_25519_relax, fiat_25519_sub,
    fiat_25519_tight_field_element, fiat_25519_to_bytes,
};

/// p in limbs of 30 bits: -19 and 2^255, with nothing between.
struct P;

impl Modulus for P {
    const P: inversion::Number = [-19, 0, 0, 0, 0, 0, 0, 0, 1 << 15];
}

/// An element, ready to be added.
#[derive(Clone, Copy)]
pub(super) struct Field(fiat_25519_tight_field_element);

/// A sum or difference of two elements.
#[derive(Clone, Copy)]
pub(super) struct Loose(fiat_25519_loose_field_element);

const NO_LOOSE: fiat_25519_loose_field_element = fiat_25519_loose_field_element([0; 10]);

impl Field {
    pub(super) const ZERO: Field = Field(fiat_25519_tight_field_element([0; 10]));
    pub(super) const ONE: Field = Field(fiat_25519_tight_field_element([1, 0, 0, 0, 0, 0, 0, 0, 0, 0]));

    /// Reads 255 bits, little-endian; the topmost bit must be 0.
    pub(super) fn from_bytes(bytes: &[u8; 32]) -> Field {
        let mut out = Field::ZERO;
        fiat_25519_from_bytes(&mut out.0, bytes);
        out
    }

    /// The one encoding below p.
    pub(super) fn to_bytes(self) -> [u8; 32] {
        let mut out = [0; 32];
        fiat_25519_to_bytes(&mut out, &self.0);
        out
    }

    /// The lowest of its limbs.
    #[inline]
    pub(super) fn first_limb(&self) -> u32 {
        self.0.0.first().copied().unwrap_or_default()
    }

    /// The highest of its limbs.
    #[inline]
    pub(super) fn last_limb(&self) -> u32 {
        self.0.0.last().copied().unwrap_or_default()
    }

    #[inline]
    pub(super) fn plus(&self, other: &Field) -> Loose {
        let mut out = Loose(NO_LOOSE);
        fiat_25519_add(&mut out.0, &self.0, &other.0);
        out
    }

    #[inline]
    pub(super) fn minus(&self, other: &Field) -> Loose {
        let mut out = Loose(NO_LOOSE);
        fiat_25519_sub(&mut out.0, &self.0, &other.0);
        out
    }

    pub(super) fn negative(&self) -> Field {
        let mut out = Loose(NO_LOOSE);
        fiat_25519_opp(&mut out.0, &self.0);
        out.tight()
    }

    #[inline]
    pub(super) fn times(&self, other: &Field) -> Field {
        self.loose().times(&other.loose())
    }

    #[inline]
    pub(super) fn loose(&self) -> Loose {
        let mut out = Loose(NO_LOOSE);
        fiat_25519_relax(&mut out.0, &self.0);
        out
    }

    pub(super) fn square(&self) -> Field {
        self.squared(1)
    }

    /// Squared `times` times.
    fn squared(&self, times: usize) -> Field {
        let mut out = *self;
        for _ in 0..times {
            let loose = out.loose();
            fiat_25519_carry_square(&mut out.0, &loose.0);
        }
        out
    }

    /// Its inverse; that of 0 is 0.
    pub(super) fn inverse(&self) -> Field {
        let fast = inversion::inverse::<P>(&self.to_bytes()).map(|bytes| Field::from_bytes(&bytes));
        match fast {
            Some(inverse) if inverse.times(self).equals(Field::ONE) => inverse,
            _ => self.power_of_p_minus_2(),
        }
    }

    fn power_of_p_minus_2(&self) -> Field {
        let (all_ones, eleven) = self.powers();
        all_ones.squared(5).times(&eleven)
    }

    /// The power of (p - 5) / 8, with which square roots are taken.
    pub(super) fn root_power(&self) -> Field {
        self.powers().0.squared(2).times(self)
    }

    /// The powers of 2^250 - 1 and of 11.
    fn powers(&self) -> (Field, Field) {
        let two = self.square();
        let nine = two.squared(2).times(self);
        let eleven = nine.times(&two);
        // Exponents of n ones in binary.
        let ones_5 = eleven.square().times(&nine);
        let ones_10 = ones_5.squared(5).times(&ones_5);
        let ones_20 = ones_10.squared(10).times(&ones_10);
        let ones_40 = ones_20.squared(20).times(&ones_20);
        let ones_50 = ones_40.squared(10).times(&ones_10);
        let ones_100 = ones_50.squared(50).times(&ones_50);
        let ones_200 = ones_100.squared(100).times(&ones_100);
        (ones_200.squared(50).times(&ones_50), eleven)
    }

    /// Whether its least residue is odd, which encodings of points call negative.
    pub(super) fn is_odd(self) -> bool {
        self.to_bytes().first().is_some_and(|byte| byte & 1 == 1)
    }

    pub(super) fn equals(self, other: Field) -> bool {
        self.to_bytes() == other.to_bytes()
    }
}

impl Loose {
    /// Ready to be added again.
    pub(super) fn tight(&self) -> Field {
        let mut out = Field::ZERO;
        fiat_25519_carry(&mut out.0, &self.0);
        out
    }

    #[inline]
    pub(super) fn times(&self, other: &Loose) -> Field {
        let mut out = Field::ZERO;
        fiat_25519_carry_mul(&mut out.0, &self.0, &other.0);
        out
    }
}

impl FieldElement for Field {
    const ONE: Field = Field::ONE;

    fn times(&self, other: &Field) -> Field {
        Field::times(self, other)
    }

    fn inverse(&self) -> Field {
        Field::inverse(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::tables::inverses;

    fn small(n: u8) -> Field {
        let mut bytes = [0; 32];
        bytes[0] = n;
        Field::from_bytes(&bytes)
    }

    #[test]
    fn the_fast_inverse_is_the_power() {
        let mut x = small(2);
        for _ in 0..20_000 {
            let inverse = inversion::inverse::<P>(&x.to_bytes()).expect("an inverse");
            assert_eq!(inverse, x.power_of_p_minus_2().to_bytes());
            x = x.square().plus(&small(3)).tight();
        }
        for near in [Field::ONE, Field::ONE.negative(), small(2), small(2).negative(), small(19)] {
            assert_eq!(inversion::inverse::<P>(&near.to_bytes()), Some(near.power_of_p_minus_2().to_bytes()));
        }
        assert!(Field::ZERO.inverse().equals(Field::ZERO));
    }

    #[test]
    fn inverses_are_inverse() {
        let elements: Vec<Field> = (1..=100).map(small).collect();
        for (element, inverse) in elements.iter().zip(inverses(&elements)) {
            assert_eq!(element.times(&inverse).to_bytes(), Field::ONE.to_bytes());
            assert!(inverse.equals(element.inverse()));
        }
        assert!(inverses::<Field>(&[]).is_empty());
    }

    #[test]
    fn the_root_power_is_that_of_p_minus_5_over_8() {
        // x^((p-5)/8) to the 8th, times x^5, is x^p, which is x.
        for n in 2..50 {
            let (x, power) = (small(n), small(n).root_power());
            assert!(power.squared(3).times(&x.square().square().times(&x)).equals(x), "{n}");
        }
    }
}

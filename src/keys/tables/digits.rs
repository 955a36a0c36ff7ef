//! Scalars in signed digits.

/// The digits of a scalar, the least first: each in -2^(w-1) < d <= 2^(w-1).
pub(super) struct SignedDigits<'a> {
    /// Little-endian.
    bytes: &'a [u8; 32],
    width: usize,
    at: usize,
    carry: i32,
}

impl SignedDigits<'_> {
    /// Digits of `width` bits, at most 15.
    pub(super) fn new(bytes: &[u8; 32], width: usize) -> SignedDigits<'_> {
        SignedDigits { bytes, width, at: 0, carry: 0 }
    }
}

impl Iterator for SignedDigits<'_> {
    type Item = i32;

    fn next(&mut self) -> Option<i32> {
        let mut bytes = self.bytes.get(self.at >> 3..)?.iter();
        let mut next_byte = || i32::from(bytes.next().copied().unwrap_or_default());
        let window = next_byte() | next_byte() << 8 | next_byte() << 16;
        let radix = 1_i32 << self.width;
        let digit = (window >> (self.at & 7)) & radix.wrapping_sub(1);
        self.at = self.at.saturating_add(self.width);
        let digit = digit.wrapping_add(self.carry);
        self.carry = i32::from(digit > radix >> 1);
        Some(if self.carry == 1 { digit.wrapping_sub(radix) } else { digit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::scalar::Scalar;

    #[test]
    fn digits_add_up_and_fit_the_rows() {
        let scalars = (0..=255).map(|byte| [byte; 32]).chain([1, 127, 128, 129, 255].map(|byte| {
            let mut bytes = [0; 32];
            bytes[0] = byte;
            bytes
        }));
        for mut bytes in scalars {
            // Below 2^255, as every user of a table promises.
            bytes[31] &= 0x7f;
            for width in 2..=12 {
                let digits: Vec<i32> =
                    SignedDigits::new(&bytes, width).take(256_usize.div_ceil(width)).collect();
                assert!(digits.iter().all(|d| d.unsigned_abs() <= 1 << (width - 1)), "{digits:?}");
                let radix = Scalar::from(1_u32 << width);
                let sum = digits.iter().rev().fold(Scalar::ZERO, |sum, d| {
                    let magnitude = Scalar::from(d.unsigned_abs());
                    sum * radix + if *d < 0 { -magnitude } else { magnitude }
                });
                assert_eq!(sum, Scalar::from_bytes_mod_order(bytes));
            }
        }
    }
}

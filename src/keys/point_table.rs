//! Multiples of a point that is known beforehand, so that multiplying it takes additions only.
//!
//! A scalar is written in signed digits of w bits; row i of the table holds 1, 2, … 2^(w-1) times 2^(wi)P, and
//! the product is the sum of one entry per row. Everything here is public, so entries are taken
//! directly by index: nothing needs to be constant in time.

use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::Identity;
use std::sync::OnceLock;

/// How much memory the tables of pinned keys may take, in bytes. The table of the base point, which all keys
/// share, is not counted.
#[derive(Debug, Clone, Copy)]
pub struct TableBudget {
    left: usize,
}

impl TableBudget {
    /// A budget of `bytes`; 0 means no tables. A key takes some 640 KiB, or 80 KiB when that is not left.
    pub fn new(bytes: usize) -> TableBudget {
        TableBudget { left: bytes }
    }

    /// What is left, in bytes.
    pub fn left(&self) -> usize {
        self.left
    }

    fn take(&mut self, bytes: usize) -> bool {
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

impl Default for TableBudget {
    /// 16 MiB: full tables for 25 keys in each worker.
    fn default() -> TableBudget {
        TableBudget::new(16 << 20)
    }
}

/// Scalars are below L, and L is below 2^253: no digit carries out of bit 255.
const SCALAR_BITS: usize = 256;

/// The widths to choose from, in bits a digit; the widest first.
const WIDTHS: [usize; 2] = [8, 4];

/// The table of one point.
pub(super) struct PointTable {
    width: usize,
    /// All rows, one after the other, on the heap: a WebAssembly stack has room for none of them.
    entries: Vec<EdwardsPoint>,
}

impl PointTable {
    /// The widest table that fits into the budget.
    pub(super) fn within(point: &EdwardsPoint, budget: &mut TableBudget) -> Option<PointTable> {
        let width = WIDTHS.into_iter().find(|width| budget.take(size(*width)))?;
        Some(PointTable::new(point, width))
    }

    /// The table for digits of `width` bits, which divides 8.
    #[expect(clippy::arithmetic_side_effects, reason = "group operations have none")]
    fn new(point: &EdwardsPoint, width: usize) -> PointTable {
        let mut entries = Vec::with_capacity(rows(width).saturating_mul(row_length(width)));
        let mut first = *point;
        for _ in 0..rows(width) {
            let mut multiple = first;
            for _ in 1..row_length(width) {
                entries.push(multiple);
                multiple += first;
            }
            entries.push(multiple);
            // The row ends with half of the next row's first entry.
            first = multiple + multiple;
        }
        PointTable { width, entries }
    }

    /// The point times `scalar`.
    pub(super) fn multiple(&self, scalar: &Scalar) -> EdwardsPoint {
        self.plus_multiple(EdwardsPoint::identity(), scalar)
    }

    /// `sum` plus the point times `scalar`.
    #[expect(clippy::arithmetic_side_effects, reason = "group operations have none")]
    pub(super) fn plus_multiple(&self, sum: EdwardsPoint, scalar: &Scalar) -> EdwardsPoint {
        let mut sum = sum;
        let digits = SignedDigits::new(scalar, self.width);
        for (row, digit) in self.entries.chunks_exact(row_length(self.width)).zip(digits) {
            // Entry 0 is the point times 1.
            let entry = usize::from(digit.unsigned_abs()).checked_sub(1).and_then(|index| row.get(index));
            if let Some(entry) = entry {
                sum = if digit > 0 { sum + entry } else { sum - entry };
            }
        }
        sum
    }

    /// Its size in memory.
    pub(super) fn bytes(&self) -> usize {
        size(self.width)
    }
}

fn rows(width: usize) -> usize {
    SCALAR_BITS.checked_div(width).unwrap_or(0)
}

fn row_length(width: usize) -> usize {
    1_usize << width.saturating_sub(1)
}

fn size(width: usize) -> usize {
    rows(width).saturating_mul(row_length(width)).saturating_mul(size_of::<EdwardsPoint>())
}

/// The table of the base point B, built when the first key needs it.
pub(super) fn base_table() -> &'static PointTable {
    static TABLE: OnceLock<PointTable> = OnceLock::new();
    TABLE.get_or_init(|| PointTable::new(&ED25519_BASEPOINT_POINT, WIDTHS[0]))
}

/// The digits of a scalar, the least first: each in -2^(w-1) < d <= 2^(w-1).
struct SignedDigits {
    bytes: [u8; 32],
    width: usize,
    at: usize,
    carry: i16,
}

impl SignedDigits {
    fn new(scalar: &Scalar, width: usize) -> SignedDigits {
        SignedDigits { bytes: scalar.to_bytes(), width, at: 0, carry: 0 }
    }
}

impl Iterator for SignedDigits {
    type Item = i16;

    fn next(&mut self) -> Option<i16> {
        let byte = *self.bytes.get(self.at >> 3)?;
        let radix = 1_i16 << self.width;
        let digit = i16::from(byte >> (self.at & 7)) & radix.wrapping_sub(1);
        self.at = self.at.saturating_add(self.width);
        let digit = digit.wrapping_add(self.carry);
        self.carry = i16::from(digit > radix >> 1);
        Some(if self.carry == 1 { digit.wrapping_sub(radix) } else { digit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalars() -> Vec<Scalar> {
        let mut all =
            vec![Scalar::ZERO, Scalar::ONE, -Scalar::ONE, Scalar::from(128_u8), Scalar::from(129_u8)];
        for byte in 0..=255 {
            all.push(Scalar::from_bytes_mod_order([byte; 32]));
        }
        all
    }

    #[test]
    fn products_are_those_of_the_library() {
        for width in WIDTHS {
            let table = PointTable::new(&ED25519_BASEPOINT_POINT, width);
            assert_eq!(table.entries.len() * size_of::<EdwardsPoint>(), table.bytes());
            for scalar in scalars() {
                assert_eq!(table.multiple(&scalar), EdwardsPoint::mul_base(&scalar), "{width} {scalar:?}");
            }
        }
    }

    #[test]
    fn digits_add_up_and_fit_the_rows() {
        for width in WIDTHS {
            for scalar in scalars() {
                let digits: Vec<i16> = SignedDigits::new(&scalar, width).collect();
                assert_eq!(digits.len(), rows(width));
                assert!(
                    digits.iter().all(|d| usize::from(d.unsigned_abs()) <= row_length(width)),
                    "{digits:?}"
                );
                let radix = Scalar::from(1_u16 << width);
                let sum = digits.iter().rev().fold(Scalar::ZERO, |sum, d| {
                    let magnitude = Scalar::from(d.unsigned_abs());
                    sum * radix + if *d < 0 { -magnitude } else { magnitude }
                });
                assert_eq!(sum, scalar);
            }
        }
    }

    #[test]
    fn the_budget_buys_wide_then_narrow_then_no_tables() {
        let mut budget = TableBudget::new(size(8) + size(4) + 1);
        let widths: Vec<Option<usize>> = (0..3)
            .map(|_| PointTable::within(&ED25519_BASEPOINT_POINT, &mut budget).map(|table| table.width))
            .collect();
        assert_eq!(widths, [Some(8), Some(4), None]);
        assert_eq!(budget.left(), 1);
    }
}

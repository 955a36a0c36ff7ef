//! Multiples of a point that is known beforehand, so that multiplying it takes additions only.
//!
//! A scalar is written in signed digits of w bits; row i of the table holds 1, 2, … 2^(w-1) times 2^(wi)P, and
//! the product is the sum of one entry per row. Everything here is public, so entries are taken
//! directly by index: nothing needs to be constant in time.

use super::point::{Point, Summand, summands};
use curve25519_dalek::constants::ED25519_BASEPOINT_COMPRESSED;
use curve25519_dalek::scalar::Scalar;
use std::hint::black_box;
use std::sync::OnceLock;

/// How much memory the tables of pinned keys may take, in bytes. The table of the base point, which all keys
/// share, is not counted.
#[derive(Debug, Clone, Copy)]
pub struct TableBudget {
    left: usize,
}

impl TableBudget {
    /// A budget of `bytes`; 0 means no tables. A key takes 480 KiB, or 60 KiB when that is not left.
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
    /// 16 MiB: full tables for 34 keys in each worker.
    fn default() -> TableBudget {
        TableBudget::new(16 << 20)
    }
}

/// Scalars are below L = 2^252 + 2^124.6…: no digit carries out of the last row, whatever the width.
const SCALAR_BITS: usize = 253;

/// The widths to choose from, in bits a digit; the widest first.
const WIDTHS: [usize; 2] = [8, 4];

/// The table of one point.
pub(super) struct PointTable {
    width: usize,
    /// All rows, one after the other, on the heap: a WebAssembly stack has room for none of them.
    entries: Vec<Summand>,
}

impl PointTable {
    /// The widest table that fits into the budget.
    pub(super) fn within(point: &Point, budget: &mut TableBudget) -> Option<PointTable> {
        let width = WIDTHS.into_iter().find(|width| budget.take(size(*width)))?;
        Some(PointTable::new(point, width))
    }

    /// The table for digits of `width` bits, at most 15.
    fn new(point: &Point, width: usize) -> PointTable {
        let mut entries = Vec::with_capacity(rows(width).saturating_mul(row_length(width)));
        let mut first = *point;
        let mut row = Vec::with_capacity(row_length(width));
        for _ in 0..rows(width) {
            row.clear();
            row.push(first);
            let mut last = first;
            for step in summands(&[first]) {
                for _ in 1..row_length(width) {
                    last.add(&step, false);
                    row.push(last);
                }
            }
            entries.extend(summands(&row));
            // The row ends with half of the next row's first entry.
            first = last;
            entries.last().into_iter().for_each(|half| first.add(half, false));
        }
        PointTable { width, entries }
    }

    /// Adds the terms whose sum is the point times `scalar`.
    pub(super) fn multiple<'a>(&'a self, scalar: &Scalar, terms: &mut Terms<'a>) {
        let digits = SignedDigits::new(scalar, self.width);
        for (row, digit) in self.entries.chunks_exact(row_length(self.width)).zip(digits) {
            // Entry 0 is the point times 1.
            let entry = (digit.unsigned_abs() as usize).checked_sub(1).and_then(|index| row.get(index));
            terms.0.extend(entry.map(|entry| (entry, digit < 0)));
        }
    }

    /// Its size in memory.
    pub(super) fn bytes(&self) -> usize {
        size(self.width)
    }
}

/// The terms of a sum, each with whether it is subtracted.
pub(super) struct Terms<'a>(Vec<(&'a Summand, bool)>);

impl Terms<'_> {
    /// A sum without terms yet.
    pub(super) fn new() -> Self {
        Terms(Vec::with_capacity(rows(WIDTHS[1]).saturating_mul(2)))
    }

    /// Their sum. Tables are larger than what a processor keeps near: all terms are touched before the first is added,
    /// so that they are fetched at the same time and not one after the other.
    pub(super) fn sum(&self) -> Point {
        black_box(self.0.iter().fold(0, |touched, (term, _)| touched ^ term.touch()));
        let mut sum = Point::IDENTITY;
        self.0.iter().for_each(|(term, negative)| sum.add(term, *negative));
        sum
    }
}

fn rows(width: usize) -> usize {
    SCALAR_BITS.checked_next_multiple_of(width).and_then(|bits| bits.checked_div(width)).unwrap_or(0)
}

fn row_length(width: usize) -> usize {
    1_usize << width.saturating_sub(1)
}

fn size(width: usize) -> usize {
    rows(width).saturating_mul(row_length(width)).saturating_mul(size_of::<Summand>())
}

/// The table of the base point B, built when the first key needs it.
pub(super) fn base_table() -> &'static PointTable {
    static TABLE: OnceLock<PointTable> = OnceLock::new();
    TABLE.get_or_init(|| {
        let base = Point::decode(&ED25519_BASEPOINT_COMPRESSED.to_bytes()).unwrap_or(Point::IDENTITY);
        PointTable::new(&base, WIDTHS[0])
    })
}

/// The digits of a scalar, the least first: each in -2^(w-1) < d <= 2^(w-1).
struct SignedDigits {
    bytes: [u8; 32],
    width: usize,
    at: usize,
    carry: i32,
}

impl SignedDigits {
    fn new(scalar: &Scalar, width: usize) -> SignedDigits {
        SignedDigits { bytes: scalar.to_bytes(), width, at: 0, carry: 0 }
    }
}

impl Iterator for SignedDigits {
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
    use curve25519_dalek::edwards::EdwardsPoint;

    fn scalars() -> Vec<Scalar> {
        let mut all =
            vec![Scalar::ZERO, Scalar::ONE, -Scalar::ONE, Scalar::from(128_u8), Scalar::from(129_u8)];
        for byte in 0..=255 {
            all.push(Scalar::from_bytes_mod_order([byte; 32]));
        }
        all
    }

    fn base() -> Point {
        Point::decode(&ED25519_BASEPOINT_COMPRESSED.to_bytes()).expect("a point")
    }

    #[test]
    fn products_are_those_of_the_library() {
        for width in WIDTHS {
            let table = PointTable::new(&base(), width);
            assert_eq!(table.entries.len() * size_of::<Summand>(), table.bytes());
            for scalar in scalars() {
                let mut terms = Terms::new();
                table.multiple(&scalar, &mut terms);
                let product = terms.sum().encode();
                assert_eq!(
                    product,
                    EdwardsPoint::mul_base(&scalar).compress().to_bytes(),
                    "{width} {scalar:?}"
                );
            }
        }
    }

    #[test]
    fn digits_add_up_and_fit_the_rows() {
        for width in WIDTHS {
            for scalar in scalars() {
                let digits: Vec<i32> = SignedDigits::new(&scalar, width).take(rows(width)).collect();
                assert!(digits.iter().all(|d| d.unsigned_abs() as usize <= row_length(width)), "{digits:?}");
                let radix = Scalar::from(1_u32 << width);
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
        let widths: Vec<Option<usize>> =
            (0..3).map(|_| PointTable::within(&base(), &mut budget).map(|table| table.width)).collect();
        assert_eq!(widths, [Some(8), Some(4), None]);
        assert_eq!(budget.left(), 1);
    }
}

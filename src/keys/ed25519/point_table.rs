//! The tables of a point of edwards25519.

use super::point::{Point, Summand, summands};
use crate::keys::tables::{GrowingTable, Rows, TableBuilder, Terms};
use curve25519_dalek::constants::ED25519_BASEPOINT_COMPRESSED;

/// Digits of the base point's table, in bits.
const BASE_WIDTH: usize = 8;

/// The multiples of a point.
pub(super) struct Multiples(pub(super) Point);

impl Rows for Multiples {
    type Entry = Summand;

    /// Scalars are below L = 2^252 + 2^124.6….
    const SCALAR_BITS: usize = 253;

    /// 480 and 60 KiB.
    const WIDTHS: &'static [usize] = &[8, 4];

    fn next_row(&mut self, width: usize) -> Option<Vec<Summand>> {
        let length = 1_usize << width.saturating_sub(1);
        let mut row = Vec::with_capacity(length);
        row.push(self.0);
        let mut last = self.0;
        for step in summands(&[self.0]) {
            for _ in 1..length {
                last.add(&step, false);
                row.push(last);
            }
        }
        let entries = summands(&row);
        // The row ends with half of the next row's first entry.
        last.add(entries.last()?, false);
        self.0 = last;
        Some(entries)
    }
}

/// The sum of `terms`.
pub(super) fn sum(terms: &Terms<'_, Summand>) -> Point {
    let mut sum = Point::IDENTITY;
    terms.touched().for_each(|(term, negative)| sum.add(term, negative));
    sum
}

/// The table of the base point B, which grows with the first keys.
pub(super) static BASE: GrowingTable<Multiples> = GrowingTable::new();

/// Begins it.
pub(super) fn base_multiples() -> Option<TableBuilder<Multiples>> {
    let base = Point::decode(&ED25519_BASEPOINT_COMPRESSED.to_bytes())?;
    Some(TableBuilder::new(Multiples(base), BASE_WIDTH))
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::edwards::EdwardsPoint;
    use curve25519_dalek::scalar::Scalar;

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
        let base = Point::decode(&ED25519_BASEPOINT_COMPRESSED.to_bytes()).expect("a point");
        for (width, bytes) in [(8, 480 << 10), (4, 60 << 10)] {
            let table = TableBuilder::new(Multiples(base), width).build().expect("a table");
            assert_eq!(table.bytes(), bytes);
            for scalar in scalars() {
                for negative in [false, true] {
                    let mut terms = Terms::new();
                    table.multiple(scalar.as_bytes(), negative, &mut terms);
                    let expected = EdwardsPoint::mul_base(&if negative { -scalar } else { scalar });
                    let product = sum(&terms).encode();
                    assert_eq!(product, expected.compress().to_bytes(), "{width} {scalar:?}");
                }
            }
        }
    }
}

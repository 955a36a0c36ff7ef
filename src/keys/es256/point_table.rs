//! The tables of a point of P-256, each row of which is held against the library when it is made.

use super::point::{Affine, Sum, affine};
use crate::keys::tables::{GrowingTable, Rows, TableBuilder, Terms};
use p256::ProjectivePoint;
use p256::elliptic_curve::point::Double as _;
use std::ops::Add as _;

/// Digits of the base point's table, in bits: 6 additions fewer than with 8, which is 8 % of the time, for 936 KiB.
pub(super) const BASE_WIDTH: usize = 10;

/// The multiples of a point.
pub(super) struct Multiples {
    pub(super) first: Affine,
    /// The same in the library.
    pub(super) known: ProjectivePoint,
}

impl Multiples {
    pub(super) fn new(point: ProjectivePoint) -> Option<Multiples> {
        Some(Multiples { first: Affine::new(&point.to_affine())?, known: point })
    }
}

impl Rows for Multiples {
    type Entry = Affine;

    /// Scalars are at most n/2, below 2^255: with one bit more, the last digit is never over half of its range.
    const SCALAR_BITS: usize = 256;

    /// 288 and 59 KiB: 32 additions, or 52.
    const WIDTHS: &'static [usize] = &[8, 5];

    fn next_row(&mut self, width: usize) -> Option<Vec<Affine>> {
        let length = 1_usize << width.saturating_sub(1);
        let mut sums = Vec::with_capacity(length.saturating_add(1));
        let mut last = Sum::new(&self.first, false);
        sums.push(last);
        // A point cannot be added to itself.
        let mut next = last.doubled();
        for _ in 1..length {
            last = next;
            sums.push(last);
            next.add(&self.first, false);
        }
        sums.push(last.doubled());
        let mut row = affine(&sums);
        self.first = row.pop()?;

        // The sum of 1, 2, … 2^(w-1) is 2^(w-2) + 2^(2w-3).
        let less = doubled(self.known, width.saturating_sub(2));
        let total = less.add(doubled(less, width.saturating_sub(1)));
        self.known = doubled(less, 2);
        adds_up_to(&row, &Affine::new(&total.to_affine())?).then_some(row)
    }
}

fn doubled(point: ProjectivePoint, times: usize) -> ProjectivePoint {
    (0..times).fold(point, |point, _| point.double())
}

/// Whether the sum of `row` is `total`. The last comes first: no sum on the way is then the next point.
pub(super) fn adds_up_to(row: &[Affine], total: &Affine) -> bool {
    let mut points = row.iter().rev();
    points.next().is_some_and(|last| {
        let mut sum = Sum::new(last, false);
        points.for_each(|point| sum.add(point, false));
        sum.is(total)
    })
}

/// The sum of `terms`; `None` if it is lost.
pub(super) fn sum(terms: &Terms<'_, Affine>) -> Option<Sum> {
    let mut terms = terms.touched();
    let mut sum = terms.next().map(|(first, negative)| Sum::new(first, negative))?;
    terms.for_each(|(term, negative)| sum.add(term, negative));
    Some(sum).filter(|sum| !sum.is_lost())
}

/// The table of the base point G, which grows with the first keys.
pub(super) static BASE: GrowingTable<Multiples> = GrowingTable::new();

/// Begins it.
pub(super) fn base_multiples() -> Option<TableBuilder<Multiples>> {
    Some(TableBuilder::new(Multiples::new(ProjectivePoint::GENERATOR)?, BASE_WIDTH))
}

//! Multiples of a point that is known beforehand, so that multiplying it takes additions only. What is the same for
//! every curve.
//!
//! A scalar is written in signed digits of w bits; row i of the table holds 1, 2, … 2^(w-1) times 2^(wi)P, and
//! the product is the sum of one entry per row. Everything here is public, so entries are taken
//! directly by index: nothing needs to be constant in time.

mod budget;
mod builder;
mod digits;
mod growing;
mod inverses;
mod store;

pub(super) use budget::TableBudget;
pub(super) use builder::{Rows, TableBuilder};
use digits::SignedDigits;
pub(super) use growing::GrowingTable;
pub(super) use inverses::{FieldElement, inverses};
use std::hint::black_box;
pub(super) use store::KeyTable;
pub use store::TableStore;

/// A point in the form in which it is added.
pub(super) trait Entry {
    /// Reads a little of every cache line that it may lie on.
    fn touch(&self) -> u32;
}

/// The table of one point.
pub(super) struct PointTable<E> {
    width: usize,
    /// All rows, one after the other, on the heap: a WebAssembly stack has room for none of them.
    entries: Vec<E>,
    /// The memory that it takes, where that is counted.
    _lease: Option<budget::Lease>,
}

impl<E: Entry> PointTable<E> {
    /// Adds the terms whose sum is the point times `scalar` (little-endian), or its negative.
    pub(super) fn multiple<'a>(&'a self, scalar: &[u8; 32], negative: bool, terms: &mut Terms<'a, E>) {
        let digits = SignedDigits::new(scalar, self.width);
        for (row, digit) in self.entries.chunks_exact(row_length(self.width)).zip(digits) {
            // Entry 0 is the point times 1.
            let entry = (digit.unsigned_abs() as usize).checked_sub(1).and_then(|index| row.get(index));
            terms.0.extend(entry.map(|entry| (entry, (digit < 0) != negative)));
        }
    }

    /// Its size in memory.
    pub(super) fn bytes(&self) -> usize {
        self.entries.len().saturating_mul(size_of::<E>())
    }
}

/// The terms of a sum, each with whether it is subtracted.
pub(super) struct Terms<'a, E>(Vec<(&'a E, bool)>);

impl<E: Entry> Terms<'_, E> {
    /// A sum without terms yet.
    pub(super) fn new() -> Self {
        // As many as two tables of digits of 4 bits have rows.
        Terms(Vec::with_capacity(128))
    }

    /// The terms, to be added. Tables are larger than what a processor keeps near: all terms are touched before the
    /// first is added, so that they are fetched at the same time and not one after the other.
    pub(super) fn touched(&self) -> impl Iterator<Item = (&E, bool)> {
        black_box(self.0.iter().fold(0, |touched, (term, _)| touched ^ term.touch()));
        self.0.iter().map(|(term, negative)| (*term, *negative))
    }
}

fn row_length(width: usize) -> usize {
    1_usize << width.saturating_sub(1)
}

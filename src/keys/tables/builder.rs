//! Making tables.

use super::budget::Lease;
use super::{Entry, PointTable, TableBudget, row_length};

/// The rows of a point's tables, the lowest first.
pub(in crate::keys) trait Rows {
    /// What the rows hold.
    type Entry: Entry;

    /// The length of scalars: short enough that no digit carries out of the last row, whatever the width.
    const SCALAR_BITS: usize;

    /// The widths to choose from, in bits a digit; the widest first.
    const WIDTHS: &'static [usize];

    /// 1, 2, … 2^(width-1) times the point; the point is 2^width times as much from then on. `None`: it went wrong.
    fn next_row(&mut self, width: usize) -> Option<Vec<Self::Entry>>;
}

/// A table in the making. A row takes a fraction of a millisecond: whoever must not be away for long makes a few at a time.
pub(in crate::keys) struct TableBuilder<R: Rows> {
    rows: R,
    width: usize,
    rows_left: usize,
    entries: Vec<R::Entry>,
    lease: Option<Lease>,
}

impl<R: Rows> TableBuilder<R> {
    /// Begins the table for digits of `width` bits, at most 15.
    pub(in crate::keys) fn new(rows: R, width: usize) -> Self {
        let count = row_count::<R>(width);
        let entries = Vec::with_capacity(count.saturating_mul(row_length(width)));
        TableBuilder { rows, width, rows_left: count, entries, lease: None }
    }

    /// Begins the widest table that fits into the budget, which pays at once.
    pub(in crate::keys) fn within(rows: R, budget: &TableBudget) -> Option<Self> {
        let take = |width: &usize| Some((*width, budget.take(size::<R>(*width))?));
        let (width, lease) = R::WIDTHS.iter().find_map(take)?;
        Some(TableBuilder { lease: Some(lease), ..TableBuilder::new(rows, width) })
    }

    /// Makes the next row. `false`: there is nothing left to do.
    pub(in crate::keys) fn step(&mut self) -> bool {
        let Some(left) = self.rows_left.checked_sub(1) else { return false };
        match self.rows.next_row(self.width) {
            Some(row) => {
                self.entries.extend(row);
                self.rows_left = left;
                left > 0
            }
            None => false,
        }
    }

    /// The table, if no row is missing.
    pub(in crate::keys) fn table(self) -> Option<PointTable<R::Entry>> {
        let TableBuilder { width, entries, lease, .. } = self;
        (self.rows_left == 0).then_some(PointTable { width, entries, _lease: lease })
    }

    /// Makes all rows at once.
    #[cfg(test)]
    pub(in crate::keys) fn build(mut self) -> Option<PointTable<R::Entry>> {
        while self.step() {}
        self.table()
    }
}

fn row_count<R: Rows>(width: usize) -> usize {
    R::SCALAR_BITS.checked_next_multiple_of(width).and_then(|bits| bits.checked_div(width)).unwrap_or(0)
}

fn size<R: Rows>(width: usize) -> usize {
    row_count::<R>(width).saturating_mul(row_length(width)).saturating_mul(size_of::<R::Entry>())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::keys::tables) struct Number(u64);

    impl Entry for Number {
        fn touch(&self) -> u32 {
            0
        }
    }

    /// Numbers in place of points; the row at which it goes wrong.
    pub(in crate::keys::tables) struct Numbers(
        pub(in crate::keys::tables) u64,
        pub(in crate::keys::tables) usize,
    );

    impl Rows for Numbers {
        type Entry = Number;
        const SCALAR_BITS: usize = 10;
        const WIDTHS: &'static [usize] = &[4, 3];

        fn next_row(&mut self, width: usize) -> Option<Vec<Number>> {
            self.1 = self.1.checked_sub(1)?;
            let row = (1..=row_length(width)).map(|n| Number(self.0.saturating_mul(n as u64))).collect();
            self.0 <<= width;
            Some(row)
        }
    }

    #[test]
    fn a_table_is_made_row_by_row_and_given_away_whole() {
        let mut builder = TableBuilder::new(Numbers(1, 99), 4);
        assert_eq!(
            [builder.step(), builder.step(), builder.step(), builder.step()],
            [true, true, false, false]
        );
        let table = builder.table().expect("whole");
        let expected: Vec<u64> = [1, 16, 256].iter().flat_map(|row| (1..=8).map(move |n| n * row)).collect();
        assert_eq!(table.entries.iter().map(|entry| entry.0).collect::<Vec<_>>(), expected);
        let mut unfinished = TableBuilder::new(Numbers(1, 99), 4);
        assert!(unfinished.step() && unfinished.table().is_none());
    }

    #[test]
    fn no_table_where_a_row_goes_wrong() {
        assert!(TableBuilder::new(Numbers(1, 3), 4).build().is_some());
        for row in 0..3 {
            assert!(TableBuilder::new(Numbers(1, row), 4).build().is_none(), "{row}");
        }
    }

    #[test]
    fn the_budget_buys_wide_then_narrow_then_no_tables() {
        let (wide, narrow) = (3 * 8 * 8, 4 * 4 * 8);
        let budget = TableBudget::new(wide + narrow + 1);
        let next = || TableBuilder::within(Numbers(1, 99), &budget)?.build();
        let mut tables: Vec<Option<PointTable<Number>>> = (0..3).map(|_| next()).collect();
        let sizes: Vec<Option<usize>> =
            tables.iter().map(|table| table.as_ref().map(PointTable::bytes)).collect();
        assert_eq!(sizes, [Some(wide), Some(narrow), None]);
        assert_eq!(budget.left(), 1);
        tables.remove(0);
        assert_eq!(budget.left(), 1 + wide, "a table that is gone gives its memory back");
        assert!(
            TableBuilder::within(Numbers(1, 0), &budget).is_some_and(|builder| builder.build().is_none())
        );
        assert_eq!(budget.left(), 1 + wide, "and so does one that went wrong");
    }
}

//! Tables that are made while they are needed.

use super::{PointTable, Rows, TableBuilder};
use std::sync::{Mutex, OnceLock, PoisonError};

/// A table that is made a row at a time, whenever somebody has had to do without it. So no configuration waits for the tables of
/// its keys, no request for more than a row, and a key that nobody uses takes no memory.
pub(in crate::keys) struct GrowingTable<R: Rows> {
    whole: OnceLock<PointTable<R::Entry>>,
    state: Mutex<State<R>>,
}

enum State<R: Rows> {
    /// Nobody has needed it, or there was no memory for it.
    Nothing,
    Growing(TableBuilder<R>),
    /// Whole, or not to be had: a row went wrong.
    Over,
}

impl<R: Rows> GrowingTable<R> {
    pub(in crate::keys) const fn new() -> Self {
        GrowingTable { whole: OnceLock::new(), state: Mutex::new(State::Nothing) }
    }

    /// The table, once no row is missing.
    pub(in crate::keys) fn whole(&self) -> Option<&PointTable<R::Entry>> {
        self.whole.get()
    }

    /// Makes the next row of what `begin` begins. `false`: that cannot be done, at least now.
    pub(in crate::keys) fn grow(&self, begin: impl FnOnce() -> Option<TableBuilder<R>>) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Nothing)
            && let Some(builder) = begin()
        {
            *state = State::Growing(builder);
        }
        match &mut *state {
            State::Nothing => false,
            State::Over => self.whole.get().is_some(),
            State::Growing(builder) => {
                if builder.step() {
                    return true;
                }
                if let State::Growing(builder) = std::mem::replace(&mut *state, State::Over)
                    && let Some(table) = builder.table()
                {
                    self.whole.get_or_init(|| table);
                }
                self.whole.get().is_some()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::builder::tests::Numbers;
    use super::*;

    #[test]
    fn it_grows_a_row_at_a_time_and_begins_once() {
        let table = GrowingTable::new();
        let mut begun = 0;
        let mut grow = || {
            table.grow(|| {
                begun += 1;
                Some(TableBuilder::new(Numbers(1, 99), 4))
            })
        };
        // Three rows of four bits; what is whole stays so.
        let whole: Vec<bool> = (0..5).map(|_| grow() && table.whole().is_some()).collect();
        assert_eq!(whole, [false, false, true, true, true]);
        assert_eq!(begun, 1);
    }

    #[test]
    fn without_memory_it_tries_again_later() {
        let table = GrowingTable::<Numbers>::new();
        assert!(!table.grow(|| None) && !table.grow(|| None));
        assert!(table.grow(|| Some(TableBuilder::new(Numbers(1, 99), 4))));
    }

    #[test]
    fn what_goes_wrong_is_not_tried_again() {
        let table = GrowingTable::new();
        assert!(table.grow(|| Some(TableBuilder::new(Numbers(1, 2), 4))));
        for _ in 0..9 {
            table.grow(|| panic!("begun again"));
            assert!(table.whole().is_none());
        }
        assert!(!table.grow(|| None));
    }
}

//! The tables of all keys that are in use, shared by whoever pins the same key.

use super::{GrowingTable, Rows, TableBudget, TableBuilder};
use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

type AnyTable = Weak<dyn Any + Send + Sync>;

/// Where keys have their tables; all clones are one store. A key that is pinned twice, or pinned again by the next
/// configuration, has one table; it goes with the last that pins the key.
#[derive(Clone)]
pub struct TableStore {
    budget: TableBudget,
    /// By the key's encoded point, whose length tells the curve.
    tables: Arc<Mutex<HashMap<Box<[u8]>, AnyTable>>>,
}

impl TableStore {
    /// A store whose tables take at most `bytes` together; 0 means no tables. An Ed25519 key takes 480 KiB and one on P-256
    /// 288 KiB, or either 60 KiB when that is not left. The tables of base points, which all keys share, are not counted.
    pub fn new(bytes: usize) -> TableStore {
        TableStore { budget: TableBudget::new(bytes), tables: Arc::default() }
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.budget.left()
    }

    /// The table of the point that is encoded like this.
    pub(in crate::keys) fn table<R>(&self, encoded: &[u8]) -> Arc<KeyTable<R>>
    where
        R: Rows + Send + 'static,
        R::Entry: Send + Sync,
    {
        let mut tables = self.lock();
        let known = tables.get(encoded).and_then(Weak::upgrade);
        if let Some(table) = known.and_then(|table| table.downcast().ok()) {
            return table;
        }
        // Those of keys that nobody pins any more are forgotten before the map grows, so that it takes no more than it ever needed.
        if tables.len() == tables.capacity() {
            tables.retain(|_, table| table.strong_count() > 0);
        }
        let table = Arc::new(KeyTable { growing: GrowingTable::new(), budget: self.budget.clone() });
        let shared: Arc<dyn Any + Send + Sync> = Arc::<KeyTable<R>>::clone(&table);
        tables.insert(encoded.into(), Arc::downgrade(&shared));
        table
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<[u8]>, AnyTable>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for TableStore {
    /// 16 MiB: full tables for 34 Ed25519 keys or 56 on P-256.
    fn default() -> TableStore {
        TableStore::new(16 << 20)
    }
}

impl fmt::Debug for TableStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableStore").field("tables", &self.lock().len()).field("left", &self.left()).finish()
    }
}

/// The table of one key.
pub(in crate::keys) struct KeyTable<R: Rows> {
    growing: GrowingTable<R>,
    budget: TableBudget,
}

impl<R: Rows> KeyTable<R> {
    /// The table, once no row is missing.
    pub(in crate::keys) fn whole(&self) -> Option<&super::PointTable<R::Entry>> {
        self.growing.whole()
    }

    /// Makes the next row, if there is memory for the table. `rows` begins it.
    pub(in crate::keys) fn grow(&self, rows: impl FnOnce() -> Option<R>) -> bool {
        self.growing.grow(|| TableBuilder::within(rows()?, &self.budget))
    }
}

#[cfg(test)]
mod tests {
    use super::super::builder::tests::Numbers;
    use super::*;

    /// The memory of a table of `Numbers`, wide and narrow.
    const WIDE: usize = 3 * 8 * 8;
    const NARROW: usize = 4 * 4 * 8;

    fn grow(table: &KeyTable<Numbers>) -> bool {
        table.grow(|| Some(Numbers(1, 99)))
    }

    fn finish(table: &KeyTable<Numbers>) -> Option<usize> {
        while table.whole().is_none() && grow(table) {}
        table.whole().map(|table| table.bytes())
    }

    #[test]
    fn who_pins_the_same_key_shares_one_table() {
        let store = TableStore::new(10 * WIDE);
        let (one, same) = (store.table::<Numbers>(b"key"), store.clone().table::<Numbers>(b"key"));
        assert!(Arc::ptr_eq(&one, &same));
        assert!(!Arc::ptr_eq(&one, &store.table(b"another key")));
        assert_eq!(store.left(), 10 * WIDE, "nobody has needed one");
        assert_eq!(finish(&one), Some(WIDE));
        assert!(same.whole().is_some());
        assert_eq!(store.left(), 9 * WIDE);
    }

    #[test]
    fn a_table_lasts_as_long_as_somebody_pins_its_key() {
        let store = TableStore::new(10 * WIDE);
        let before = store.table::<Numbers>(b"key");
        assert!(grow(&before));
        // The next configuration comes before the last one goes.
        let after = store.table::<Numbers>(b"key");
        drop(before);
        assert!(grow(&after) && after.whole().is_none() && grow(&after) && after.whole().is_some());
        drop(after);
        assert_eq!(store.left(), 10 * WIDE);
        assert!(store.table::<Numbers>(b"key").whole().is_none());
    }

    #[test]
    fn memory_goes_to_the_keys_that_are_used() {
        let store = TableStore::new(WIDE + NARROW);
        let keys: Vec<_> = (0..256_u32).map(|n| store.table::<Numbers>(&n.to_le_bytes())).collect();
        assert_eq!(finish(&keys[200]), Some(WIDE));
        assert_eq!(finish(&keys[100]), Some(NARROW));
        assert_eq!((finish(&keys[0]), store.left()), (None, 0));
        drop(keys);
        assert_eq!(store.left(), WIDE + NARROW);
    }

    #[test]
    fn a_key_that_stays_pinned_is_known_however_many_come() {
        let store = TableStore::new(10 * WIDE);
        let stays = store.table::<Numbers>(b"key");
        let others: Vec<_> = (0..100_u32).map(|n| store.table::<Numbers>(&n.to_le_bytes())).collect();
        assert!(Arc::ptr_eq(&stays, &store.table(b"key")));
        assert_eq!(finish(&stays), Some(WIDE));
        assert_eq!(format!("{store:?}"), format!("TableStore {{ tables: 101, left: {} }}", 9 * WIDE));
        drop(others);
        assert_eq!(store.left(), 9 * WIDE);
    }

    #[test]
    fn keys_that_went_make_room_before_more_is_taken() {
        let store = TableStore::new(0);
        let mut keys = Vec::new();
        let is_full = || {
            let tables = store.lock();
            tables.len() == tables.capacity()
        };
        while keys.is_empty() || !is_full() {
            keys.push(store.table::<Numbers>(&keys.len().to_le_bytes()));
        }
        let room = store.lock().capacity();
        drop(keys);
        store.table::<Numbers>(b"next");
        assert_eq!(store.lock().capacity(), room);
    }

    #[test]
    fn keys_that_come_and_go_leave_nothing_behind() {
        let store = TableStore::new(0);
        for n in 0..10_000_u32 {
            drop(store.table::<Numbers>(&n.to_le_bytes()));
        }
        assert!(store.lock().len() < 16, "{store:?}");
    }
}

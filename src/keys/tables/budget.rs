//! The memory that tables may take.

use std::sync::{Arc, Mutex, PoisonError};

/// How much memory tables may take together, in bytes; all clones share it.
#[derive(Debug, Clone)]
pub(in crate::keys) struct TableBudget {
    left: Arc<Mutex<usize>>,
}

/// Memory taken from a budget, given back when it is dropped.
#[derive(Debug)]
pub(in crate::keys) struct Lease {
    budget: TableBudget,
    bytes: usize,
}

impl TableBudget {
    pub(in crate::keys) fn new(bytes: usize) -> TableBudget {
        TableBudget { left: Arc::new(Mutex::new(bytes)) }
    }

    /// What is left, in bytes.
    pub(in crate::keys) fn left(&self) -> usize {
        *self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take(&self, bytes: usize) -> Option<Lease> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        *left = left.checked_sub(bytes)?;
        Some(Lease { budget: self.clone(), bytes })
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut left = self.budget.left.lock().unwrap_or_else(PoisonError::into_inner);
        *left = left.saturating_add(self.bytes);
    }
}

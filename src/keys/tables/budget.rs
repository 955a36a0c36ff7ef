//! The memory that tables may take.

/// How much memory the tables of pinned keys may take, in bytes. The tables of base points, which all keys
/// share, are not counted.
#[derive(Debug, Clone, Copy)]
pub struct TableBudget {
    left: usize,
}

impl TableBudget {
    /// A budget of `bytes`; 0 means no tables. An Ed25519 key takes 480 KiB and one on P-256 288 KiB, or either 60 KiB
    /// when that is not left.
    pub fn new(bytes: usize) -> TableBudget {
        TableBudget { left: bytes }
    }

    /// What is left, in bytes.
    pub fn left(&self) -> usize {
        self.left
    }

    pub(super) fn take(&mut self, bytes: usize) -> bool {
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
    /// 16 MiB: full tables for 34 Ed25519 keys or 56 on P-256 in each worker.
    fn default() -> TableBudget {
        TableBudget::new(16 << 20)
    }
}

//! What stands for what was left out.

/// It needs no escape anywhere.
pub(super) const LEFT_OUT: &str = "left-out";

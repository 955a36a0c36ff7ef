//! What a denial does: of the whole filter, or of one rule.

/// What a denial does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It refuses the request.
    Enforce,
    /// It is counted and recorded, and the request goes on as if it were allowed.
    Shadow,
}

//! How much memory a parsed text takes: often far more than its own length.

use super::Json;

/// What an allocator adds to each piece, and to what its size is rounded up.
const HEADER: usize = 8;
const UNIT: usize = 16;

impl Json {
    /// The bytes that it has allocated, as allocators reckon them.
    pub fn allocated_bytes(&self) -> usize {
        match self {
            Json::Null | Json::Bool(_) => 0,
            Json::Number(text) | Json::String(text) => piece(text.len()),
            Json::Array(items) => {
                let own = piece(items.capacity().saturating_mul(size_of::<Json>()));
                items.iter().fold(own, |sum, item| sum.saturating_add(item.allocated_bytes()))
            }
            Json::Object(members) => {
                let own = piece(members.capacity().saturating_mul(size_of::<(Box<str>, Json)>()));
                members.iter().fold(own, |sum, (name, value)| {
                    sum.saturating_add(piece(name.len())).saturating_add(value.allocated_bytes())
                })
            }
        }
    }
}

/// What a piece of so many bytes takes.
fn piece(bytes: usize) -> usize {
    if bytes == 0 { 0 } else { bytes.saturating_add(HEADER).next_multiple_of(UNIT) }
}

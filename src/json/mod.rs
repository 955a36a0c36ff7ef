//! Strict JSON (RFC 8259): what it accepts, every common parser reads the same way.
//!
//! Tokens, bodies and answers come from strangers, and a decision must not rest on one reading of a text
//! where the server behind us takes another. So this reader refuses what parsers are known to disagree on:
//! duplicate members at any level (compared after unescaping), lone surrogates, a byte order mark, bytes
//! that are not UTF-8, trailing data, and more than [`MAX_DEPTH`] levels. Numbers keep their text: `60.0`
//! stays `60.0`, and no digit is lost before somebody asks for a value.

mod decimal;
mod look_alike;
mod parser;
mod pointer;
mod scanner;
mod size;
mod value;

pub use decimal::decimal;
pub use parser::{MAX_DEPTH, parse, parse_keeping_duplicates};
pub use pointer::{Pointer, Step};
pub use scanner::SyntaxError;
pub use value::Json;

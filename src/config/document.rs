//! The two forms in which a host delivers the filter JSON.
//!
//! A `google.protobuf.StringValue` arrives as the text itself. A `google.protobuf.Struct` (YAML in an Envoy
//! file) arrives as the serialized message. A serialized Struct has a byte 0x12 (the tag of a value) in each
//! entry and JSON text can have none anywhere, so no input is both.

use super::error::ConfigError;
use super::struct_message::{self, Fault};
use crate::json::{self, Json};

/// Reads the configuration in whichever form it came.
pub(super) fn read(bytes: &[u8]) -> Result<Json, ConfigError> {
    let error = |message: String| ConfigError { path: "configuration".into(), message };
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(error("is empty; give the filter JSON as the plugin's `configuration`".into()));
    }
    if bytes.contains(&0x12) {
        match struct_message::read(bytes) {
            Ok(object) => return Ok(object),
            Err(Fault::NotFinite) => {
                let message = "has a number that is not finite or has too many digits; give numbers that JSON can write";
                return Err(error(message.into()));
            }
            Err(Fault::NotAStruct) => {}
        }
    }
    json::parse_keeping_duplicates(bytes).map_err(|e| {
        let (line, column) = e.line_and_column(bytes);
        let remedy = match bytes.trim_ascii_start() {
            [b'{' | b'[' | b'"', ..] | [0xef | 0xfe | 0xff, ..] => "mend it there",
            _ => "JSON begins with `{`; if this is YAML, make it JSON first",
        };
        error(format!("is not JSON: {} at line {line}, column {column}; {remedy}", e.what))
    })
}

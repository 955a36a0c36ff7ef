//! The two forms in which a host delivers the filter JSON.
//!
//! A `google.protobuf.StringValue` arrives as the text itself. A `google.protobuf.Struct` (YAML in an Envoy
//! file) arrives as the serialized message. A serialized Struct has a byte 0x12 (the tag of a value) in each
//! entry and JSON text can have none anywhere, so no input is both.

use super::ConfigError;
use crate::json::{self, Json};
use prost::Message;
use prost_types::{Struct, Value, value::Kind};

/// Reads the configuration in whichever form it came.
pub(super) fn read(bytes: &[u8]) -> Result<Json, ConfigError> {
    let error = |message: String| ConfigError { path: "configuration".into(), message };
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(error("is empty; give the filter JSON as the plugin's `configuration`".into()));
    }
    if bytes.contains(&0x12)
        && let Ok(message) = Struct::decode(bytes)
    {
        return from_struct(&message)
            .map_err(|what| error(format!("{what}; give numbers that JSON can write")));
    }
    json::parse_keeping_duplicates(bytes).map_err(|e| {
        let (line, column) = e.line_and_column(bytes);
        error(format!("is not JSON: {} at line {line}, column {column}; mend it there", e.what))
    })
}

fn from_struct(message: &Struct) -> Result<Json, &'static str> {
    let members = message.fields.iter().map(|(name, value)| Ok((name.as_str().into(), from_value(value)?)));
    members.collect::<Result<_, _>>().map(Json::Object)
}

fn from_value(value: &Value) -> Result<Json, &'static str> {
    Ok(match &value.kind {
        None | Some(Kind::NullValue(_)) => Json::Null,
        Some(Kind::BoolValue(flag)) => Json::Bool(*flag),
        // `60.0` prints as `60`, which is how it reads in the YAML.
        Some(Kind::NumberValue(number)) if number.is_finite() => Json::Number(number.to_string().into()),
        Some(Kind::NumberValue(_)) => return Err("has a number that is not finite"),
        Some(Kind::StringValue(text)) => Json::String(text.as_str().into()),
        Some(Kind::StructValue(object)) => from_struct(object)?,
        Some(Kind::ListValue(list)) => {
            Json::Array(list.values.iter().map(from_value).collect::<Result<_, _>>()?)
        }
    })
}

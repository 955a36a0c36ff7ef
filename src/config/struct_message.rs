//! A serialized `google.protobuf.Struct`, read by hand: a library for all of protobuf is ten times the code, and all of it would
//! be compiled before the first request. What no serializer writes is no Struct.

use crate::json::{self, Json, MAX_DEPTH};

/// Why bytes are no Struct that JSON can write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// They are no serialized Struct.
    NotAStruct,
    /// It has a number that is not finite, or has too many digits.
    NotFinite,
}

/// Reads `message Struct { map<string, Value> fields = 1; }`.
pub(super) fn read(bytes: &[u8]) -> Result<Json, Fault> {
    object(bytes, 0)
}

/// What a field holds: of the wire types of protobuf, those that a Struct has.
enum Payload<'a> {
    Varint(u64),
    Fixed64([u8; 8]),
    Bytes(&'a [u8]),
}

fn object(bytes: &[u8], depth: usize) -> Result<Json, Fault> {
    let mut members: Vec<(Box<str>, Json)> = Vec::new();
    let mut rest = bytes;
    while let Some((number, payload)) = field(&mut rest)? {
        let (1, Payload::Bytes(entry)) = (number, payload) else { return Err(Fault::NotAStruct) };
        let (name, value) = member(entry, depth)?;
        // A map has no order: by name, so that messages come in one.
        let at = members.partition_point(|(own, _)| **own <= *name);
        members.insert(at, (name, value));
    }
    Ok(Json::Object(members))
}

/// An entry of the map: `string key = 1; Value value = 2;`.
fn member(entry: &[u8], depth: usize) -> Result<(Box<str>, Json), Fault> {
    let (mut name, mut found) = (Box::default(), Json::Null);
    let mut rest = entry;
    while let Some((number, payload)) = field(&mut rest)? {
        match (number, payload) {
            (1, Payload::Bytes(bytes)) => name = text(bytes)?,
            (2, Payload::Bytes(bytes)) => found = value(bytes, depth)?,
            _ => return Err(Fault::NotAStruct),
        }
    }
    Ok((name, found))
}

/// `message Value { oneof kind { … } }`, in which no kind stands twice.
fn value(bytes: &[u8], depth: usize) -> Result<Json, Fault> {
    if depth >= MAX_DEPTH {
        return Err(Fault::NotAStruct);
    }
    let deeper = depth.saturating_add(1);
    let mut rest = bytes;
    let value = match field(&mut rest)? {
        None => Json::Null,
        Some((1, Payload::Varint(_))) => Json::Null,
        Some((2, Payload::Fixed64(bytes))) => number(f64::from_le_bytes(bytes))?,
        Some((3, Payload::Bytes(bytes))) => Json::String(text(bytes)?),
        Some((4, Payload::Varint(flag))) => Json::Bool(flag != 0),
        Some((5, Payload::Bytes(bytes))) => object(bytes, deeper)?,
        Some((6, Payload::Bytes(bytes))) => list(bytes, deeper)?,
        Some(_) => return Err(Fault::NotAStruct),
    };
    if rest.is_empty() { Ok(value) } else { Err(Fault::NotAStruct) }
}

/// `message ListValue { repeated Value values = 1; }`
fn list(bytes: &[u8], depth: usize) -> Result<Json, Fault> {
    let mut items = Vec::new();
    let mut rest = bytes;
    while let Some((number, payload)) = field(&mut rest)? {
        let (1, Payload::Bytes(item)) = (number, payload) else { return Err(Fault::NotAStruct) };
        items.push(value(item, depth)?);
    }
    Ok(Json::Array(items))
}

/// `60.0` is `60`, which is how it reads in the YAML.
fn number(number: f64) -> Result<Json, Fault> {
    json::decimal(number).map(|text| Json::Number(text.into())).ok_or(Fault::NotFinite)
}

fn text(bytes: &[u8]) -> Result<Box<str>, Fault> {
    std::str::from_utf8(bytes).map(Box::from).map_err(|_| Fault::NotAStruct)
}

/// Takes the next field, and its number, off a message; `None` at its end.
fn field<'a>(rest: &mut &'a [u8]) -> Result<Option<(u64, Payload<'a>)>, Fault> {
    if rest.is_empty() {
        return Ok(None);
    }
    let tag = varint(rest)?;
    let payload = match tag & 7 {
        0 => Payload::Varint(varint(rest)?),
        1 => {
            let (bytes, after) = rest.split_first_chunk().ok_or(Fault::NotAStruct)?;
            *rest = after;
            Payload::Fixed64(*bytes)
        }
        2 => {
            let length = usize::try_from(varint(rest)?).map_err(|_| Fault::NotAStruct)?;
            let (bytes, after) = rest.split_at_checked(length).ok_or(Fault::NotAStruct)?;
            *rest = after;
            Payload::Bytes(bytes)
        }
        _ => return Err(Fault::NotAStruct),
    };
    Ok(Some((tag >> 3, payload)))
}

/// Seven bits a byte, the lowest first; the last byte has no top bit.
fn varint(rest: &mut &[u8]) -> Result<u64, Fault> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first().ok_or(Fault::NotAStruct)?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Ok(number);
        }
    }
    Err(Fault::NotAStruct)
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use super::*;
    use prost::Message as _;
    use prost_types::value::Kind;
    use prost_types::{ListValue, Struct, Value};

    fn message(json: &Json) -> Value {
        let kind = match json {
            Json::Null => Kind::NullValue(0),
            Json::Bool(flag) => Kind::BoolValue(*flag),
            Json::Number(text) => Kind::NumberValue(text.parse().unwrap()),
            Json::String(text) => Kind::StringValue(text.to_string()),
            Json::Array(items) => Kind::ListValue(ListValue { values: items.iter().map(message).collect() }),
            Json::Object(_) => Kind::StructValue(structure(json)),
        };
        Value { kind: Some(kind) }
    }

    fn structure(json: &Json) -> Struct {
        let members = json.as_object().unwrap();
        Struct { fields: members.iter().map(|(name, value)| (name.to_string(), message(value))).collect() }
    }

    fn serialized(text: &str) -> (Json, Vec<u8>) {
        let json = json::parse(text.as_bytes()).unwrap();
        let bytes = structure(&json).encode_to_vec();
        (json, bytes)
    }

    const ALL: &str = r#"{"":"","a":null,"b":true,"c":false,"d":0,"e":-1.5,"f":60,"g":"ü€","h":[],"i":[1,"x",[{}],null],"j":{"k":{"l":{"m":""}}},"n":123456789012345680,"o":0.1,"p":-0.30000000000000004,"q":0.0000001,"r":1e22}"#;

    #[test]
    fn what_another_serializer_writes_is_read() {
        let (json, bytes) = serialized(ALL);
        let expected = json.to_string().replace("1e22", "10000000000000000000000");
        assert_eq!(read(&bytes).unwrap().to_string(), expected);
        assert_eq!(read(b""), Ok(Json::Object(Vec::new())));
        let empty = Struct { fields: [("a".to_owned(), Value { kind: None })].into() };
        assert_eq!(read(&empty.encode_to_vec()).unwrap().to_string(), r#"{"a":null}"#);
    }

    #[test]
    fn members_come_by_name() {
        let (_, one) = serialized(r#"{"b":1}"#);
        let (_, two) = serialized(r#"{"a":2}"#);
        assert_eq!(read(&[one, two].concat()).unwrap().to_string(), r#"{"a":2,"b":1}"#);
    }

    #[test]
    fn whatever_it_is_it_is_read_or_refused_as_another_reader_does() {
        let (_, bytes) = serialized(ALL);
        for end in 0..bytes.len() {
            let other = Struct::decode(&bytes[..end]);
            assert!(other.is_ok() || read(&bytes[..end]).is_err(), "{end}");
        }
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                let (ours, other) = (read(&changed), Struct::decode(&*changed));
                assert!(other.is_ok() || ours.is_err(), "byte {at}, bit {bit}: nobody else reads it");
            }
        }
    }

    #[test]
    fn numbers_that_are_not_finite_or_too_long_have_no_json() {
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e39, 1e-300] {
            let value = Value { kind: Some(Kind::NumberValue(number)) };
            let bytes = Struct { fields: [("a".to_owned(), value)].into() }.encode_to_vec();
            assert_eq!(read(&bytes), Err(Fault::NotFinite));
        }
    }

    #[test]
    fn depth_has_a_bound() {
        let nested = |depth: usize| {
            let mut json = Json::Null;
            for _ in 0..depth {
                json = Json::Object(vec![("a".into(), json)]);
            }
            read(&structure(&json).encode_to_vec())
        };
        assert!(nested(MAX_DEPTH).is_ok());
        assert_eq!(nested(MAX_DEPTH + 1), Err(Fault::NotAStruct));
        let mut bytes = Vec::new();
        for _ in 0..20_000 {
            let length = |n: usize| [0x80 | (n & 0x7f) as u8, 0x80 | (n >> 7 & 0x7f) as u8, (n >> 14) as u8];
            bytes = [&[0x2a][..], &length(bytes.len()), &bytes].concat();
            bytes = [&[0x12][..], &length(bytes.len()), &bytes].concat();
            bytes = [&[0x0a][..], &length(bytes.len()), &bytes].concat();
        }
        assert_eq!(read(&bytes), Err(Fault::NotAStruct));
    }
}

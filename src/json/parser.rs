//! The parser: one pass over the bytes, recursion bounded by [`MAX_DEPTH`].

use super::Json;
use super::scanner::{Scanner, SyntaxError};
use super::value::is_name;

/// How deep arrays and objects may nest.
pub const MAX_DEPTH: usize = 64;

/// Above this many members, duplicates are found by sorting: comparing each with each would let a body of
/// 64 KiB cost seconds.
const FEW_MEMBERS: usize = 12;

/// Room for the members of a usual token, so that its list seldom has to grow.
const USUAL_MEMBERS: usize = 8;

/// Parses one JSON text; nothing but white space may follow it.
///
/// # Errors
///
/// The first thing that is not strict JSON, and where.
///
/// ```
/// use eec_authn::json;
///
/// let body = json::parse(br#"{"eecId": "eec-1", "lifetime": 60.0}"#)?;
/// assert_eq!(body.get("eecId").and_then(|id| id.as_str()), Some("eec-1"));
/// // One parser would take the first, another the last: so neither is taken.
/// assert!(json::parse(br#"{"eecId": "eec-1", "eec\u0049d": "eec-2"}"#).is_err());
/// # Ok::<(), json::SyntaxError>(())
/// ```
pub fn parse(bytes: &[u8]) -> Result<Json, SyntaxError> {
    parse_text(bytes, Duplicates::Refuse)
}

/// The same, but duplicate members stay in the object, for a caller that reports them with their path.
///
/// # Errors
///
/// As [`parse`], but for duplicate members.
pub fn parse_keeping_duplicates(bytes: &[u8]) -> Result<Json, SyntaxError> {
    parse_text(bytes, Duplicates::Keep)
}

#[derive(PartialEq)]
enum Duplicates {
    Refuse,
    Keep,
}

fn parse_text(bytes: &[u8], duplicates: Duplicates) -> Result<Json, SyntaxError> {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(SyntaxError { what: "byte order mark", at: 0 });
    }
    // Checked once here, so that slices of the text between ASCII bytes are known to be UTF-8.
    let text =
        std::str::from_utf8(bytes).map_err(|e| SyntaxError { what: "not UTF-8", at: e.valid_up_to() })?;
    let mut parser = Parser { scanner: Scanner::new(text), duplicates };
    let value = parser.value(0)?;
    parser.scanner.white_space();
    match parser.scanner.peek() {
        None => Ok(value),
        Some(_) => Err(parser.scanner.error("data after the JSON text")),
    }
}

struct Parser<'a> {
    scanner: Scanner<'a>,
    duplicates: Duplicates,
}

impl Parser<'_> {
    fn value(&mut self, depth: usize) -> Result<Json, SyntaxError> {
        self.scanner.white_space();
        match self.scanner.peek() {
            Some(b'{') => self.object(self.deeper(depth)?),
            Some(b'[') => self.array(self.deeper(depth)?),
            Some(b'"') => Ok(Json::String(self.scanner.string()?)),
            Some(b'-' | b'0'..=b'9') => Ok(Json::Number(self.scanner.number()?)),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(_) => Err(self.scanner.error("not a JSON value")),
            None => Err(self.scanner.error("the text ends early")),
        }
    }

    fn word(&mut self, word: &'static str, value: Json) -> Result<Json, SyntaxError> {
        self.scanner.word(word).map(|()| value)
    }

    fn deeper(&self, depth: usize) -> Result<usize, SyntaxError> {
        if depth < MAX_DEPTH {
            Ok(depth.saturating_add(1))
        } else {
            Err(self.scanner.error("nested too deep"))
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, SyntaxError> {
        let start = self.scanner.at();
        self.scanner.advance();
        // Not below: thousands of small objects fit into a body.
        let room = match depth {
            1 => USUAL_MEMBERS,
            _ => 0,
        };
        let mut members: Vec<(Box<str>, Json)> = Vec::with_capacity(room);
        self.scanner.white_space();
        if self.scanner.eat(b'}') {
            return Ok(Json::Object(members));
        }
        loop {
            self.scanner.white_space();
            let at = self.scanner.at();
            if self.scanner.peek() != Some(b'"') {
                return Err(self.scanner.error("a member name was expected"));
            }
            let name = self.scanner.string()?;
            let compare = members.len() < FEW_MEMBERS && self.duplicates == Duplicates::Refuse;
            if compare && members.iter().any(|(n, _)| is_name(n, &name)) {
                return Err(SyntaxError { what: "duplicate member", at });
            }
            self.scanner.white_space();
            self.scanner.expect(b':', "`:` was expected")?;
            let value = self.value(depth)?;
            members.push((name, value));
            self.scanner.white_space();
            if !self.scanner.eat(b',') {
                break;
            }
        }
        self.scanner.expect(b'}', "`,` or `}` was expected")?;
        let sort = members.len() > FEW_MEMBERS && self.duplicates == Duplicates::Refuse;
        if sort && has_duplicates(&members) {
            return Err(SyntaxError { what: "duplicate member", at: start });
        }
        Ok(Json::Object(members))
    }

    fn array(&mut self, depth: usize) -> Result<Json, SyntaxError> {
        self.scanner.advance();
        let mut items = Vec::new();
        self.scanner.white_space();
        if self.scanner.eat(b']') {
            return Ok(Json::Array(items));
        }
        loop {
            items.push(self.value(depth)?);
            self.scanner.white_space();
            if !self.scanner.eat(b',') {
                break;
            }
        }
        self.scanner.expect(b']', "`,` or `]` was expected")?;
        Ok(Json::Array(items))
    }
}

fn has_duplicates(members: &[(Box<str>, Json)]) -> bool {
    let mut names: Vec<&str> = members.iter().map(|(name, _)| &**name).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| matches!(pair, [a, b] if a == b))
}

//! The parser: one pass over the bytes, recursion bounded by [`MAX_DEPTH`].

use super::Json;
use super::value::is_name;
use std::fmt;

/// How deep arrays and objects may nest.
pub const MAX_DEPTH: usize = 64;

/// Above this many members, duplicates are found by sorting: comparing each with each would let a body of
/// 64 KiB cost seconds.
const FEW_MEMBERS: usize = 12;

/// Room for the members of a usual token, so that its list seldom has to grow.
const USUAL_MEMBERS: usize = 8;

/// Why a text is not strict JSON, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong there.
    pub what: &'static str,
    /// Offset of the byte, from 0.
    pub at: usize,
}

impl SyntaxError {
    /// Line and column of the place in `text`, both from 1.
    pub fn line_and_column(&self, text: &[u8]) -> (usize, usize) {
        let before = text.get(..self.at.min(text.len())).unwrap_or(text);
        let line = before.iter().filter(|b| **b == b'\n').count();
        let column = before.iter().rev().take_while(|b| **b != b'\n').count();
        (line.saturating_add(1), column.saturating_add(1))
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.what, self.at)
    }
}

impl std::error::Error for SyntaxError {}

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
    let mut parser = Parser { text, bytes, at: 0, duplicates };
    let value = parser.value(0)?;
    parser.white_space();
    match parser.peek() {
        None => Ok(value),
        Some(_) => Err(parser.error("data after the JSON text")),
    }
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    duplicates: Duplicates,
}

impl<'a> Parser<'a> {
    fn value(&mut self, depth: usize) -> Result<Json, SyntaxError> {
        self.white_space();
        match self.peek() {
            Some(b'{') => self.object(self.deeper(depth)?),
            Some(b'[') => self.array(self.deeper(depth)?),
            Some(b'"') => Ok(Json::String(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(_) => Err(self.error("not a JSON value")),
            None => Err(self.error("the text ends early")),
        }
    }

    fn deeper(&self, depth: usize) -> Result<usize, SyntaxError> {
        if depth < MAX_DEPTH { Ok(depth.saturating_add(1)) } else { Err(self.error("nested too deep")) }
    }

    fn object(&mut self, depth: usize) -> Result<Json, SyntaxError> {
        let start = self.at;
        self.advance();
        // Not below: thousands of small objects fit into a body.
        let room = if depth == 1 { USUAL_MEMBERS } else { 0 };
        let mut members: Vec<(Box<str>, Json)> = Vec::with_capacity(room);
        self.white_space();
        if self.eat(b'}') {
            return Ok(Json::Object(members));
        }
        loop {
            self.white_space();
            let at = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.error("a member name was expected"));
            }
            let name = self.string()?;
            let compare = members.len() < FEW_MEMBERS && self.duplicates == Duplicates::Refuse;
            if compare && members.iter().any(|(n, _)| is_name(n, &name)) {
                return Err(SyntaxError { what: "duplicate member", at });
            }
            self.white_space();
            self.expect(b':', "`:` was expected")?;
            let value = self.value(depth)?;
            members.push((name, value));
            self.white_space();
            if !self.eat(b',') {
                break;
            }
        }
        self.expect(b'}', "`,` or `}` was expected")?;
        let sort = members.len() > FEW_MEMBERS && self.duplicates == Duplicates::Refuse;
        if sort && has_duplicates(&members) {
            return Err(SyntaxError { what: "duplicate member", at: start });
        }
        Ok(Json::Object(members))
    }

    fn array(&mut self, depth: usize) -> Result<Json, SyntaxError> {
        self.advance();
        let mut items = Vec::new();
        self.white_space();
        if self.eat(b']') {
            return Ok(Json::Array(items));
        }
        loop {
            items.push(self.value(depth)?);
            self.white_space();
            if !self.eat(b',') {
                break;
            }
        }
        self.expect(b']', "`,` or `]` was expected")?;
        Ok(Json::Array(items))
    }

    fn string(&mut self) -> Result<Box<str>, SyntaxError> {
        self.advance();
        let start = self.at;
        self.plain_run();
        if self.peek() == Some(b'"') {
            let plain = self.text.get(start..self.at).unwrap_or_default();
            self.advance();
            return Ok(plain.into());
        }
        let mut out = String::from(self.text.get(start..self.at).unwrap_or_default());
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.advance();
                    return Ok(out.into_boxed_str());
                }
                Some(b'\\') => out.push(self.escape()?),
                Some(_) => return Err(self.error("a control character in a string")),
                None => return Err(self.error("the text ends inside a string")),
            }
            let run = self.at;
            self.plain_run();
            out.push_str(self.text.get(run..self.at).unwrap_or_default());
        }
    }

    /// Moves over what needs no unescaping.
    fn plain_run(&mut self) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let run = rest.iter().take_while(|b| !matches!(b, b'"' | b'\\' | 0..=0x1f)).count();
        self.at = self.at.saturating_add(run);
    }

    fn escape(&mut self) -> Result<char, SyntaxError> {
        let at = self.at;
        self.advance();
        let escaped = self.peek();
        self.advance();
        Ok(match escaped {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(at),
            _ => return Err(SyntaxError { what: "an unknown escape", at }),
        })
    }

    fn unicode_escape(&mut self, at: usize) -> Result<char, SyntaxError> {
        let lone = SyntaxError { what: "a lone surrogate", at };
        let first = self.hex4()?;
        if let Some(c) = char::from_u32(first) {
            return Ok(c);
        }
        if !((0xd800..0xdc00).contains(&first) && self.eat(b'\\') && self.eat(b'u')) {
            return Err(lone);
        }
        let second = self.hex4()?;
        if !(0xdc00..0xe000).contains(&second) {
            return Err(lone);
        }
        let high = (first & 0x3ff) << 10;
        char::from_u32(0x1_0000_u32.saturating_add(high | (second & 0x3ff))).ok_or(lone)
    }

    fn hex4(&mut self) -> Result<u32, SyntaxError> {
        let digits = self.bytes.get(self.at..self.at.saturating_add(4)).unwrap_or_default();
        let mut value = 0;
        for digit in digits {
            let digit = char::from(*digit).to_digit(16).ok_or(self.error("a broken \\u escape"))?;
            value = (value << 4) | digit;
        }
        if digits.len() < 4 {
            return Err(self.error("a broken \\u escape"));
        }
        self.at = self.at.saturating_add(4);
        Ok(value)
    }

    fn number(&mut self) -> Result<Json, SyntaxError> {
        let start = self.at;
        self.eat(b'-');
        if !self.eat(b'0') && self.digits() == 0 {
            return Err(self.error("a digit was expected"));
        }
        if self.eat(b'.') && self.digits() == 0 {
            return Err(self.error("a digit was expected"));
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.advance();
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.advance();
            }
            if self.digits() == 0 {
                return Err(self.error("a digit was expected"));
            }
        }
        Ok(Json::Number(self.text.get(start..self.at).unwrap_or_default().into()))
    }

    fn digits(&mut self) -> usize {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let run = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        self.at = self.at.saturating_add(run);
        run
    }

    fn word(&mut self, word: &'static str, value: Json) -> Result<Json, SyntaxError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return Err(self.error("not a JSON value"));
        }
        self.at = self.at.saturating_add(word.len());
        Ok(value)
    }

    fn white_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.advance();
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn advance(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        if there {
            self.advance();
        }
        there
    }

    fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), SyntaxError> {
        if self.eat(byte) { Ok(()) } else { Err(self.error(what)) }
    }

    fn error(&self, what: &'static str) -> SyntaxError {
        SyntaxError { what, at: self.at }
    }
}

fn has_duplicates(members: &[(Box<str>, Json)]) -> bool {
    let mut names: Vec<&str> = members.iter().map(|(name, _)| &**name).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| matches!(pair, [a, b] if a == b))
}

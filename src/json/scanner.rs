//! The words of a JSON text: what stands between brackets, colons and commas.

use std::fmt;

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

/// A text, and how far it has been read.
pub(super) struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    /// A text at its beginning.
    pub(super) fn new(text: &'a str) -> Scanner<'a> {
        Scanner { text, bytes: text.as_bytes(), at: 0 }
    }

    /// How many bytes have been read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// A string without its quotes and escapes.
    pub(super) fn string(&mut self) -> Result<Box<str>, SyntaxError> {
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

    /// A number, as it is written.
    pub(super) fn number(&mut self) -> Result<Box<str>, SyntaxError> {
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
        Ok(self.text.get(start..self.at).unwrap_or_default().into())
    }

    fn digits(&mut self) -> usize {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let run = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        self.at = self.at.saturating_add(run);
        run
    }

    /// Moves over white space.
    pub(super) fn white_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.advance();
        }
    }

    /// The next byte.
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Moves over one byte.
    pub(super) fn advance(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    /// Moves over this byte, if it is the next.
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        if there {
            self.advance();
        }
        there
    }

    /// Moves over this byte, which must be the next.
    pub(super) fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), SyntaxError> {
        if self.eat(byte) { Ok(()) } else { Err(self.error(what)) }
    }

    /// This is wrong with what is next.
    pub(super) fn error(&self, what: &'static str) -> SyntaxError {
        SyntaxError { what, at: self.at }
    }

    /// Moves over this word.
    pub(super) fn word(&mut self, word: &'static str) -> Result<(), SyntaxError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return Err(self.error("not a JSON value"));
        }
        self.at = self.at.saturating_add(word.len());
        Ok(())
    }
}

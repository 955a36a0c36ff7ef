//! Strict JSON against another reader, on a corpus and on random mutations of it.
//!
//! What ours reads, serde_json must read with the same meaning; what serde_json alone reads must be one of
//! the things that ours refuses on purpose. The generator has a fixed seed: a failure comes back.

use eec_authn::json::{Json, parse};
use serde_json::Value;

const CORPUS: &[&str] = &[
    "null",
    "true",
    "[1,2.5,-3e2,0]",
    "\"text\"",
    " { } ",
    "[[],{},[[]]]",
    r#"{"iss":"https://aes.example.net/","sub":"eec-1","aud":["ees1.example.net","x"],"exp":1790000000,"iat":1.5e9}"#,
    r#"{"alg":"EdDSA","typ":"at+jwt","kid":"2026-10"}"#,
    r#"{"a":"\u0041\n\"\\\/\ud83d\ude00","b":"é😀","\u0062b":[true,false,null]}"#,
    r#"{"eecId":"eec-1","ueId":"msisdn-1","easDynInfoFilter":{"dynInfoFilter":[{"eecId":"x"}]},"n":[0.1,1e-7,12E+3]}"#,
    r#"{"a":{"a":{"a":{"a":[[[[[{"a":1}]]]]]}}}}"#,
    r#"{"m0":0,"m1":1,"m2":2,"m3":3,"m4":4,"m5":5,"m6":6,"m7":7,"m8":8,"m9":9,"m10":10,"m11":11,"m12":12,"m13":13}"#,
    r#"[18446744073709551615,18446744073709551616,-9223372036854775808,-9223372036854775809,1e308,123456789.987654321]"#,
    r#"["\ud800","\udc00\ud800","\uD834\uDD1E","\u0000","\u001f"]"#,
];

/// Pieces that make mutations likely to matter.
const PIECES: &[&str] = &[
    "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud800", "\\udc00", "\\u00", "0", "1", "-", "+", ".",
    "e", "E", "null", "true", "NaN", " ", "\n", "\t", "\0", "\u{c}", "\u{feff}", "\u{a0}", "\u{2028}", "/",
    "'", "\"a\":1,", "{\"a\":", "[[[[", "]]]]", "\"\"", "é",
];

struct Random(u64);

impl Random {
    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    fn range(&mut self, text: &[u8]) -> std::ops::Range<usize> {
        let start = self.below(text.len() + 1);
        start..start + self.below((text.len() - start + 1).min(12))
    }

    fn mutate(&mut self, text: &mut Vec<u8>) {
        let range = self.range(text);
        match self.below(6) {
            0 => drop(text.splice(range, self.pick(PIECES).bytes())),
            1 => drop(text.drain(range)),
            2 => {
                let twice = text[range.clone()].to_vec();
                drop(text.splice(range.start..range.start, twice));
            }
            3 => {
                let other = self.pick(CORPUS).as_bytes();
                let part = self.range(other);
                drop(text.splice(range, other[part].iter().copied()));
            }
            4 if !text.is_empty() => {
                let at = self.below(text.len());
                text[at] = self.next() as u8;
            }
            _ => drop(text.splice(range.start..range.start, self.pick(PIECES).bytes())),
        }
    }
}

fn same(ours: &Json, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Json::Null, Value::Null) => true,
        (Json::Bool(a), Value::Bool(b)) => a == b,
        (Json::String(a), Value::String(b)) => **a == **b,
        // serde_json may be off in the last digit of a double.
        (Json::Number(_), Value::Number(b)) => match (ours.as_finite(), b.as_f64()) {
            (Some(a), Some(b)) => (a - b).abs() <= a.abs() * 1e-15 + f64::MIN_POSITIVE,
            _ => false,
        },
        (Json::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Json::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(&**name).is_some_and(|b| same(a, b)))
        }
        _ => false,
    }
}

fn all_finite(value: &Json) -> bool {
    match value {
        Json::Number(_) => value.as_finite().is_some(),
        Json::Array(items) => items.iter().all(all_finite),
        Json::Object(members) => members.iter().all(|(_, v)| all_finite(v)),
        _ => true,
    }
}

/// Whether both read `text`.
fn compare(text: &[u8]) -> bool {
    let shown = String::from_utf8_lossy(text);
    match (parse(text), serde_json::from_slice::<Value>(text)) {
        (Ok(ours), Ok(theirs)) => {
            assert!(same(&ours, &theirs), "{shown}\nours:   {ours:?}\ntheirs: {theirs:?}");
            true
        }
        (Ok(ours), Err(error)) => {
            assert!(!all_finite(&ours), "{shown}\nonly ours reads it: {error}");
            false
        }
        (Err(error), Ok(_)) => {
            assert!(
                ["duplicate member", "nested too deep"].contains(&error.what),
                "{shown}\nonly theirs reads it: {error}"
            );
            false
        }
        (Err(error), Err(_)) => {
            assert!(error.at <= text.len(), "{shown}: {error}");
            false
        }
    }
}

#[test]
fn on_the_corpus() {
    let both = CORPUS.iter().filter(|text| compare(text.as_bytes())).count();
    assert_eq!(both, CORPUS.len() - 1, "all but the lone surrogates");
}

#[test]
fn on_every_prefix() {
    for text in CORPUS {
        for end in 0..text.len() {
            compare(&text.as_bytes()[..end]);
        }
    }
}

#[test]
fn on_random_mutations() {
    let mut random = Random(0x33739);
    let mut both = 0;
    for _ in 0..200_000 {
        let mut text = random.pick(CORPUS).as_bytes().to_vec();
        for _ in 0..=random.below(4) {
            random.mutate(&mut text);
        }
        both += usize::from(compare(&text));
    }
    assert!(both > 10_000, "only {both} texts were read at all: the mutations are too wild to mean anything");
}

//! A compact JWS (RFC 7515, section 3.1), read strictly: tokens, proofs and signed key sets are by the same rules.

use crate::json::{self, Json};
use crate::keys::KeyHint;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A well-formed JWS with a JSON payload. Nobody has checked the signature.
pub struct CompactJws<'a> {
    /// What is signed.
    pub signing_input: &'a [u8],
    /// The header.
    pub header: Json,
    /// The payload.
    pub payload: Json,
    /// The signature's bytes.
    pub signature: Vec<u8>,
}

/// What a text is that is no compact JWS, for people; its header is told, and nothing else of it.
pub fn described(text: &[u8]) -> String {
    let parts: Vec<&[u8]> = text.split(|b| *b == b'.').collect();
    let [header, payload, signature] = *parts else {
        return format!("parts separated by dots: {}", parts.len());
    };
    let told = |name: &str, part: &[u8]| match URL_SAFE_NO_PAD.decode(part).as_deref().map(json::parse) {
        Err(_) => format!("{name}: not strict base64url"),
        Ok(Err(error)) => format!("{name}: {error}"),
        Ok(Ok(json @ Json::Object(_))) if name == "header" => format!("{name} {json}"),
        Ok(Ok(json)) => format!("{name}: {}", json.kind()),
    };
    let signature =
        URL_SAFE_NO_PAD.decode(signature).err().map_or("", |_| ", signature: not strict base64url");
    format!("{}, {}{signature}", told("header", header), told("payload", payload))
}

impl<'a> CompactJws<'a> {
    /// Reads `text`; `see` is shown the header as soon as there is one. What the header says about type and key is not
    /// looked at.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong.
    pub fn parse(text: &'a [u8], see: impl FnOnce(&Json)) -> Result<CompactJws<'a>, &'static str> {
        let parts = split_at_dot(text).and_then(|(header, rest)| Some((header, split_at_dot(rest)?)));
        let Some((header, (payload, signature))) = parts.filter(|(_, (_, end))| !end.contains(&b'.')) else {
            return Err("not three parts separated by dots");
        };
        let decode = |part: &[u8], because| URL_SAFE_NO_PAD.decode(part).map_err(|_| because);
        let object = |bytes: Vec<u8>, because| match json::parse(&bytes) {
            Ok(object @ Json::Object(_)) => Ok(object),
            _ => Err(because),
        };
        let header = object(
            decode(header, "the header is not strict base64url")?,
            "the header is not a strict JSON object",
        )?;
        see(&header);
        check_header(&header)?;
        let payload = object(
            decode(payload, "the payload is not strict base64url")?,
            "the payload is not a strict JSON object",
        )?;
        let signature_at = text.len().saturating_sub(signature.len().saturating_add(1));
        Ok(CompactJws {
            signing_input: text.get(..signature_at).unwrap_or_default(),
            header,
            payload,
            signature: decode(signature, "the signature is not strict base64url")?,
        })
    }

    /// The string `name` in the header.
    pub fn header_text(&self, name: &str) -> Option<&str> {
        self.header.get(name).and_then(Json::as_str)
    }

    /// Whether `typ` is this; case and `application/` before it do not count (section 4.1.9).
    pub fn is_typ(&self, name: &str) -> bool {
        const PREFIX: &str = "application/";
        self.header_text("typ").is_some_and(|typ| match typ.split_at_checked(PREFIX.len()) {
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) => rest.eq_ignore_ascii_case(name),
            Some(_) | None => typ.eq_ignore_ascii_case(name),
        })
    }

    /// Whether the names of the key that stand in the header are strings.
    pub fn has_sound_key_names(&self) -> bool {
        ["kid", "x5t#S256"].iter().all(|name| self.header.get(name).is_none_or(|v| v.as_str().is_some()))
    }

    /// What the header says about the key.
    pub fn key_hint(&self) -> KeyHint<'_> {
        KeyHint {
            alg: self.header_text("alg").unwrap_or_default(),
            kid: self.header_text("kid"),
            x5t_s256: self.header_text("x5t#S256"),
        }
    }
}

/// What is before the first dot, and what after. Pieces without a dot are passed by a word at a time, as libraries look for a byte.
fn split_at_dot(text: &[u8]) -> Option<(&[u8], &[u8])> {
    const PIECE: usize = 64;
    let passed = text.chunks(PIECE).take_while(|piece| !piece.contains(&b'.')).count().saturating_mul(PIECE);
    let dot = text.get(passed..)?.iter().position(|b| *b == b'.')?.saturating_add(passed);
    Some((text.get(..dot)?, text.get(dot.saturating_add(1)..)?))
}

/// What every header must have, and what none may have: it would change what the other parts mean.
fn check_header(header: &Json) -> Result<(), &'static str> {
    match header.get("alg") {
        Some(Json::String(_)) => {}
        _ => return Err("no `alg` in the header"),
    }
    if ["crit", "b64", "zip", "enc"].iter().any(|name| header.get(name).is_some()) {
        return Err("the header has `crit`, `b64`, `zip` or `enc`");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_dot_is_found_wherever_it_is() {
        for length in 0..200 {
            let plain = vec![b'a'; length];
            assert_eq!(split_at_dot(&plain), None, "{length}");
            for dot in 0..length {
                for another in [dot, dot.saturating_add(1), length.saturating_sub(1)] {
                    let mut text = plain.clone();
                    text[dot] = b'.';
                    if another > dot && another < length {
                        text[another] = b'.';
                    }
                    let expected = (&text[..dot], &text[dot + 1..]);
                    assert_eq!(split_at_dot(&text), Some(expected), "{length} {dot} {another}");
                }
            }
        }
    }

    fn of_header(header: &str) -> String {
        format!("{}.e30.AA", URL_SAFE_NO_PAD.encode(header))
    }

    #[test]
    fn of_a_text_its_header_is_told_and_nothing_else() {
        let (header, secret) = (r#"{"alg":"none"}"#, URL_SAFE_NO_PAD.encode(r#"{"sub":"s3cr3t"}"#));
        let text = format!("{}.{secret}.AA", URL_SAFE_NO_PAD.encode(header));
        assert_eq!(described(text.as_bytes()), format!("header {header}, payload: an object"));
        let text = format!("{}.{secret}.A", URL_SAFE_NO_PAD.encode("7"));
        let told = "header: a number, payload: an object, signature: not strict base64url";
        assert_eq!(described(text.as_bytes()), told);
        assert_eq!(described(b"a.b"), "parts separated by dots: 2");
    }

    #[test]
    fn a_type_is_itself_with_or_without_application_before_it() {
        for (typ, is_one) in [
            ("at+jwt", true),
            ("AT+JWT", true),
            ("application/at+jwt", true),
            ("Application/At+jwt", true),
            ("applicatiom/at+jwt", false),
            ("application/application/at+jwt", false),
            ("application/jwt", false),
            ("jwt", false),
            ("", false),
        ] {
            let text = of_header(&format!(r#"{{"alg":"EdDSA","typ":"{typ}"}}"#));
            let jws = CompactJws::parse(text.as_bytes(), |_| {}).expect("a compact JWS");
            assert_eq!(jws.is_typ("at+jwt"), is_one, "{typ}");
        }
        let text = of_header(r#"{"alg":"EdDSA"}"#);
        assert!(!CompactJws::parse(text.as_bytes(), |_| {}).expect("a compact JWS").is_typ("at+jwt"));
    }
}

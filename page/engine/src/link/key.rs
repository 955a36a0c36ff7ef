//! What of a key is public, by its form. Random bytes of the right length are not told from a public key.

use super::known::Known;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// Printable characters in a row that no public key has.
const TEXT: usize = 24;

const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;
const BIT_STRING: u8 = 0x03;
const INTEGER: u8 = 0x02;
/// The version of a certificate (RFC 5280, section 4.1).
const VERSION: u8 = 0xa0;

/// Whether `text` is what the member `name` of such a JWK says (RFC 7518, sections 6.2 and 6.3; RFC 8037, section 2).
pub(super) fn is_public_member(kty: &str, crv: &str, name: &str, text: &str, known: &Known) -> bool {
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(text) else { return false };
    let lengths = match (kty, crv, name) {
        ("OKP", "Ed25519", "x") | ("EC", "P-256", "x" | "y") => 32..=32,
        ("EC", "P-384", "x" | "y") => 48..=48,
        ("RSA", _, "n") => 256..=512,
        ("RSA", _, "e") => 1..=4,
        (_, _, "x5t") => 20..=20,
        (_, _, "x5t#S256") => 32..=32,
        _ => return false,
    };
    lengths.contains(&bytes.len()) && !holds_text(&bytes) && known.is_public_part(text)
}

/// Whether `text` may be the name of a key. A thumbprint looks like a secret: it goes where it is that of a key that goes, too.
pub(super) fn is_key_name(text: &str, known: &Known, published: &[String]) -> bool {
    let is_short_id = known.is_public_part(text) && !looks_random(text);
    known.is_plain(text) || is_short_id || published.iter().any(|name| name == text) && !known.knows(text)
}

fn looks_random(text: &str) -> bool {
    let bare = text.replace(['-', '_'], "");
    if bare.bytes().all(|b| b.is_ascii_hexdigit()) {
        return bare.len() >= 40;
    }
    let has = |is: fn(&u8) -> bool| usize::from(bare.bytes().any(|b| is(&b)));
    let kinds = has(u8::is_ascii_lowercase) + has(u8::is_ascii_uppercase) + has(u8::is_ascii_digit);
    bare.len() >= TEXT && kinds > 1
}

/// Certificates and public keys, and nothing before, between or after them.
pub(super) fn is_public_pem(text: &str) -> bool {
    let mut rest = text.trim();
    while !rest.is_empty() {
        let inner = ["PUBLIC KEY", "CERTIFICATE"].iter().find_map(|label| {
            let after = rest.strip_prefix(&format!("-----BEGIN {label}-----"))?;
            after.split_once(&format!("-----END {label}-----"))
        });
        let Some((base64, after)) = inner else { return false };
        if !is_public_der(&base64.split_ascii_whitespace().collect::<String>()) {
            return false;
        }
        rest = after.trim_start();
    }
    true
}

/// Whether it is a SubjectPublicKeyInfo or a certificate, and nothing else: private keys have other parts, encrypted ones an
/// OCTET STRING where a public one has a BIT STRING.
pub(super) fn is_public_der(base64: &str) -> bool {
    let der = STANDARD.decode(base64).unwrap_or_default();
    match parts(&der).as_deref() {
        Some([(SEQUENCE, inner)]) => is_public_key(inner) || is_certificate(inner),
        _ => false,
    }
}

/// RFC 5280, section 4.1.2.7.
fn is_public_key(inner: &[u8]) -> bool {
    match parts(inner).as_deref() {
        Some([(SEQUENCE, algorithm), (BIT_STRING, bits)]) => is_algorithm(algorithm) && !holds_text(bits),
        _ => false,
    }
}

/// RFC 5280, section 4.1.
fn is_certificate(inner: &[u8]) -> bool {
    let Some(signed) = parts(inner) else { return false };
    let [(SEQUENCE, body), (SEQUENCE, algorithm), (BIT_STRING, signature)] = *signed else { return false };
    let Some(body) = parts(body) else { return false };
    let body = match &*body {
        [(VERSION, _), rest @ ..] => rest,
        all => all,
    };
    let has_key = match body {
        [(INTEGER, _), (SEQUENCE, _), (SEQUENCE, _), (SEQUENCE, _), (SEQUENCE, _), (SEQUENCE, key), ..] => {
            is_public_key(key)
        }
        _ => false,
    };
    has_key && is_algorithm(algorithm) && !holds_text(signature)
}

fn is_algorithm(inner: &[u8]) -> bool {
    parts(inner).is_some_and(|parts| parts.first().is_some_and(|(tag, _)| *tag == OBJECT_IDENTIFIER))
}

/// Tag and contents of each element, if there is nothing but elements.
fn parts(mut der: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let mut parts = Vec::new();
    while let [tag, length, rest @ ..] = der {
        let (length, rest) = match length {
            0..=0x7f => (usize::from(*length), rest),
            0x81..=0x83 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
                (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
            }
            _ => return None,
        };
        let (contents, rest) = rest.split_at_checked(length)?;
        parts.push((*tag, contents));
        der = rest;
    }
    der.is_empty().then_some(parts)
}

/// Whether the bytes are text, or hold a long one.
fn holds_text(bytes: &[u8]) -> bool {
    let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    !bytes.is_empty() && bytes.iter().all(is_text)
        || bytes.split(|byte| !is_text(byte)).any(|run| run.len() >= TEXT)
}

//! JSON Web Keys (RFC 7517, RFC 7518 section 6, RFC 8037).

use super::Algorithm;
use super::ed25519::Ed25519Key;
use super::error::{KeyError, KeyErrors, quoted};
use super::es256::P256Key;
use super::public_key::{Material, PublicKey};
use super::thumbprint::thumbprint;
use crate::json::Json;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Members that hold private or symmetric key material (RFC 7518, sections 6.2.2, 6.3.2 and 6.4).
const SECRET_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A verification key as a JWK describes it.
#[derive(Debug, Clone)]
pub struct Jwk {
    /// The key.
    pub key: PublicKey,
    /// Its `kid`.
    pub kid: Option<Box<str>>,
}

impl Jwk {
    /// Reads one JWK. Members that mean nothing here are ignored (RFC 7517, section 4); all errors are
    /// reported together.
    pub fn parse(jwk: &Json) -> Result<Jwk, KeyErrors> {
        if jwk.as_object().is_none() {
            return Err(vec![KeyError::invalid("", format!("is {}; a JWK is an object", jwk.kind()))]);
        }
        // First, so that no other message invites to mend a key that must not be here at all.
        refuse_secrets(jwk)?;
        let mut errors = KeyErrors::new();
        check_purpose(jwk, &mut errors);
        let kid = kid(jwk, &mut errors);
        let key = match material(jwk) {
            Ok((algorithm, material, thumbprint)) => {
                check_algorithm(jwk, algorithm, &mut errors);
                Some(PublicKey { algorithm, thumbprint, material })
            }
            Err(more) => {
                errors.extend(more);
                None
            }
        };
        match key {
            Some(key) if errors.is_empty() => Ok(Jwk { key, kid }),
            _ => Err(errors),
        }
    }
}

fn refuse_secrets(jwk: &Json) -> Result<(), KeyErrors> {
    if jwk.get("kty").and_then(Json::as_str) == Some("oct") {
        let message = "\"oct\" is a symmetric key, and HMAC is not accepted; pin a public key";
        return Err(vec![KeyError::invalid(".kty", message)]);
    }
    match SECRET_MEMBERS.iter().find(|name| jwk.get(name).is_some()) {
        Some(name) => Err(vec![KeyError::invalid(
            format!(".{name}"),
            "is private key material, which must not be in the configuration; give the public key alone, \
             and replace the key pair if this file was shared",
        )]),
        None => Ok(()),
    }
}

/// `use` and `key_ops` (RFC 7517, sections 4.2 and 4.3).
fn check_purpose(jwk: &Json, errors: &mut KeyErrors) {
    match jwk.get("use").map(|value| (value.as_str(), value)) {
        None | Some((Some("sig"), _)) => {}
        Some((Some(other), _)) => errors.push(KeyError::unusable(
            ".use",
            format!("{} is not for signatures; use a key with \"sig\"", quoted(other)),
        )),
        Some((None, value)) => errors.push(not_a_string(".use", value)),
    }
    if let Some(value) = jwk.get("key_ops") {
        match value.as_array().and_then(|items| items.iter().map(Json::as_str).collect::<Option<Vec<_>>>()) {
            Some(operations) if operations.contains(&"verify") => {}
            Some(_) => {
                errors.push(KeyError::unusable(".key_ops", "lacks \"verify\"; use a key for verifying"))
            }
            None => errors.push(KeyError::invalid(".key_ops", "must be an array of strings")),
        }
    }
}

fn kid(jwk: &Json, errors: &mut KeyErrors) -> Option<Box<str>> {
    let value = jwk.get("kid")?;
    match value.as_str() {
        Some("") => errors.push(KeyError::invalid(".kid", "is empty; give the key a name or leave it out")),
        Some(kid) => return Some(kid.into()),
        None => errors.push(not_a_string(".kid", value)),
    }
    None
}

/// `alg` may only say what the key's type says already (RFC 8725, section 3.1).
fn check_algorithm(jwk: &Json, algorithm: Algorithm, errors: &mut KeyErrors) {
    let Some(value) = jwk.get("alg") else { return };
    let Some(alg) = value.as_str() else {
        errors.push(not_a_string(".alg", value));
        return;
    };
    if alg == algorithm.name() {
        return;
    }
    errors.push(if alg == "none" || alg.starts_with("HS") {
        KeyError::invalid(".alg", format!("{} is never accepted; use {:?}", quoted(alg), algorithm.name()))
    } else {
        KeyError::unusable(
            ".alg",
            format!("{} does not fit this key; use {:?}", quoted(alg), algorithm.name()),
        )
    });
}

type Parts = (Algorithm, Material, Box<str>);

fn material(jwk: &Json) -> Result<Parts, KeyErrors> {
    const TYPES: &str = "use \"OKP\", \"EC\" or \"RSA\"";
    match string(jwk, "kty", TYPES)? {
        "OKP" => match curve(jwk)? {
            "Ed25519" => ed25519(jwk),
            other => Err(wrong_curve(other, "OKP")),
        },
        "EC" => match curve(jwk)? {
            "P-256" => p256(jwk),
            other => Err(wrong_curve(other, "EC")),
        },
        other => {
            Err(vec![KeyError::unusable(".kty", format!("{} is not supported; {TYPES}", quoted(other)))])
        }
    }
}

fn curve(jwk: &Json) -> Result<&str, KeyErrors> {
    string(jwk, "crv", "use \"Ed25519\", \"P-256\" or \"P-384\"")
}

fn wrong_curve(curve: &str, kty: &str) -> KeyErrors {
    let message = match curve {
        "Ed25519" | "P-256" | "P-384" => {
            format!("{} is no curve of \"kty\": {kty:?}; correct one of them", quoted(curve))
        }
        _ => format!("{} is not supported; use \"Ed25519\", \"P-256\" or \"P-384\"", quoted(curve)),
    };
    vec![KeyError::unusable(".crv", message)]
}

fn ed25519(jwk: &Json) -> Result<Parts, KeyErrors> {
    let (x, text) = bytes(jwk, "x")?;
    let key = Ed25519Key::parse(&x, ".x")?;
    let thumbprint = thumbprint(&[("crv", "Ed25519"), ("kty", "OKP"), ("x", text)]);
    Ok((Algorithm::EdDsa, Material::Ed25519(key), thumbprint))
}

fn p256(jwk: &Json) -> Result<Parts, KeyErrors> {
    let (x, y) = both(coordinate(jwk, "x", "P-256"), coordinate(jwk, "y", "P-256"))?;
    let key = P256Key::parse(&x.0, &y.0)?;
    let thumbprint = thumbprint(&[("crv", "P-256"), ("kty", "EC"), ("x", x.1), ("y", y.1)]);
    Ok((Algorithm::Es256, Material::P256(key), thumbprint))
}

/// A coordinate with its base64url: the full length, leading zeros included (RFC 7518, section 6.2.1.2).
fn coordinate<'a, const N: usize>(
    jwk: &'a Json,
    name: &str,
    curve: &str,
) -> Result<([u8; N], &'a str), KeyErrors> {
    let (bytes, text) = bytes(jwk, name)?;
    match <[u8; N]>::try_from(bytes.as_slice()) {
        Ok(coordinate) => Ok((coordinate, text)),
        Err(_) => Err(vec![KeyError::invalid(
            format!(".{name}"),
            format!("has {} bytes; a {curve} coordinate has {N}, leading zeros included", bytes.len()),
        )]),
    }
}

/// Both values, or the errors of both.
fn both<A, B>(a: Result<A, KeyErrors>, b: Result<B, KeyErrors>) -> Result<(A, B), KeyErrors> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (a, b) => Err(a.err().into_iter().chain(b.err()).flatten().collect()),
    }
}

/// The bytes of a base64url member, and its text: no padding, no stray bits, so that there is only one
/// text for the bytes.
fn bytes<'a>(jwk: &'a Json, name: &str) -> Result<(Vec<u8>, &'a str), KeyErrors> {
    let text = string(jwk, name, "the key is incomplete")?;
    match URL_SAFE_NO_PAD.decode(text) {
        Ok(bytes) => Ok((bytes, text)),
        Err(_) => Err(vec![KeyError::invalid(
            format!(".{name}"),
            "is not base64url without padding (RFC 7515, section 2); use letters, digits, `-` and `_` only",
        )]),
    }
}

fn string<'a>(jwk: &'a Json, name: &str, remedy: &str) -> Result<&'a str, KeyErrors> {
    match jwk.get(name) {
        None => Err(vec![KeyError::invalid(format!(".{name}"), format!("is missing; {remedy}"))]),
        Some(value) => value.as_str().ok_or_else(|| vec![not_a_string(&format!(".{name}"), value)]),
    }
}

fn not_a_string(member: &str, value: &Json) -> KeyError {
    KeyError::invalid(member, format!("is {}; it must be a string", value.kind()))
}

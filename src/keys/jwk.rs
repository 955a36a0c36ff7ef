//! JSON Web Keys (RFC 7517, RFC 7518 section 6, RFC 8037).

use super::algorithm::Algorithm;
use super::curve::Curve;
use super::error::{KeyError, KeyErrors, quoted};
use super::public_key::{Parts, PublicKey};
use super::thumbprint::base64url;
use crate::json::Json;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

/// Members that hold private or symmetric key material (RFC 7518, sections 6.2.2, 6.3.2 and 6.4).
const SECRET_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A verification key as a JWK describes it.
#[derive(Debug, Clone)]
pub struct Jwk {
    /// The key.
    pub key: PublicKey,
    /// Its `kid`.
    pub kid: Option<Box<str>>,
    /// The thumbprint of the certificate that it is published with.
    pub x5t_s256: Option<Box<str>>,
}

impl Jwk {
    /// Reads one JWK. Members that mean nothing here are ignored (RFC 7517, section 4).
    ///
    /// # Errors
    ///
    /// All of them, each with the member that is wrong, such as `.crv`.
    pub fn parse(jwk: &Json) -> Result<Jwk, KeyErrors> {
        if jwk.as_object().is_none() {
            return Err(vec![KeyError::invalid("", format!("is {}; a JWK is an object", jwk.kind()))]);
        }
        // First, so that no other message invites to mend a key that must not be here at all.
        refuse_secrets(jwk)?;
        let mut errors = KeyErrors::new();
        check_purpose(jwk, &mut errors);
        let kid = kid(jwk, &mut errors);
        let alg = alg(jwk, &mut errors);
        match parts(jwk, Parts::rsa).and_then(|parts| parts.with_algorithm(alg).map_err(|error| vec![error]))
        {
            Ok(key) if errors.is_empty() => Ok(Jwk { key, kid, x5t_s256: x5t_s256(jwk) }),
            key => {
                errors.extend(key.err().into_iter().flatten());
                Err(errors)
            }
        }
    }
}

impl PublicKey {
    /// Reads a JSON Web Key (RFC 7517) as a pinned verification key. [`Jwk::parse`] reads its `kid` as well.
    ///
    /// # Errors
    ///
    /// As [`Jwk::parse`].
    pub fn from_jwk(jwk: &Json) -> Result<PublicKey, KeyErrors> {
        Jwk::parse(jwk).map(|jwk| jwk.key)
    }
}

/// A key that comes with what it has signed (RFC 7515, section 4.1.3). It is a stranger's, so what takes long is left until somebody
/// wants to use it: until then it is good for its thumbprint.
pub struct PresentedKey(PublicKey);

impl PresentedKey {
    /// Reads the JWK of what was signed under `algorithm`: it must be a key for exactly that.
    ///
    /// # Errors
    ///
    /// As [`Jwk::parse`].
    pub fn parse(jwk: &Json, algorithm: Algorithm) -> Result<PresentedKey, KeyErrors> {
        if jwk.as_object().is_none() {
            return Err(vec![KeyError::invalid("", "is no object")]);
        }
        refuse_secrets(jwk)?;
        let mut errors = KeyErrors::new();
        check_purpose(jwk, &mut errors);
        kid(jwk, &mut errors);
        if alg(jwk, &mut errors).is_some_and(|alg| !algorithm.is_named(alg)) {
            errors.push(KeyError::unusable(".alg", "is not the algorithm that was used"));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let key = parts(jwk, Parts::presented_rsa)?.with_algorithm(Some(algorithm.name()));
        key.map(PresentedKey).map_err(|error| vec![error])
    }

    /// Its RFC 7638 thumbprint.
    pub fn thumbprint(&self) -> &str {
        self.0.thumbprint()
    }

    /// The key, if it is fit for use.
    ///
    /// # Errors
    ///
    /// What makes it weak.
    pub fn examined(self) -> Result<PublicKey, &'static str> {
        self.0.weakness().map_or(Ok(self.0), Err)
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

/// `x5t#S256`, else that of the first certificate in `x5c` (RFC 7517, sections 4.7 and 4.9). It only names the key, so one that
/// cannot be read is no name, and no mistake.
fn x5t_s256(jwk: &Json) -> Option<Box<str>> {
    let published = jwk.get("x5t#S256").and_then(Json::as_str);
    let is_hash = |text: &&str| URL_SAFE_NO_PAD.decode(text).is_ok_and(|hash| hash.len() == 32);
    if let Some(text) = published.filter(is_hash) {
        return Some(text.into());
    }
    let certificate = jwk.get("x5c")?.as_array()?.first()?.as_str()?;
    Some(base64url(&Sha256::digest(STANDARD.decode(certificate).ok()?)).into())
}

fn alg<'a>(jwk: &'a Json, errors: &mut KeyErrors) -> Option<&'a str> {
    let value = jwk.get("alg")?;
    if value.as_str().is_none() {
        errors.push(not_a_string(".alg", value));
    }
    value.as_str()
}

/// Modulus and exponent of an RSA key, made a key.
type ReadRsa = fn(&[u8], &[u8]) -> Result<Parts, KeyErrors>;

fn parts(jwk: &Json, rsa: ReadRsa) -> Result<Parts, KeyErrors> {
    const TYPES: &str = "use \"OKP\", \"EC\" or \"RSA\"";
    match string(jwk, "kty", TYPES)? {
        "OKP" => match curve(jwk)? {
            "Ed25519" => Parts::ed25519(&bytes(jwk, "x")?),
            other => Err(wrong_curve(other, "OKP")),
        },
        "EC" => {
            let name = curve(jwk)?;
            ec(jwk, Curve::named(name).ok_or_else(|| wrong_curve(name, "EC"))?)
        }
        "RSA" => {
            let (n, e) = both(bytes(jwk, "n"), bytes(jwk, "e"))?;
            rsa(&n, &e)
        }
        other => {
            Err(vec![KeyError::unusable(".kty", format!("{} is not supported; {TYPES}", quoted(other)))])
        }
    }
}

fn curve(jwk: &Json) -> Result<&str, KeyErrors> {
    string(jwk, "crv", "use \"Ed25519\", \"P-256\" or \"P-384\"")
}

fn wrong_curve(curve: &str, kty: &str) -> KeyErrors {
    let message = if curve == "Ed25519" || Curve::named(curve).is_some() {
        format!("{} is no curve of \"kty\": {kty:?}; correct one of them", quoted(curve))
    } else {
        format!("{} is not supported; use \"Ed25519\", \"P-256\" or \"P-384\"", quoted(curve))
    };
    vec![KeyError::unusable(".crv", message)]
}

fn ec(jwk: &Json, curve: Curve) -> Result<Parts, KeyErrors> {
    let (x, y) = both(coordinate(jwk, "x", curve), coordinate(jwk, "y", curve))?;
    Parts::ec(curve, &x, &y)
}

/// A coordinate in its full length, leading zeros included (RFC 7518, section 6.2.1.2).
fn coordinate(jwk: &Json, name: &str, curve: Curve) -> Result<Vec<u8>, KeyErrors> {
    let bytes = bytes(jwk, name)?;
    if bytes.len() == curve.length() {
        return Ok(bytes);
    }
    let (is, name_of, wanted) = (bytes.len(), curve.name(), curve.length());
    let message = format!("has {is} bytes; a {name_of} coordinate has {wanted}, leading zeros included");
    Err(vec![KeyError::invalid(format!(".{name}"), message)])
}

/// Both values, or the errors of both.
fn both<A, B>(a: Result<A, KeyErrors>, b: Result<B, KeyErrors>) -> Result<(A, B), KeyErrors> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (a, b) => Err(a.err().into_iter().chain(b.err()).flatten().collect()),
    }
}

/// The bytes of a base64url member: no padding, no stray bits, so that there is only one text for the bytes.
fn bytes(jwk: &Json, name: &str) -> Result<Vec<u8>, KeyErrors> {
    let text = string(jwk, name, "the key is incomplete")?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| {
        let message =
            "is not base64url without padding (RFC 7515, section 2); use letters, digits, `-` and `_` only";
        vec![KeyError::invalid(format!(".{name}"), message)]
    })
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

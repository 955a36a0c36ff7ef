//! Keys as a SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7): those in PEM and in certificates.

use super::curve::Curve;
use super::error::{KeyError, KeyErrors};
use super::pem;
use super::public_key::{Parts, PublicKey};
use super::rsa::RsaKey;
use super::spki_der::{EC, ED25519, RSA, RSA_PSS};
use der::asn1::ObjectIdentifier;
use der::{AnyRef, Decode};
use rsa::pkcs1;
use spki::SubjectPublicKeyInfoRef;

impl PublicKey {
    /// Reads one PEM block `PUBLIC KEY` (RFC 7468, section 13). `alg` chooses among the algorithms of an RSA key
    /// and must fit any other.
    ///
    /// # Errors
    ///
    /// What is wrong with the text, the key or `alg`. Members: `.public_key_pem`, `.alg`.
    pub fn from_pem(text: &str, alg: Option<&str>) -> Result<PublicKey, KeyErrors> {
        let at = |error: KeyError| KeyError { member: ".public_key_pem".into(), ..error };
        let der = pem::read(text, pem::Label::PublicKey).map_err(|error| vec![at(error)])?;
        let parts = decode(&der).map_err(|errors| errors.into_iter().map(at).collect::<Vec<_>>())?;
        parts.with_algorithm(alg).map_err(|error| vec![error])
    }
}

/// Reads the DER of a key. Members in the errors are those of a JWK.
pub(super) fn decode(der: &[u8]) -> Result<Parts, KeyErrors> {
    let Ok(spki) = SubjectPublicKeyInfoRef::from_der(der) else {
        return wrong("is not the DER of a SubjectPublicKeyInfo; take the key from its issuer again");
    };
    let Some(key) = spki.subject_public_key.as_bytes() else {
        return wrong("has a key that is not whole bytes; take the key from its issuer again");
    };
    let parameters = spki.algorithm.parameters;
    match spki.algorithm.oid {
        ED25519 if parameters.is_none() => Parts::ed25519(key),
        EC => decode_ec(parameters, key),
        RSA if parameters.is_some_and(AnyRef::is_null) => decode_rsa(key),
        ED25519 | RSA => {
            wrong("has parameters that its type does not have; take the key from its issuer again")
        }
        RSA_PSS => wrong(
            "is a key restricted to RSASSA-PSS (1.2.840.113549.1.1.10), which is not supported; give the same key \
             as rsaEncryption and set `alg` to \"PS256\", \"PS384\" or \"PS512\"",
        ),
        other => {
            let message =
                format!("is of the type {other}, which is not supported; use Ed25519, P-256, P-384 or RSA");
            Err(vec![KeyError::unusable("", message)])
        }
    }
}

/// What makes the key in this DER unfit for use, as far as only a long look tells, whatever else is wrong with it.
pub(super) fn weakness(der: &[u8]) -> Option<&'static str> {
    let spki = SubjectPublicKeyInfoRef::from_der(der).ok().filter(|spki| spki.algorithm.oid == RSA)?;
    let key = pkcs1::RsaPublicKey::from_der(spki.subject_public_key.as_bytes()?).ok()?;
    let key = RsaKey::unexamined(key.modulus.as_bytes(), key.public_exponent.as_bytes()).ok()?;
    key.weakness()
}

fn decode_ec(parameters: Option<AnyRef<'_>>, key: &[u8]) -> Result<Parts, KeyErrors> {
    let identifier = parameters.and_then(|curve| ObjectIdentifier::try_from(curve).ok());
    match identifier.and_then(Curve::identified) {
        Some(curve) => decode_point(curve, key),
        None => wrong("is on a curve that is not supported; use Ed25519, P-256 or P-384"),
    }
}

/// Reads an uncompressed point.
pub(super) fn decode_point(curve: Curve, key: &[u8]) -> Result<Parts, KeyErrors> {
    match key.split_first() {
        Some((4, coordinates)) => match coordinates.split_at_checked(curve.length()) {
            Some((x, y)) if y.len() == curve.length() => Parts::ec(curve, x, y),
            _ => wrong("has a point of the wrong length; take the key from its issuer again"),
        },
        _ => wrong("has a compressed point; convert it with `openssl ec -pubin -conv_form uncompressed`"),
    }
}

/// Reads the DER of an RSA key (RFC 8017, appendix A.1.1).
pub(super) fn decode_rsa(key: &[u8]) -> Result<Parts, KeyErrors> {
    match pkcs1::RsaPublicKey::from_der(key) {
        Ok(key) => Parts::rsa(key.modulus.as_bytes(), key.public_exponent.as_bytes()),
        Err(_) => wrong("is not the DER of an RSA key; take the key from its issuer again"),
    }
}

fn wrong<T>(message: &str) -> Result<T, KeyErrors> {
    Err(vec![KeyError::invalid("", message)])
}

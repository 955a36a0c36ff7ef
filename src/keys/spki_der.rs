//! The DER of a SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7): the object identifiers, and keys as the host wants
//! them.

use super::curve::Curve;
use der::asn1::{BitStringRef, ObjectIdentifier};
use der::{AnyRef, Encode};
use rsa::RsaPublicKey;
use rsa::pkcs8::EncodePublicKey as _;
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

pub(super) const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
pub(super) const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
pub(super) const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
pub(super) const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");

/// The DER of an uncompressed point.
pub(super) fn encode_ec(curve: Curve, point: &[u8]) -> Option<Box<[u8]>> {
    let curve = curve.object_identifier();
    let spki = SubjectPublicKeyInfoRef {
        algorithm: AlgorithmIdentifierRef { oid: EC, parameters: Some(AnyRef::from(&curve)) },
        subject_public_key: BitStringRef::from_bytes(point).ok()?,
    };
    spki.to_der().ok().map(Vec::into_boxed_slice)
}

/// The DER of an RSA key.
pub(super) fn encode_rsa(key: &RsaPublicKey) -> Option<Box<[u8]>> {
    key.to_public_key_der().ok().map(|document| document.into_vec().into_boxed_slice())
}

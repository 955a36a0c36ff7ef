//! EdDSA with Ed25519 (RFC 8032, RFC 8037).

use super::error::{KeyError, KeyErrors};
use ed25519_compact::{Error, PublicKey as Point, Signature};

/// Length of an encoded point.
const LENGTH: usize = 32;

/// An Ed25519 public key that is known to be a point of large order in its one canonical encoding.
#[derive(Debug, Clone)]
pub(super) struct Ed25519Key {
    point: Point,
}

impl Ed25519Key {
    /// Reads an encoded point (RFC 8032, section 5.1.3), found in `member`.
    pub(super) fn parse(bytes: &[u8], member: &str) -> Result<Ed25519Key, KeyErrors> {
        let wrong = |what: String| vec![KeyError::invalid(member, what)];
        let bytes: [u8; LENGTH] = bytes
            .try_into()
            .map_err(|_| wrong(format!("has {} bytes; an Ed25519 key has {LENGTH}", bytes.len())))?;
        if !is_canonical(&bytes) {
            return Err(wrong(
                "is not the canonical encoding of a point; take the key from its issuer again".into(),
            ));
        }
        let point = Point::new(bytes);
        match point.validate() {
            Ok(()) => Ok(Ed25519Key { point }),
            Err(Error::WeakPublicKey) => {
                Err(wrong("is a weak key: a point of small order; generate a new key pair".into()))
            }
            Err(_) => Err(wrong("is not a point on the curve; take the key from its issuer again".into())),
        }
    }

    /// Whether `signature` is this key's for `message`. Signatures with S >= L, or with an R that is
    /// not canonical or of small order, are none.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|signature| self.point.verify(message, &signature).is_ok())
    }
}

/// Whether the y coordinate is below p = 2^255 - 19. What is above is an alias of a small number.
fn is_canonical(bytes: &[u8; LENGTH]) -> bool {
    let [first, middle @ .., last] = bytes;
    *last & 0x7f != 0x7f || middle.iter().any(|b| *b != 0xff) || *first < 0xed
}

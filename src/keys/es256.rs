//! ECDSA on P-256 (RFC 7518, section 3.4).

use super::error::{KeyError, KeyErrors};
use jwt_compact::Algorithm as _;
use jwt_compact::AlgorithmSignature as _;
use jwt_compact::alg::{Es256, VerifyingKey as _};

type Point = <Es256 as jwt_compact::Algorithm>::VerifyingKey;
type Signature = <Es256 as jwt_compact::Algorithm>::Signature;

/// Length of a coordinate, and of r and s each.
pub(super) const LENGTH: usize = 32;

/// A P-256 public key that is known to be a point of the curve.
#[derive(Debug, Clone)]
pub(super) struct P256Key {
    point: Point,
}

impl P256Key {
    /// Reads affine coordinates.
    pub(super) fn parse(x: &[u8; LENGTH], y: &[u8; LENGTH]) -> Result<P256Key, KeyErrors> {
        // 4 marks an uncompressed point (SEC 1, section 2.3.3).
        let encoded = [&[4][..], x, y].concat();
        match Point::from_slice(&encoded) {
            Ok(point) => Ok(P256Key { point }),
            Err(_) => Err(vec![KeyError::invalid(
                "",
                "is not a point on the curve P-256; take the key from its issuer again",
            )]),
        }
    }

    /// Whether `signature` (r and s, 32 bytes each) is this key's for `message`.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        signature.len() == LENGTH + LENGTH
            && Signature::try_from_slice(signature)
                .is_ok_and(|signature| Es256.verify_signature(&signature, &self.point, message))
    }
}

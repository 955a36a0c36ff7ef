//! EdDSA with Ed25519 (RFC 8032, RFC 8037).
//!
//! The rules are those of `verify_strict` in ed25519-dalek 2, the strictest in use: S < L; neither A nor R of
//! small order; the equation without the cofactor, `R = [S]B - [k]A`; and R in its canonical encoding, since
//! encodings are compared (RFC 8032, section 5.1.7 leaves the cofactor open; "Taming the many EdDSAs",
//! Chalkias, Garillot and Nikolaenko 2020, says why the choice must be made). On top, A must be canonical.

mod field;
mod point;
mod point_table;

use super::error::{KeyError, KeyErrors};
use super::tables::{KeyTable, PointTable, TableStore, Terms};
use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use hmac_sha512::Hash;
use point::{Point, Summand};
use point_table::{BASE, Multiples, base_multiples, sum};
use std::fmt;
use std::ops::Neg;
use std::sync::{Arc, OnceLock};

/// Length of an encoded point or scalar.
const LENGTH: usize = 32;

/// An Ed25519 public key that is known to be a point of large order in its one canonical encoding.
#[derive(Clone)]
pub(super) struct Ed25519Key {
    encoded: [u8; LENGTH],
    /// -A: the equation then has sums only.
    negative: EdwardsPoint,
    /// Multiples of -A, where it may have some.
    table: OnceLock<Arc<KeyTable<Multiples>>>,
}

impl Ed25519Key {
    /// Reads an encoded point (RFC 8032, section 5.1.3), found in `member`.
    pub(super) fn parse(bytes: &[u8], member: &str) -> Result<Ed25519Key, KeyErrors> {
        let wrong = |what: String| vec![KeyError::invalid(member, what)];
        let encoded: [u8; LENGTH] = bytes
            .try_into()
            .map_err(|_| wrong(format!("has {} bytes; an Ed25519 key has {LENGTH}", bytes.len())))?;
        let off = || wrong("is not a point on the curve; take the key from its issuer again".into());
        let point = CompressedEdwardsY(encoded).decompress().ok_or_else(off)?;
        if point.compress().to_bytes() != encoded {
            return Err(wrong(
                "is not the canonical encoding of a point; take the key from its issuer again".into(),
            ));
        }
        if point.is_small_order() {
            return Err(wrong("is a weak key: a point of small order; generate a new key pair".into()));
        }
        Ok(Ed25519Key { encoded, negative: point.neg(), table: OnceLock::new() })
    }

    /// Lets the key have tables of `store`.
    pub(super) fn prepare(&self, store: &TableStore) {
        self.table.get_or_init(|| store.table(&self.encoded));
    }

    /// Makes what is missing of its tables.
    pub(super) fn finish_tables(&self) {
        while self.tables().is_none() && self.grow_tables() {}
    }

    /// The tables of the key and of the base point, once both are whole.
    fn tables(&self) -> Option<(&PointTable<Summand>, &'static PointTable<Summand>)> {
        Some((self.table.get()?.whole()?, BASE.whole()?))
    }

    /// Makes the next row of the tables that it needs. `false`: that cannot be done.
    fn grow_tables(&self) -> bool {
        let Some(table) = self.table.get() else { return false };
        match BASE.whole() {
            None => BASE.grow(base_multiples),
            Some(_) => table.grow(|| Point::decode(&self.negative.compress().to_bytes()).map(Multiples)),
        }
    }

    /// Whether `signature` is this key's for `message`.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let Some((r, s)) = split(signature) else { return false };
        if is_small_order(&r) {
            return false;
        }
        let Some(s) = Option::<Scalar>::from(Scalar::from_canonical_bytes(s)) else { return false };
        let mut hash = Hash::new();
        [&r, &self.encoded, message].into_iter().for_each(|part| hash.update(part));
        let k = Scalar::from_bytes_mod_order_wide(&hash.finalize());
        let tables = self.tables();
        let expected = match tables {
            Some((table, base)) => {
                let mut terms = Terms::new();
                base.multiple(s.as_bytes(), false, &mut terms);
                table.multiple(k.as_bytes(), false, &mut terms);
                sum(&terms).encode()
            }
            None => EdwardsPoint::vartime_double_scalar_mul_basepoint(&k, &self.negative, &s)
                .compress()
                .to_bytes(),
        };
        // What is computed is encoded canonically: an R that does not decode, or not canonically, is never equal.
        let good = expected == r;
        // Good tokens alone bring tables about: a stranger's cost no more than they did.
        if good && tables.is_none() {
            self.grow_tables();
        }
        good
    }
}

/// R and S.
fn split(signature: &[u8]) -> Option<([u8; LENGTH], [u8; LENGTH])> {
    let (r, s) = signature.split_at_checked(LENGTH)?;
    Some((r.try_into().ok()?, s.try_into().ok()?))
}

/// Whether `encoded` is one of the eight points of small order in its canonical encoding. Others need not be found:
/// they equal no computed point.
fn is_small_order(encoded: &[u8; LENGTH]) -> bool {
    static ALL: OnceLock<[[u8; LENGTH]; 8]> = OnceLock::new();
    ALL.get_or_init(|| EIGHT_TORSION.map(|point| point.compress().to_bytes())).contains(encoded)
}

impl fmt::Debug for Ed25519Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = self.table.get().and_then(|table| Some(table.whole()?.bytes()));
        f.debug_struct("Ed25519Key").field("encoded", &self.encoded).field("table_bytes", &table).finish()
    }
}

//! ES256 with precomputed multiples: ECDSA on P-256 (FIPS 186-5, section 6.4.2) for a key that is known beforehand.
//!
//! With multiples of the pinned key Q and of the base point G at hand, `u1·G + u2·Q` is 58 additions. The field arithmetic
//! is our own and proved by nobody, so it is given one power only, to say yes:
//!
//! * What it does not call good, because it is not or because the sum met a point twice, is asked again: of the host, or of
//!   the crate `p256`. A mistake costs time and never a good token. A flood of bad tokens costs the sum on top
//!   of what it would cost anyway, half as much again as the host's verifying; r, s and the message are an attacker's,
//!   the way to a colliding sum is the discrete logarithm of Q, and a collision costs no more than a bad signature.
//! * To call a bad signature good, the sum would have to be wrong and hit the one x among 2^256 that stands in it.
//! * Tables are held against `p256`, row by row, when they are made; one that differs is not used.
//! * Tests hold every yes and every no against `p256`, natively and in WebAssembly.
//!
//! Both (r, s) and (r, n - s) are signatures, as RFC 7518 has it.

mod field;
mod limbs;
mod point;
mod point_table;
mod scalar;
#[cfg(test)]
mod tests;

use super::tables::{KeyTable, PointTable, TableStore, Terms};
use field::Field;
use jwt_compact::Algorithm as _;
use jwt_compact::alg::Es256;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::elliptic_curve::Curve as _;
use p256::elliptic_curve::bigint::{ArrayEncoding as _, U256};
use p256::elliptic_curve::ops::Reduce as _;
use p256::{FieldBytes, NistP256, ProjectivePoint, Scalar};
use point::{Affine, Sum};
use point_table::{BASE, Multiples, base_multiples, sum};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::sync::{Arc, OnceLock};

/// p - n, the size of p over that of the group.
const P_MINUS_N: U256 = U256::from_be_hex("000000000000000000000000000000004319055358e8617b0c46353d039cdaae");

/// A public key that is known to be a point of the curve.
#[derive(Clone)]
pub(super) struct Es256Key {
    point: VerifyingKey,
    /// Multiples of the point, where it may have some.
    table: OnceLock<Arc<KeyTable<Multiples>>>,
}

impl Es256Key {
    /// Reads an encoded point (SEC 1, section 2.3.4).
    pub(super) fn parse(encoded: &[u8]) -> Option<Es256Key> {
        let point = VerifyingKey::from_sec1_bytes(encoded).ok()?;
        Some(Es256Key { point, table: OnceLock::new() })
    }

    /// Lets the key have tables of `store`.
    pub(super) fn prepare(&self, store: &TableStore) {
        self.table.get_or_init(|| store.table(self.point.to_encoded_point(false).as_bytes()));
    }

    /// Makes what is missing of its tables.
    pub(super) fn finish_tables(&self) {
        while self.tables().is_none() && self.grow_tables() {}
    }

    /// The tables of the key and of the base point, once both are whole.
    fn tables(&self) -> Option<(&PointTable<Affine>, &'static PointTable<Affine>)> {
        Some((self.table.get()?.whole()?, BASE.whole()?))
    }

    /// Makes the next row of the tables that it needs. `false`: that cannot be done.
    pub(super) fn grow_tables(&self) -> bool {
        let Some(table) = self.table.get() else { return false };
        match BASE.whole() {
            None => BASE.grow(base_multiples),
            Some(_) => table.grow(|| Multiples::new(ProjectivePoint::from(*self.point.as_affine()))),
        }
    }

    /// Whether `signature` is this key's for `message`, as far as the tables can say: `false` may mean anything.
    pub(super) fn vouches_for(&self, message: &[u8], signature: &Signature) -> bool {
        self.answer(&Sha256::digest(message), signature) == Some(true)
    }

    /// Whether `signature` is this key's for `message`, slowly.
    pub(super) fn verify(&self, message: &[u8], signature: &Signature) -> bool {
        Es256.verify_signature(signature, &self.point, message)
    }

    /// What the tables say about the signature of what has this hash; `None`: nothing.
    fn answer(&self, hash: &FieldBytes, signature: &Signature) -> Option<bool> {
        let (table, base) = self.tables()?;
        let (r, s) = signature.split_scalars();
        let inverse = scalar::inverse(&s)?;
        let mut terms = Terms::new();
        for (table, factor) in [(base, Scalar::reduce_bytes(hash)), (table, *r)] {
            let (u, negative) = scalar::halved(&factor.multiply(&inverse));
            table.multiple(&u, negative, &mut terms);
        }
        Some(has_x(&sum(&terms)?, &r.to_bytes()))
    }
}

/// Whether the x of `sum` is r modulo n: r itself, or r + n where that is below p.
fn has_x(sum: &Sum, r: &FieldBytes) -> bool {
    let is = |x: U256| sum.has_x(&Field::from_bytes(&x.to_be_byte_array().into()));
    let r = U256::from_be_byte_array(*r);
    is(r) || (r < P_MINUS_N && is(r.wrapping_add(&NistP256::ORDER)))
}

impl fmt::Debug for Es256Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = self.table.get().and_then(|table| Some(table.whole()?.bytes()));
        f.debug_struct("Es256Key").field("point", &self.point).field("table_bytes", &table).finish()
    }
}

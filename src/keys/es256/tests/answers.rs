//! Signatures made from `u1`, `u2` and the key, so that every sum is met, also those that no hash leads to: what the
//! tables answer is what the library answers, or nothing.

use super::super::{Es256Key, P_MINUS_N};
use super::{Random, power_of_2, test};
use crate::keys::tables::TableStore;
use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::elliptic_curve::bigint::U256;
use p256::elliptic_curve::ops::Reduce as _;
use p256::elliptic_curve::point::{AffineCoordinates as _, DecompressPoint as _};
use p256::{AffinePoint, FieldBytes, ProjectivePoint, Scalar};

/// One key with tables of each width.
struct Keys {
    ours: Vec<Es256Key>,
    library: VerifyingKey,
}

impl Keys {
    fn new(point: ProjectivePoint) -> Keys {
        let library = VerifyingKey::from_affine(point.to_affine()).expect("a key");
        let ours = [(70_000, 59_904), (1 << 20, 288 << 10)].map(|(bytes, expected)| {
            let key = Es256Key::parse(library.to_encoded_point(false).as_bytes()).expect("a key");
            key.prepare(&TableStore::new(bytes));
            key.finish_tables();
            assert_eq!(key.tables().map(|(table, _)| table.bytes()), Some(expected));
            key
        });
        Keys { ours: ours.into(), library }
    }

    /// What the library answers, and whether each table answers the same; it may answer nothing, but nothing else.
    fn ask(&self, hash: &FieldBytes, signature: &Signature) -> (bool, bool) {
        let expected = self.library.verify_prehash(hash, signature).is_ok();
        let mut all = true;
        for key in &self.ours {
            match key.answer(hash, signature) {
                Some(answer) => assert_eq!(answer, expected, "{key:?} {hash:02x?} {signature:?}"),
                None => all = false,
            }
        }
        (expected, all)
    }
}

/// The hash and the signature with these factors, if there is one.
fn signed(u1: Scalar, u2: Scalar, r: Scalar) -> Option<(FieldBytes, Signature)> {
    let s = r * Option::<Scalar>::from(u2.invert())?;
    Some(((u1 * s).to_bytes(), Signature::from_scalars(r, s).ok()?))
}

/// Ends of digits and of rows, and some in between.
fn factors() -> Vec<Scalar> {
    let mut random = Random(100);
    let mut all: Vec<Scalar> = [0_u64, 1, 2, 3, 16, 128, 129, 256].map(Scalar::from).into();
    all.extend([40, 248, 255].map(power_of_2));
    all.extend([-Scalar::ONE, -Scalar::from(128_u64), -power_of_2(200), random.scalar()]);
    all
}

/// Asks about all sums of factors, and `more` for `u1`, for the key of this secret; returns how many were lost.
fn every_sum(secret: Scalar, more: &[Scalar]) -> usize {
    let point = ProjectivePoint::GENERATOR * secret;
    let keys = Keys::new(point);
    let mut lost = 0;
    for (i, u1) in factors().iter().chain(more).copied().enumerate() {
        for (j, u2) in factors().into_iter().enumerate() {
            let sum = (ProjectivePoint::GENERATOR * u1 + point * u2).to_affine();
            let Some((hash, signature)) = signed(u1, u2, Scalar::reduce_bytes(&sum.x())) else { continue };
            let (good, answered) = keys.ask(&hash, &signature);
            assert!(good, "{u1:?} {u2:?}");
            lost += usize::from(!answered);
            // The other s is as good; the rest is no signature.
            let (r, s) = signature.split_scalars();
            let changed = match (i + j) % 5 {
                0 => (hash, *r, -*s),
                1 => (FieldBytes::from([7; 32]), *r, *s),
                2 => (hash, *r + Scalar::ONE, *s),
                3 => (hash, *r, *s + Scalar::ONE),
                _ => (hash, *s, *r),
            };
            let (hash, r, s) = changed;
            if let Ok(changed) = Signature::from_scalars(r, s) {
                let (good, _) = keys.ask(&hash, &changed);
                assert!(good || (i + j) % 5 > 0, "{u1:?} {u2:?}");
            }
        }
    }
    lost
}

#[test]
fn sums_that_meet_no_point_twice_are_always_answered() {
    assert_eq!(every_sum(Random(110).scalar(), &[]), 0);
}

#[test]
fn colliding_keys_are_answered_right_or_not_at_all() {
    for secret in [Scalar::ONE, power_of_2(8), power_of_2(100)] {
        for secret in [secret, -secret] {
            let lost = every_sum(secret, &[secret, -secret, secret.double()]);
            assert!(lost > 3, "{secret:?}: this test must meet collisions, and met {lost}");
        }
    }
}

/// A point that has x.
fn point(x: U256) -> Option<AffinePoint> {
    use p256::elliptic_curve::bigint::ArrayEncoding as _;
    AffinePoint::decompress(&x.to_be_byte_array(), 0.into()).into()
}

/// The key with which a signature of these factors comes to `sum`.
fn keys_of(sum: AffinePoint, u1: Scalar, u2: Scalar) -> Keys {
    Keys::new((ProjectivePoint::from(sum) - ProjectivePoint::GENERATOR * u1) * u2.invert().unwrap())
}

#[test]
fn an_x_of_n_or_more_is_r_and_n() {
    use p256::elliptic_curve::Curve as _;
    let mut random = Random(120);
    // x just above n, just below p, small, and just above p - n.
    let p_minus_1 = p256::NistP256::ORDER.wrapping_add(&P_MINUS_N).wrapping_sub(&U256::ONE);
    let up = |from: U256| (1..50_u64).map(move |n| from.wrapping_add(&U256::from(n)));
    let down = (0..50_u64).map(|n| p_minus_1.wrapping_sub(&U256::from(n)));
    let all = up(p256::NistP256::ORDER).chain(down).chain(up(U256::ZERO)).chain(up(P_MINUS_N));
    let (mut above, mut below) = (0, 0);
    for sum in all.filter_map(point).step_by(6) {
        let (u1, u2) = (random.scalar(), random.scalar());
        let keys = keys_of(sum, u1, u2);
        let r = Scalar::reduce_bytes(&sum.x());
        if r.to_bytes() == sum.x() {
            below += 1
        } else {
            above += 1
        }
        let (hash, signature) = signed(u1, u2, r).expect("a signature");
        assert_eq!(keys.ask(&hash, &signature), (true, true), "{:?}", sum.x());
        // The same sum with another r, also with one that is as far from x as p is from n.
        let p_minus_n = Scalar::reduce(P_MINUS_N);
        for wrong in [r + Scalar::ONE, r - Scalar::ONE, r + p_minus_n, r - p_minus_n] {
            if let Some((hash, signature)) = signed(u1, u2, wrong) {
                assert_eq!(keys.ask(&hash, &signature), (false, true), "{:?} {wrong:?}", sum.x());
            }
        }
    }
    assert!(above > 5 && below > 5, "{above} {below}");
}

#[test]
fn an_x_of_0_is_that_of_no_r() {
    let mut random = Random(130);
    let (u1, u2) = (random.scalar(), random.scalar());
    let keys = keys_of(point(U256::ZERO).expect("a point of P-256"), u1, u2);
    // This r and n are p, which is 0 for an x and not for a signature.
    let (hash, signature) = signed(u1, u2, Scalar::reduce(P_MINUS_N)).expect("a signature");
    assert_eq!(keys.ask(&hash, &signature), (false, true));
}

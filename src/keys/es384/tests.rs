//! Everything against the crate `p384`.

use super::{Es384Key, Order, Signature, read};
use p256::elliptic_curve::bigint::modular::constant_mod::ResidueParams as _;
use p256::elliptic_curve::bigint::{Encoding as _, U384};
use p384::ecdsa::signature::hazmat::{PrehashSigner as _, PrehashVerifier as _};
use p384::ecdsa::signature::{Signer as _, Verifier as _};
use p384::ecdsa::{SigningKey, VerifyingKey};
use p384::elliptic_curve::sec1::ToEncodedPoint as _;
use p384::{FieldBytes, ProjectivePoint, Scalar};
use sha2::{Digest as _, Sha384};

fn signing_key(seed: u64) -> SigningKey {
    let mut bytes: FieldBytes = Sha384::digest(seed.to_be_bytes());
    bytes[0] &= 0x7f;
    SigningKey::from_bytes(&bytes).unwrap()
}

fn ours(key: &VerifyingKey) -> Es384Key {
    let point = key.to_encoded_point(false);
    Es384Key::parse(point.x().unwrap(), point.y().unwrap()).unwrap()
}

/// What both say about a signature; they must agree.
fn ask(key: &VerifyingKey, message: &[u8], signature: &[u8]) -> bool {
    let library =
        p384::ecdsa::Signature::from_slice(signature).is_ok_and(|s| key.verify(message, &s).is_ok());
    let own = Signature::from_slice(signature).is_some_and(|s| ours(key).verify(message, &s));
    assert_eq!(own, library, "{key:?} {message:02x?} {signature:02x?}");
    own
}

#[test]
fn every_answer_is_that_of_the_library() {
    for seed in 0..12 {
        let key = signing_key(seed);
        let message = seed.to_be_bytes();
        let signature: p384::ecdsa::Signature = key.sign(&message);
        let bytes = signature.to_bytes();
        let key = key.verifying_key();
        assert!(ask(key, &message, &bytes));
        let (r, s) = signature.split_scalars();
        let other = p384::ecdsa::Signature::from_scalars(*r, -*s).unwrap();
        assert!(ask(key, &message, &other.to_bytes()), "the other s is as good");
        assert!(!ask(key, b"other", &bytes));
        for bit in (0..768).step_by(37) {
            let mut changed = bytes;
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(!ask(key, &message, &changed), "bit {bit}");
        }
    }
}

#[test]
fn sums_of_all_kinds_are_those_of_the_library() {
    let [one, two] = [Scalar::ONE, Scalar::from(2_u64)];
    let big = *signing_key(100).as_nonzero_scalar().as_ref();
    // Keys that meet the generator's multiples on the way: equal, opposite, doubled, and any.
    for secret in [one, -one, two, -two, big] {
        let point = ProjectivePoint::GENERATOR * secret;
        let encoded = point.to_affine().to_encoded_point(false);
        let own =
            super::Point::new(&read(encoded.x().unwrap()).unwrap(), &read(encoded.y().unwrap()).unwrap());
        let own = own.unwrap();
        let mut factors = vec![Scalar::ZERO, one, two, -one, -two, big, -big];
        // For some secrets these are among them already.
        for factor in [-secret, secret * big] {
            if !factors.contains(&factor) {
                factors.push(factor);
            }
        }
        for &a in &factors {
            for &b in &factors {
                let expected =
                    (ProjectivePoint::GENERATOR * a + point * b).to_affine().to_encoded_point(false);
                let number = |scalar: Scalar| read(&scalar.to_bytes()).unwrap();
                let x = own.sum_with_generator(&number(a), &number(b)).x();
                let expected = expected.x().map(|x| read(x).unwrap());
                assert_eq!(x, expected, "{secret:?} {a:?} {b:?}");
            }
        }
    }
}

#[test]
fn an_x_of_n_or_more_is_r_and_n() {
    // A point whose x is n or more, and the signature that it makes.
    use p384::elliptic_curve::PrimeField as _;
    use p384::elliptic_curve::point::DecompressPoint as _;
    let x = (1..200_u64).map(|n| Order::MODULUS.wrapping_add(&U384::from(n))).find_map(|x| {
        let bytes = FieldBytes::from(x.to_be_bytes());
        let point = Option::<p384::AffinePoint>::from(p384::AffinePoint::decompress(&bytes, 0.into()));
        Some((x, point?))
    });
    let (x, sum) = x.expect("a point");
    let r = Option::<Scalar>::from(Scalar::from_repr(x.wrapping_sub(&Order::MODULUS).to_be_bytes().into()))
        .unwrap();
    let s = *signing_key(7).as_nonzero_scalar().as_ref();
    // R = (z G + r Q) / s, so Q = (s R - z G) / r.
    let message = b"message";
    let hash: FieldBytes = Sha384::digest(message);
    let z = <Scalar as p384::elliptic_curve::ops::Reduce<p384::U384>>::reduce_bytes(&hash);
    let key = (ProjectivePoint::from(sum) * s - ProjectivePoint::GENERATOR * z)
        * Option::<Scalar>::from(r.invert()).unwrap();
    let key = VerifyingKey::from_affine(key.to_affine()).unwrap();
    let signature = p384::ecdsa::Signature::from_scalars(r, s).unwrap();
    assert!(ask(&key, message, &signature.to_bytes()));
    let wrong = p384::ecdsa::Signature::from_scalars(r + Scalar::ONE, s).unwrap();
    assert!(!ask(&key, message, &wrong.to_bytes()));
}

#[test]
fn r_and_s_are_from_1_to_n_minus_1() {
    let n = Order::MODULUS;
    let edges = [U384::ZERO, U384::ONE, n.wrapping_sub(&U384::ONE), n, n.wrapping_add(&U384::ONE), U384::MAX];
    let good = |at: usize| at == 1 || at == 2;
    for (i, r) in edges.iter().enumerate() {
        for (j, s) in edges.iter().enumerate() {
            let bytes = [r.to_be_bytes(), s.to_be_bytes()].concat();
            assert_eq!(Signature::from_slice(&bytes).is_some(), good(i) && good(j), "{i} {j}");
            assert_eq!(p384::ecdsa::Signature::from_slice(&bytes).is_ok(), good(i) && good(j));
        }
    }
    for length in [0, 48, 95, 97, 192] {
        assert!(Signature::from_slice(&vec![1; length]).is_none(), "{length}");
    }
}

#[test]
fn a_key_is_a_point_of_the_curve() {
    let point = signing_key(1).verifying_key().to_encoded_point(false);
    let (x, y) = (point.x().unwrap(), point.y().unwrap());
    assert!(Es384Key::parse(x, y).is_some());
    assert!(Es384Key::parse(y, x).is_none());
    for bit in 0..384 {
        let mut changed = *y;
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(Es384Key::parse(x, &changed).is_none(), "bit {bit}");
    }
    assert!(Es384Key::parse(&[0; 48], &[0; 48]).is_none());
    assert!(Es384Key::parse(&x[1..], y).is_none() && Es384Key::parse(x, &y[1..]).is_none());
    // The same point with p added to a coordinate that leaves room for it is another spelling, and no key.
    let small = (0..60_u64).find_map(|n| {
        use p384::elliptic_curve::point::DecompressPoint as _;
        let bytes = FieldBytes::from(U384::from(n).to_be_bytes());
        Option::<p384::AffinePoint>::from(p384::AffinePoint::decompress(&bytes, 0.into()))
    });
    let point = small.expect("a point with a small x").to_encoded_point(false);
    let (x, y) = (point.x().unwrap(), point.y().unwrap());
    assert!(Es384Key::parse(x, y).is_some());
    let p = U384::from_be_hex(
        "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
    );
    let above = read(x).unwrap().wrapping_add(&p).to_be_bytes();
    assert!(Es384Key::parse(&above, y).is_none());
}

#[test]
fn any_hash_is_good_also_one_of_n_or_more() {
    let (key, other) = (signing_key(3), signing_key(4));
    for hash in [[0xff; 48], Order::MODULUS.to_be_bytes(), [0; 48], [0x80; 48]] {
        let signature: p384::ecdsa::Signature = key.sign_prehash(&hash).unwrap();
        let own = Signature::from_slice(&signature.to_bytes()).unwrap();
        for key in [key.verifying_key(), other.verifying_key()] {
            let expected = key.verify_prehash(&hash, &signature).is_ok();
            assert_eq!(ours(key).verify_hash(&hash, &own), expected, "{hash:02x?}");
        }
    }
}

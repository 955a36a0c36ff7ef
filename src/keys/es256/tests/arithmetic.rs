//! The field and the scalars against large integers.

use super::super::field::{Factor, Field};
use super::super::limbs::P;
use super::super::scalar;
use super::{Random, power_of_2, test};
use crate::keys::tables::FieldElement;
use p256::Scalar;
use p256::elliptic_curve::PrimeField;
use p256::elliptic_curve::scalar::IsHigh;
use rsa::BigUint;

fn p() -> BigUint {
    BigUint::parse_bytes(b"ffffffff00000001000000000000000000000000ffffffffffffffffffffffff", 16).unwrap()
}

fn field(number: &BigUint) -> Field {
    let bytes = number.to_bytes_be();
    let mut padded = [0; 32];
    padded[32 - bytes.len()..].copy_from_slice(&bytes);
    Field::from_bytes(&padded)
}

fn number(field: &impl Factor) -> BigUint {
    let limbs = field.bare();
    let sum = limbs
        .iter()
        .rev()
        .fold(BigUint::from(0_u8), |sum, limb| (sum << 29_usize) + u32::try_from(*limb).unwrap());
    assert!(sum <= p(), "{limbs:?}");
    sum % p()
}

/// Numbers of 256 bits with limbs at their ends, and such whose limbs are so after the product with R.
fn corners() -> Vec<BigUint> {
    let one = BigUint::from(1_u8);
    let r = &one << 261_usize;
    let p_minus_2 = p() - 2_u8;
    let r_inverse = r.modpow(&p_minus_2, &p());
    let mut all = vec![BigUint::from(0_u8), one.clone(), BigUint::from(2_u8), p() - 1_u8, p(), p() + 1_u8];
    all.push((&one << 256_usize) - 1_u8);
    for limb in [1_u32, (1 << 28) - 1, 1 << 28, (1 << 29) - 1] {
        let everywhere = (0..9).fold(BigUint::from(0_u8), |sum, i| sum + (BigUint::from(limb) << (29 * i)));
        all.push(everywhere.clone() % (&one << 256_usize));
        all.push(everywhere % p());
        all.extend((0..9_usize).map(|i| (BigUint::from(limb) << (29 * i)) % p()));
    }
    let after: Vec<BigUint> = all.iter().map(|number| number * &r_inverse % p()).collect();
    all.extend(after);
    all
}

fn modulo(positive: BigUint, negative: BigUint) -> BigUint {
    (positive + p() * p() * 8_u8 - negative) % p()
}

#[test]
fn the_constants_are_right() {
    let limbs = P
        .iter()
        .rev()
        .fold(BigUint::from(0_u8), |sum, limb| (sum << 29_usize) + u32::try_from(*limb).unwrap());
    assert_eq!(limbs, p());
    assert_eq!(number(&Field::ONE), BigUint::from(1_u8));
    assert_eq!(number(&Field::ZERO), BigUint::from(0_u8));
}

#[test]
fn products_of_corners() {
    let corners = corners();
    for a in &corners {
        assert_eq!(number(&field(a)), a % p(), "{a:x}");
        assert_eq!(number(&field(a).square()), a * a % p(), "{a:x}");
        for b in &corners {
            assert_eq!(number(&field(a).times(&field(b))), a * b % p(), "{a:x} {b:x}");
        }
    }
}

#[test]
fn differences_of_corners() {
    let corners = corners();
    for (i, a) in corners.iter().enumerate() {
        for (j, b) in corners.iter().enumerate() {
            let [x, y] = [a, b].map(field);
            let (c, d) = (&corners[(i + j) % corners.len()], &corners[(i * j) % corners.len()]);
            let [z, w] = [c, d].map(field);
            let difference = x.minus(&y);
            assert_eq!(number(&difference), modulo(a.clone(), b.clone()));
            assert_eq!(difference.is_zero(), a % p() == b % p(), "{a:x} {b:x}");
            let squared = modulo(a.clone(), b.clone()).modpow(&2_u8.into(), &p());
            assert_eq!(number(&difference.square()), squared);
            assert_eq!(number(&x.less(&y, &z)), modulo(a.clone(), b + c * 2_u8));
            let product = difference.times_less(&z.minus(&w), &y.signed(true), &x);
            let expected = modulo(a.clone(), b.clone()) * modulo(c.clone(), d.clone());
            assert_eq!(number(&product), modulo(expected + a * b, 0_u8.into()));
        }
    }
}

#[test]
fn signs_and_inverses() {
    for corner in corners() {
        let element = field(&corner);
        assert_eq!(number(&element.signed(false)), &corner % p());
        assert_eq!(number(&element.signed(true)), modulo(0_u8.into(), corner.clone()));
        assert_eq!(element.is_zero(), &corner % p() == 0_u8.into());
        if !element.is_zero() {
            assert_eq!(number(&element.inverse().times(&element)), 1_u8.into(), "{corner:x}");
        }
    }
}

fn scalars() -> impl Iterator<Item = Scalar> {
    let powers = (0..256).map(power_of_2);
    let near = [1_u64, 2, 3, 127, 128, 129].map(Scalar::from);
    let mut random = Random(0);
    powers
        .chain(near)
        .flat_map(|scalar| [scalar, -scalar, scalar + Scalar::TWO_INV])
        .chain((0..2_000).map(move |_| random.scalar()))
}

#[test]
fn inverses_of_scalars() {
    for scalar in scalars().filter(|scalar| *scalar != Scalar::ZERO) {
        assert_eq!(scalar::inverse(&scalar), Some(scalar.invert().unwrap()), "{scalar:?}");
    }
    assert_eq!(scalar::inverse(&Scalar::ZERO), None);
}

#[test]
fn halves_are_low() {
    for scalar in scalars() {
        let (mut bytes, negative) = scalar::halved(&scalar);
        bytes.reverse();
        let half = Scalar::from_repr(bytes.into()).unwrap();
        assert!(!bool::from(half.is_high()) && bytes[0] < 0x80);
        assert_eq!(if negative { -half } else { half }, scalar);
    }
}

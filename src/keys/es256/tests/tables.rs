//! Sums and tables against the library, and what the tables' own check finds.

use super::super::field::{Factor as _, Field};
use super::super::point::{Affine, Sum};
use super::super::point_table::{BASE_WIDTH, Multiples, adds_up_to, sum};
use super::{Random, power_of_2, test};
use crate::keys::tables::{PointTable, Rows as _, TableBuilder, Terms};
use p256::elliptic_curve::point::Double as _;
use p256::{ProjectivePoint, Scalar};

fn affine(point: ProjectivePoint) -> Affine {
    Affine::new(&point.to_affine()).expect("not the identity")
}

fn table(point: ProjectivePoint, width: usize) -> PointTable<Affine> {
    TableBuilder::new(Multiples::new(point).expect("a point"), width).build().expect("a table")
}

#[test]
fn sums_are_those_of_the_library() {
    let mut random = Random(10);
    let mut expected = ProjectivePoint::GENERATOR * random.scalar();
    let mut sum = Sum::new(&affine(expected), false);
    for i in 0..300 {
        let term = ProjectivePoint::GENERATOR * random.scalar();
        let negative = i % 3 == 0;
        sum.add(&affine(term), negative);
        expected = if negative { expected - term } else { expected + term };
        assert!(sum.is(&affine(expected)) && !sum.is(&affine(-expected)) && !sum.is(&affine(term)));
        if i % 5 == 0 {
            sum = sum.doubled();
            expected += expected;
        }
    }
    assert!(sum.is(&affine(expected)));
    assert!(Sum::new(&affine(expected), true).is(&affine(-expected)));
}

#[test]
fn a_point_met_twice_is_lost_for_good() {
    let mut random = Random(20);
    for negative in [false, true] {
        let point = affine(ProjectivePoint::GENERATOR * random.scalar());
        let mut sum = Sum::new(&point, false);
        assert!(!sum.is_lost());
        sum.add(&point, negative);
        for _ in 0..50 {
            assert!(sum.is_lost());
            sum.add(&affine(ProjectivePoint::GENERATOR * random.scalar()), false);
        }
    }
}

#[test]
fn every_entry_is_that_of_the_library() {
    let q = ProjectivePoint::GENERATOR * Random(30).scalar();
    for (point, width) in [(ProjectivePoint::GENERATOR, BASE_WIDTH), (q, 8), (-q, 5)] {
        let mut multiples = Multiples::new(point).expect("a point");
        let mut first = point;
        for row in 0..256_usize.div_ceil(width) {
            let mut expected = first;
            for entry in multiples.next_row(width).expect("a row") {
                assert!(Sum::new(&entry, false).is(&affine(expected)), "row {row} of {width} bits");
                expected += first;
            }
            first *= power_of_2(u32::try_from(width).unwrap());
        }
    }
}

#[test]
fn a_wrong_entry_is_found() {
    let point = ProjectivePoint::GENERATOR * Random(40).scalar();
    for width in [5, 8] {
        let row = Multiples::new(point).expect("a point").next_row(width).expect("a row");
        let length = u64::try_from(row.len()).unwrap();
        let total = affine(point * Scalar::from(length * (length + 1) / 2));
        assert!(adds_up_to(&row, &total));
        for i in 0..row.len() {
            // Its negative, its neighbour, and no point at all.
            let (right, neighbour) = (row[i], row[(i + 1) % row.len()]);
            let negative = Affine { y: right.y.signed(true).times(&Field::ONE), ..right };
            for wrong in [negative, neighbour, Affine { x: neighbour.x, ..right }] {
                let mut row = row.clone();
                row[i] = wrong;
                assert!(!adds_up_to(&row, &total), "entry {i}");
            }
            assert!(!adds_up_to(&row[..i], &total));
        }
    }
}

#[test]
fn a_table_that_the_library_does_not_confirm_is_not_made() {
    let [a, b] = [50, 60].map(|seed| ProjectivePoint::GENERATOR * Random(seed).scalar());
    let mut multiples = Multiples::new(a).expect("a point");
    multiples.first = affine(b);
    assert!(TableBuilder::new(multiples, 8).build().is_none());
    let mut later = Multiples::new(a).expect("a point");
    assert!(later.next_row(8).is_some());
    later.known = later.known.double();
    assert!(later.next_row(8).is_none());
}

#[test]
fn products_are_those_of_the_library() {
    let mut random = Random(70);
    let point = ProjectivePoint::GENERATOR * random.scalar();
    for (width, bytes) in [(8, 288 << 10), (5, 59_904)] {
        let table = table(point, width);
        assert_eq!(table.bytes(), bytes);
        let corners = (0..255).map(power_of_2).chain((0..=0x7f).map(repeated));
        for scalar in corners.chain((0..100).map(|_| random.scalar())) {
            let (half, negative) = super::super::scalar::halved(&scalar);
            let mut terms = Terms::new();
            table.multiple(&half, negative, &mut terms);
            match sum(&terms) {
                Some(sum) => assert!(sum.is(&affine(point * scalar)), "{width} {scalar:?}"),
                None => assert_eq!(scalar, Scalar::ZERO),
            }
        }
    }
}

/// A scalar of equal bytes.
fn repeated(byte: u8) -> Scalar {
    use p256::elliptic_curve::PrimeField as _;
    Scalar::from_repr([byte; 32].into()).unwrap()
}

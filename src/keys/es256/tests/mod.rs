//! Unit tests of the arithmetic and the tables, natively and in WebAssembly: everything against the crate `p256` or
//! against large integers.

#![expect(clippy::arithmetic_side_effects, reason = "an overflow fails the test")]

mod answers;
mod arithmetic;
mod tables;

#[cfg(not(target_arch = "wasm32"))]
use std::prelude::v1::test;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use p256::Scalar;
use p256::elliptic_curve::ops::Reduce as _;
use sha2::{Digest as _, Sha256};

/// Numbers from a seed: SHA-256 of a counter.
struct Random(u64);

impl Random {
    fn bytes(&mut self) -> [u8; 32] {
        self.0 += 1;
        Sha256::digest(self.0.to_be_bytes()).into()
    }

    fn scalar(&mut self) -> Scalar {
        Scalar::reduce_bytes(&self.bytes().into())
    }
}

/// 2^`exponent` modulo n.
fn power_of_2(exponent: u32) -> Scalar {
    (0..exponent).fold(Scalar::ONE, |power, _| power.double())
}

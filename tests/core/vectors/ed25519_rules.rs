//! Our Ed25519 against `verify_strict` of ed25519-dalek, answer for answer, and against ed25519-compact, which takes
//! the equation times the cofactor and so accepts a little more. Signatures are made from scalars, so that
//! every rule is met: torsion in A and R, small orders, S beyond L, other encodings.
//!
//! `EEC_AUTHN_ED25519_CASES` sets the number of signatures; the seed is fixed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT as B, EIGHT_TORSION};
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use eec_authn::keys::{NoHost, PublicKey, TableStore};
use sha2::{Digest, Sha512};

/// Numbers from a seed: SHA-512 of a counter.
struct Random(u64);

impl Random {
    fn bytes(&mut self) -> [u8; 64] {
        self.0 += 1;
        Sha512::digest(self.0.to_be_bytes()).into()
    }

    fn scalar(&mut self) -> Scalar {
        Scalar::from_bytes_mod_order_wide(&self.bytes())
    }

    fn below(&mut self, end: usize) -> usize {
        usize::from(u16::from_be_bytes([self.bytes()[0], self.bytes()[1]])) % end
    }
}

/// One key in all forms. `None` in `ours`: refused when pinned.
struct Keys {
    encoded: [u8; 32],
    ours: Option<[PublicKey; 3]>,
    dalek: Option<ed25519_dalek::VerifyingKey>,
    compact: ed25519_compact::PublicKey,
}

impl Keys {
    fn new(encoded: [u8; 32]) -> Keys {
        let jwk = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, URL_SAFE_NO_PAD.encode(encoded));
        let ours = super::key(&jwk).ok().map(|key| {
            // No table, a narrow one, a wide one.
            [0, 100_000, 1_000_000].map(|bytes| {
                let key = key.clone();
                key.prepare(&TableStore::new(bytes));
                key.finish_tables();
                key
            })
        });
        let dalek = ed25519_dalek::VerifyingKey::from_bytes(&encoded).ok();
        Keys { encoded, ours, dalek, compact: ed25519_compact::PublicKey::new(encoded) }
    }

    /// Our answer, after comparing it with the others'.
    fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let strict = self.dalek.as_ref().is_some_and(|key| {
            key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
        });
        let compact = self.compact.verify(message, &ed25519_compact::Signature::new(*signature)).is_ok();
        let Some(keys) = &self.ours else {
            assert!(!compact, "ed25519-compact takes the key {:02x?}", self.encoded);
            return false;
        };
        for key in keys {
            let ours = key.verify(message, signature, &NoHost);
            let what = || format!("{key:?} {message:02x?} {signature:02x?}");
            assert_eq!(ours, strict, "verify_strict: {}", what());
            assert!(compact || !ours, "ed25519-compact refuses: {}", what());
        }
        strict
    }
}

fn challenge(r: &[u8; 32], a: &[u8; 32], message: &[u8]) -> Scalar {
    let hash = Sha512::new().chain_update(r).chain_update(a).chain_update(message).finalize();
    Scalar::from_bytes_mod_order_wide(&hash.into())
}

fn join(r: &[u8; 32], s: &[u8; 32]) -> [u8; 64] {
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(r);
    signature[32..].copy_from_slice(s);
    signature
}

/// The signature by the scalar `a` of a key encoded as `encoded`, with nonce `r` and `torsion` added to R.
fn sign(a: &Scalar, encoded: &[u8; 32], message: &[u8], r: &Scalar, torsion: &EdwardsPoint) -> [u8; 64] {
    let point = (B * r + torsion).compress().to_bytes();
    join(&point, &(r + challenge(&point, encoded, message) * a).to_bytes())
}

#[expect(clippy::disallowed_methods, reason = "the core takes no environment, this test does")]
fn cases() -> usize {
    match std::env::var("EEC_AUTHN_ED25519_CASES") {
        Ok(text) => text.parse().expect("EEC_AUTHN_ED25519_CASES is a number"),
        Err(_) => 2_000,
    }
}

/// Adds L to S, as often as it fits: the same scalar, encoded again.
fn plus_l(signature: &mut [u8; 64]) {
    let mut l_minus_1 = (-Scalar::ONE).to_bytes();
    l_minus_1[0] += 1;
    let mut carry = 0;
    for (byte, l) in signature[32..].iter_mut().zip(l_minus_1) {
        let sum = u16::from(*byte) + u16::from(l) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
}

#[test]
fn random_and_changed_signatures() {
    let mut random = Random(0);
    let keys: Vec<(Scalar, Keys)> = EIGHT_TORSION
        .iter()
        .map(|torsion| {
            let a = random.scalar();
            (a, Keys::new((B * a + torsion).compress().to_bytes()))
        })
        .collect();
    let mut outcomes = [[0_usize; 2]; 7];
    for _ in 0..cases() {
        let (a, key) = &keys[random.below(keys.len())];
        let message = random.bytes()[..random.below(64)].to_vec();
        let torsion = EIGHT_TORSION[random.below(8)];
        let r = random.scalar();
        let change = random.below(outcomes.len());
        let mut signature =
            sign(a, &key.encoded, &message, &r, if change == 1 { &torsion } else { &EIGHT_TORSION[0] });
        let mut asked = message.clone();
        match change {
            0 | 1 => {}
            2 => signature[random.below(64)] ^= 1 << random.below(8),
            3 => asked.push(0),
            4 => plus_l(&mut signature),
            5 => signature[32..].copy_from_slice(&random.bytes()[..32]),
            // R = 0 or a point of small order, with an S that solves the equation for 0.
            _ => {
                let point = torsion.compress().to_bytes();
                signature = join(&point, &(challenge(&point, &key.encoded, &message) * a).to_bytes());
            }
        }
        outcomes[change][usize::from(key.verify(&asked, &signature))] += 1;
    }
    // Untouched signatures: all by the keys without torsion, one in up to eight by the others.
    let [[no, yes], [_, with_torsion], changed @ ..] = outcomes;
    assert!(no > 0 && yes > no / 4 && with_torsion > 0, "{outcomes:?}");
    assert!(changed.iter().all(|[no, yes]| *no > 0 && *yes == 0), "{outcomes:?}");
}

/// Every encoding of a y below 20 or from p - 2 up, with both signs: all aliases, and most small orders.
fn odd_encodings() -> Vec<[u8; 32]> {
    let mut all: Vec<[u8; 32]> = EIGHT_TORSION.iter().map(|point| point.compress().to_bytes()).collect();
    for low in 0..=u8::MAX {
        let small = {
            let mut y = [0; 32];
            y[0] = low;
            y
        };
        let large = {
            let mut y = [0xff; 32];
            y[0] = low;
            y[31] = 0x7f;
            y
        };
        for y in [small, large] {
            if !(20..0xeb).contains(&low) {
                all.push(y);
                all.push({
                    let mut y = y;
                    y[31] |= 0x80;
                    y
                });
            }
        }
    }
    all
}

#[test]
fn odd_keys() {
    let mut pinned = 0;
    let encodings = odd_encodings();
    for &encoded in &encodings {
        let key = Keys::new(encoded);
        let point = CompressedEdwardsY(encoded).decompress();
        let small = point.is_some_and(|point| point.is_small_order());
        let canonical = point.is_some_and(|point| point.compress().to_bytes() == encoded && !small);
        assert_eq!(key.ours.is_some(), canonical, "{encoded:02x?}");
        pinned += usize::from(canonical);
        // With a key of small order, [S]B = R holds for every eighth message; with others for none.
        for message in 0..if small { 32_u8 } else { 2 } {
            for r in encodings.iter().step_by(7) {
                assert!(!key.verify(&[message], &join(r, &[0; 32])), "{encoded:02x?} {r:02x?}");
            }
        }
    }
    assert!(pinned > 10, "{pinned}");
}

#[test]
fn odd_points_in_signatures() {
    let a = Scalar::from(7_u8);
    let key = Keys::new((B * a).compress().to_bytes());
    for r in odd_encodings() {
        for message in 0..16_u8 {
            let s = (challenge(&r, &key.encoded, &[message]) * a).to_bytes();
            assert!(!key.verify(&[message], &join(&r, &s)), "{r:02x?}");
        }
    }
}

#[test]
fn odd_scalars_in_signatures() {
    let a = Scalar::from(7_u8);
    let key = Keys::new((B * a).compress().to_bytes());
    // r is chosen so that S comes out as wanted; what is above L only encodes it again.
    let good = sign(&a, &key.encoded, b"m", &Scalar::from(11_u8), &EIGHT_TORSION[0]);
    assert!(key.verify(b"m", &good));
    let mut again = good;
    for _ in 0..7 {
        plus_l(&mut again);
        assert!(!key.verify(b"m", &again), "{again:02x?}");
    }
    for bit in 253..256 {
        let mut high = good;
        high[32 + bit / 8] |= 1 << (bit % 8);
        assert!(!key.verify(b"m", &high), "{bit}");
    }
    for s in [[0; 32], [0xff; 32], (-Scalar::ONE).to_bytes()] {
        assert!(!key.verify(b"m", &join(good[..32].try_into().unwrap(), &s)));
    }
}

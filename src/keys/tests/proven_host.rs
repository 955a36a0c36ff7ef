//! Hosts that lack something: what they lack is verified here, and they are never believed about it.

use super::super::probes::{OTHER_TEXT, PROBES, TEXT};
use super::super::{Algorithm, HostVerifier, NoHost, ProvenHost, PublicKey, spki};
use super::json;
use super::verify::split;
use crate::json::Json;
use std::sync::{Mutex, MutexGuard};

/// The algorithms that a host may verify.
const ASKED: [Algorithm; 5] =
    [Algorithm::Es256, Algorithm::Es384, Algorithm::Rs256, Algorithm::Rs384, Algorithm::Rs512];

/// A host that verifies, by our own code, all but one algorithm; about that it gives one answer to everything.
struct Partial {
    lacks: Option<(Algorithm, Option<bool>)>,
    /// Algorithms and messages, in order.
    asked: Mutex<Vec<(Algorithm, Vec<u8>)>>,
}

impl Partial {
    fn without(lacks: Option<(Algorithm, Option<bool>)>) -> Partial {
        Partial { lacks, asked: Mutex::default() }
    }

    fn asked(&self) -> MutexGuard<'_, Vec<(Algorithm, Vec<u8>)>> {
        self.asked.lock().unwrap()
    }
}

impl HostVerifier for &Partial {
    fn verify(&self, algorithm: Algorithm, spki: &[u8], signature: &[u8], message: &[u8]) -> Option<bool> {
        self.asked().push((algorithm, message.to_vec()));
        match self.lacks {
            Some((lacked, answer)) if lacked == algorithm => answer,
            _ => Some(is_good(algorithm, spki, signature, message)),
        }
    }
}

/// Whether a signature in the host's form is good.
fn is_good(algorithm: Algorithm, spki: &[u8], signature: &[u8], message: &[u8]) -> bool {
    let key = spki::decode(spki).unwrap().with_algorithm(Some(algorithm.name())).unwrap();
    let signature = match algorithm {
        Algorithm::Es256 => raw(signature, 32),
        Algorithm::Es384 => raw(signature, 48),
        _ => signature.to_vec(),
    };
    key.verify(message, &signature, &NoHost)
}

/// The two numbers of a DER signature, each in `length` bytes.
fn raw(der: &[u8], length: usize) -> Vec<u8> {
    let (r, s) = der[4..].split_at(der[3].into());
    assert_eq!((der[0], usize::from(der[1]), der[2], s[0]), (0x30, der[2..].len(), 2, 2));
    let padded = |number: &[u8]| {
        let digits = number.strip_prefix(&[0]).unwrap_or(number);
        [&vec![0; length], digits].concat().split_off(digits.len())
    };
    [padded(r), padded(&s[2..])].concat()
}

/// A key of each of [`ASKED`] with a token that another library signed.
fn tokens() -> Vec<(Algorithm, PublicKey, String)> {
    let cases = json(include_str!("../../../tests/core/vectors/host_algorithms.json"));
    let case = |case: &Json| {
        let key = PublicKey::from_jwk(case.get("jwk").unwrap()).unwrap();
        (key.algorithm(), key, case.get("jws").and_then(Json::as_str).unwrap().to_owned())
    };
    let tokens: Vec<_> = cases.as_array().unwrap().iter().map(case).collect();
    assert_eq!(tokens.iter().map(|(algorithm, ..)| *algorithm).collect::<Vec<_>>(), ASKED);
    tokens
}

/// A good token passes and a changed one does not, whoever verifies.
#[track_caller]
fn good_and_bad(key: &PublicKey, jws: &str, host: &dyn HostVerifier) {
    let (input, signature) = split(jws);
    assert!(key.verify(input, &signature, host));
    assert!(!key.verify(b"other", &signature, host));
}

#[test]
fn the_probes_tell_good_from_bad() {
    use Algorithm::*;
    assert_eq!(PROBES.each_ref().map(|(algorithm, _)| *algorithm), [Es256, Es384, Rs256, Rs384, Rs512]);
    for (algorithm, probe) in &PROBES {
        let algorithm = *algorithm;
        assert!(is_good(algorithm, probe.key, probe.signature, TEXT), "{algorithm:?}");
        assert!(!is_good(algorithm, probe.key, probe.signature, OTHER_TEXT), "{algorithm:?}");
    }
}

#[test]
fn a_whole_host_is_probed_once_for_each_algorithm_and_then_asked() {
    let partial = Partial::without(None);
    let host = ProvenHost::new(&partial);
    for (algorithm, key, jws) in tokens() {
        partial.asked().clear();
        good_and_bad(&key, &jws, &host);
        let (input, _) = split(&jws);
        let messages = [TEXT, OTHER_TEXT, input, b"other"];
        assert_eq!(*partial.asked(), messages.map(|message| (algorithm, message.to_vec())));
        good_and_bad(&key, &jws, &host);
        assert_eq!(partial.asked().len(), 6, "{algorithm:?}");
    }
}

#[test]
fn what_a_host_lacks_is_verified_here() {
    for lacked in ASKED {
        for answer in [None, Some(false), Some(true)] {
            let partial = Partial::without(Some((lacked, answer)));
            let host = ProvenHost::new(&partial);
            for (algorithm, key, jws) in tokens() {
                partial.asked().clear();
                good_and_bad(&key, &jws, &host);
                let asked = partial.asked();
                let about_the_token = asked.iter().filter(|(_, text)| ![TEXT, OTHER_TEXT].contains(&&**text));
                let expected = if algorithm == lacked { 0 } else { 2 };
                assert_eq!(about_the_token.count(), expected, "{algorithm:?} without {lacked:?}: {answer:?}");
                drop(asked);
                assert_eq!(host.verifies(algorithm), Some(algorithm != lacked));
            }
        }
    }
}

#[test]
fn nobody_asks_a_host_about_the_others() {
    let partial = Partial::without(None);
    let host = ProvenHost::new(&partial);
    for algorithm in Algorithm::ALL.iter().filter(|algorithm| !ASKED.contains(algorithm)) {
        assert_eq!(host.verifies(*algorithm), None);
        assert_eq!(host.verify(*algorithm, &[], &[], &[]), None);
    }
    assert_eq!(partial.asked().len(), 0);
}

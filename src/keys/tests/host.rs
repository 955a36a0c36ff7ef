//! What the host is asked, and what its answer is worth.

use super::super::{Algorithm, HostVerifier, NoHost, PublicKey, TableStore};
use super::verify::{RFC_7515_A3, split};
use super::{ED25519, P256, parse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::sync::{Mutex, MutexGuard};

/// Algorithm, SPKI and signature of a question.
type Question = (Algorithm, Vec<u8>, Vec<u8>);

/// A host that notes what it is asked and answers as it is told.
struct Host {
    answer: Option<bool>,
    asked: Mutex<Vec<Question>>,
}

impl Host {
    fn new(answer: Option<bool>) -> Host {
        Host { answer, asked: Mutex::default() }
    }

    fn asked(&self) -> MutexGuard<'_, Vec<Question>> {
        self.asked.lock().unwrap()
    }
}

impl HostVerifier for Host {
    fn verify(&self, algorithm: Algorithm, spki_der: &[u8], signature: &[u8], _: &[u8]) -> Option<bool> {
        self.asked().push((algorithm, spki_der.to_vec(), signature.to_vec()));
        self.answer
    }
}

fn pem_body(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(body).unwrap()
}

#[test]
fn the_hosts_answer_counts_and_silence_does_not() {
    let key = parse(P256).unwrap().key;
    let (input, signature) = split(RFC_7515_A3);
    assert!(key.verify(input, &signature, &Host::new(None)), "verified here");
    assert!(!key.verify(b"other", &signature, &Host::new(None)), "verified here");
    assert!(!key.verify(input, &signature, &Host::new(Some(false))));
    assert!(key.verify(b"other", &signature, &Host::new(Some(true))));
}

#[test]
fn with_tables_the_host_is_asked_about_what_they_do_not_vouch_for() {
    let key = parse(P256).unwrap().key;
    key.prepare(&TableStore::default());
    key.finish_tables();
    let (input, signature) = split(RFC_7515_A3);
    for answer in [None, Some(false), Some(true)] {
        let host = Host::new(answer);
        assert!(key.verify(input, &signature, &host));
        assert_eq!(host.asked().len(), 0, "the tables vouch for it");
        assert_eq!(key.verify(b"other", &signature, &host), answer == Some(true));
        assert_eq!(host.asked().len(), 1);
    }
}

#[test]
fn the_host_gets_der() {
    let host = Host::new(Some(true));
    let (input, signature) = split(RFC_7515_A3);
    assert!(parse(P256).unwrap().key.verify(input, &signature, &host));
    let asked = host.asked();
    let [(Algorithm::Es256, spki, der)] = &asked[..] else { panic!("{asked:?}") };
    // r begins with 0x0e, s with 0xc5.
    let expected = [&[0x30, 69, 2, 32], &signature[..32], &[2, 33, 0], &signature[32..]].concat();
    assert_eq!(*der, expected);
    assert_eq!(spki.len(), 91);
}

#[test]
fn the_spki_is_that_of_openssl() {
    for (pem, algorithm, length) in [
        (include_str!("../../../tests/core/vectors/pem/p256.pub"), Algorithm::Es256, 64),
        (include_str!("../../../tests/core/vectors/pem/p384.pub"), Algorithm::Es384, 96),
        (include_str!("../../../tests/core/vectors/pem/rsa2048.pub"), Algorithm::Rs256, 256),
    ] {
        let host = Host::new(Some(true));
        let key = PublicKey::from_pem(pem, None).unwrap();
        assert!(key.verify(b"", &vec![1; length], &host));
        let asked = host.asked();
        assert_eq!((asked[0].0, &asked[0].1), (algorithm, &pem_body(pem)));
    }
}

#[test]
fn the_host_never_sees_what_is_no_signature() {
    let host = Host::new(Some(true));
    let p256 = parse(P256).unwrap().key;
    let p384 = PublicKey::from_pem(include_str!("../../../tests/core/vectors/pem/p384.pub"), None).unwrap();
    let rsa = PublicKey::from_pem(include_str!("../../../tests/core/vectors/pem/rsa2048.pub"), None).unwrap();
    for (key, length) in [(&p256, 64), (&p384, 96), (&rsa, 256)] {
        // Not below the order or the modulus; zero; too short; too long.
        assert!(!key.verify(b"", &vec![0xff; length], &host));
        assert!(!key.verify(b"", &vec![1; length - 1], &host));
        assert!(!key.verify(b"", &vec![1; length + 1], &host));
        assert!(!key.verify(b"", &[], &host));
    }
    assert!(!p256.verify(b"", &[0; 64], &host));
    assert!(!p384.verify(b"", &[0; 96], &host));
    assert_eq!(host.asked().len(), 0);
}

#[test]
fn ed25519_and_pss_are_not_for_the_host() {
    let host = Host::new(Some(true));
    assert!(!parse(ED25519).unwrap().key.verify(b"", &[1; 64], &host));
    let pem = include_str!("../../../tests/core/vectors/pem/rsa2048.pub");
    let pss = PublicKey::from_pem(pem, Some("PS256")).unwrap();
    assert!(!pss.verify(b"", &[1; 256], &host));
    assert!(!pss.verify(b"", &[1; 256], &NoHost));
    assert_eq!(host.asked().len(), 0);
}

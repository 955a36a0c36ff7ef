//! When tables are made, and for whom: they are counted by the memory that they take.

use super::super::{Algorithm, HostVerifier, PublicKey, TableStore};
use super::verify::{RFC_7515_A3, RFC_8037_A4, split};
use super::{ED25519, P256, parse};
use std::sync::atomic::{AtomicUsize, Ordering};

const ALL: [(&str, &str, usize); 2] = [(ED25519, RFC_8037_A4, 480 << 10), (P256, RFC_7515_A3, 288 << 10)];

/// More signatures than tables have rows.
const MANY: usize = 100;

/// A host that verifies, as it were, and counts.
#[derive(Default)]
struct Host(AtomicUsize);

impl Host {
    fn asked(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl HostVerifier for Host {
    fn verify(&self, _: Algorithm, _: &[u8], _: &[u8], message: &[u8]) -> Option<bool> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Some(!message.is_empty())
    }
}

fn pinned(jwk: &str, store: &TableStore) -> PublicKey {
    let key = parse(jwk).unwrap().key;
    key.prepare(store);
    key
}

fn has_table(key: &PublicKey) -> bool {
    format!("{key:?}").contains("table_bytes: Some")
}

#[test]
fn good_signatures_bring_a_table_about_and_bad_ones_do_not() {
    for (jwk, jws, bytes) in ALL {
        let (store, host) = (TableStore::default(), Host::default());
        let all = store.left();
        let key = pinned(jwk, &store);
        let (input, signature) = split(jws);
        let mut changed = signature.clone();
        changed[40] ^= 1;
        for _ in 0..MANY {
            assert!(!key.verify(b"", &signature, &host));
            assert!(!key.verify(b"", &changed, &host));
            assert!(!key.verify(input, &signature[1..], &host));
        }
        assert_eq!(store.left(), all, "strangers' tokens begin no table");
        for _ in 0..MANY {
            assert!(key.verify(input, &signature, &host));
        }
        assert_eq!(all - store.left(), bytes);
        assert!(has_table(&key));
    }
}

#[test]
fn with_its_table_a_key_needs_no_host() {
    let (store, host) = (TableStore::default(), Host::default());
    let key = pinned(P256, &store);
    let (input, signature) = split(RFC_7515_A3);
    for _ in 0..MANY {
        assert!(key.verify(input, &signature, &host));
    }
    let asked = host.asked();
    // 32 rows of its own, and those of G where no other test has made them.
    assert!((32..MANY - 10).contains(&asked), "{asked}");
    assert!(key.verify(input, &signature, &host));
    assert_eq!(host.asked(), asked);
}

#[test]
fn a_push_keeps_the_tables_of_keys_that_stay() {
    for (jwk, jws, bytes) in ALL {
        let (store, host) = (TableStore::default(), Host::default());
        let all = store.left();
        let (input, signature) = split(jws);
        let first = pinned(jwk, &store);
        first.finish_tables();
        let asked = host.asked();
        let second = pinned(jwk, &store);
        drop(first);
        assert!(has_table(&second) && second.verify(input, &signature, &host));
        assert_eq!((all - store.left(), host.asked()), (bytes, asked), "one table, and at once");
        drop(second);
        assert_eq!(store.left(), all);
    }
}

#[test]
fn a_key_that_is_in_use_while_its_table_grows_always_answers_right() {
    for (jwk, jws, _) in ALL {
        let store = TableStore::default();
        let key = pinned(jwk, &store);
        let (input, signature) = split(jws);
        for n in 0..MANY {
            assert!(key.verify(input, &signature, &super::super::NoHost), "{n}");
            assert!(!key.verify(b"other", &signature, &super::super::NoHost), "{n}");
        }
        assert!(has_table(&key));
    }
}

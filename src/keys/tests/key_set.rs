//! How a token picks a key.

use super::super::{KeyHint, KeySet, PinnedKey, Window};
use super::{ED25519, P256, parse, with};
use crate::decision::DenyReason::{self, AlgorithmNotAllowed, KeyNotValidNow, KeyUnknown};
use crate::decision::Trace;
use crate::time::UnixTime;

fn at(seconds: f64) -> UnixTime {
    UnixTime::new(seconds).unwrap()
}

fn pinned(jwk: &str, kid: Option<&str>, x5t: Option<&str>, window: (Option<f64>, Option<f64>)) -> PinnedKey {
    PinnedKey {
        key: parse(jwk).unwrap().key,
        kid: kid.map(Into::into),
        x5t_s256: x5t.map(Into::into),
        window: Window { not_before: window.0.map(at), not_after: window.1.map(at) },
        fetched: None,
    }
}

/// The index of the key picked at time 100.
#[track_caller]
fn pick(
    keys: &[PinnedKey],
    alg: &str,
    kid: Option<&str>,
    x5t_s256: Option<&str>,
) -> Result<usize, DenyReason> {
    let set = KeySet::new(keys.to_vec());
    let picked = set
        .select(&KeyHint { alg, kid, x5t_s256 }, at(100.0), &mut Trace::off())
        .map_err(|denial| denial.reason)?;
    Ok(set.keys().iter().position(|key| std::ptr::eq(key, picked)).unwrap())
}

const ALWAYS: (Option<f64>, Option<f64>) = (None, None);
const OVER: (Option<f64>, Option<f64>) = (None, Some(100.0));

#[test]
fn no_key_has_the_algorithm() {
    let keys = [pinned(ED25519, Some("a"), None, OVER)];
    assert_eq!(pick(&keys, "ES256", None, None), Err(AlgorithmNotAllowed));
    assert_eq!(pick(&keys, "eddsa", Some("a"), None), Err(AlgorithmNotAllowed));
    assert_eq!(pick(&keys, "none", Some("x"), None), Err(AlgorithmNotAllowed));
    assert_eq!(pick(&[], "EdDSA", None, None), Err(AlgorithmNotAllowed));
}

#[test]
fn the_named_key_has_another_algorithm() {
    let keys = [pinned(ED25519, Some("a"), None, OVER), pinned(P256, Some("b"), Some("B"), OVER)];
    assert_eq!(pick(&keys, "ES256", Some("a"), None), Err(AlgorithmNotAllowed));
    assert_eq!(pick(&keys, "EdDSA", None, Some("B")), Err(AlgorithmNotAllowed));
    assert_eq!(pick(&keys, "EdDSA", Some("a"), Some("B")), Err(AlgorithmNotAllowed));
}

#[test]
fn ed25519_is_another_name_of_eddsa() {
    let written = |alg: &str| with(ED25519, &format!(r#""alg":"{alg}""#));
    for jwk in [ED25519.to_owned(), written("EdDSA"), written("Ed25519")] {
        let keys = [pinned(P256, Some("a"), None, ALWAYS), pinned(&jwk, Some("b"), Some("B"), ALWAYS)];
        for alg in ["EdDSA", "Ed25519"] {
            assert_eq!(pick(&keys, alg, None, None), Ok(1));
            assert_eq!(pick(&keys, alg, Some("b"), Some("B")), Ok(1));
            assert_eq!(pick(&keys, alg, Some("a"), None), Err(AlgorithmNotAllowed));
            assert_eq!(pick(&keys[..1], alg, None, None), Err(AlgorithmNotAllowed));
        }
        assert_eq!(pick(&keys, "ed25519", None, None), Err(AlgorithmNotAllowed));
    }
    // One algorithm, so two keys of it are two, whatever they call it.
    let both = [written("EdDSA"), written("Ed25519")].map(|jwk| pinned(&jwk, None, None, ALWAYS));
    assert_eq!(pick(&both, "Ed25519", None, None), Err(KeyUnknown));
}

#[test]
fn kid_names_the_key() {
    let keys = [pinned(ED25519, Some("a"), None, ALWAYS), pinned(ED25519, Some("b"), None, ALWAYS)];
    assert_eq!(pick(&keys, "EdDSA", Some("b"), None), Ok(1));
    assert_eq!(pick(&keys, "EdDSA", Some("B"), None), Err(KeyUnknown));
    assert_eq!(pick(&keys, "EdDSA", Some(""), None), Err(KeyUnknown));
}

#[test]
fn a_key_without_kid_fits_no_kid() {
    let keys = [pinned(ED25519, None, None, ALWAYS)];
    assert_eq!(pick(&keys, "EdDSA", Some("a"), None), Err(KeyUnknown));
    assert_eq!(pick(&keys, "EdDSA", None, Some("a")), Err(KeyUnknown));
    assert_eq!(pick(&keys, "EdDSA", None, None), Ok(0));
}

#[test]
fn the_certificate_names_the_key() {
    let keys = [pinned(P256, Some("a"), Some("A"), ALWAYS), pinned(P256, Some("b"), Some("B"), ALWAYS)];
    assert_eq!(pick(&keys, "ES256", None, Some("B")), Ok(1));
    assert_eq!(pick(&keys, "ES256", None, Some("b")), Err(KeyUnknown));
    assert_eq!(pick(&keys, "ES256", Some("b"), Some("B")), Ok(1));
    assert_eq!(pick(&keys, "ES256", Some("a"), Some("B")), Err(KeyUnknown));
}

#[test]
fn without_a_name_only_one_usable_key_may_fit() {
    let usable = pinned(ED25519, Some("a"), None, ALWAYS);
    let over = pinned(ED25519, Some("b"), None, OVER);
    let other = pinned(P256, Some("c"), None, ALWAYS);
    assert_eq!(pick(&[over.clone(), usable.clone(), other.clone()], "EdDSA", None, None), Ok(1));
    assert_eq!(pick(&[usable.clone(), usable], "EdDSA", None, None), Err(KeyUnknown));
    assert_eq!(pick(&[over.clone(), over, other], "EdDSA", None, None), Err(KeyNotValidNow));
}

#[test]
fn the_window_is_half_open() {
    let with = |window| pick(&[pinned(ED25519, Some("a"), None, window)], "EdDSA", Some("a"), None);
    assert_eq!(with((Some(100.0), None)), Ok(0));
    assert_eq!(with((Some(100.5), None)), Err(KeyNotValidNow));
    assert_eq!(with((None, Some(100.0))), Err(KeyNotValidNow));
    assert_eq!(with((None, Some(100.5))), Ok(0));
}

#[test]
fn windows_narrow_each_other() {
    let window =
        |from: Option<f64>, to: Option<f64>| Window { not_before: from.map(at), not_after: to.map(at) };
    let both = window(Some(1.0), Some(9.0)).narrowed_by(&window(Some(2.0), Some(10.0)));
    assert_eq!(both, window(Some(2.0), Some(9.0)));
    assert_eq!(window(None, None).narrowed_by(&both), both);
    assert!(!both.is_empty());
    assert!(both.narrowed_by(&window(Some(9.0), None)).is_empty());
}

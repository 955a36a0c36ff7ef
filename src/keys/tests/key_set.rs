//! How a token picks a key.

use super::super::{KeyHint, KeySet, PinnedKey, Window};
use super::{ED25519, P256, parse, with};
use crate::decision::DenyReason::{self, AlgorithmNotAllowed, KeyNotValidNow, KeyUnknown};
use crate::decision::{Check, Trace};
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
    assert_eq!(pick(&keys, "ES256", Some("a"), Some("B")), Err(AlgorithmNotAllowed));
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
fn a_set_knows_each_name_by_itself() {
    let set = KeySet::new(vec![
        pinned(ED25519, Some("a"), None, ALWAYS),
        pinned(P256, Some("b"), Some("B"), ALWAYS),
    ]);
    let knows = |kid, x5t_s256| set.knows(&KeyHint { alg: "EdDSA", kid, x5t_s256 });
    assert!(knows(Some("a"), Some("B")) && knows(Some("b"), Some("B")) && knows(None, Some("B")));
    assert!(!knows(Some("c"), Some("B")) && !knows(Some("a"), Some("C")) && !knows(None, Some("a")));
}

#[test]
fn keys_are_told_with_dates_that_keep_them_out() {
    let set = KeySet::new(vec![
        pinned(ED25519, Some("early"), None, (Some(100.5), Some(200.0))),
        pinned(P256, None, None, OVER),
        pinned(P256, Some("good"), None, (Some(100.0), Some(100.5))),
        pinned(P256, Some("past"), None, (Some(1.0), Some(99.0))),
    ]);
    let mut trace = Trace::on();
    let hint = KeyHint { alg: "ES256", kid: Some("good"), x5t_s256: Some("B") };
    set.select(&hint, at(100.0), &mut trace).map(|_| ()).expect_err("no such certificate");
    let endings = trace.endings(None);
    let note = endings.iter().find_map(|(check, _, note)| note.filter(|_| *check == Check::Key)).unwrap();
    let (early, over, past) = (at(100.5), at(100.0), at(99.0));
    let keys = format!(
        "early EdDSA, not before {early}; (no kid) ES256, over since {over}; good ES256; past ES256, over since {past}"
    );
    assert_eq!((&*note.expected, &*note.found), (&*keys, "alg ES256, kid good, x5t#S256 B"));
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

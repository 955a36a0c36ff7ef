//! Chains that lead to an authority, and the dates that come of them. The files were made with pyca/cryptography; each lies within
//! the dates that the tests name, in seconds since 1970.

use super::super::{Certificate, NoHost, TrustAnchors, Vouched, Window, Work};
use crate::fqdn::Fqdn;
use crate::time::UnixTime;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// From 500,000 to 5,000,000.
const AUTHORITY: &str = file!("authority.crt");
/// The same name and key, from 4,000,000 to 7,000,000.
const RENEWED: &str = file!("authority_renewed.crt");
/// Signed by both, from 2,000,000 to 8,000,000.
const ISSUING: &str = file!("issuing.crt");
/// What signs tokens, from 1,000,000 to 9,000,000.
const ISSUED: &str = file!("issued.crt");

fn at(seconds: f64) -> UnixTime {
    UnixTime::new(seconds).unwrap()
}

fn der(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(body).unwrap()
}

fn anchors(pems: &[&str]) -> TrustAnchors {
    let mut anchors = TrustAnchors::default();
    pems.iter().for_each(|pem| anchors.add_pem(pem).unwrap());
    anchors
}

/// What becomes of a chain of these certificates at this moment.
fn vouched(authorities: &[&str], chain: &[Vec<u8>], now: f64) -> Result<Vouched, String> {
    let key = Certificate::from_pem(ISSUED, None).unwrap().key;
    let server = Fqdn::parse("aes.example.net").unwrap();
    anchors(authorities).vouch(chain, &key, &server, at(now), &Work::default(), &NoHost)
}

#[test]
fn a_chain_is_valid_while_all_of_it_is_whenever_it_is_read() {
    let chain = [der(ISSUED), der(ISSUING)];
    let (old, new) = ((2e6, 5e6), (4e6, 7e6));
    for (authorities, now, (start, end)) in [
        (&[AUTHORITY][..], 3e6, old),
        // Before, of its own, and after the authority alone, or all of them.
        (&[AUTHORITY], 1.5e6, old),
        (&[AUTHORITY], 6e6, old),
        (&[AUTHORITY], 8.5e6, old),
        (&[AUTHORITY], 1e7, old),
        (&[RENEWED], 3e6, new),
        (&[RENEWED], 6e6, new),
        // Of two, the one that is valid, or else lasts longest.
        (&[AUTHORITY, RENEWED], 3e6, old),
        (&[RENEWED, AUTHORITY], 3e6, old),
        (&[AUTHORITY, RENEWED], 4.5e6, new),
        (&[RENEWED, AUTHORITY], 4.5e6, new),
        (&[AUTHORITY, RENEWED], 6e6, new),
        (&[RENEWED, AUTHORITY], 9.5e6, new),
    ] {
        let window = Window { not_before: Some(at(start)), not_after: Some(at(end)) };
        let x5t_s256 = Certificate::from_pem(ISSUED, None).unwrap().x5t_s256;
        let expected = Ok(Vouched { x5t_s256, window });
        assert_eq!(vouched(authorities, &chain, now), expected, "{now} {authorities:?}");
    }
}

#[test]
fn what_is_no_certificate_makes_no_chain() {
    let unreadable = Err("has a certificate in `x5c` that cannot be read".to_owned());
    for now in [3e6, 1e7] {
        assert_eq!(vouched(&[AUTHORITY], &[der(ISSUED), der(ISSUING), vec![0x30, 0]], now), unreadable);
        let alone = vouched(&[AUTHORITY], &[der(ISSUED)], now).expect_err("nobody has signed its issuer");
        assert!(alone.starts_with("has no chain to a trust anchor: "), "{alone}");
        let nobody = vouched(&[], &[der(ISSUED), der(ISSUING)], now).expect_err("nobody is trusted");
        assert!(nobody.starts_with("has no chain to a trust anchor: "), "{nobody}");
    }
}

#[test]
fn a_certificate_is_told_of_whether_its_key_is_of_use_or_not() {
    let outline = Certificate::outline(&der(ISSUED)).expect("a certificate");
    let read = Certificate::from_pem(ISSUED, None).unwrap();
    assert_eq!((outline.x5t_s256, outline.window), (read.x5t_s256, read.window));
    assert_eq!(outline.dns_names, [Box::from("aes.example.net")]);
    let authority = Certificate::outline(&der(AUTHORITY)).expect("a certificate");
    assert_eq!(authority.window, Window { not_before: Some(at(5e5)), not_after: Some(at(5e6)) });
    assert!(authority.dns_names.is_empty());
    assert!(Certificate::outline(&[0x30, 0]).is_none());
}

#[test]
fn an_authority_with_a_weak_key_is_refused() {
    let add = |pem| TrustAnchors::default().add_pem(pem).map_err(|errors| errors[0].message.clone());
    let weak = add(file!("roca.crt")).unwrap_err();
    assert!(weak.starts_with("has the fingerprint of a vulnerable key generator"), "{weak}");
    assert_eq!(add(file!("rsa.crt")), Ok(()));
}

#[test]
fn authorities_show_how_many_they_are() {
    assert_eq!(format!("{:?}", anchors(&[AUTHORITY, RENEWED])), "TrustAnchors(2)");
    assert!(anchors(&[]).is_empty() && !anchors(&[AUTHORITY]).is_empty());
}

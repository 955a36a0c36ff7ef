//! Keys and certificates in PEM with other bytes in their DER than those that OpenSSL wrote.

use super::super::Certificate;
use super::pem::{GOOD, only, refused};
use crate::time::UnixTime;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// `pem` with other bytes in its DER, at the first place that has such.
fn changed(pem: &str, from: &[u8], to: &[u8]) -> String {
    let lines: Vec<&str> = pem.lines().collect();
    let [begin, body @ .., end] = lines.as_slice() else { panic!("{pem}") };
    let mut der = STANDARD.decode(body.concat()).unwrap();
    let place = der.windows(from.len()).position(|bytes| bytes == from).unwrap();
    der.splice(place..place + from.len(), to.iter().copied());
    format!("{begin}\n{}\n{end}", STANDARD.encode(der))
}

#[test]
fn keys_that_are_not_written_as_their_type_is() {
    let parameters = "has parameters that its type does not have; take the key from its issuer again";
    let ed25519 = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70";
    let with_null = b"\x30\x2c\x30\x07\x06\x03\x2b\x65\x70\x05\x00";
    refused(&changed(file!("ed25519.pub"), ed25519, with_null), parameters);
    let rsa = b"\x01\x22\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
    let without_null = b"\x01\x20\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
    refused(&changed(file!("rsa2048.pub"), rsa, without_null), parameters);
    // A byte more, before the coordinates.
    let longer = changed(file!("p256.pub"), b"\x30\x59", b"\x30\x5a");
    refused(
        &changed(&longer, b"\x03\x42\x00\x04", b"\x03\x43\x00\x04\x00"),
        "has a point of the wrong length; take the key from its issuer again",
    );
}

#[test]
fn dates_before_1970_are_told_as_such() {
    const BEFORE: &str = ".certificate_pem: has a date before 1970, where times begin here; use a certificate with later dates";
    // GeneralizedTime, 1940.
    assert_eq!(only(Certificate::from_pem(file!("before1970.crt"), None)), BEFORE);
    // UTCTime: 69 is 1969, and 70 is 1970. The last two are no dates at all.
    let broken = ".certificate_pem: is not the DER of an X.509 certificate; take it from its issuer again";
    for (time, expected) in [
        (b"500101000000Z", BEFORE),
        (b"680229235959Z", BEFORE),
        (b"691231235959Z", BEFORE),
        (b"690229000000Z", broken),
        (b"691231246060Z", broken),
    ] {
        assert_eq!(only(Certificate::from_pem(&with_start(time), None)), expected);
    }
    let first = Certificate::from_pem(&with_start(b"700101000000Z"), None).unwrap();
    assert_eq!(first.window.not_before, UnixTime::new(0.0));
}

/// [`GOOD`] with another UTCTime as the beginning; nobody asks about its signature.
fn with_start(time: &[u8; 13]) -> String {
    changed(GOOD, b"261124090432Z", time)
}

#[test]
fn extensions_are_of_version_3() {
    let version = |number: u8| changed(GOOD, b"\xa0\x03\x02\x01\x02", &[0xa0, 3, 2, 1, number]);
    assert!(Certificate::from_pem(&version(2), None).is_ok());
    assert_eq!(
        only(Certificate::from_pem(&version(1), None)),
        ".certificate_pem: is not the DER of an X.509 certificate; take it from its issuer again"
    );
}

#[test]
fn damaged_certificates_are_refused_or_read_but_never_worse() {
    let pem = |der: &[u8]| {
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----", STANDARD.encode(der))
    };
    let body: String = GOOD.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = STANDARD.decode(body).unwrap();
    assert!(Certificate::from_pem(&pem(&der), None).is_ok());
    for length in 0..der.len() {
        assert!(Certificate::from_pem(&pem(&der[..length]), None).is_err(), "{length}");
    }
    assert!(Certificate::from_pem(&pem(&[&der[..], &[0]].concat()), None).is_err());
    let good = Certificate::from_pem(GOOD, None).unwrap();
    let mut read = 0;
    for bit in 0..der.len() * 8 {
        let mut damaged = der.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        if let Ok(certificate) = Certificate::from_pem(&pem(&damaged), None) {
            assert_ne!(certificate.x5t_s256, good.x5t_s256);
            read += 1;
        }
    }
    // Most bits are the signature and names: nobody asks about those.
    assert!(read > 0 && read < der.len() * 8, "{read}");
}

//! Keys in PEM, and certificates. The files were made with OpenSSL.

use super::super::{Algorithm, Certificate, KeyErrors, PublicKey};
use crate::fqdn::Fqdn;
use crate::time::UnixTime;

pub(super) const GOOD: &str = file!("good.crt");

#[track_caller]
pub(super) fn only<T>(result: Result<T, KeyErrors>) -> String {
    match result.err().as_deref() {
        Some([error]) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub(super) fn refused(pem: &str, expected: &str) {
    assert_eq!(only(PublicKey::from_pem(pem, None)), format!(".public_key_pem: {expected}"));
}

#[test]
fn each_type_of_key() {
    for (pem, algorithm) in [
        (file!("ed25519.pub"), Algorithm::EdDsa),
        (file!("p256.pub"), Algorithm::Es256),
        (file!("p384.pub"), Algorithm::Es384),
        (file!("rsa2048.pub"), Algorithm::Rs256),
    ] {
        assert_eq!(PublicKey::from_pem(pem, None).unwrap().algorithm(), algorithm);
        assert_eq!(PublicKey::from_pem(pem, Some(algorithm.name())).unwrap().algorithm(), algorithm);
        let crlf = format!("\n  {}  \r\n", pem.trim().replace('\n', "\r\n"));
        assert!(PublicKey::from_pem(&crlf, None).is_ok());
    }
}

#[test]
fn alg_fits_the_key() {
    let rsa = file!("rsa2048.pub");
    for alg in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] {
        assert_eq!(PublicKey::from_pem(rsa, Some(alg)).unwrap().algorithm().name(), alg);
    }
    assert_eq!(
        only(PublicKey::from_pem(rsa, Some("ES256"))),
        r#".alg: "ES256" does not fit this key; use "RS256" or "RS384" or "RS512" or "PS256" or "PS384" or "PS512""#
    );
    assert_eq!(
        only(PublicKey::from_pem(file!("p384.pub"), Some("ES256"))),
        r#".alg: "ES256" does not fit this key; use "ES384""#
    );
    assert_eq!(
        only(PublicKey::from_pem(file!("p256.pub"), Some("none"))),
        r#".alg: "none" is never accepted; use "ES256""#
    );
}

#[test]
fn keys_that_are_not_supported() {
    let curve = "is on a curve that is not supported; use Ed25519, P-256 or P-384";
    refused(file!("p521.pub"), curve);
    refused(
        file!("p256c.pub"),
        "has a compressed point; convert it with `openssl ec -pubin -conv_form uncompressed`",
    );
    refused(file!("rsa1024.pub"), "has 1024 bits; use an RSA key of 2048 to 8192 bits");
    refused(
        file!("rsae3.pub"),
        "must be an odd number from 65537 to 4294967295 as exponent; use a key with the usual 65537",
    );
    refused(
        file!("x25519.pub"),
        "is of the type 1.3.101.110, which is not supported; use Ed25519, P-256, P-384 or RSA",
    );
    assert!(only(PublicKey::from_pem(file!("pss.pub"), Some("PS256"))).contains("restricted to RSASSA-PSS"));
}

#[test]
fn one_block_of_the_right_kind() {
    let key = file!("p256.pub");
    refused("", "is not PEM; it must begin with a line `-----BEGIN PUBLIC KEY-----`");
    refused(&key.repeat(2), "has 2 PEM blocks; give one, each key its own entry");
    refused(GOOD, r#"has a block "CERTIFICATE"; use `certificate_pem` for it"#);
    refused(
        file!("rsa2048.pkcs1"),
        r#"has a block "RSA PUBLIC KEY"; convert it with `openssl rsa -RSAPublicKey_in -pubout`"#,
    );
    let lines = "must be the lines from `-----BEGIN PUBLIC KEY-----` to `-----END PUBLIC KEY-----` only";
    refused(&format!("the key of 2026\n{key}"), lines);
    refused(&format!("{key}and more"), lines);
    refused(key.split_once("-----END").unwrap().0, lines);
    let breaks = "has lost its line breaks; write them as `\\n` in JSON, or use a YAML block (`|`)";
    refused(&key.replace('\n', " "), breaks);
    refused(&key.replace('\n', "\\n"), breaks);
    let body = "has a body that is not base64; copy the whole block with its line breaks";
    refused(&key.replace("==", ""), body);
    refused(&key.replace("MFkw", "MFkw MFkw"), body);
    refused(
        &key.replace("MFkw", "MFow"),
        "is not the DER of a SubjectPublicKeyInfo; take the key from its issuer again",
    );
}

#[test]
fn private_keys_are_refused_wherever_they_stand() {
    let private = "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n";
    for text in [
        private.to_owned(),
        format!("{}{private}", file!("p256.pub")),
        private.replace("EC ", "").replace('\n', " "),
    ] {
        let error = only(PublicKey::from_pem(&text, None));
        assert!(error.starts_with(".public_key_pem: is private key material"), "{error}");
        let error = only(Certificate::from_pem(&text, None));
        assert!(error.starts_with(".certificate_pem: is private key material"), "{error}");
    }
}

#[test]
fn a_certificate_gives_key_name_dates_and_thumbprint() {
    let certificate = Certificate::from_pem(GOOD, None).unwrap();
    let key = PublicKey::from_pem(file!("p256.pub"), None).unwrap();
    assert_eq!(certificate.key.thumbprint(), key.thumbprint());
    assert_eq!(certificate.x5t_s256.as_ref(), "L2XteML0YuXfThExxKgU77RRKVm-svv5Sb-0aPV3zmk");
    assert_eq!(certificate.window.not_before, UnixTime::from_rfc3339("2026-11-24T09:04:32Z"));
    assert_eq!(certificate.window.not_after, UnixTime::from_rfc3339("2036-11-21T09:04:32Z"));
    let names: Vec<&str> = certificate.dns_names.iter().map(|name| &**name).collect();
    assert_eq!(names, ["other.example.net", "AES.example.net"]);
    assert!(certificate.check_name(&Fqdn::parse("aes.example.net.").unwrap()).is_ok());
}

#[test]
fn certificates_with_other_keys() {
    assert_eq!(Certificate::from_pem(file!("ed.crt"), None).unwrap().key.algorithm(), Algorithm::EdDsa);
    let rsa = Certificate::from_pem(file!("rsa.crt"), Some("PS256")).unwrap();
    assert_eq!(rsa.key.algorithm(), Algorithm::Ps256);
}

#[test]
fn the_name_is_a_dns_name_of_its_own() {
    let server = Fqdn::parse("aes.example.net").unwrap();
    let error = |pem| Certificate::from_pem(pem, None).unwrap().check_name(&server).unwrap_err().to_string();
    assert_eq!(
        error(file!("wild.crt")),
        ".certificate_pem: names other hosts: a dNSName in its subjectAltName must be \"aes.example.net\" \
         (there: \"*.example.net\"); use the certificate of this server"
    );
    assert_eq!(
        error(file!("cnonly.crt")),
        ".certificate_pem: has no dNSName in a subjectAltName, so it does not say that it is \"aes.example.net\"; get one that does, or \
         pin its key alone as \"public_key_pem\" (`openssl x509 -pubkey -noout`): then no name and no dates are checked; not if it is \
         a CA's, whose key signs no tokens"
    );
    let other = Fqdn::parse("example.net").unwrap();
    assert!(Certificate::from_pem(GOOD, None).unwrap().check_name(&other).is_err());
}

#[test]
fn certificates_that_cannot_be_pinned() {
    assert_eq!(
        only(Certificate::from_pem(file!("usage.crt"), None)),
        ".certificate_pem: has a keyUsage without digitalSignature; use a certificate for signatures"
    );
    assert_eq!(
        only(Certificate::from_pem(file!("weak.crt"), None)),
        ".certificate_pem: has 1024 bits; use an RSA key of 2048 to 8192 bits"
    );
    assert_eq!(
        only(Certificate::from_pem(&GOOD.repeat(3), None)),
        ".certificate_pem: has 3 certificates; keep that of the server which signs the tokens, mostly the first, and leave out \
         those that vouch for it: it is pinned, so nobody asks them"
    );
    assert_eq!(
        only(Certificate::from_pem(file!("p256.pub"), None)),
        r#".certificate_pem: has a block "PUBLIC KEY"; use `public_key_pem` for it"#
    );
    assert_eq!(
        only(Certificate::from_pem(&GOOD.replacen("MII", "MIJ", 1), None)),
        ".certificate_pem: is not the DER of an X.509 certificate; take it from its issuer again"
    );
}

#[test]
fn what_does_not_count_in_a_pinned_certificate_may_say_anything() {
    // Critical: a CA, clientAuth alone, the name excluded, policies, an extension that nobody knows. Then where to ask
    // for its revocation, and that it must be asked. Signed by somebody else.
    let certificate = Certificate::from_pem(file!("ignored.crt"), None).unwrap();
    assert!(certificate.check_name(&Fqdn::parse("aes.example.net").unwrap()).is_ok());
}

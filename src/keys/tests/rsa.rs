//! Sizes and forms of RSA keys in a JWK.

use super::super::Algorithm;
use super::jwk::refused;
use super::{parse, with};

#[test]
fn rsa_numbers() {
    use base64::Engine as _;
    let rsa = |n: &[u8], e: &[u8]| {
        let [n, e] = [n, e].map(|bytes| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes));
        format!(r#"{{"kty":"RSA","n":"{n}","e":"{e}"}}"#)
    };
    let modulus = |bits: usize| {
        let mut n = vec![0xff; bits.div_ceil(8)];
        n[0] = 0xff >> (n.len() * 8 - bits);
        n
    };
    let f4 = [1, 0, 1];
    for bits in [2048, 2049, 3072, 8192] {
        let key = parse(&rsa(&modulus(bits), &f4)).unwrap().key;
        assert_eq!(key.algorithm(), Algorithm::Rs256, "{bits}");
    }
    for bits in [1024, 2047, 8193, 100_000] {
        let expected = format!(".n: has {bits} bits; use an RSA key of 2048 to 8192 bits");
        refused(&rsa(&modulus(bits), &f4), &expected);
    }
    // For PSS the encoded message would be a byte shorter than the modulus.
    let pss = |bits| with(&rsa(&modulus(bits), &f4), r#""alg":"PS256""#);
    let whole =
        r#".alg: "PS256" needs an RSA key of a multiple of 8 bits, and this one has 2049; use another"#;
    refused(&pss(2049), whole);
    assert!(parse(&pss(2056)).is_ok());
    let n = modulus(2048);
    let exponent =
        ".e: must be an odd number from 65537 to 4294967295 as exponent; use a key with the usual 65537";
    for e in [&[3][..], &[1, 0, 0], &[0xff, 0xff], &[1, 0, 2], &[1, 0, 0, 0, 1], &[0xff; 300]] {
        refused(&rsa(&n, e), exponent);
    }
    assert!(parse(&rsa(&n, &[0xff; 4])).is_ok());
    let zero = "is empty or begins with a zero byte; encode the number in as few bytes as possible";
    refused(&rsa(&[&[0], &n[..]].concat(), &f4), &format!(".n: {zero}"));
    refused(&rsa(&n, &[0, 1, 0, 1]), &format!(".e: {zero}"));
    let even = [&n[1..], &[0xfe]].concat();
    refused(&rsa(&even, &f4), ".n: is even, so no RSA modulus; take the key from its issuer again");
    refused(
        &with(&rsa(&n, &f4), r#""alg":"RSA-OAEP""#),
        ".alg: \"RSA-OAEP\" does not fit this key; use \"RS256\" or \"RS384\" or \"RS512\" or \"PS256\" or \"PS384\" or \"PS512\"",
    );
}

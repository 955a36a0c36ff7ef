//! Sizes and forms of RSA keys in a JWK, and moduli that are weak.

use super::super::{Algorithm, JwkSet, PresentedKey, PublicKey};
use super::jwk::refused;
use super::{json, parse, with};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rsa::BigUint;

const F4: [u8; 3] = [1, 0, 1];

/// The key of Wycheproof's json_web_key_test.json, tcId 7, "rejectsKeyWithRocaVulnerability".
const ROCA: &str = include_str!("../../../tests/core/vectors/roca.json");
const ROCA_MESSAGE: &str = ".n: has the fingerprint of a vulnerable key generator (ROCA, CVE-2017-15361); replace the \
                            key pair by one that was made elsewhere";
const FACTOR_MESSAGE: &str = ".n: has a prime factor below 65536, so it is damaged or weak; take the key from its issuer \
                              again, or have the key pair replaced";

fn rsa(n: &[u8], e: &[u8]) -> String {
    let [n, e] = [n, e].map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
    format!(r#"{{"kty":"RSA","n":"{n}","e":"{e}"}}"#)
}

/// The largest number of so many bits without a factor below 2^16: 2^bits - k. Python found the k by the product of
/// all those primes.
fn modulus(bits: usize) -> BigUint {
    let k: u32 = match bits {
        2031 => 7,
        2032 => 17,
        2048 => 29,
        2049 => 13,
        2056 => 15,
        3072 => 3,
        8192 => 45,
        // For sizes that are refused before anybody divides.
        _ => 1,
    };
    (BigUint::from(1_u8) << bits) - k
}

#[test]
fn rsa_numbers() {
    let of = |bits| rsa(&modulus(bits).to_bytes_be(), &F4);
    for bits in [2048, 2049, 3072, 8192] {
        let key = parse(&of(bits)).unwrap().key;
        assert_eq!(key.algorithm(), Algorithm::Rs256, "{bits}");
    }
    for bits in [1024, 2047, 8193, 100_000] {
        let expected = format!(".n: has {bits} bits; use an RSA key of 2048 to 8192 bits");
        refused(&of(bits), &expected);
    }
    // For PSS the encoded message would be a byte shorter than the modulus.
    let pss = |bits| with(&of(bits), r#""alg":"PS256""#);
    let whole =
        r#".alg: "PS256" needs an RSA key of a multiple of 8 bits, and this one has 2049; use another"#;
    refused(&pss(2049), whole);
    assert!(parse(&pss(2056)).is_ok());
    let n = modulus(2048).to_bytes_be();
    let exponent =
        ".e: must be an odd number from 65537 to 4294967295 as exponent; use a key with the usual 65537";
    for e in [&[3][..], &[1, 0, 0], &[0xff, 0xff], &[1, 0, 2], &[1, 0, 0, 0, 1], &[0xff; 300]] {
        refused(&rsa(&n, e), exponent);
    }
    assert!(parse(&rsa(&n, &[0xff; 4])).is_ok());
    let zero = "is empty or begins with a zero byte; encode the number in as few bytes as possible";
    refused(&rsa(&[&[0], &n[..]].concat(), &F4), &format!(".n: {zero}"));
    refused(&rsa(&n, &[0, 1, 0, 1]), &format!(".e: {zero}"));
    let even = (modulus(2048) - 1_u8).to_bytes_be();
    refused(&rsa(&even, &F4), ".n: is even, so no RSA modulus; take the key from its issuer again");
    refused(
        &with(&rsa(&n, &F4), r#""alg":"RSA-OAEP""#),
        ".alg: \"RSA-OAEP\" does not fit this key; use \"RS256\" or \"RS384\" or \"RS512\" or \"PS256\" or \"PS384\" or \"PS512\"",
    );
}

#[test]
fn a_prime_factor_below_2_to_the_16_is_refused() {
    let times = |factor: u32, bits| rsa(&(modulus(bits) * factor).to_bytes_be(), &F4);
    for factor in [3_u32, 5, 251, 257, 65_519, 65_521] {
        refused(&times(factor, 2048), FACTOR_MESSAGE);
    }
    // Several at once, in a longer one.
    refused(&times(3 * 5, 3072), FACTOR_MESSAGE);
    // The least that is let through: 65537, the next prime.
    assert!(parse(&times(65_537, 2032)).is_ok());
    assert!(parse(&times(131_101, 2031)).is_ok());
}

#[test]
fn the_roca_fingerprint_is_refused_in_a_key_and_in_a_set() {
    refused(ROCA, ROCA_MESSAGE);
    let p256 = super::P256;
    let errors = JwkSet::parse(&json(&format!(r#"{{"keys":[{p256},{ROCA}]}}"#))).unwrap_err();
    assert_eq!(errors.iter().map(|e| e.to_string()).collect::<Vec<_>>(), [format!(".keys[1]{ROCA_MESSAGE}")]);
}

#[test]
fn keys_of_openssl_are_fine() {
    for pem in [
        include_str!("../../../tests/core/vectors/pem/rsa2048.pub"),
        include_str!("../../../tests/core/vectors/pem/rsa3072.pub"),
        include_str!("../../../tests/core/vectors/pem/rsa4096.pub"),
        include_str!("../../../tests/core/vectors/pem/rsa8192.pub"),
    ] {
        assert!(PublicKey::from_pem(pem, None).is_ok(), "{pem}");
    }
}

/// Whoever has a token can present a new modulus with each request.
#[test]
fn a_presented_modulus_is_looked_at_when_it_is_to_be_used_and_not_before() {
    let present = |text: &str| PresentedKey::parse(&json(text), Algorithm::Rs256);
    let weak = present(ROCA).expect("only a look tells");
    assert_eq!(weak.examined().expect_err("weak"), ROCA_MESSAGE.strip_prefix(".n: ").expect("a member"));
    let n = modulus(3072).to_bytes_be();
    let sound = present(&rsa(&n, &F4)).expect("a key");
    let thumbprint = parse(&rsa(&n, &F4)).unwrap().key.thumbprint().to_owned();
    assert_eq!(sound.thumbprint(), thumbprint);
    assert_eq!(sound.examined().expect("sound").thumbprint(), thumbprint);
    assert!(present(&rsa(&n, &[0xff; 4])).is_err(), "it would take four times as long");
}

/// Hosts know no PSS, so that forged tokens cost the worker itself.
#[test]
fn long_keys_for_pss_are_warned_about() {
    let warning = |pem: &str, alg: &str| PublicKey::from_pem(pem, Some(alg)).unwrap().warning();
    let (usual, long) = (
        include_str!("../../../tests/core/vectors/pem/rsa4096.pub"),
        include_str!("../../../tests/core/vectors/pem/rsa8192.pub"),
    );
    for alg in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] {
        assert_eq!(warning(usual, alg), None, "{alg}");
        let expected = alg.starts_with("PS").then(|| {
            format!(
                "is slow: \"{alg}\" is verified in WebAssembly, and with 8192 bits each forged token costs a worker some \
                 milliseconds (13 with 8192); use at most 4096 bits, or \"RS256\""
            )
        });
        assert_eq!(warning(long, alg), expected);
    }
}

//! Public keys go; what only stands where one belongs does not.

use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use wasm_bindgen_test::wasm_bindgen_test as test;

const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
/// Of that key (RFC 8037, appendix A.3).
const THUMBPRINT: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
const MODULUS: &str = "iAIqiXq54k1HizkK0m44mFROsy_Xa23e4F01njnUK8tVx5BXN8k2Vt0ohbZw6akyQ0bM9mHglH-VlKgk0nBpRZMlBAyL4MuJonLLOKdDJy9vpvL2nyCVs-C9Ft8pDt20pHMdmH7UX2Qz0v0xS6vNyMkOWxv7vQi-hXBEadbKtd3WJJ9sh2sRZY7cOHHWIB8FOCXA-lewXc9bluZP4dyQMHaeU01F4o0DAk7f6bZEiMiDmFF-JK13gMkYg_l8oAxGLWcuh8ngv6WeD3BGivTV2QTQtViecUKis-xMOYL8kVZ-Hrl11CKms0iv37ldiqzpDNubWWbY70klGcZy4RL7QQ";
const ED25519: &str = "MCowBQYDK2VwAyEAQVOr2e+3t4cXDZ3ylcBmlWxqyMV/HVSGzwwDHMBqcSw=";
const P384: &str = "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAExAehCl2IbMH1G+kyAtUNK+zb3EdVGEVEG9sy7/gdXyKdMDPz+mj2AnJpC1Jqbmz5u2o2fglcegeceWSQw4bdim/m7LYJ1EbDVpAgQ8MN/UpgnrXLN8pwVSGFNjZTo+Fx";
const CERTIFICATE: &str = "MIIBSDCB+6ADAgECAhRWaO08WX25Sn6xMQRcL0dczGor4jAFBgMrZXAwGjEYMBYGA1UEAwwPYWVzLmV4YW1wbGUub3JnMB4XDTI2MTIwMTAwNDUxOFoXDTM2MTEyODAwNDUxOFowGjEYMBYGA1UEAwwPYWVzLmV4YW1wbGUub3JnMCowBQYDK2VwAyEAQVOr2e+3t4cXDZ3ylcBmlWxqyMV/HVSGzwwDHMBqcSyjUzBRMB0GA1UdDgQWBBRFJZg+Yn+LJWDj1GGGfoJ9qOj0CzAfBgNVHSMEGDAWgBRFJZg+Yn+LJWDj1GGGfoJ9qOj0CzAPBgNVHRMBAf8EBTADAQH/MAUGAytlcANBAItNGXkGm8EkgU0W9RC7BkZfs2xt5ZA1KzZY1lbiukh9DeyG1fPAqLxVD0wLrhrB4zQesWqKmKXZNxSjLW40sAA=";
/// PKCS#8 under a password, by OpenSSL.
const ENCRYPTED: &str = "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgoa0lK7K2muAICCAAwDAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEFDTeNRcU+FZJqm/dibuQw0EQBReBcTGYfe0n7s8IM6MVeLj85x1TxDawd5vFSGKJEUrerCARl6fwgkib8sKddylxiNy+dHlgQgN5NZQC916AGk=";

/// The configuration of an example with this in place of its key, and what goes of it.
fn with_key(key: Value) -> (Value, Value) {
    let example = example("a-good-registration").expect("an example");
    let mut config: Value = serde_json::from_str(example["config"].as_str().expect("text")).expect("JSON");
    config["entitlement_servers"][0]["keys"][0] = key;
    let carried = &carried(&json!({"config": config.to_string()}))["carried"]["config"];
    let seen: Value = serde_json::from_str(carried.as_str().expect("text")).expect("JSON");
    (config["entitlement_servers"][0]["keys"][0].take(), seen["entitlement_servers"][0]["keys"][0].clone())
}

fn pem(label: &str, der: &str) -> Value {
    json!({"public_key_pem": format!("-----BEGIN {label}-----\n{der}\n-----END {label}-----\n")})
}

/// A `kid` is often a thumbprint: that of the key beside it tells nothing that the key does not.
#[test]
fn public_keys_go_whole() {
    let half = URL_SAFE_NO_PAD.encode([0x91; 48]);
    for key in [
        json!({"jwk": {"kty": "OKP", "crv": "Ed25519", "x": X, "kid": THUMBPRINT}}),
        json!({"jwk": {"kty": "OKP", "crv": "Ed25519", "x": X, "kid": "123e4567-e89b-12d3-a456-426614174000", "x5t": URL_SAFE_NO_PAD.encode([0x91; 20]), "x5t#S256": X}}),
        json!({"jwk": {"kty": "EC", "crv": "P-256", "x": X, "y": X, "kid": "2026-10"}}),
        json!({"jwk": {"kty": "EC", "crv": "P-384", "x": half, "y": half}}),
        json!({"jwks": {"keys": [{"kty": "RSA", "n": MODULUS, "e": "AQAB", "key_ops": ["verify"], "x5c": [CERTIFICATE]}]}}),
        pem("PUBLIC KEY", ED25519),
        pem("PUBLIC KEY", P384),
        pem("CERTIFICATE", CERTIFICATE),
        json!({"certificate_pem": format!("-----BEGIN CERTIFICATE-----\n{CERTIFICATE}\n-----END CERTIFICATE-----\n")}),
    ] {
        let (given, seen) = with_key(key);
        assert_eq!(seen, given);
    }
}

#[test]
fn what_has_not_the_length_of_a_public_key_stays() {
    let of = |length: usize| URL_SAFE_NO_PAD.encode(vec![0x91; length]);
    let text = |length: usize| URL_SAFE_NO_PAD.encode("a token of words ".repeat(40).split_at(length).0);
    let hidden =
        URL_SAFE_NO_PAD.encode([&[0; 100][..], b"an opaque token that goes unseen", &[0; 200]].concat());
    for (jwk, name) in [
        (json!({"kty": "OKP", "crv": "Ed25519", "x": of(31)}), "x"),
        (json!({"kty": "OKP", "crv": "Ed25519", "x": of(64)}), "x"),
        (json!({"kty": "OKP", "crv": "Ed25519", "x": text(32)}), "x"),
        (json!({"kty": "OKP", "crv": "Ed25519", "x": X, "y": X}), "y"),
        (json!({"kty": "OKP", "crv": "Ed25519", "n": of(256)}), "n"),
        (json!({"kty": "OKP", "x": of(32)}), "x"),
        (json!({"kty": "EC", "crv": "P-256", "x": of(33)}), "x"),
        (json!({"kty": "EC", "crv": "P-384", "y": of(32)}), "y"),
        (json!({"kty": "EC", "crv": "secp256k1", "y": of(32)}), "y"),
        (json!({"kty": "RSA", "n": of(255)}), "n"),
        (json!({"kty": "RSA", "n": of(513)}), "n"),
        (json!({"kty": "RSA", "n": text(256)}), "n"),
        (json!({"kty": "RSA", "n": hidden}), "n"),
        (json!({"kty": "RSA", "e": of(5)}), "e"),
        (json!({"kty": "RSA", "e": "cGlu"}), "e"),
        (json!({"kty": "oct", "k": of(32)}), "k"),
        (json!({"x5t": of(32)}), "x5t"),
        (json!({"x5t#S256": of(20)}), "x5t#S256"),
        (json!({"x5c": [ENCRYPTED]}), "x5c"),
    ] {
        let (given, seen) = with_key(json!({"jwk": jwk}));
        assert!(
            given["jwk"][name] != seen["jwk"][name] && seen.to_string().contains(LEFT_OUT),
            "{given}: {seen}"
        );
    }
}

#[test]
fn names_of_keys_that_look_random_stay() {
    let digest = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c";
    for (name, goes) in [
        ("2026-10", true),
        ("Ab3dEf6h", true),
        ("123e4567-e89b-12d3-a456-426614174000", true),
        ("0f1e2d3c4b5a6978", true),
        (digest, false),
        (&digest.to_uppercase(), false),
        ("mF9B5f41JqMxYz27QpLkD3sT", false),
        ("mF9B5f41-JqMxYz27_QpLkD3sT", false),
        // A thumbprint, and of none of these keys.
        ("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", false),
    ] {
        let (given, seen) = with_key(json!({"jwk": {"kty": "OKP", "crv": "Ed25519", "x": X, "kid": name}}));
        assert_eq!(given == seen, goes, "{name}: {seen}");
        let config = json!({"revoked": {"key_ids": [name]}}).to_string();
        assert_eq!(link(&json!({"config": config})).contains(name), goes, "{name}");
    }
}

#[test]
fn a_private_key_under_a_public_label_stays() {
    let longer =
        |der: &str, more: &[u8]| STANDARD.encode([&STANDARD.decode(der).expect("base64")[..], more].concat());
    let pkcs8 = "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g";
    let octets = STANDARD.decode(ED25519).map(|der| STANDARD.encode([&der[..9], &[4], &der[10..]].concat()));
    // SubjectPublicKeyInfo in form, and text in place of a key.
    let words = [
        &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00][..],
        b"an opaque token of thirty-two b.",
    ]
    .concat();
    for der in [
        pkcs8.to_owned(),
        ENCRYPTED.to_owned(),
        octets.expect("base64"),
        longer(ED25519, b"s"),
        longer(ED25519, &[4, 1, 7]),
        longer(CERTIFICATE, &[0x30, 0]),
        STANDARD.encode(words),
        STANDARD.encode([0x30, 0x84, 0, 0, 0, 2, 5, 0]),
        STANDARD.encode([0x30, 0x80, 0, 0]),
        STANDARD.encode([0x30, 2, 0x30, 0]),
    ] {
        for label in ["PUBLIC KEY", "CERTIFICATE"] {
            let (_, seen) = with_key(pem(label, &der));
            assert_eq!(seen["public_key_pem"], LEFT_OUT, "{der}");
        }
    }
}

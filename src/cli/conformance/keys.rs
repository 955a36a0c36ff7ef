//! `KEY-…`: tokens by keys that nobody trusts, and keys that a token brings along.

use super::case::{Case, Want, refused};
use super::kit::{Kit, base64url};
use crate::cli::signing_key::SigningKey;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::{Sha256, Sha384, Sha512};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        refused("KEY-STRANGER", "By another key under the trusted key's `kid`", "TR 33.739, 6.25", |kit| {
            by_stranger(kit, same_kind(kit), json!({"kid": kit.key.kid()}))
        }),
        refused("KEY-STRANGER-NO-KID", "By another key, without `kid`", "TR 33.739, 6.25", |kit| {
            by_stranger(kit, same_kind(kit), json!({"kid": null}))
        }),
        refused("KEY-STRANGER-OWN-KID", "By another key under its own `kid`", "TR 33.739, 6.25", |kit| {
            let key = same_kind(kit);
            by_stranger(kit, key, json!({"kid": key.kid()}))
        }),
        refused("KEY-STRANGER-EDDSA", "By an Ed25519 key that nobody knows", "TR 33.739, 6.25", |kit| {
            by_stranger(kit, &kit.strangers[0], json!({}))
        }),
        refused("KEY-STRANGER-ES256", "By a P-256 key that nobody knows", "TR 33.739, 6.25", |kit| {
            by_stranger(kit, &kit.strangers[1], json!({}))
        }),
        refused("KEY-STRANGER-ES384", "By a P-384 key that nobody knows", "TR 33.739, 6.25", |kit| {
            by_stranger(kit, &kit.strangers[2], json!({}))
        }),
        refused("KEY-KID-NUMBER", "`kid` is a number", "RFC 7515, 4.1.4", |kit| {
            kit.token_headed(json!({"kid": 1}))
        }),
        refused("KEY-KID-ARRAY", "`kid` is an array", "RFC 7515, 4.1.4", |kit| {
            kit.token_headed(json!({"kid": [kit.key.kid()]}))
        }),
        refused("KEY-JWK", "By another key that the header brings as `jwk`", "RFC 7515, 4.1.3", |kit| {
            let key = same_kind(kit);
            by_stranger(kit, key, json!({"jwk": key.public_jwk(), "kid": null}))
        }),
        refused("KEY-JWK-KID", "The same under the trusted key's `kid`", "RFC 7515, 4.1.3", |kit| {
            let key = same_kind(kit);
            let mut jwk = key.public_jwk();
            jwk["kid"] = json!(kit.key.kid());
            by_stranger(kit, key, json!({"jwk": jwk}))
        }),
        refused("KEY-JKU", "By another key, whose set `jku` points to", "RFC 8725, 3.10", |kit| {
            by_stranger(
                kit,
                same_kind(kit),
                json!({"jku": "https://keys.conformance.invalid/jwks", "kid": null}),
            )
        }),
        refused("KEY-X5U", "By another key, whose certificate `x5u` points to", "RFC 8725, 3.10", |kit| {
            by_stranger(
                kit,
                same_kind(kit),
                json!({"x5u": "https://keys.conformance.invalid/pem", "kid": null}),
            )
        }),
        refused("KEY-X5C", "By another key, with an `x5c` that is none", "RFC 7515, 4.1.6", |kit| {
            let key = same_kind(kit);
            by_stranger(kit, key, json!({"x5c": [STANDARD.encode(spki(key))], "kid": null}))
        }),
        refused(
            "KEY-KID-PATH",
            "`kid` is a path to an empty file, HMAC by an empty secret",
            "RFC 8725, 3.10",
            |kit| by_secret(kit, "HS256", b"", json!({"kid": "../../../../../../dev/null"})),
        ),
        refused("KEY-KID-SQL", "`kid` is SQL that selects a secret, HMAC by it", "RFC 8725, 3.10", |kit| {
            by_secret(kit, "HS256", b"secret", json!({"kid": "x' UNION SELECT 'secret';--"}))
        }),
    ];
    cases.extend(secrets());
    cases
}

/// The old confusion: a public key taken for the secret of an HMAC.
fn secrets() -> Vec<Case> {
    type Secret = fn(&Kit) -> Vec<u8>;
    let pem: Secret = |kit| pem(kit, true).into_bytes();
    let rows: [(&str, &str, &str, Secret); 9] = [
        ("KEY-HMAC-POINT", "the bytes of `x`, or `n`", "HS256", |kit| {
            URL_SAFE_NO_PAD.decode(point_or_modulus(kit)).unwrap_or_default()
        }),
        ("KEY-HMAC-X", "the text of `x`, or `n`", "HS256", |kit| point_or_modulus(kit).into_bytes()),
        ("KEY-HMAC-JWK", "its JWK", "HS256", |kit| kit.key.public_jwk().to_string().into_bytes()),
        ("KEY-HMAC-DER", "its SubjectPublicKeyInfo", "HS256", |kit| spki(&kit.key)),
        ("KEY-HMAC-PEM", "its PEM text", "HS256", pem),
        ("KEY-HMAC-PEM-LINE", "its PEM text without the last line's end", "HS256", |kit| {
            self::pem(kit, false).into_bytes()
        }),
        ("KEY-HMAC-PEM-384", "its PEM text, by HS384", "HS384", pem),
        ("KEY-HMAC-PEM-512", "its PEM text, by HS512", "HS512", pem),
        ("KEY-HMAC-EMPTY", "nothing at all", "HS256", |_| Vec::new()),
    ];
    let case = |(id, what, alg, secret): (&str, &str, &'static str, Secret)| {
        let title = format!("HMAC with the public key as secret: {what}");
        Case::new(id, &title, "RFC 8725, 2.1", Want::RefusedToken, move |kit| {
            Some(kit.good().bearer(&by_secret(kit, alg, &secret(kit), json!({}))))
        })
    };
    rows.into_iter().map(case).collect()
}

/// The stranger of the trusted key's kind.
pub(super) fn same_kind(kit: &Kit) -> &SigningKey {
    kit.strangers.iter().find(|key| key.alg() == kit.key.alg()).unwrap_or(&kit.strangers[0])
}

/// A token that a stranger has signed, in the name of the trusted key.
fn by_stranger(kit: &Kit, key: &SigningKey, changes: Value) -> String {
    let mut header = kit.header_with(changes);
    header["alg"] = json!(key.alg());
    key.sign(&header, &kit.claims())
}

fn by_secret(kit: &Kit, alg: &str, secret: &[u8], changes: Value) -> String {
    let mut header = kit.header_with(changes);
    header["alg"] = json!(alg);
    let input = format!("{}.{}", base64url(header.to_string()), base64url(kit.claims().to_string()));
    format!("{input}.{}", base64url(tag(alg, secret, input.as_bytes())))
}

/// RFC 7518, 3.2. A key of any length is one of HMAC.
fn tag(alg: &str, secret: &[u8], input: &[u8]) -> Vec<u8> {
    macro_rules! hmac {
        ($hash:ty) => {
            Hmac::<$hash>::new_from_slice(secret)
                .map(|mac| mac.chain_update(input).finalize().into_bytes().to_vec())
        };
    }
    let tag = match alg {
        "HS384" => hmac!(Sha384),
        "HS512" => hmac!(Sha512),
        _ => hmac!(Sha256),
    };
    tag.unwrap_or_default()
}

fn point_or_modulus(kit: &Kit) -> String {
    let jwk = kit.key.public_jwk();
    jwk.get("x").or(jwk.get("n")).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The SubjectPublicKeyInfo (RFC 8410, RFC 5480): what stands before the key is the same for all keys of a curve.
fn spki(key: &SigningKey) -> Vec<u8> {
    const ED25519: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    const P256: &[u8] = &[
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
        0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
    ];
    const P384: &[u8] = &[
        0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81,
        0x04, 0x00, 0x22, 0x03, 0x62, 0x00, 0x04,
    ];
    let jwk = key.public_jwk();
    let bytes =
        |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap_or_default()).unwrap_or_default();
    let start = match key.alg() {
        "ES256" => P256,
        "ES384" => P384,
        "EdDSA" => ED25519,
        _ => return key.rsa_spki().unwrap_or_default(),
    };
    [start, &bytes("x"), &bytes("y")].concat()
}

/// RFC 7468: lines of 64 characters.
fn pem(kit: &Kit, ended: bool) -> String {
    let text = STANDARD.encode(spki(&kit.key));
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    let end = if ended { "\n" } else { "" };
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----{end}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::signing_key::Algorithm;

    #[test]
    fn the_public_key_of_rfc_8410_section_10_1() {
        let d = "1O5y2_kTWErVttjx92n4rTr-fCjL8dT74Jeoj0R1WEI";
        let key = SigningKey::from_private_jwk(&json!({"kty": "OKP", "crv": "Ed25519", "d": d})).unwrap();
        assert_eq!(
            STANDARD.encode(spki(&key)),
            "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
        );
    }

    #[test]
    fn public_keys_of_curves_are_whole_and_name_them() {
        for (algorithm, curve, bytes) in
            [(Algorithm::Es256, "1.2.840.10045.3.1.7", 65), (Algorithm::Es384, "1.3.132.0.34", 97)]
        {
            let der = spki(&SigningKey::generate(algorithm).unwrap());
            let read = spki::SubjectPublicKeyInfoRef::try_from(der.as_slice()).unwrap();
            let named: spki::ObjectIdentifier = read.algorithm.parameters.unwrap().decode_as().unwrap();
            assert_eq!(
                (named.to_string().as_str(), read.subject_public_key.raw_bytes().len()),
                (curve, bytes)
            );
        }
    }

    #[test]
    fn hmac_of_rfc_4231_test_case_2() {
        let hex = |bytes: Vec<u8>| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
        let message = b"what do ya want for nothing?";
        assert_eq!(
            hex(tag("HS256", b"Jefe", message)),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert!(hex(tag("HS384", b"Jefe", message)).starts_with("af45d2e376484031617f78d2b58a6b1b"));
        assert!(hex(tag("HS512", b"Jefe", message)).starts_with("164b7a7bfcf819e2e395fbe73b56e0a3"));
    }
}

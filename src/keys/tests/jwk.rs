//! What is read as a key, and what the others are refused for.

use super::super::{Algorithm, JwkSet, KeyFault};
use super::{ED25519, P256, json, parse, with};

#[track_caller]
pub(super) fn refused(text: &str, expected: &str) {
    let errors = parse(text).err().unwrap_or_else(|| panic!("accepted: {text}"));
    let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(all, [expected], "{text}");
}

#[test]
fn rfc_8037_a3_thumbprint() {
    let jwk = parse(ED25519).unwrap();
    assert_eq!(jwk.key.algorithm(), Algorithm::EdDsa);
    assert_eq!(jwk.key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    assert_eq!(jwk.kid, None);
}

#[test]
fn p256_thumbprint() {
    let jwk = parse(P256).unwrap();
    assert_eq!(jwk.key.algorithm(), Algorithm::Es256);
    assert_eq!(jwk.key.thumbprint(), "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
}

#[test]
fn what_means_nothing_here_is_ignored() {
    for member in
        [r#""use":"sig""#, r#""key_ops":["sign","verify"]"#, r#""alg":"EdDSA""#, r#""x5u":1"#, r#""y":null"#]
    {
        assert!(parse(&with(ED25519, member)).is_ok(), "{member}");
    }
    assert_eq!(parse(&with(ED25519, r#""kid":"2026-10""#)).unwrap().kid.as_deref(), Some("2026-10"));
}

#[test]
fn purpose() {
    refused(&with(P256, r#""use":"enc""#), r#".use: "enc" is not for signatures; use a key with "sig""#);
    refused(&with(P256, r#""use":null"#), ".use: is null; it must be a string");
    refused(
        &with(P256, r#""key_ops":["deriveKey"]"#),
        r#".key_ops: lacks "verify"; use a key for verifying"#,
    );
    refused(&with(P256, r#""key_ops":"verify""#), ".key_ops: must be an array of strings");
    refused(&with(P256, r#""key_ops":["verify",1]"#), ".key_ops: must be an array of strings");
}

#[test]
fn kid_is_a_name() {
    refused(&with(P256, r#""kid":"""#), ".kid: is empty; give the key a name or leave it out");
    refused(&with(P256, r#""kid":7"#), ".kid: is a number; it must be a string");
}

#[test]
fn algorithm_fits_the_key() {
    // RFC 9864 has another name for the same.
    for alg in ["EdDSA", "Ed25519"] {
        let key = parse(&with(ED25519, &format!(r#""alg":"{alg}""#))).unwrap().key;
        assert_eq!(key.algorithm().name(), "EdDSA", "{alg}");
    }
    for alg in ["ed25519", "Ed25519 ", "Ed448", "eddsa"] {
        let expected = format!(".alg: {alg:?} does not fit this key; use \"EdDSA\"");
        refused(&with(ED25519, &format!(r#""alg":"{alg}""#)), &expected);
    }
    refused(&with(P256, r#""alg":"Ed25519""#), r#".alg: "Ed25519" does not fit this key; use "ES256""#);
    refused(&with(P256, r#""alg":"ES384""#), r#".alg: "ES384" does not fit this key; use "ES256""#);
    refused(&with(P256, r#""alg":"HS256""#), r#".alg: "HS256" is never accepted; use "ES256""#);
    refused(&with(P256, r#""alg":"none""#), r#".alg: "none" is never accepted; use "ES256""#);
    refused(&with(P256, r#""alg":[]"#), ".alg: is an array; it must be a string");
}

#[test]
fn type_and_curve() {
    refused("[]", ": is an array; a JWK is an object");
    refused("{}", r#".kty: is missing; use "OKP", "EC" or "RSA""#);
    refused(r#"{"kty":"ec"}"#, r#".kty: "ec" is not supported; use "OKP", "EC" or "RSA""#);
    refused(r#"{"kty":"EC"}"#, r#".crv: is missing; use "Ed25519", "P-256" or "P-384""#);
    refused(
        r#"{"kty":"EC","crv":"P-521"}"#,
        r#".crv: "P-521" is not supported; use "Ed25519", "P-256" or "P-384""#,
    );
    refused(
        r#"{"kty":"OKP","crv":"Ed448"}"#,
        r#".crv: "Ed448" is not supported; use "Ed25519", "P-256" or "P-384""#,
    );
    refused(
        r#"{"kty":"OKP","crv":"P-256"}"#,
        r#".crv: "P-256" is no curve of "kty": "OKP"; correct one of them"#,
    );
    let long = format!(r#"{{"kty":"EC","crv":"{}"}}"#, "s".repeat(40));
    let cut = format!(r#".crv: "{}"… is not supported; use "Ed25519", "P-256" or "P-384""#, "s".repeat(32));
    refused(&long, &cut);
}

#[test]
fn secrets_are_refused_and_not_repeated() {
    for text in [
        with(ED25519, r#""d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A""#),
        with(P256, r#""d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI""#),
        with(P256, r#""use":"enc","k":"""#),
        r#"{"kty":"RSA","qi":""}"#.to_owned(),
        r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMko"}"#.to_owned(),
        r#"{"kty":"oct"}"#.to_owned(),
    ] {
        let errors = parse(&text).err().unwrap_or_else(|| panic!("accepted: {text}"));
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors.iter().all(|e| e.fault == KeyFault::Invalid), "{errors:?}");
        assert!(!format!("{errors:?}").contains("AyM1"), "{errors:?}");
    }
}

#[test]
fn base64url_is_strict() {
    let bad =
        ".x: is not base64url without padding (RFC 7515, section 2); use letters, digits, `-` and `_` only";
    for x in [
        "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURp",
        " 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\\n",
    ] {
        refused(&format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#), bad);
    }
}

#[test]
fn lengths_are_exact() {
    refused(r#"{"kty":"OKP","crv":"Ed25519","x":""}"#, ".x: has 0 bytes; an Ed25519 key has 32");
    refused(&ED25519.replace("11qY", "AAAA11qY"), ".x: has 35 bytes; an Ed25519 key has 32");
    refused(&ED25519.replace(r#","x""#, r#","X""#), ".x: is missing; the key is incomplete");
    let both = parse(r#"{"kty":"EC","crv":"P-256","x":"AAAA"}"#).unwrap_err();
    let all: Vec<String> = both.iter().map(ToString::to_string).collect();
    assert_eq!(
        all,
        [
            ".x: has 3 bytes; a P-256 coordinate has 32, leading zeros included",
            ".y: is missing; the key is incomplete",
        ]
    );
}

#[test]
fn p256_points_are_on_the_curve() {
    let off = ": is not a point on the curve P-256; take the key from its issuer again";
    let zero = "A".repeat(43);
    refused(&format!(r#"{{"kty":"EC","crv":"P-256","x":"{zero}","y":"{zero}"}}"#), off);
    refused(&P256.replace("f83O", "f83P"), off);
    // x = p: an alias of zero.
    let p = "_____wAAAAEAAAAAAAAAAAAAAAD_______________8";
    refused(&format!(r#"{{"kty":"EC","crv":"P-256","x":"{p}","y":"{zero}"}}"#), off);
}

#[test]
fn ed25519_points_of_small_order_and_aliases_are_weak() {
    use base64::Engine as _;
    let weak = ".x: is a weak key: a point of small order; generate a new key pair";
    let alias = ".x: is not the canonical encoding of a point; take the key from its issuer again";
    let off = ".x: is not a point on the curve; take the key from its issuer again";
    let mut p = [0xff; 32];
    p[0] = 0xed;
    p[31] = 0x7f;
    let order_8: [[u8; 32]; 2] = [
        *b"\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05",
        *b"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a",
    ];
    let small = |n: u8| {
        let mut bytes = [0; 32];
        bytes[0] = n;
        bytes
    };
    let minus_one = {
        let mut b = p;
        b[0] = 0xec;
        b
    };
    let negative = |mut b: [u8; 32]| {
        b[31] |= 0x80;
        b
    };
    let cases = [
        (small(0), weak),
        (negative(small(0)), weak),
        (small(1), weak),
        (minus_one, weak),
        (order_8[0], weak),
        (negative(order_8[0]), weak),
        (order_8[1], weak),
        (negative(order_8[1]), weak),
        (negative(small(1)), alias),
        (negative(minus_one), alias),
        (small(2), off),
        (p, alias),
        (negative(p), alias),
        (
            {
                let mut b = p;
                b[0] = 0xee;
                b
            },
            alias,
        ),
        ([0xff; 32], alias),
    ];
    for (bytes, expected) in cases {
        let x = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
        refused(&format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#), expected);
    }
}

#[test]
fn a_set_leaves_out_what_is_for_others() {
    let text = format!(
        r#"{{"keys":[{},{{"kty":"EC","crv":"secp256k1"}},{},{{"kty":"AKP"}}],"more":1}}"#,
        with(P256, r#""use":"enc""#),
        with(ED25519, r#""kid":"a""#)
    );
    let set = JwkSet::parse(&json(&text)).unwrap();
    let [(2, jwk)] = &set.keys[..] else { panic!("{set:?}") };
    assert_eq!(jwk.kid.as_deref(), Some("a"));
    let members: Vec<&str> = set.warnings.iter().map(|w| w.member.as_str()).collect();
    assert_eq!(members, [".keys[0].use", ".keys[1].crv", ".keys[3].kty"]);
}

#[test]
fn a_set_with_a_bad_key_is_refused() {
    for (bad, member) in [
        (r#"{"kty":"oct","k":"AA"}"#.to_owned(), ".keys[1].kty"),
        (with(P256, r#""use":"enc","d":"AA""#), ".keys[1].d"),
        (with(P256, r#""alg":"HS256""#), ".keys[1].alg"),
        (r#"{"kty":"OKP","crv":"Ed25519","x":"AQ"}"#.to_owned(), ".keys[1].x"),
        ("7".to_owned(), ".keys[1]"),
    ] {
        let errors = JwkSet::parse(&json(&format!(r#"{{"keys":[{P256},{bad}]}}"#))).unwrap_err();
        assert_eq!(errors.iter().map(|e| e.member.as_str()).collect::<Vec<_>>(), [member]);
    }
}

#[test]
fn a_set_without_usable_keys_is_refused() {
    for text in [r#"{"keys":[]}"#, r#"{"keys":[{"kty":"AKP"}]}"#] {
        let errors = JwkSet::parse(&json(text)).unwrap_err();
        assert_eq!(errors[0].to_string(), ".keys: has no usable key; add a public key for signatures");
    }
    for text in ["{}", "[]", r#"{"keys":{}}"#] {
        assert!(JwkSet::parse(&json(text)).is_err(), "{text}");
    }
}

#[test]
fn p384_is_es384() {
    let jwk = r#"{"kty":"EC","crv":"P-384","x":"l_KLK_gUmb4tZnJxLv7cwKEnaDpzgca8nD5z8yek9jhPGmd13SzAdcawJJDDSns-","y":"e5ik0Ar0CafnK6LJTzJ2SxblipOHc_s56loX23TqQ-P4gCO9b4VWk2hRXbhODHet"}"#;
    assert_eq!(parse(jwk).unwrap().key.algorithm(), Algorithm::Es384);
    refused(
        &jwk.replace("l_KL", "l_KM"),
        ": is not a point on the curve P-384; take the key from its issuer again",
    );
    refused(&jwk.replace("l_KL", ""), ".x: has 45 bytes; a P-384 coordinate has 48, leading zeros included");
}

//! What is plain, and what is not.

use crate::link::known::Known;
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn names_of_the_field_are_plain() {
    let known = Known::default();
    for name in [
        "",
        "eec-1",
        "ees1.edge.example.net",
        "ees.edgecomp.mnc001.mcc001.3gppnetwork.org",
        "msisdn-491701234567",
        "extid-user@example.org",
        "outbound|443||aes.prod.svc.cluster.local",
        "/eees-eecregistration/v1/registrations/r1",
        "eees-eecregistration",
        "urn:example:eec:7",
        "https://aes.example.org/tenants/one",
        "gold and silver",
        "*.example.net",
        "2026-11-30T12:00:00Z",
        "application/merge-patch+json",
        "identity/eecId",
        "x-eec-id",
        "imsi-001010123456789",
        "/a%20b",
        "EecContextRelocation",
        "page-test",
        "key-2026-11",
        "per_api",
    ] {
        assert!(known.is_plain(name), "{name}");
    }
}

#[test]
fn what_may_be_a_credential_is_not() {
    let known = Known::new(["  s3same ", "abc", "a long and very plain token"].into_iter());
    for text in [
        "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJlZWMtMSJ9.AAAA",
        "access_token.eyJhbGciOiJFZERTQSJ9.e30.AAAA",
        ";token=eyJh",
        "e30.e30.AA",
        "mF_9.B5f-4.1JqM",
        "123e4567-e89b-12d3-a456-426614174000",
        "ghp_x8Kd02LmQ1",
        "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
        "123456789012345678901",
        "abcdefghijklmnopqrstuvwxyzabcdefgh",
        "{\"d\":\"x\"}",
        "{k: v}",
        "Bearer x",
        "basic dTpw",
        "DPoP  y",
        "token: x",
        "password:hunter",
        "https://user:word@host/",
        "user:word@host",
        "a\nb",
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\n",
        "%7B%22k%22%3A%22x%22%7D",
        "%257B%2522k",
        "x%0Ay",
        "ey%4AhbGciOiJFZERTQSJ9",
        "%ff",
        "abc",
        "s3same!",
        "the s3same",
        "very plain token",
        "é",
        "eyJ\u{200b}h",
        "\\u0022d",
        "AKIAIOSFODNN7EXAMPLE7Q2X4",
        "xoxb-17653-8Fj2Lm9Qz",
        "'k'",
        "a=b",
        "a&b",
        "a?b",
        &"a b ".repeat(100),
    ] {
        assert!(!known.is_plain(text), "{text}");
    }
    assert!(known.is_public_part("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"));
    for text in ["eyJhbGciOiJFZERTQSJ9", "a.b", "s3same", "a b"] {
        assert!(!known.is_public_part(text), "{text}");
    }
}

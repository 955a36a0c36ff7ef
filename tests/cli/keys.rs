//! `keygen` and `mint` for every algorithm: what they make is taken by the filter's own verbs and by another library.

use crate::support::fixture::{FQDN, ISSUER};
use crate::support::foreign;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const ALGORITHMS: [(&str, &str, Option<&str>); 5] = [
    ("EdDSA", "OKP", Some("Ed25519")),
    ("ES256", "EC", Some("P-256")),
    ("ES384", "EC", Some("P-384")),
    ("RS256", "RSA", None),
    ("PS256", "RSA", None),
];

fn run(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eec-authn"));
    command.args(args).current_dir(folder).output().expect("the command runs")
}

/// What a verb that succeeds prints.
fn printed(folder: &Path, args: &[&str]) -> String {
    let output = run(folder, args);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{args:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

fn mint(folder: &Path, key: &str) -> String {
    let args = ["mint", "--key", key, "--iss", ISSUER, "--sub", "eec-1", "--aud", FQDN];
    printed(folder, &args).trim().to_owned()
}

/// A configuration in which this entry of `keys` is pinned.
fn pin(folder: &Path, entry: &Value) {
    let filter = json!({
        "protects": {"role": "ees", "fqdns": [FQDN]},
        "entitlement_servers": [{"fqdn": ISSUER, "keys": [entry]}],
    });
    fs::write(folder.join("filter.json"), filter.to_string()).expect("a file");
}

fn decision(folder: &Path, token: &str) -> Value {
    let delete = ["--method", "DELETE", "--path", "/eees-eecregistration/v1/registrations/r1"];
    let args = [&["--json", "explain", "--config", "filter.json", "--token", token], &delete[..]].concat();
    let report: Value = serde_json::from_slice(&run(folder, &args).stdout).expect("JSON");
    report["decision"].clone()
}

#[test]
fn every_algorithm_is_taken_by_the_filter_and_by_another_library() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let mut orders = json!({});
    for (alg, kty, crv) in ALGORITHMS {
        let entry = printed(folder, &["keygen", "--alg", alg, "--out", alg]);
        let entry: Value = serde_json::from_str(&entry).expect("JSON");
        let jwk = &entry["jwk"];
        assert_eq!((&jwk["kty"], &jwk["crv"], &jwk["alg"]), (&json!(kty), &json!(crv), &json!(alg)));
        assert!(jwk.get("d").is_none(), "{alg}: the private key is printed");
        pin(folder, &entry);
        printed(folder, &["check", "filter.json"]);
        let token = mint(folder, alg);
        assert_eq!(decision(folder, &token), "allowed", "{alg}");
        // Another key of the same algorithm that claims to be the pinned one.
        printed(folder, &["keygen", "--alg", &alg.to_lowercase(), "--out", "thief"]);
        let header = json!({"kid": jwk["kid"]}).to_string();
        let thief = ["mint", "--key", "thief", "--iss", ISSUER, "--sub", "eec-1", "--aud", FQDN];
        let stolen = printed(folder, &[&thief[..], &["--header", &header]].concat());
        assert_eq!(decision(folder, stolen.trim()), "denied: signature_invalid", "{alg}");
        fs::remove_file(folder.join("thief")).expect("the file");
        // Its thumbprint is the one that `inspect` computes with the filter's code.
        let shown = printed(folder, &["--json", "inspect", &jwk.to_string()]);
        let shown: Value = serde_json::from_str(&shown).expect("JSON");
        assert_eq!((&shown["alg"], &shown["thumbprint"]), (&json!(alg), &jwk["kid"]));
        let private: Value =
            serde_json::from_slice(&fs::read(folder.join(alg)).expect("the key")).expect("JSON");
        orders[format!("{alg} public")] = json!({"jwk": jwk, "alg": alg, "token": token});
        orders[format!("{alg} private")] = json!({"jwk": private, "alg": alg, "token": token});
        orders[format!("{alg} stolen")] = json!({"jwk": jwk, "alg": alg, "token": stolen.trim()});
    }
    let found = foreign::run("verify.py", &orders);
    for (alg, ..) in ALGORITHMS {
        for part in ["public", "private"] {
            let verified = &found[format!("{alg} {part}")];
            assert_eq!(verified["claims"]["sub"], "eec-1", "{alg} {part}: {verified}");
            assert_eq!(verified["header"]["alg"], alg);
        }
        assert_eq!(found[format!("{alg} stolen")], Value::Null, "{alg}");
    }
}

#[test]
fn what_is_no_algorithm_or_no_key_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let output = run(folder, &["keygen", "--alg", "HS256", "--out", "key"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(errors.contains("use one of EdDSA, ES256, ES384, RS256, PS256"), "{errors}");
    assert!(!folder.join("key").exists(), "a file for no key");
    let public = printed(folder, &["keygen", "--alg", "ES384", "--out", "key"]);
    let public: Value = serde_json::from_str(&public).expect("JSON");
    fs::write(folder.join("public"), public["jwk"].to_string()).expect("a file");
    let refused = |key: &str, more: &[&str]| {
        let args = ["mint", "--key", key, "--iss", ISSUER, "--sub", "eec-1", "--aud", FQDN];
        let output = run(folder, &[&args[..], more].concat());
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{key}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let pem = include_str!("../core/vectors/pem/rsa8192.pub");
    for (name, text, message) in [
        (
            "pem",
            pem,
            "pem: the key is PEM, and this wants a private JWK; make a test key by `eec-authn keygen",
        ),
        ("text", "secret", "text: the key is not JSON"),
        (
            "secret",
            r#"{"kty":"oct","k":"AAAA","d":"AAAA"}"#,
            "is not a private JWK of Ed25519, P-256, P-384 or RSA",
        ),
    ] {
        fs::write(folder.join(name), text).expect("a file");
        let errors = refused(name, &[]);
        assert!(errors.contains(message), "{errors}");
        assert!(!errors.contains("AAAA") && !errors.contains("secret\""), "a key is printed: {errors}");
    }
    let errors = refused("public", &[]);
    assert!(errors.contains("public: the key is a public one, which signs nothing"), "{errors}");
    assert!(refused("absent", &[]).contains("cannot read absent: No such file"));
    assert!(refused("key", &["--claims", "[1]"]).contains("'--claims <JSON>': not a JSON object"));
    assert!(refused("key", &["--header", "x"]).contains("'--header <JSON>': not a JSON object"));
}

//! `inspect` of a key set: what each key says, and what would be used of it where it is fetched.

use crate::support::fixture::{ISSUER, config};
use crate::support::foreign;
use crate::support::token::{Key, claims_with};
use eec_authn::time::UnixTime;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;

fn run(folder: &Path, args: &[&str]) -> (Option<i32>, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eec-authn"));
    let output = command.arg("--json").args(args).current_dir(folder).output().expect("the command runs");
    let shown = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&output.stderr).into_owned()));
    (output.status.code(), shown)
}

/// A configuration whose server has `pinned` and fetches with these members.
fn filter(folder: &Path, pinned: &[&Key], members: Value) {
    let mut filter = config(pinned);
    let mut remote = json!({"cluster": "es"});
    for (name, value) in members.as_object().expect("members") {
        remote[name] = value.clone();
    }
    let keys = filter["entitlement_servers"][0]["keys"].as_array_mut().expect("keys");
    keys.push(json!({"jwks_remote": remote}));
    fs::write(folder.join("filter.json"), filter.to_string()).expect("a file");
}

const CONFIGURED: [&str; 4] = ["inspect", "--config", "filter.json", "@set"];

/// Chains that OpenSSL has made: `chains.py` says which lead to the root, and what their dates share.
#[test]
fn chains_are_shown_and_judged() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let cases = foreign::run("chains.py", &json!({"name": ISSUER}));
    let find = |name: &str| {
        cases.as_array().expect("cases").iter().find(|case| case["name"] == name).expect("a case").clone()
    };
    let names = [
        "by one in between",
        "dates that all share",
        "not valid yet",
        "another name",
        "dates of the anchor",
        "for encryption",
        "no x5c",
    ];
    let chosen = names.map(find);
    let keys: Vec<&Value> = chosen.iter().map(|case| &case["key"]).collect();
    fs::write(folder.join("set"), json!({"keys": keys}).to_string()).expect("a file");
    filter(folder, &[], json!({"trust_anchors_pem": chosen[0]["anchors"]}));

    let (code, shown) = run(folder, &["inspect", "@set"]);
    assert_eq!((code, &shown["kind"]), (Some(0), &json!("key set")), "{shown}");
    let first = &shown["keys"][0];
    assert_eq!((&first["kid"], &first["alg"]), (&json!("by one in between"), &json!("ES256")));
    let chain = first["chain"].as_array().expect("a chain");
    assert_eq!((chain.len(), &chain[0]["dns_names"]), (2, &json!([ISSUER])), "{first}");
    assert_eq!(chain[0]["x5t#S256"], first["x5t#S256"]);
    assert_eq!(shown["keys"][3]["chain"][0]["dns_names"], json!(["other.example.org"]));

    let (code, shown) = run(folder, &CONFIGURED);
    let server = &shown["fetched_by"][0];
    assert_eq!(
        (code, &server["usable"], &server["entitlement_server"]),
        (Some(0), &json!(true), &json!(ISSUER))
    );
    for (case, (key, name)) in chosen.iter().zip(server["keys"].as_array().expect("keys").iter().zip(names)) {
        let is_good = ["by one in between", "dates that all share", "not valid yet"].contains(&name);
        assert_eq!(key["usable"], json!(is_good), "{name}: {key}");
        let because = key["because"].as_str().unwrap_or_default();
        let wanted = match name {
            "not valid yet" => "outside its dates",
            "another name" => "other.example.org",
            "dates of the anchor" => "no chain to a trust anchor",
            "for encryption" => "digitalSignature",
            "no x5c" => "`x5c`",
            _ => "",
        };
        assert!(because.contains(wanted) && because.is_empty() == wanted.is_empty(), "{name}: {because}");
        if is_good {
            let time = |n: usize| UnixTime::new(case["window"][n].as_f64().expect("a time")).expect("a time");
            assert_eq!(key["not_before"], json!(time(0).to_string()), "{name}");
            assert_eq!(key["not_after"], json!(time(1).to_string()), "{name}");
        }
    }
}

#[test]
fn a_set_is_judged_as_a_whole_and_key_by_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let (pinned, good, signer) = (Key::new(1), Key::new(2), Key::new(7));
    let mut second = Key::new(3);
    second.kid = good.kid.clone();
    let mut impostor = Key::new(4);
    impostor.kid = pinned.kid.clone();
    let secret = json!({"kty": "oct", "k": "c2VjcmV0", "kid": "secret"});
    let keys = [pinned.jwk(), good.jwk(), second.jwk(), impostor.jwk(), secret];
    fs::write(folder.join("set"), json!({"keys": keys}).to_string()).expect("a file");
    filter(folder, &[&pinned], json!({}));
    let judged = |shown: &Value| -> Vec<bool> {
        let keys = shown["fetched_by"][0]["keys"].as_array().expect("keys");
        keys.iter().map(|key| key["usable"] == json!(true)).collect()
    };
    let (code, shown) = run(folder, &CONFIGURED);
    assert_eq!((code, judged(&shown)), (Some(0), vec![false, true, false, false, false]), "{shown}");
    let because = |n: usize| shown["fetched_by"][0]["keys"][n]["because"].as_str().expect("why not");
    assert!(because(0).contains("pinned as well") && because(4).contains("HMAC"), "{shown}");
    assert!(because(2).contains("comes after") && because(3).contains("comes first"), "{shown}");
    assert!(shown["keys"][4]["unusable"].as_str().is_some_and(|why| why.contains("HMAC")), "{shown}");

    // Signed, by the signer and by another.
    filter(folder, &[], json!({"signed_by": {"jwk": signer.jwk()}}));
    let claims = claims_with(json!({"sub": null, "keys": [good.jwk()]}));
    for (by, code, usable) in [(&signer, 0, true), (&good, 2, false)] {
        let header = json!({"alg": "EdDSA", "typ": "jwk-set+jwt", "kid": signer.kid});
        fs::write(folder.join("set"), by.token_with(&header, &claims)).expect("a file");
        let (exit, shown) = run(folder, &CONFIGURED);
        assert_eq!((exit, judged(&shown)), (Some(code), vec![usable]), "{shown}");
        assert_eq!(shown["kind"], "key set, signed, not verified");
        assert_eq!((&shown["claims"]["iss"], &shown["claims"]["keys"]), (&json!(ISSUER), &Value::Null));
        let because = shown["fetched_by"][0]["because"].as_str().unwrap_or_default();
        assert!(usable == because.is_empty() && (usable || because.contains("signature")), "{shown}");
    }
}

#[test]
fn what_no_server_would_fetch_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let key = Key::new(1);
    fs::write(folder.join("filter.json"), config(&[&key]).to_string()).expect("a file");
    fs::write(folder.join("set"), json!({"keys": [key.jwk()]}).to_string()).expect("a file");
    let (code, said) = run(folder, &CONFIGURED);
    assert!(code == Some(1) && said.to_string().contains("jwks_remote"), "{said}");
    fs::write(folder.join("set"), r#"{"keys": [], "keys": []}"#).expect("a file");
    let (code, said) = run(folder, &["inspect", "@set"]);
    assert!(code == Some(1) && said.to_string().contains("strict JSON"), "{said}");
}

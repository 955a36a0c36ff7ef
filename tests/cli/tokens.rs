//! What `inspect --config` and `explain --json` say about a token, and that the two agree.

use crate::support::fixture::{FQDN, ISSUER, config};
use crate::support::token::{Key, base64url, claims, claims_with};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn run(folder: &Path, args: &[&str]) -> (i32, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eec-authn"));
    let Output { status, stdout, stderr } =
        command.arg("--json").args(args).current_dir(folder).output().expect("the command runs");
    let value = serde_json::from_slice(&stdout).unwrap_or_else(|_| json!(String::from_utf8_lossy(&stderr)));
    (status.code().expect("an exit code"), value)
}

fn configure(folder: &Path, filter: &Value) {
    fs::write(folder.join("filter.json"), filter.to_string()).expect("a file");
}

/// `checked_with` of `inspect --config`; where it says that the token is denied, `explain` must say the same.
fn checked_with(folder: &Path, token: &str, more: &[&str]) -> Value {
    let (code, shown) = run(folder, &[&["inspect", "--config", "filter.json", token], more].concat());
    let delete = ["--method", "DELETE", "--path", "/eees-eecregistration/v1/registrations/r1"];
    let explain = [&["explain", "--config", "filter.json", "--token", token], &delete[..], more].concat();
    let (explained, report) = run(folder, &explain);
    let found = shown["checked_with"].clone();
    match found["denied"].as_str() {
        Some(denied) => {
            assert_eq!((code, explained), (2, 2), "{shown}");
            assert_eq!(report["decision"], format!("denied: {denied}"));
            assert_eq!(report["because"], found["because"]);
        }
        None => assert_eq!(code, 0, "{shown}"),
    }
    found
}

/// Two servers; the second has two keys, one of them for 2021 only.
fn two_servers() -> Value {
    let mut filter = config(&[&Key::new(1)]);
    let second = json!({"fqdn": "second.example.org", "keys": [
        {"jwk": Key::new(2).jwk()},
        {"jwk": Key::new(3).jwk(), "not_before": "2021-01-01T00:00:00Z", "not_after": "2022-01-01T00:00:00Z"},
    ]});
    filter["entitlement_servers"].as_array_mut().expect("servers").push(second);
    filter
}

#[test]
fn numbers_that_are_no_times_and_no_numbers_of_anybody_are_shown_shortly() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    configure(folder, &config(&[&Key::new(1)]));
    let header = base64url(json!({"alg": "EdDSA", "kid": "k1"}).to_string());
    for (exp, shown) in
        [("1e308", "1e308 s since 1970, on no calendar"), ("-1", "-1e0 s since 1970, on no calendar")]
    {
        let payload = base64url(format!(r#"{{"iss":"{ISSUER}","exp":{exp},"iat":1796039400}}"#));
        let (_, found) = run(folder, &["inspect", &format!("{header}.{payload}.c2ln")]);
        assert_eq!(found["times"]["exp"], shown);
        assert!(
            found["times"]["iat"].as_str().is_some_and(|time| time.starts_with("2026-11-30T")),
            "{found}"
        );
    }
    // JSON, though no floating-point number: the filter reads it, and so it is shown.
    let token = format!("{header}.{}.c2ln", base64url(format!(r#"{{"iss":"{ISSUER}","exp":1e400}}"#)));
    for more in [&[][..], &["--config", "filter.json"]] {
        let (code, found) = run(folder, &[&["inspect", &token], more].concat());
        assert_eq!((code, &found["kind"]), (0, &json!("JWT, not verified")), "{found}");
        assert_eq!((&found["claims"]["exp"], &found["claims"]["iss"]), (&json!("1e400"), &json!(ISSUER)));
    }
}

#[test]
fn a_key_that_would_be_fetched_leaves_it_open_and_a_pinned_one_does_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let remote = json!({"jwks_remote": {"cluster": "issuer", "path": "/jwks"}});
    let mut filter = config(&[&Key::new(1)]);
    let key = Key::new(2);
    for keys in [json!([remote]), json!([{"jwk": Key::new(1).jwk()}, remote])] {
        filter["entitlement_servers"][0]["keys"] = keys;
        configure(folder, &filter);
        let token = key.token(&claims());
        let found = checked_with(folder, &token, &[]);
        assert!(found.get("denied").is_none(), "{found}");
        assert_eq!((&found["path"], &found["key"]), (&json!("entitlement_servers[0]"), &Value::Null));
        assert!(
            found["undecided"].as_str().is_some_and(|text| text.contains("explain --jwks FILE")),
            "{found}"
        );
        // As it says: with the set, the token is good.
        fs::write(folder.join("jwks.json"), json!({"keys": [key.jwk()]}).to_string()).expect("a file");
        let delete = ["--method", "DELETE", "--path", "/eees-eecregistration/v1/registrations/r1"];
        let explain = ["explain", "--config", "filter.json", "--token", &token, "--jwks", "jwks.json"];
        assert_eq!(run(folder, &[&explain[..], &delete].concat()).1["decision"], "allowed");
    }
    let found = checked_with(folder, &Key::new(1).token(&claims()), &[]);
    assert_eq!(
        (&found["key"]["kid"], found.get("undecided")),
        (&json!("k1"), None),
        "pinned, so nothing is fetched"
    );
}

#[test]
fn the_server_and_the_key_that_a_token_would_be_checked_with() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    configure(folder, &two_servers());
    let found = checked_with(folder, &Key::new(1).token(&claims()), &[]);
    assert_eq!(found["path"], "entitlement_servers[0]");
    assert_eq!(found["entitlement_server"], ISSUER);
    assert_eq!((&found["key"]["kid"], &found["key"]["alg"]), (&json!("k1"), &json!("EdDSA")));
    assert_eq!(found["online"], Value::Null);

    let second = || claims_with(json!({"iss": "https://second.example.org"}));
    let found = checked_with(folder, &Key::new(2).token(&second()), &[]);
    assert_eq!((&found["path"], &found["key"]["kid"]), (&json!("entitlement_servers[1]"), &json!("k2")));

    // Nothing is verified: the choice is by name.
    let mut thief = Key::new(7);
    thief.kid = Some("k2".into());
    let (code, shown) = run(folder, &["inspect", "--config", "filter.json", &thief.token(&second())]);
    assert_eq!((code, &shown["checked_with"]["key"]["kid"]), (0, &json!("k2")));
    assert_eq!(shown["kind"], "JWT, not verified");

    let old = Key::new(3).token(&second());
    let found = checked_with(folder, &old, &[]);
    assert_eq!(found["denied"], "key_not_valid_now");
    assert_eq!(found["pinned"][1]["not_after"], "2022-01-01T00:00:00Z");
    let found = checked_with(folder, &old, &["--now", "2021-06-01T00:00:00Z"]);
    assert_eq!(found["key"]["kid"], "k3");
}

#[test]
fn why_there_is_no_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    configure(folder, &two_servers());
    let key = Key::new(1);
    let found = checked_with(folder, &key.token(&claims_with(json!({"iss": "other.example.org"}))), &[]);
    assert_eq!((&found["denied"], &found["key"]), (&json!("issuer_unknown"), &Value::Null));
    assert_eq!(found["configured"], json!([ISSUER, "second.example.org"]));
    let found = checked_with(folder, &Key::new(9).token(&claims()), &[]);
    assert_eq!((&found["denied"], &found["pinned"][0]["kid"]), (&json!("key_unknown"), &json!("k1")));
    assert_eq!(found["path"], "entitlement_servers[0]");
    let other = key.token_of(json!({"alg": "ES256", "kid": "k1"}).to_string(), claims().to_string());
    assert_eq!(checked_with(folder, &other, &[])["denied"], "algorithm_not_allowed");
    assert_eq!(checked_with(folder, "opaque", &[])["denied"], "token_malformed");
    let critical = key.token_of(json!({"alg": "EdDSA", "crit": ["x"]}).to_string(), claims().to_string());
    assert_eq!(checked_with(folder, &critical, &[])["denied"], "token_malformed");

    let code = |args: &[&str]| run(folder, args).0;
    assert_eq!(code(&["inspect", "--config", "filter.json", &key.jwk().to_string()]), 1, "no token");
    assert_eq!(code(&["inspect", "--now", "0", "a.b.c"]), 1, "a time without a configuration");
    configure(folder, &json!({}));
    assert_eq!(code(&["inspect", "--config", "filter.json", "opaque"]), 3);
}

#[test]
fn the_server_that_would_be_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let mut filter = two_servers();
    filter["entitlement_servers"][0]["online"] =
        json!({"method": "ts43", "cluster": "es", "path": "/", "apply_to": "all"});
    filter["entitlement_servers"][1] =
        json!({"fqdn": "second.example.org", "online": {"method": "rfc7662", "cluster": "es"}});
    configure(folder, &filter);
    let found = checked_with(folder, &Key::new(1).token(&claims()), &[]);
    assert_eq!((&found["key"]["kid"], &found["online"]), (&json!("k1"), &json!("ts43")));
    let second = Key::new(1).token(&claims_with(json!({"iss": "second.example.org"})));
    for token in [second.as_str(), "opaque"] {
        let (code, shown) = run(folder, &["inspect", "--config", "filter.json", token]);
        let found = &shown["checked_with"];
        assert_eq!((code, &found["path"]), (0, &json!("entitlement_servers[1]")), "{token}");
        assert_eq!((&found["key"], &found["online"]), (&Value::Null, &json!("rfc7662")), "{token}");
    }
}

#[test]
fn explain_says_for_machines_what_the_client_and_the_upstream_get() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let key = Key::new(1);
    let token = key.token(&claims());
    let mut filter = config(&[&key]);
    fs::write(folder.join("mine.json"), "{\"eecId\":\"eec-1\"}").expect("a file");
    fs::write(folder.join("other.json"), "{\"eecId\":\"eec-2\"}").expect("a file");
    let explain = |filter: &Value, args: &[&str]| {
        configure(folder, filter);
        run(folder, &[&["explain", "--config", "filter.json", "--token", &token], args].concat())
    };
    let (code, report) = explain(&filter, &["--body", "mine.json"]);
    assert_eq!((code, &report["reply"], &report["shadow"]), (0, &Value::Null, &Value::Null));
    assert_eq!(report["identity_headers"]["x-eec-id"], "eec-1");

    let (code, report) = explain(&filter, &["--body", "other.json"]);
    assert_eq!((code, &report["reply"]["status"], &report["shadow"]), (2, &json!(403), &Value::Null));
    assert_eq!(report["reply"]["body"]["cause"], "BINDING_MISMATCH");
    assert_eq!(report["reply"]["body"]["invalidParams"], json!([{"param": "/eecId"}]));
    assert_eq!(report["reply"]["headers"]["content-type"], "application/problem+json");
    assert_eq!(report["identity_headers"], json!({}));
    let (_, report) = run(folder, &["explain", "--config", "filter.json"]);
    let challenge = format!("Bearer realm=\"{FQDN}\"");
    assert_eq!(report["reply"]["headers"]["www-authenticate"], challenge);
    let (_, report) = explain(&filter, &["--method", "HEAD", "--path", "/nowhere"]);
    assert_eq!((&report["reply"]["status"], &report["reply"]["body"]), (&json!(403), &Value::Null));

    filter["mode"] = json!("shadow");
    let (code, report) = explain(&filter, &["--body", "other.json"]);
    assert_eq!((code, &report["shadow"]["code"]), (2, &json!("binding_mismatch")));
    filter["mode"] = json!("enforce");
    filter["rules"] = json!([{
        "match": {"api": "eees-eecregistration"}, "mode": "shadow", "claims": [{"claim": "scope", "contains": "x"}],
    }]);
    let (code, report) = explain(&filter, &["--body", "mine.json"]);
    assert_eq!((code, &report["decision"]), (0, &json!("allowed")));
    assert_eq!((&report["shadow"]["code"], &report["reply"]), (&json!("claim_mismatch"), &Value::Null));
    assert!(
        report["shadow"]["note"].as_str().is_some_and(|note| note.starts_with("the rule is in shadow mode"))
    );
    assert_eq!(report["identity_headers"]["x-eec-id"], "eec-1");
}

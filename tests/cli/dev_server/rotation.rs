//! A rotation of keys, and what `explain` says of the sets before and after.

use super::process::Server;
use crate::support::fixture::{FQDN, ISSUER};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;

/// What `explain --jwks` comes to: the decision's code, or that it is allowed.
fn explained(folder: &Path, remote: &Value, token: &str, set: Option<&str>) -> (Option<i32>, String) {
    let mut all = json!({"cluster": "entitlement-server"});
    for (name, value) in remote.as_object().expect("members") {
        all[name] = value.clone();
    }
    let filter = json!({
        "protects": {"role": "ees", "fqdns": [FQDN]},
        "entitlement_servers": [{"fqdn": ISSUER, "keys": [{"jwks_remote": all}]}],
    });
    fs::write(folder.join("filter.json"), filter.to_string()).expect("a file");
    fs::write(folder.join("set"), set.unwrap_or_default()).expect("a file");
    let mut args =
        vec!["--json", "explain", "--config", "filter.json", "--token", token, "--method", "DELETE"];
    args.extend(["--path", "/eees-eecregistration/v1/registrations/r1"]);
    args.extend(set.is_some().then_some(["--jwks", "set"]).into_iter().flatten());
    let mut command = Command::new(env!("CARGO_BIN_EXE_eec-authn"));
    let output = command.args(args).current_dir(folder).output().expect("the command runs");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let code = report["decision"]["code"].as_str().or(report["decision"].as_str()).map(str::to_owned);
    let said = code.unwrap_or_else(|| String::from_utf8_lossy(&output.stderr).into_owned());
    (output.status.code(), said)
}

fn token(server: &Server) -> String {
    server.token(json!({"eec_id": "eec-1", "audience": FQDN}))
}

#[test]
fn tokens_and_sets_follow_a_rotation() {
    let server = Server::start(&[]);
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let plain = json!({});
    let signed = json!({"signed_by": {"jwk": server.get("/jwks/signer").json()}});
    let set = |path: &str| String::from_utf8(server.get(path).body).expect("text");
    let old = token(&server);
    let (before, signed_before) = (set("/jwks"), set("/jwks/signed"));
    assert_eq!(explained(folder, &plain, &old, Some(&before)).0, Some(0));
    assert_eq!(explained(folder, &signed, &old, Some(&signed_before)).0, Some(0));
    assert_eq!(explained(folder, &signed, &old, Some(&before)).0, Some(1), "a plain set is not signed");
    assert_eq!(explained(folder, &plain, &old, None).0, Some(2), "without a set");

    server.post_json("/rotate", json!({"keep": true}));
    let new = token(&server);
    for token in [&old, &new] {
        assert_eq!(explained(folder, &plain, token, Some(&set("/jwks"))).0, Some(0));
    }
    assert_eq!(explained(folder, &plain, &new, Some(&before)).0, Some(2), "the set of before");
    server.post_json("/rotate", json!({}));
    for token in [&old, &new] {
        assert_eq!(
            explained(folder, &signed, token, Some(&set("/jwks/signed"))).0,
            Some(2),
            "keys that are gone"
        );
    }
    server.post_json("/faults", json!({"kind": "status", "status": 500}));
    assert_eq!(server.get("/jwks").status, 500);
}

#[test]
fn a_set_with_chains_leads_to_the_anchor_of_its_server() {
    let (server, stranger) = (Server::start(&[]), Server::start(&[]));
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let text = |server: &Server, path: &str| String::from_utf8(server.get(path).body).expect("text");
    let anchored = |server: &Server| json!({"trust_anchors_pem": [text(server, "/jwks/anchor")]});
    let explain = |remote: &Value, token: &str, set: &str| explained(folder, remote, token, Some(set));
    let (own, others) = (anchored(&server), anchored(&stranger));
    let old = token(&server);
    let before = text(&server, "/jwks/chained");
    assert_eq!(explain(&own, &old, &before).0, Some(0));
    let (code, said) = explain(&others, &old, &before);
    assert!(code == Some(1) && said.contains("no chain to a trust anchor"), "another's anchor: {said}");
    let (code, said) = explain(&own, &old, &text(&server, "/jwks"));
    assert!(code == Some(1) && said.contains("`x5c`"), "a plain set: {said}");
    // The same key has the same chain each time, and a new one a chain of its own.
    assert_eq!(before, text(&server, "/jwks/chained"));
    server.post_json("/rotate", json!({"keep": true}));
    let both = text(&server, "/jwks/chained");
    let new = token(&server);
    for token in [&old, &new] {
        assert_eq!(explain(&own, token, &both).0, Some(0));
    }
    server.post_json("/retire", json!({}));
    let after = text(&server, "/jwks/chained");
    assert_eq!([&old, &new].map(|token| explain(&own, token, &after).0), [Some(2), Some(0)]);
    server.post_json("/faults", json!({"kind": "status", "status": 500}));
    assert_eq!(server.get("/jwks/chained").status, 500);
}

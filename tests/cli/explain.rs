//! What `explain` says of a rule, a claim and each place of the body, and how it ends where there is no body.

use crate::support::fixture::config;
use crate::support::token::{Key, claims_with};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn explain(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eec-authn"));
    command.args(["explain", "--config", "filter.json"]).args(args);
    command.current_dir(folder).output().expect("the command runs")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The line about a check.
fn line(output: &Output, check: &str) -> String {
    let found = text(output)
        .lines()
        .find(|line| line.chars().skip(2).collect::<String>().starts_with(check))
        .map(str::to_owned);
    found.unwrap_or_else(|| panic!("no `{check}` in {}", text(output)))
}

/// A folder with a configuration of these rules, and a token with these claims.
fn folder(rules: Value, claims: Value) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let key = Key::new(1);
    let mut filter = config(&[&key]);
    filter["protects"]["fqdns"].as_array_mut().expect("names").push(json!("ees2.edge.example.net"));
    filter["rules"] = rules;
    fs::write(folder.path().join("filter.json"), filter.to_string()).expect("a file");
    fs::write(folder.path().join("token.txt"), key.token(&claims_with(claims))).expect("a file");
    for (name, body) in [
        ("mine.json", json!({"eecId": "eec-1", "ueId": "msisdn-1"})),
        ("other.json", json!({"eecId": "eec-2", "ueId": "msisdn-1"})),
        ("own.json", json!({"operator": {"eecId": "eec-9"}, "ipAddr": null})),
    ] {
        fs::write(folder.path().join(name), body.to_string()).expect("a file");
    }
    folder
}

#[test]
fn each_place_of_the_body_with_what_is_expected_there() {
    let folder = folder(json!([]), json!({"gpsi": ["msisdn-1", "extid-2"]}));
    let output = explain(folder.path(), &["--token", "@token.txt", "--body", "mine.json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(
        line(&output, "identity binding"),
        "✓ identity binding           /eecId \"eec-1\", /ueId \"msisdn-1\""
    );
    let output = explain(folder.path(), &["--token", "@token.txt", "--body", "other.json"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        line(&output, "identity binding"),
        "✗ identity binding           /eecId \"eec-2\", /ueId \"msisdn-1\" (expected: /eecId eec-1, \
         /ueId msisdn-1 or extid-2 or absent; failed: binding_mismatch)"
    );
    let output = explain(folder.path(), &["--token", "@token.txt", "--host", "ees3.edge.example.net"]);
    assert_eq!(
        line(&output, "host"),
        "✗ host                       ees3.edge.example.net (expected: ees1.edge.example.net or \
         ees2.edge.example.net; failed: host_mismatch)"
    );
}

#[test]
fn the_rule_the_claim_and_what_the_token_says() {
    let rule = json!({
        "name": "tiers", "match": {"path": "/ops/reports"},
        "claims": [{"claim": "scope", "contains": "ops"}, {"claim": "/edge/tier", "one_of": ["gold", "silver"]}],
        "bind": [{"claim": "sub", "body": "/operator/eecId"}, {"absent": "/ipAddr"}],
    });
    let with_scope = json!({"scope": "a ops", "edge": {"tier": "silver"}});
    let there = ["--token", "@token.txt", "--path", "/ops/reports", "--body", "own.json"];
    let folder_with = |rule: &Value, claims: Value| folder(json!([rule]), claims);

    let folder = folder_with(&rule, json!({"scope": "a b", "edge": {"tier": "gold"}}));
    let output = explain(folder.path(), &there);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        line(&output, "claims of the rule"),
        "✗ claims of the rule         scope \"a b\" (expected: scope contains \"ops\", by rule `tiers`; failed: claim_mismatch)"
    );

    let folder = folder_with(&rule, with_scope.clone());
    let output = explain(folder.path(), &there);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        line(&output, "claims of the rule"),
        "✓ claims of the rule         scope \"a ops\", /edge/tier \"silver\""
    );
    assert_eq!(
        line(&output, "identity binding"),
        "✗ identity binding           /operator/eecId \"eec-9\", /ipAddr null (expected: /operator/eecId eec-1 (sub), \
         /ipAddr absent, by rule `tiers`; failed: binding_mismatch)"
    );

    let mut watched = rule;
    watched["mode"] = json!("shadow");
    let folder = folder_with(&watched, with_scope);
    let output = explain(folder.path(), &there);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let said = line(&output, "identity binding");
    assert!(said.starts_with("! ") && said.ends_with("; recorded: binding_mismatch)"), "{said}");
    let output = explain(folder.path(), &[&["--json"], &there[..]].concat());
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let binding = report["checks"]
        .as_array()
        .expect("checks")
        .iter()
        .find(|check| check["check"] == "identity binding");
    let binding = binding.expect("the check");
    assert_eq!((&binding["state"], &binding["code"]), (&json!("recorded"), &json!("binding_mismatch")));
}

#[test]
fn what_depends_on_a_body_that_is_not_there_has_an_exit_code_of_its_own() {
    let folder = folder(json!([]), json!({}));
    let token = ["--token", "@token.txt"];
    let output = explain(folder.path(), &token);
    assert_eq!(output.status.code(), Some(5), "{}", text(&output));
    assert!(text(&output).contains("\nundecided: all but its body would do; give that by --body\n"));
    let machines = explain(folder.path(), &[&["--json"], &token[..]].concat());
    let report: Value = serde_json::from_slice(&machines.stdout).expect("JSON");
    assert_eq!(report["decision"], "undecided: all but its body would do; give that by --body");
    assert_eq!(report["undecided"], "body");
    // What the body cannot save, and what has none.
    assert_eq!(explain(folder.path(), &[]).status.code(), Some(2));
    let item = ["--method", "DELETE", "--path", "/eees-eecregistration/v1/registrations/r1"];
    assert_eq!(explain(folder.path(), &[&token[..], &item].concat()).status.code(), Some(0));
}

#[test]
fn what_only_an_answer_tells_is_undecided_without_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = Key::new(1);
    let mut filter = config(&[&key]);
    let write = |name: &str, text: String| fs::write(folder.path().join(name), text).expect("a file");
    let online = |apply_to: &str| json!({"method": "rfc7662", "cluster": "c", "path": "/introspect", "apply_to": apply_to});
    filter["entitlement_servers"][0]["online"] = online("opaque");
    write("filter.json", filter.to_string());
    write("mine.json", json!({"eecId": "eec-1"}).to_string());
    let mut answer = claims_with(json!({"active": true}));
    write("answer.json", answer.to_string());
    let said = "undecided: it depends on what the entitlement server answers; give that by --answer";
    let args = ["--token", "7f3a9c", "--body", "mine.json"];
    let output = explain(folder.path(), &args);
    assert_eq!(output.status.code(), Some(5), "{}", text(&output));
    assert!(
        text(&output).contains(&format!("\n{said}\n")) && !text(&output).contains('✗'),
        "{}",
        text(&output)
    );
    let machines = explain(folder.path(), &[&["--json"], &args[..]].concat());
    let report: Value = serde_json::from_slice(&machines.stdout).expect("JSON");
    assert_eq!((&report["decision"], &report["undecided"]), (&json!(said), &json!("answer")));
    // With one, it is decided; and so is a good token that the server is asked about as well.
    let output = explain(folder.path(), &[&args[..], &["--answer", "answer.json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    answer["active"] = json!(false);
    write("answer.json", answer.to_string());
    let output = explain(folder.path(), &[&args[..], &["--answer", "answer.json"]].concat());
    assert!(text(&output).contains("\ndenied: token_inactive\n"), "{}", text(&output));
    filter["entitlement_servers"][0]["online"] = online("all");
    write("filter.json", filter.to_string());
    write("token.txt", key.token(&claims_with(json!({}))));
    let output = explain(folder.path(), &["--token", "@token.txt", "--body", "mine.json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
}

#[test]
fn what_is_around_a_request_can_be_said_too() {
    let folder = folder(json!([]), json!({}));
    let explained = |args: &[&str]| {
        let output = explain(folder.path(), &[&["--token", "@token.txt"], args].concat());
        let last = text(&output).lines().find(|line| line.starts_with("denied")).map(str::to_owned);
        (output.status.code(), last)
    };
    let denied = |code: &str| (Some(2), Some(format!("denied: {code}")));
    assert_eq!(explained(&["--no-body"]), denied("body_required"));
    assert_eq!(explained(&["--header", "Connection: x-eec-id"]), denied("header_not_allowed"));
    assert_eq!(explained(&["--header", "authorization:Bearer x"]), denied("token_repeated"));
    for wrong in ["connection", ": x", "a b: c", "x-a: b\u{1}c", "x-a: b\r\nc"] {
        assert_eq!(explained(&["--header", wrong]), (Some(1), None), "{wrong}");
    }
    let mut filter: Value =
        serde_json::from_slice(&fs::read(folder.path().join("filter.json")).expect("the file"))
            .expect("JSON");
    filter["entitlement_servers"][0]["online"] =
        json!({"method": "rfc7662", "apply_to": "all", "cluster": "es", "path": "/i"});
    fs::write(folder.path().join("filter.json"), filter.to_string()).expect("a file");
    assert_eq!(explained(&["--no-answer"]), denied("entitlement_unavailable"));
    assert_eq!(explained(&["--body", "mine.json"]), (Some(0), None));
}

#[test]
fn machines_are_told_the_rule_and_the_operation() {
    let rule = json!({"name": "registrations", "match": {"api": "eees-eecregistration"}});
    let folder = folder(json!([rule]), json!({}));
    let output = explain(folder.path(), &["--json", "--token", "@token.txt", "--body", "mine.json"]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["rule"], json!({"name": "registrations", "number": 0}));
    let operation = json!({"api": "eees-eecregistration", "method": "POST", "resource": "/registrations"});
    assert_eq!(report["operation"], operation);
}

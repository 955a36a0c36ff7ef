//! `seal`, `unseal` and what `explain` says of sealed paths, as processes with secrets in their environment.

use crate::support::fixture::{FQDN, ISSUER, config};
use crate::support::seal::{EEC_1, Owner, SECRET, in_environment};
use crate::support::token::{Key, claims};
use serde_json::{Value, json};
use std::fs;
use std::process::{Command, Output};
use tempfile::TempDir;

const ITEM: &str = "/eees-eecregistration/v1/registrations/r1";
const OLD: [u8; 32] = [3; 32];

struct Desk(TempDir);

impl Desk {
    fn new(change: impl FnOnce(&mut Value)) -> Desk {
        let folder = TempDir::with_prefix("eec-authn-cli-").expect("a temporary directory");
        let mut filter = config(&[&Key::new(1)]);
        filter["ownership"] = json!({"secret_env": ["NEW", "OLD"]});
        change(&mut filter);
        fs::write(folder.path().join("filter.json"), filter.to_string()).expect("a file");
        fs::write(folder.path().join("token.txt"), Key::new(1).token(&claims())).expect("a file");
        Desk(folder)
    }

    /// Runs a verb with both secrets in its environment.
    fn run(&self, args: &[&str]) -> (Option<i32>, String) {
        self.run_with(args, &[("NEW", &in_environment(&SECRET)), ("OLD", &in_environment(&OLD))])
    }

    fn run_with(&self, args: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_eec-authn"));
        command.env_remove("NEW").env_remove("OLD").envs(environment.iter().copied());
        let Output { status, stdout, stderr } =
            command.args(args).current_dir(self.0.path()).output().expect("the command runs");
        (status.code(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
    }

    fn seal(&self, more: &[&str]) -> (Option<i32>, String) {
        self.run(&[&["seal", "--config", "filter.json", "--eec-id", "eec-1"], more].concat())
    }

    fn unseal(&self, eec_id: &str, path: &str) -> (Option<i32>, String) {
        self.run(&["unseal", "--config", "filter.json", "--eec-id", eec_id, path])
    }
}

fn sealed_by(secret: &[u8]) -> String {
    format!("{ITEM}{}", EEC_1.seal(secret, "r1"))
}

#[test]
fn seal_prints_the_path_that_the_client_was_given() {
    let desk = Desk::new(|filter| filter["protects"]["fqdns"] = json!([FQDN, "ees9.edge.example.net"]));
    assert_eq!(desk.seal(&[ITEM]), (Some(0), format!("{}\n", sealed_by(&SECRET))));
    let with_query = sealed_by(&SECRET) + "?a=b";
    assert_eq!(desk.seal(&[&format!("{ITEM}?a=b")]), (Some(0), format!("{with_query}\n")));
    let elsewhere = Owner { fqdn: "ees9.edge.example.net", ..EEC_1 }.seal(&SECRET, "r1");
    assert_eq!(
        desk.seal(&["--host", "EES9.edge.example.net:8443", ITEM]),
        (Some(0), format!("{ITEM}{elsewhere}\n"))
    );
    let (code, json) = desk.seal(&["--json", ITEM]);
    assert_eq!(
        (code, serde_json::from_str::<Value>(&json).expect("JSON")),
        (Some(0), json!({"path": sealed_by(&SECRET)}))
    );
    for (args, complaint) in [
        (vec!["/eees-eecregistration/v1/registrations"], "no registration or subscription"),
        (vec!["/eees-eecregistration/v1/registrations/a/../r1"], "no registration or subscription"),
        (vec!["--host", "ees2.edge.example.net", ITEM], "not one of `protects.fqdns`"),
        (vec!["--issuer", "nobody.example.org", ITEM], "no entitlement server is named"),
    ] {
        let (code, text) = desk.seal(&args);
        assert!(code == Some(1) && text.contains(complaint), "{args:?}: {code:?} {text}");
    }
    let (code, text) =
        Desk::new(|filter| drop(filter.as_object_mut().expect("an object").remove("ownership")))
            .seal(&[ITEM]);
    assert!(code == Some(1) && text.contains("no `ownership`"), "{text}");
}

#[test]
fn of_several_entitlement_servers_one_must_be_named() {
    let desk = Desk::new(|filter| {
        let other = json!({"fqdn": "second.example.org", "keys": [{"jwk": Key::new(2).jwk()}]});
        filter["entitlement_servers"].as_array_mut().expect("servers").push(other);
    });
    let (code, text) = desk.seal(&[ITEM]);
    assert!(code == Some(1) && text.contains("--issuer"), "{text}");
    let second = Owner { issuer: "second.example.org", ..EEC_1 }.seal(&SECRET, "r1");
    let named = desk.seal(&["--issuer", "https://SECOND.example.org/", ITEM]);
    assert_eq!(named, (Some(0), format!("{ITEM}{second}\n")));
    assert_eq!(desk.seal(&["--issuer", ISSUER, ITEM]), (Some(0), format!("{}\n", sealed_by(&SECRET))));
}

#[test]
fn unseal_says_whose_a_seal_is_not() {
    let desk = Desk::new(|_| {});
    for (number, secret) in [SECRET, OLD].iter().enumerate() {
        let fits = format!("{ITEM}\nsealed by ownership.secret_env[{number}]\n");
        assert_eq!(desk.unseal("eec-1", &sealed_by(secret)), (Some(0), fits));
    }
    let foreign = "the seal is not this client's for this resource\n".to_owned();
    assert_eq!(desk.unseal("eec-2", &sealed_by(&SECRET)), (Some(2), foreign.clone()));
    assert_eq!(desk.unseal("eec-1", &sealed_by(&[9; 32])), (Some(2), foreign));
    assert_eq!(desk.unseal("eec-1", ITEM), (Some(2), "the identifier has no seal\n".to_owned()));
    let args = ["--json", "unseal", "--config", "filter.json", "--eec-id", "eec-1"];
    for (path, expected) in [
        (sealed_by(&OLD), json!({"fits": true, "sealed": true, "path": ITEM, "secret": 1})),
        (ITEM.to_owned(), json!({"fits": false, "sealed": false, "path": null, "secret": null})),
    ] {
        let (_, text) = desk.run(&[&args[..], &[&path]].concat());
        assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON"), expected);
    }
}

#[test]
fn secrets_that_are_not_there_or_none_are_errors_and_never_shown() {
    let desk = Desk::new(|_| {});
    let args = ["seal", "--config", "filter.json", "--eec-id", "eec-1", ITEM];
    let good = in_environment(&SECRET);
    let (code, text) = desk.run_with(&args, &[("NEW", &good)]);
    assert!(
        code == Some(3)
            && text.contains("ownership.secret_env[1]: the VM's environment has no variable \"OLD\""),
        "{text}"
    );
    let (code, text) = desk.run_with(&args, &[("NEW", &good), ("OLD", "hunter2")]);
    assert!(
        code == Some(3) && text.contains("does not hold base64url") && !text.contains("hunter2"),
        "{text}"
    );
    // `check` needs none, and names them.
    let (code, text) = desk.run_with(&["check", "filter.json"], &[]);
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("needs the environment variable NEW")
            && text.contains("needs the environment variable OLD"),
        "{text}"
    );
    assert!(!text.contains("ownership: without it"), "{text}");
}

#[test]
fn explain_judges_seals_by_the_secrets_that_are_there() {
    let desk = Desk::new(|_| {});
    let explain = |path: &str, environment: &[(&str, &str)]| {
        let args = [
            "--json",
            "explain",
            "--config",
            "filter.json",
            "--token",
            "@token.txt",
            "--method",
            "DELETE",
            "--path",
            path,
        ];
        let (code, text) = desk.run_with(&args, environment);
        (code, serde_json::from_str::<Value>(&text).expect("JSON"))
    };
    let both = [("NEW", in_environment(&SECRET)), ("OLD", in_environment(&OLD))];
    let both: Vec<(&str, &str)> = both.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (code, report) = explain(&sealed_by(&OLD), &both);
    assert_eq!(code, Some(0), "{report}");
    assert_eq!((&report["upstream_path"], &report["unknown_secrets"]), (&json!(ITEM), &json!([])));
    let owner =
        report["checks"].as_array().expect("checks").iter().find(|check| check["check"] == "ownership");
    assert_eq!(owner.expect("the check")["state"], "passed");
    let (code, report) = explain(ITEM, &both);
    assert_eq!((code, &report["decision"]), (Some(2), &json!("denied: ownership_mismatch")), "{report}");
    let (code, report) = explain(&sealed_by(&OLD), &both[..1]);
    assert_eq!((code, &report["unknown_secrets"]), (Some(2), &json!(["OLD"])), "{report}");
}

#[test]
fn check_says_what_is_open() {
    let without = Desk::new(|filter| drop(filter.as_object_mut().expect("an object").remove("ownership")));
    let warns = |desk: &Desk| desk.run(&["check", "filter.json"]).1;
    assert!(warns(&without).contains("filter.json: warning: ownership: without it"), "{}", warns(&without));
    let allowing = Desk::new(|filter| filter["ownership"]["unsealed"] = json!("allow"));
    assert!(warns(&allowing).contains("warning: ownership.unsealed: with \"allow\" nothing is protected"));
    // Where no item can be reached, nothing is left open.
    for (rules, open) in [
        (json!([{"match": {"path_prefix": "/ops"}, "bind": [{"claim": "sub", "body": "/eecId"}]}]), false),
        (json!([{"match": {"api": "eees-eecregistration"}, "action": "deny"}]), false),
        (json!([{"match": {"api": "eees-eecregistration"}}]), true),
        (json!([{"match": {"path_prefix": "/", "methods": ["DELETE"]}}]), true),
        (json!([{"match": {"path_prefix": "/", "methods": ["GET"]}}]), false),
    ] {
        let desk = Desk::new(|filter| {
            filter.as_object_mut().expect("an object").remove("ownership");
            filter["operations"] = json!("none");
            filter["rules"] = rules.clone();
        });
        assert_eq!(warns(&desk).contains("warning: ownership: without it"), open, "{rules}");
    }
}

#[test]
fn what_is_sealed_for_this_owner_is_not_sealed_again() {
    let desk = Desk::new(|_| {});
    for secret in [SECRET, OLD] {
        let (code, text) = desk.seal(&[&sealed_by(&secret)]);
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains("has this owner's seal already"), "{text}");
    }
    // What only looks like a seal, or is another's, is part of the identifier.
    let other = Owner { eec_id: "eec-2", ..EEC_1 }.seal(&SECRET, "r1");
    assert_eq!(desk.seal(&[&format!("{ITEM}{other}")]).0, Some(0));
}

#[test]
fn mistakes_end_with_what_to_do() {
    let other = "aes.mnc002.mcc001.pub.3gppnetwork.org";
    let desk = Desk::new(|filter| {
        let mut second = filter["entitlement_servers"][0].clone();
        (second["fqdn"], second["keys"]) = (json!(other), json!([{"jwk": Key::new(2).jwk()}]));
        filter["entitlement_servers"].as_array_mut().expect("servers").push(second);
    });
    let (code, said) = desk.seal(&[ITEM]);
    let wanted = format!("there are several entitlement servers; say which by --issuer: {ISSUER}, {other}");
    assert!(code == Some(1) && said.contains(&wanted), "{said}");
    let url = format!("https://{FQDN}{ITEM}");
    for (code, said) in [desk.seal(&[&url]), desk.unseal("eec-1", &url)] {
        assert!(
            code == Some(1) && said.contains("is a URL; give its path alone, and its host by --host"),
            "{said}"
        );
    }
}

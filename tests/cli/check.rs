//! `check` over several files, over files that only contain the filter JSON; what it takes for an error, and what it needs.

use crate::support::fixture::config;
use crate::support::token::Key;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn check(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eec-authn"));
    command.arg("check").args(args).current_dir(folder).output().expect("the command runs")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn every_file_is_reported_whatever_is_wrong_with_the_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let good = config(&[&Key::new(1)]);
    let mut wrong = good.clone();
    wrong["mod"] = json!("shadow");
    fs::write(folder.join("good.json"), good.to_string()).expect("a file");
    fs::write(folder.join("wrong.json"), wrong.to_string()).expect("a file");
    fs::create_dir(folder.join("directory.json")).expect("a directory");

    let all = ["absent.json", "wrong.json", "directory.json", "good.json"];
    let output = check(folder, &all);
    assert_eq!(output.status.code(), Some(1), "an unreadable file is a failure");
    let report = text(&output);
    for line in [
        "absent.json: error: file: cannot read absent.json: No such file or directory",
        "absent.json: invalid, 1 error",
        "wrong.json: error: mod: is not known here; did you mean \"mode\"? known members are ",
        "directory.json: error: file: cannot read directory.json: Is a directory",
        "good.json: valid, ",
    ] {
        assert!(report.lines().any(|l| l.starts_with(line)), "no `{line}` in\n{report}");
    }
    let output = check(folder, &[&["--json"], &all[..]].concat());
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let valid: Vec<_> =
        report.as_array().expect("a list").iter().map(|file| (&file["file"], &file["valid"])).collect();
    let names = all.map(|name| json!(name));
    let expected: Vec<_> =
        names.iter().zip([&json!(false), &json!(false), &json!(false), &json!(true)]).collect();
    assert_eq!(valid, expected);
    assert_eq!(report[0]["errors"][0]["path"], "file");
    assert_eq!(check(folder, &["wrong.json", "good.json"]).status.code(), Some(3));
    assert_eq!(check(folder, &["good.json", "good.json"]).status.code(), Some(0));
}

#[test]
fn a_resource_around_the_filter_json_is_named_in_yaml_and_in_json() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let filter = config(&[&Key::new(1)]);
    let wasm_plugin = json!({
        "apiVersion": "extensions.istio.io/v1alpha1", "kind": "WasmPlugin",
        "metadata": {"name": "eec-authn"}, "spec": {"pluginConfig": filter},
    });
    let wasm = json!({"name": "eec_authn", "typed_config": {"config": {"configuration": {"value": "{}"}}}});
    let files = [
        ("plugin.json", wasm_plugin.to_string()),
        ("pretty.json", serde_json::to_string_pretty(&wasm_plugin).expect("JSON")),
        ("plugin.yaml", "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\n".into()),
        ("http_filter.json", wasm.to_string()),
        ("http_filter.yaml", "- name: eec_authn\n  typed_config: {}\n".into()),
        ("envoy.json", json!({"static_resources": {"listeners": []}}).to_string()),
    ];
    for (name, content) in files {
        fs::write(folder.join(name), content).expect("a file");
        let output = check(folder, &[name]);
        assert_eq!(output.status.code(), Some(3), "{name}");
        let report = text(&output);
        assert!(report.contains("looks like a file of Envoy or Istio"), "{name}: {report}");
    }
    fs::write(folder.join("other.json"), "{\"protect\": {}}").expect("a file");
    assert!(!text(&check(folder, &["other.json"])).contains("looks like"), "a plain mistake");
}

#[test]
fn strict_takes_warnings_for_errors_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let mut filter = config(&[&Key::new(1)]);
    filter["gpsi"] = json!("required");
    filter["ownership"] = json!({"secret_env": ["EEC_AUTHN_OWNERSHIP"]});
    fs::write(folder.join("silent.json"), filter.to_string()).expect("a file");
    filter["mode"] = json!("shadow");
    fs::write(folder.join("warned.json"), filter.to_string()).expect("a file");
    let codes = |args: &[&str]| check(folder, args).status.code();
    assert!(text(&check(folder, &["silent.json"])).ends_with("silent.json: valid, 0 warnings\n"));
    assert!(text(&check(folder, &["warned.json"])).ends_with("warned.json: valid, 1 warning\n"));
    assert_eq!((codes(&["warned.json"]), codes(&["--strict", "warned.json"])), (Some(0), Some(3)));
    assert_eq!(codes(&["--strict", "silent.json"]), Some(0));
    assert_eq!(codes(&["--strict", "silent.json", "warned.json"]), Some(3));
}

#[test]
fn a_warning_that_is_known_is_accepted_by_its_member_and_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let mut filter = config(&[&Key::new(1)]);
    filter["gpsi"] = json!("required");
    filter["mode"] = json!("shadow");
    fs::write(folder.join("f.json"), filter.to_string()).expect("a file");
    let codes = |args: &[&str]| check(folder, args).status.code();
    // It has two: `mode` and `ownership`.
    assert_eq!(codes(&["--strict", "--accept", "mode", "f.json"]), Some(3));
    assert_eq!(codes(&["--strict", "--accept", "mod", "--accept", "ownership", "f.json"]), Some(3));
    let both = ["--strict", "--accept", "mode", "--accept", "ownership", "f.json"];
    let output = check(folder, &both);
    let report = text(&output);
    assert_eq!(output.status.code(), Some(0), "{report}");
    assert!(report.contains("f.json: accepted: mode: nothing is refused in shadow mode"), "{report}");
    assert!(report.ends_with("f.json: valid, 0 warnings\n"), "{report}");
    let output = check(folder, &[&["--json"], &both[..]].concat());
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&report[0]["warnings"], &report[0]["accepted"][0]["path"]), (&json!([]), &json!("mode")));
}

#[test]
fn a_member_is_accepted_with_what_is_in_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let mut filter = config(&[&Key::new(1)]);
    filter["gpsi"] = json!("required");
    filter["ownership"] = json!({"secret_env": ["SECRET"], "unsealed": "allow"});
    fs::write(folder.join("f.json"), filter.to_string()).expect("a file");
    let run = |accepted: &str| check(folder, &["--strict", "--accept", accepted, "f.json"]);
    let said = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
    for member in ["ownership.unsealed", "ownership"] {
        let output = run(member);
        assert_eq!((output.status.code(), said(&output).as_str()), (Some(0), ""), "{member}");
        assert!(text(&output).contains("f.json: accepted: ownership.unsealed: "), "{member}");
    }
    // What accepts nothing does not do so in silence.
    for member in ["owner", "ownership.unsealed.x", "ownership.secret_env", ""] {
        let output = run(member);
        assert_eq!(output.status.code(), Some(3), "{member}");
        let expected = format!("--accept {member}: no warning is about `{member}`; take it out");
        assert!(said(&output).contains(&expected), "{}", said(&output));
    }
    // In an array, too, and by number.
    let soon = json!({"jwk": Key::new(2).jwk(), "not_after": "2020-01-01T00:00:00Z"});
    filter["entitlement_servers"][0]["keys"] = json!([soon, {"jwk": Key::new(1).jwk()}]);
    filter["ownership"] = json!({"secret_env": ["SECRET"]});
    fs::write(folder.join("f.json"), filter.to_string()).expect("a file");
    for (member, code) in
        [("entitlement_servers", 0), ("entitlement_servers[0]", 0), ("entitlement_servers[1]", 3)]
    {
        assert_eq!(run(member).status.code(), Some(code), "{member}: {}", text(&run(member)));
    }
}

#[test]
fn files_for_one_envoy_need_names_that_differ() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let ees = config(&[&Key::new(1)]);
    let mut ecs = ees.clone();
    ecs["protects"] = json!({"role": "ecs", "fqdns": ["ecs.example.com"]});
    let named = |filter: &Value, name: &str| {
        let mut filter = filter.clone();
        filter["name"] = json!(name);
        filter
    };
    for (file, content) in [
        ("ees.json", ees.clone()),
        ("ecs.json", ecs.clone()),
        ("ees_named.json", named(&ees, "ees")),
        ("ecs_named.json", named(&ecs, "ecs")),
        ("ecs_ees.json", named(&ecs, "ees")),
    ] {
        fs::write(folder.join(file), content.to_string()).expect("a file");
    }
    let said = |files: &[&str]| -> Vec<String> {
        let report = text(&check(folder, files));
        report.lines().filter(|line| line.contains(": warning: name: ")).map(str::to_owned).collect()
    };
    let merge = said(&["ees.json", "ecs.json"]);
    assert_eq!(merge.len(), 1, "{merge:?}");
    assert!(merge[0].starts_with("ecs.json: warning: name: is missing, as in ees.json: "), "{merge:?}");
    let same = said(&["ees_named.json", "ecs_ees.json"]);
    assert!(same[0].starts_with("ecs_ees.json: warning: name: is also that of ees_named.json: "), "{same:?}");
    for fine in
        [["ees_named.json", "ecs_named.json"], ["ees.json", "ees.json"], ["ees.json", "ecs_named.json"]]
    {
        assert_eq!(said(&fine), Vec::<String>::new(), "{fine:?}");
    }
    assert_eq!(said(&["ecs.json"]), Vec::<String>::new());
}

#[test]
fn holding_headers_back_needs_a_plugin_option() {
    let folder = tempfile::tempdir().expect("a folder");
    let check = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_eec-authn"));
        let output = command.args(args).current_dir(folder.path()).output().expect("it runs");
        assert!(output.status.success(), "{args:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let mut filter = config(&[&Key::new(1)]);
    filter["gpsi"] = json!("required");
    filter["ownership"] = json!({"secret_env": ["EEC_AUTHN_OWNERSHIP"]});
    fs::write(folder.path().join("plain.json"), filter.to_string()).expect("a file");
    filter["body"] = json!({"hold_headers": true});
    fs::write(folder.path().join("holds.json"), filter.to_string()).expect("a file");
    let said = check(&["check", "--strict", "holds.json"]);
    assert!(
        said.contains(
            "holds.json: needs the plugin option allow_on_headers_stop_iteration for `body.hold_headers`"
        ),
        "{said}"
    );
    assert!(said.ends_with("holds.json: valid, 0 warnings\n"), "a need is no warning: {said}");
    assert!(!check(&["check", "plain.json"]).contains("plugin option"));
    let report: Value = serde_json::from_str(&check(&["--json", "check", "holds.json"])).expect("JSON");
    assert_eq!(report[0]["plugin_options"], json!(["allow_on_headers_stop_iteration"]));
}

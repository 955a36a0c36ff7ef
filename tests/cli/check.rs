//! `check` over several files, over files that only contain the filter JSON, and over rules that hide each other.

use crate::support::fixture::config;
use crate::support::token::{Key, base64url};
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
fn a_long_key_for_pss_is_warned_of_with_its_cost() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    // 2^bits - k, without a factor below 2^16.
    let rsa = |alg: &str, bits: usize, k: u8| {
        let mut n = vec![0xff; bits / 8];
        n[bits / 8 - 1] -= k - 1;
        json!({"kty": "RSA", "alg": alg, "kid": format!("{alg}-{bits}"), "n": base64url(n), "e": "AQAB"})
    };
    let pem = include_str!("../core/vectors/pem/rsa8192.pub");
    let mut filter = config(&[]);
    filter["entitlement_servers"][0]["keys"] = json!([
        {"jwk": rsa("PS256", 4096, 5)},
        {"jwk": rsa("RS512", 8192, 45)},
        {"jwk": rsa("PS384", 8192, 45)},
        {"jwks": {"keys": [Key::new(1).jwk(), rsa("PS512", 4104, 33)]}},
        {"public_key_pem": pem, "alg": "PS256", "kid": "pem"},
        {"public_key_pem": pem, "kid": "pem-rs256"},
    ]);
    fs::write(folder.join("filter.json"), filter.to_string()).expect("a file");
    let output = check(folder, &["filter.json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let slow: Vec<String> =
        text(&output).lines().filter(|line| line.contains("is slow")).map(str::to_owned).collect();
    let warning = |member: &str, alg: &str, bits: usize| {
        format!(
            "filter.json: warning: entitlement_servers[0].keys{member}: is slow: \"{alg}\" is verified in WebAssembly, and \
             with {bits} bits each forged token costs a worker some milliseconds (13 with 8192); use at most 4096 bits, \
             or \"RS256\""
        )
    };
    let expected = [
        warning("[2].jwk", "PS384", 8192),
        warning("[3].jwks.keys[1]", "PS512", 4104),
        warning("[4].public_key_pem", "PS256", 8192),
    ];
    assert_eq!(slow, expected);
}

#[test]
fn a_rule_that_an_earlier_one_hides_is_warned_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let hidden = |first: Value, second: Value| {
        let mut filter = config(&[&Key::new(1)]);
        filter["rules"] = json!([{"match": first}, {"match": second}]);
        fs::write(folder.join("filter.json"), filter.to_string()).expect("a file");
        let output = check(folder, &["filter.json"]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        text(&output).contains("rules[1].match: never reached: rules[0] takes all of its requests")
    };
    let template = |text: &str| json!({"path_template": text});
    let path = |text: &str| json!({"path": text});
    let prefix = |text: &str| json!({"path_prefix": text});
    for (first, second) in [
        (template("/a/{id}"), path("/a/b")),
        (template("/a/{id}/c"), path("/a/b/c")),
        (template("/a/{id}"), json!({"path": "/a/b", "methods": ["GET"]})),
        (
            json!({"path_template": "/a/{id}", "methods": ["GET", "PUT"]}),
            json!({"path": "/a/b", "methods": ["PUT"]}),
        ),
        (template("/{x}/{y}"), template("/a/{id}")),
        (template("/a/{id}"), template("/a/{other}")),
        (prefix("/a"), template("/a/{id}")),
        (prefix("/"), json!({"api": "eees-easdiscovery"})),
        (path("/a"), path("/a")),
        (prefix("/eees-easdiscovery/v1"), json!({"api": "eees-easdiscovery"})),
        (
            json!({"path_prefix": "/eees-easdiscovery", "methods": ["POST", "PUT", "PATCH", "DELETE"]}),
            json!({"api": "eees-easdiscovery"}),
        ),
        (
            template("/eees-easdiscovery/v1/subscriptions/{x}"),
            json!({"api": "eees-easdiscovery", "methods": ["PUT"]}),
        ),
        (
            json!({"api": "eees-easdiscovery"}),
            json!({"path": "/eees-easdiscovery/v1/subscriptions", "methods": ["POST"]}),
        ),
        (
            json!({"api": "eees-easdiscovery"}),
            json!({"path_template": "/eees-easdiscovery/v1/subscriptions/{id}", "methods": ["PUT", "DELETE"]}),
        ),
    ] {
        assert!(hidden(first.clone(), second.clone()), "{first} hides {second}");
    }
    for (first, second) in [
        (template("/a/{id}"), path("/a")),
        (template("/a/{id}"), path("/a/b/c")),
        (template("/a/{id}"), path("/b/b")),
        (template("/a/{id}"), path("/a/")),
        (template("/a/{id}"), prefix("/a/b")),
        (template("/a/{id}"), template("/{x}/{y}")),
        (template("/a/{id}"), template("/a/")),
        (json!({"path_template": "/a/{id}", "methods": ["GET"]}), path("/a/b")),
        (json!({"path_template": "/a/{id}", "hosts": ["ees1.edge.example.net"]}), path("/a/b")),
        (json!({"path_template": "/a/{id}", "path_prefix": "/a/c"}), path("/a/b")),
        (prefix("/a/b"), template("/a/{id}")),
        (prefix("/a"), template("/{x}/b")),
        (path("/a/b"), template("/a/{id}")),
        (prefix("/eees-easdiscovery/v1/subscriptions"), json!({"api": "eees-easdiscovery"})),
        (prefix("/eees-easdiscovery/v2"), json!({"api": "eees-easdiscovery"})),
        (
            json!({"path_prefix": "/eees-easdiscovery", "methods": ["POST"]}),
            json!({"api": "eees-easdiscovery"}),
        ),
        (template("/eees-easdiscovery/v1/subscriptions/{x}"), json!({"api": "eees-easdiscovery"})),
        (json!({"api": "eees-easdiscovery"}), path("/eees-easdiscovery/v1/subscriptions")),
        (
            json!({"api": "eees-easdiscovery"}),
            json!({"path": "/eees-easdiscovery/v1/subscriptions", "methods": ["POST", "GET"]}),
        ),
        (
            json!({"api": "eees-eecregistration"}),
            json!({"path": "/eees-easdiscovery/v1/subscriptions", "methods": ["POST"]}),
        ),
    ] {
        assert!(!hidden(first.clone(), second.clone()), "{first} leaves something to {second}");
    }
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
fn a_name_without_a_dot_is_warned_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let mut filter = config(&[&Key::new(1)]);
    let full = filter["protects"]["fqdns"][0].clone();
    filter["protects"]["fqdns"] = json!([full, "ees1", "localhost."]);
    fs::write(folder.join("filter.json"), filter.to_string()).expect("a file");
    let report = text(&check(folder, &["filter.json"]));
    let warned =
        |number| report.contains(&format!("filter.json: warning: protects.fqdns[{number}]: has no dot: "));
    assert_eq!([0, 1, 2].map(warned), [false, true, true], "{report}");
}

#[test]
fn what_would_refuse_every_token_is_warned_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let mut filter = config(&[&Key::new(1), &Key::new(2)]);
    let keys = &mut filter["entitlement_servers"][0]["keys"];
    keys[0]["not_after"] = json!("2020-01-01T00:00:00Z");
    keys[1]["not_before"] = json!("2200-01-01T00:00:00Z");
    filter["revoked"] = json!({"token_ids": ["t1"], "issued_before": "2200-01-01T00:00:00Z"});
    fs::write(folder.join("filter.json"), filter.to_string()).expect("a file");
    let report = text(&check(folder, &["filter.json"]));
    for warning in [
        "entitlement_servers[0].keys: no key is valid now: every token of this server is refused",
        "revoked.issued_before: 2200-01-01T00:00:00Z lies ahead: until then every token is refused",
        "revoked.token_ids: refuses every token without `jti` as well",
    ] {
        assert!(report.contains(&format!("filter.json: warning: {warning}")), "no `{warning}` in\n{report}");
    }
    filter["entitlement_servers"][0]["keys"][0]["not_after"] = json!("2200-01-01T00:00:00Z");
    filter["revoked"] = json!({"token_ids": ["t1"], "issued_before": "2020-01-01T00:00:00Z"});
    filter["token"] = json!({"require_claims": ["jti"]});
    fs::write(folder.join("filter.json"), filter.to_string()).expect("a file");
    let report = text(&check(folder, &["filter.json"]));
    for silent in ["no key is valid now", "lies ahead", "refuses every token"] {
        assert!(!report.contains(silent), "{report}");
    }
}

#[test]
fn bound_tokens_without_nonces_should_be_short_lived_and_unbound_ones_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let warned = |proof: Value, lifetime: u32| {
        let mut filter = config(&[&Key::new(1)]);
        filter["proof"] = proof;
        filter["token"] = json!({"max_lifetime_seconds": lifetime});
        fs::write(folder.join("filter.json"), filter.to_string()).expect("a file");
        let report = text(&check(folder, &["filter.json"]));
        ["token.max_lifetime_seconds", "proof.required"]
            .map(|path| report.contains(&format!("warning: {path}: ")))
    };
    let nonce = json!({"secret_env": ["EEC_AUTHN_NONCE"]});
    assert_eq!(warned(json!({"dpop": {}}), 3_601), [true, true]);
    assert_eq!(warned(json!({"dpop": {}, "required": true}), 3_600), [false, false]);
    assert_eq!(warned(json!({"dpop": {"nonce": nonce}, "required": true}), 86_400), [false, false]);
    assert_eq!(warned(json!({"client_certificate": true}), 86_400), [false, true]);
}

#[test]
fn a_path_whose_operations_an_earlier_api_takes_is_warned_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let warned = |second: Value| {
        let mut filter = config(&[&Key::new(1)]);
        filter["rules"] = json!([{"match": {"api": "eees-easdiscovery"}}, {"match": second}]);
        fs::write(folder.join("filter.json"), filter.to_string()).expect("a file");
        text(&check(folder, &["filter.json"])).contains(
            "rules[1].match: rules[0] takes the built-in operations at this path (POST) before: only other methods come here",
        )
    };
    assert!(warned(json!({"path": "/eees-easdiscovery/v1/subscriptions"})));
    assert!(!warned(json!({"path": "/eees-easdiscovery/v1/subscriptions", "methods": ["GET"]})));
    assert!(!warned(json!({"path": "/eees-easdiscovery/v1/others"})));
    assert!(!warned(json!({"path": "/eees-eecregistration/v1/registrations"})));
}

#[test]
fn a_member_that_was_meant_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let said = |filter: &Value| {
        fs::write(folder.join("filter.json"), filter.to_string()).expect("a file");
        text(&check(folder, &["filter.json"])).to_owned()
    };
    for (path, wrong, meant) in [
        ("", "modus", "mode"),
        ("", "entitlement_server", "entitlement_servers"),
        ("token", "max_lifetime", "max_lifetime_seconds"),
        ("ownership", "secret", "secret_env"),
        ("token", "clock_skew_secs", "clock_skew_seconds"),
    ] {
        let mut filter = config(&[&Key::new(1)]);
        let place = if path.is_empty() { &mut filter } else { &mut filter[path] };
        place[wrong] = json!(1);
        let dot = if path.is_empty() { "" } else { "." };
        let wanted =
            format!("{path}{dot}{wrong}: is not known here; did you mean \"{meant}\"? known members");
        let said = said(&filter);
        assert!(said.contains(&wanted), "no `{wanted}` in {said}");
    }
    // What is near to nothing, or to several, is no such guess.
    let mut filter = config(&[&Key::new(1)]);
    filter["issuer"] = json!(1);
    filter["token"]["max"] = json!(1);
    let said = said(&filter);
    for alone in ["issuer", "token.max"] {
        assert!(said.contains(&format!("{alone}: is not known here; known members")), "{alone}: {said}");
    }
}

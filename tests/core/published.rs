//! `vectors/`, for other implementers: the decision tables with every token signed and every configuration filled in. They are made from the
//! tables (`UPDATE_GOLDEN=1` writes them), and read back by themselves: what stands in the files is what is played.

use crate::decision_cases::{TABLES, body_of, environment, fields, merged, with_keys};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eec_authn::config;
use eec_authn::decision::DenyReason;
use eec_authn::exchange::rehearsal::{Decision, Rehearsal, Wait, play};
use eec_authn::keys::NoHost;
use eec_authn::plugin_state::PluginState;
use eec_authn::request::RequestView;
use eec_authn::time::UnixTime;
use serde_json::{Map, Value, json};
use std::fs;
use std::hash::RandomState;
use std::path::{Path, PathBuf};
use std::rc::Rc;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

/// Whether one request alone, with nothing around it, is decided by the case: nobody is asked, nothing came before or comes after.
fn stands_alone(case: &Value) -> bool {
    let around = ["answer", "wait", "push", "then", "times", "trailers"];
    let servers = case["config"]["entitlement_servers"].as_array();
    around.iter().all(|name| case[name].is_null())
        && servers.is_some_and(|servers| servers.iter().all(|server| server["online"].is_null()))
        && !case["expect"]["config"].is_array()
        && case["expect"] != "undecided"
}

/// What goes on: as whom, and with which target if that is another one.
fn allowed(headers: Map<String, Value>, target: Option<&Value>) -> Value {
    let mut allowed = json!({"decision": "allow", "identity_headers": headers});
    if let Some(target) = target {
        allowed["target"] = target.clone();
    }
    allowed
}

fn expected(expect: &Value) -> Value {
    let denied = |decision: &str, code: &str| {
        let reason = DenyReason::ALL.iter().find(|reason| reason.code() == code).expect("a code");
        json!({"decision": decision, "code": code, "status": reason.status().code()})
    };
    match expect.as_str() {
        None => {
            let members = expect.as_object().expect("a code or headers");
            let (target, headers): (Map<_, _>, Map<_, _>) =
                members.clone().into_iter().partition(|(name, _)| name == ":path");
            allowed(headers, target.get(":path"))
        }
        Some("pass") => json!({"decision": "pass"}),
        Some(code) => match code.strip_prefix("shadow:") {
            Some(code) => denied("shadow_deny", code),
            None => denied("deny", code),
        },
    }
}

/// The request of a case, with nothing left to fill in.
fn request(case: &Value) -> Value {
    let (pseudo, headers): (Vec<_>, Vec<_>) =
        fields(case).into_iter().partition(|(name, _)| name.starts_with(':'));
    let pseudo = |name: &str| {
        pseudo.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone()).expect("its field")
    };
    let mut request = json!({
        "method": pseudo(":method"), "target": pseudo(":path"), "authority": pseudo(":authority"), "headers": headers,
    });
    if let Some(pieces) = body_of(case) {
        request["body"] = json!(pieces.concat());
    }
    if case["client_certificate"].is_string() {
        request["client_certificate_sha256"] = case["client_certificate"].clone();
    }
    request
}

/// The file of one table, or none if no case of it stands alone: one case a line, for people who compare versions.
fn file(name: &str, text: &str) -> Option<String> {
    let table: Value = serde_json::from_str(text).expect("a table");
    let mut configurations: Vec<Value> = Vec::new();
    let mut cases = Vec::new();
    for case in table["cases"].as_array().expect("cases") {
        let case = with_keys(&merged(&table["defaults"], case));
        if !stands_alone(&case) {
            continue;
        }
        let known = configurations.iter().position(|known| *known == case["config"]);
        let configuration = known.unwrap_or_else(|| {
            configurations.push(case["config"].clone());
            configurations.len() - 1
        });
        cases.push(json!({
            "id": format!("{name}/{}", case["name"].as_str().expect("a name")), "configuration": configuration,
            "now": case["now"], "request": request(&case), "expect": expected(&case["expect"]),
        }));
    }
    let lines = |values: &[Value]| values.iter().map(Value::to_string).collect::<Vec<_>>().join(",\n  ");
    let usual = json!({"EEC_AUTHN_NONCE": environment("EEC_AUTHN_NONCE")});
    let secrets = merged(&usual, table["defaults"].get("environment").unwrap_or(&json!({})));
    (!cases.is_empty()).then(|| {
        format!(
            "{{\n \"table\": \"{name}\",\n \"environment\": {secrets},\n \"configurations\": [\n  {}\n ],\n \"cases\": [\n  {}\n ]\n}}\n",
            lines(&configurations),
            lines(&cases)
        )
    })
}

#[test]
fn the_vectors_are_those_of_the_tables() {
    let made: Vec<(String, String)> =
        TABLES.iter().filter_map(|(name, text)| Some((format!("{name}.json"), file(name, text)?))).collect();
    assert!(made.len() >= 6, "{} files", made.len());
    for (name, text) in &made {
        let path = folder().join(name);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, text).expect("the file");
        }
        let there = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            there == *text,
            "{name} is not what the tables say; run with UPDATE_GOLDEN=1 and read the difference"
        );
    }
    let known: Vec<&str> = made.iter().map(|(name, _)| &**name).chain(["schema.json", "README.md"]).collect();
    for entry in fs::read_dir(folder()).expect("the folder").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(known.contains(&&*name), "{name} belongs to no table");
    }
}

/// The vectors as somebody else would read them.
fn vectors() -> Vec<(String, Value)> {
    let entries = fs::read_dir(folder()).expect("the folder").flatten().map(|entry| entry.path());
    let files = entries
        .filter(|path| path.extension().is_some_and(|e| e == "json") && !path.ends_with("schema.json"));
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("text");
        (path.display().to_string(), serde_json::from_str(&text).expect("JSON"))
    };
    files.map(read).collect()
}

#[test]
fn every_file_is_as_the_schema_says() {
    let schema = fs::read_to_string(folder().join("schema.json")).expect("the schema");
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).expect("JSON")).expect("a schema");
    let files = vectors();
    for (name, file) in &files {
        let errors: Vec<_> =
            schema.iter_errors(file).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
        let mut wrong = file.clone();
        wrong["cases"][0]["expect"] = json!({"decision": "allow"});
        assert!(!schema.is_valid(&wrong), "{name}");
    }
    assert!(files.len() >= 6);
}

fn decided(file: &Value, case: &Value) -> Value {
    let number = usize::try_from(case["configuration"].as_u64().expect("a number")).expect("small");
    let secret = |name: &str| file["environment"][name].as_str().map(str::to_owned);
    let configuration = file["configurations"][number].to_string();
    let loaded =
        config::parse(configuration.as_bytes(), &secret).unwrap_or_else(|_| panic!("{configuration}"));
    let plugin = Rc::new(PluginState::new(loaded.policy, RandomState::new()));
    let request = &case["request"];
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let mut pairs = vec![
        (":method".to_owned(), text(&request["method"])),
        (":path".to_owned(), text(&request["target"])),
        (":authority".to_owned(), text(&request["authority"])),
    ];
    pairs.extend(
        request["headers"].as_array().expect("headers").iter().map(|pair| (text(&pair[0]), text(&pair[1]))),
    );
    let pairs: Vec<(&[u8], &[u8])> = pairs.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect();
    let body = request["body"].as_str().map(|body| [body.as_bytes()]);
    let digest = request["client_certificate_sha256"].as_str();
    let digest =
        digest.map(|text| URL_SAFE_NO_PAD.decode(text).expect("base64url").try_into().expect("32 bytes"));
    let rehearsal = Rehearsal {
        request: RequestView { client_certificate: digest, ..RequestView::new(&pairs, body.is_none()) },
        body: body.as_ref().map(|pieces| &pieces[..]),
        trailers: None,
        answer: &|_| panic!("somebody is asked"),
        wait: Wait::Short,
    };
    let now = UnixTime::new(case["now"].as_f64().expect("a number")).expect("a time");
    let outcome = play(&plugin, &rehearsal, now, &NoHost);
    let denied = |decision: &str, reason: DenyReason| json!({"decision": decision, "code": reason.code(), "status": reason.status().code()});
    match outcome.decision {
        Decision::Allowed => {
            let headers = outcome.identity.iter().flat_map(|token| token.identity_headers());
            let headers = headers.map(|(n, v)| (n.to_string(), json!(v))).collect();
            let target = outcome.target.map(|target| json!(String::from_utf8_lossy(&target)));
            allowed(headers, target.as_ref())
        }
        Decision::Passed => json!({"decision": "pass"}),
        Decision::Denied(denial, _) => denied("deny", denial.reason),
        Decision::Recorded(denial) => denied("shadow_deny", denial.reason),
        Decision::Undecided => json!("undecided"),
    }
}

#[test]
fn every_vector_is_decided_as_it_says() {
    let mut wrong = Vec::new();
    let mut ids = Vec::new();
    for (_, file) in vectors() {
        for case in file["cases"].as_array().expect("cases") {
            let decided = decided(&file, case);
            if decided != case["expect"] {
                wrong.push(format!("{}: {decided} instead of {}", case["id"], case["expect"]));
            }
            ids.push(case["id"].to_string());
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), ids.len(), wrong.join("\n"));
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert!(count > 500 && ids.len() == count, "{count} vectors, {} identifiers", ids.len());
}

//! `envoy/filter-config.schema.json` against the parser: what the parser accepts, the schema accepts. The other way round
//! they differ only in the cases of [`BEYOND_THE_SCHEMA`], each for a reason.

mod everywhere;

use crate::support::token::Key;
use crate::support::{find, foreign};
use eec_authn::config;
use jsonschema::Validator;
use serde_json::{Value, json};
use std::fs;

/// Why a schema made of the declaration accepts what the parser refuses.
#[derive(Debug, Clone, Copy)]
enum Reason {
    /// A string has a form of its own: a name, a path, a pointer, a time.
    FormOfAString,
    /// What is in a key or certificate.
    InsideAKey,
    /// Members that depend on each other.
    SeveralMembers,
    /// What the VM's environment has.
    Environment,
}

use Reason::{Environment, FormOfAString, InsideAKey, SeveralMembers};

/// The cases that the schema accepts and the parser refuses.
const BEYOND_THE_SCHEMA: &[(&str, Reason)] = &[
    ("config_errors: jwks_remote: twice in one server", SeveralMembers),
    ("config_errors: jwks_remote: signers", InsideAKey),
    ("config_errors: fqdn 10.0.0.1", FormOfAString),
    ("config_errors: fqdn *.example.net", FormOfAString),
    ("config_errors: fqdn https://a.example", FormOfAString),
    ("config_errors: fqdn a.example:443", FormOfAString),
    ("config_errors: fqdn a_b.example", FormOfAString),
    ("config_errors: fqdn -a.example", FormOfAString),
    ("config_errors: api_root", FormOfAString),
    ("config_errors: rules that never match", SeveralMembers),
    ("config_errors: keys absent", SeveralMembers),
    ("config_errors: curve", InsideAKey),
    ("config_errors: X25519", InsideAKey),
    ("config_errors: oct", InsideAKey),
    ("config_errors: private", InsideAKey),
    ("config_errors: enc", InsideAKey),
    ("config_errors: key_ops", InsideAKey),
    ("config_errors: alg", InsideAKey),
    ("config_errors: small order", InsideAKey),
    ("config_errors: short x", InsideAKey),
    ("config_errors: off the curve", InsideAKey),
    ("config_errors: RSA exponent", InsideAKey),
    ("config_errors: RSA short", InsideAKey),
    ("config_errors: RSA with a small prime factor", InsideAKey),
    ("config_errors: ROCA in a set", InsideAKey),
    ("config_errors: a set without usable keys", InsideAKey),
    ("config_errors: PEM", InsideAKey),
    ("config_errors: private PEM", InsideAKey),
    ("config_errors: certificate", InsideAKey),
    ("config_errors: certificate: a chain", InsideAKey),
    ("config_errors: certificate: no name", InsideAKey),
    ("config_errors: keys: the name of a file", InsideAKey),
    ("config_errors: keys: members twice, however deep", InsideAKey),
    ("config_errors: name with a dot", FormOfAString),
    ("config_errors: name with a digit first", FormOfAString),
    ("config_errors: name of 41", FormOfAString),
    ("config_errors: name of a statistic", FormOfAString),
    ("config_errors: name of a statistic to come", FormOfAString),
    ("config_errors: name of a gauge", FormOfAString),
    ("config_errors: resource_metadata with a fragment", FormOfAString),
    ("config_errors: resource_metadata by http", FormOfAString),
    ("config_errors: resource_metadata, relative", FormOfAString),
    ("config_errors: resource_metadata with a quote", FormOfAString),
    ("config_errors: resource_metadata without a host", FormOfAString),
    ("config_errors: empty window", SeveralMembers),
    ("config_errors: times", FormOfAString),
    ("config_errors: times before 1970", FormOfAString),
    ("config_errors: kid twice", SeveralMembers),
    ("config_errors: two servers of one name", SeveralMembers),
    ("config_errors: an issuer that is another's name", SeveralMembers),
    ("config_errors: online: secret missing", Environment),
    ("config_errors: ownership whose variables are not there", Environment),
    ("config_errors: ownership with a variable twice", Environment),
    ("config_errors: online: id alone", SeveralMembers),
    ("config_errors: online: secret alone", SeveralMembers),
    ("config_errors: online: ts43 for opaque", SeveralMembers),
    ("config_errors: online: ts43 without path, with secret", SeveralMembers),
    ("config_errors: online: allow_verified for opaque", SeveralMembers),
    ("config_errors: online: parameters for rfc7662", SeveralMembers),
    ("config_errors: two opaque servers", SeveralMembers),
    ("config_errors: rule paths", FormOfAString),
    ("config_errors: rule action", SeveralMembers),
    ("config_errors: forward", FormOfAString),
    ("config_errors: proof: neither", SeveralMembers),
    ("config_errors: proof: secret missing, and twice", Environment),
    ("config_errors: online: a secret in the place of its variable", FormOfAString),
    ("config_errors: ownership: secrets in the place of their variables", FormOfAString),
];

/// Files in `envoy/` that have filter JSON in them.
const SHIPPED: [&str; 8] = [
    "envoy/demo/filter.json.in",
    "envoy/demo/ecs-filter.json.in",
    "envoy/docker/envoy.yaml.in",
    "envoy/envoy-gateway/envoyextensionpolicy.yaml",
    "envoy/istio/hold-headers.yaml",
    "envoy/istio/trafficextension.yaml",
    "envoy/istio/wasmplugin.yaml",
    "envoy/sidecar/eec_authn.yaml",
];

/// Base64url of 32 bytes, which is also a password.
const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

fn schema() -> Validator {
    let text = fs::read(find::root().join("envoy/filter-config.schema.json")).expect("the schema");
    let schema: Value = serde_json::from_slice(&text).expect("JSON");
    jsonschema::meta::validate(&schema).expect("a JSON Schema");
    jsonschema::validator_for(&schema).expect("a JSON Schema")
}

fn accepted(text: &str, secret: Option<&str>) -> Result<(), String> {
    let result = config::parse(text.as_bytes(), &|_| secret.map(str::to_owned));
    result.map(drop).map_err(|errors| errors.iter().map(|e| format!("{e}\n")).collect())
}

/// A text without the stand-ins for keys.
fn with_keys(text: &str) -> String {
    let x = |seed| Key::new(seed).jwk()["x"].as_str().expect("a coordinate").to_owned();
    let text = (1..=9).fold(text.to_owned(), |text, seed| text.replace(&format!("@x:{seed}"), &x(seed)));
    text.replace("@x", &x(1))
}

/// Every configuration of `tests/cases`, as text.
fn tables() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(find::root().join("tests/cases")).expect("the cases").flatten() {
        let path = entry.path();
        let table: Value = serde_json::from_slice(&fs::read(&path).expect("a table")).expect("JSON");
        let stem = path.file_stem().expect("a name").to_string_lossy();
        let cases = table.as_array().or_else(|| table["cases"].as_array()).expect("cases");
        for case in cases {
            let mut config = table.pointer("/defaults/config").cloned().unwrap_or_default();
            merge(&mut config, &case["config"]);
            // A text stands for itself: JSON that serde would not write.
            let text = config.as_str().map_or_else(|| config.to_string(), str::to_owned);
            found.push((format!("{stem}: {}", case["name"].as_str().expect("a name")), with_keys(&text)));
        }
    }
    found
}

/// `changes` into `base`, member by member; null takes one away.
fn merge(base: &mut Value, changes: &Value) {
    match (base, changes) {
        (_, Value::Null) => {}
        (Value::Object(base), Value::Object(changes)) => {
            for (name, change) in changes {
                match change {
                    Value::Null => drop(base.remove(name)),
                    change => merge(base.entry(name).or_insert(Value::Null), change),
                }
            }
        }
        (base, changes) => *base = changes.clone(),
    }
}

/// The filter JSON in a shipped file, wherever it is there: as an object, or as text.
fn shipped(path: &str) -> Vec<(String, String)> {
    let key = Key::new(1).jwk();
    let text = fs::read_to_string(find::root().join(path)).expect("a shipped file");
    let text = text.replace("${JWK}", &key.to_string());
    let text = text.replace("@JWKS@", &json!({"keys": [key]}).to_string());
    let documents = foreign::run("yaml_documents.py", &json!({"text": text}));
    let mut found = Vec::new();
    filters_in(&documents, &mut found);
    found.into_iter().map(|filter| (path.to_owned(), filter.to_string())).collect()
}

fn filters_in(value: &Value, found: &mut Vec<Value>) {
    let is_filter = |value: &Value| value["protects"].is_object() && value["entitlement_servers"].is_array();
    match value {
        filter if is_filter(filter) => found.push(filter.clone()),
        Value::Object(members) => members.values().for_each(|value| filters_in(value, found)),
        Value::Array(items) => items.iter().for_each(|value| filters_in(value, found)),
        Value::String(text) => found.extend(serde_json::from_str(text).ok().filter(is_filter)),
        _ => {}
    }
}

#[test]
fn they_differ_only_where_a_schema_cannot_tell() {
    let schema = schema();
    let mut cases = tables();
    assert!(cases.len() > 200, "{} cases in the tables", cases.len());
    for path in SHIPPED {
        let found = shipped(path);
        assert!(!found.is_empty(), "{path}: no filter JSON in it");
        for (name, filter) in &found {
            accepted(filter, Some(SECRET)).unwrap_or_else(|errors| panic!("{name}: {errors}"));
        }
        cases.extend(found);
    }
    let (mut wrong, mut differ) = (Vec::new(), Vec::new());
    for (name, text) in &cases {
        let has_secrets =
            ["envoy/", "possession:", "ownership: "].iter().any(|start| name.starts_with(start));
        let secret = has_secrets.then_some(SECRET);
        let complaint = match serde_json::from_str::<Value>(text) {
            Ok(document) => schema.validate(&document).map_err(|e| format!("{}: {e}", e.instance_path())),
            Err(error) => Err(error.to_string()),
        };
        match (accepted(text, secret), complaint) {
            (Ok(()), Err(complaint)) => wrong.push(format!("{name}: the schema refuses it: {complaint}")),
            (Err(errors), Ok(())) => {
                differ.push(name.as_str());
                if !BEYOND_THE_SCHEMA.iter().any(|(known, _)| known == name) {
                    wrong.push(format!("{name}: the schema accepts it, the parser says {errors}"));
                }
            }
            _ => {}
        }
    }
    for (name, reason) in BEYOND_THE_SCHEMA.iter().filter(|(name, _)| !differ.contains(name)) {
        wrong.push(format!("{name}: listed for {reason:?}, but they do not differ, or it is not there"));
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

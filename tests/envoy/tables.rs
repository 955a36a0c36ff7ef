//! The decision tables of proof of possession and of ownership (`tests/cases`) in a real Envoy: what the core decides by itself, line by
//! line, is what a client meets. The tables have a clock of their own; here all times are moved to now.

use crate::decision_cases::{body_of, fields, merged, with_keys};
use crate::support::bootstrap::{Configuration, Setup};
use crate::support::entitlement_server::Server;
use crate::support::envoy::{Envoy, Push};
use crate::support::fixture::{BOTH, Protocol};
use crate::support::problems::Problems;
use crate::support::proof::nonce;
use crate::support::request::Request;
use crate::support::token::now;
use crate::support::upstream::Upstream;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// What cannot be moved, by the beginning of its name, and where else a real Envoy shows it.
const ELSEWHERE: [(&str, &str); 10] = [
    ("certificate: ", "a connection with TLS: client_certificate.rs"),
    ("both: ", "the same"),
    ("opaque: by ", "the same"),
    ("RFC 9449, ", "signed for a time of its own; proofs of another library: oauth_of_others.rs"),
    ("iat: 60 s old", "the very second; with a margin: possession.rs"),
    ("iat: as old as configured", "the same"),
    ("iat: further ahead", "the same"),
    ("to the second: ", "with a margin: the lines before"),
    ("nonce: further ahead", "the very second; with a margin: possession.rs"),
    ("nonce: 300 s old", "older than the memory of an Envoy that has just begun: proof_memory.rs"),
];

/// What stands in a table for the secret of nonces.
const NONCE_SECRET: [u8; 32] = [1; 32];

/// The case at the time `now`, with a token and a proof that no other case has.
fn moved(case: &Value, number: usize) -> Value {
    let by = now() - case["now"].as_i64().expect("a time");
    let mut case = case.clone();
    for place in ["/token/claims", "/proof/claims", "/answer"] {
        let Some(Value::Object(claims)) = case.pointer_mut(place) else { continue };
        for name in ["iat", "exp", "nbf"] {
            if let Some(time) = claims.get(name).and_then(Value::as_f64) {
                claims.insert(name.into(), json!(time + by as f64));
            }
        }
    }
    if let Some(text) = case.pointer_mut("/token/claims_text") {
        let claims = text.as_str().expect("a text");
        *text = json!(time_moved(claims, by));
    }
    if case["token"]["header"].is_object() {
        case["token"]["header"]["x-case"] = json!(number);
    } else if case["token"] == "opaque" {
        case["token"] = json!(format!("opaque-{number}"));
    }
    if case.pointer("/proof/claims/jti") == Some(&json!("j-1")) {
        case["proof"]["claims"]["jti"] = json!(format!("j-1-{number}"));
    }
    if let Some(made) = case.pointer("/proof/claims/nonce").and_then(Value::as_str).and_then(time_of) {
        // What is fresh in the table is made now: an Envoy that has just begun takes no older one.
        let age = case["now"].as_u64().expect("a time") * 1000
            - made.min(case["now"].as_u64().expect("a time") * 1000);
        let made = if age < 60_000 { made + age } else { made };
        let made = made.checked_add_signed(by * 1000).expect("a time");
        case["proof"]["claims"]["nonce"] = json!(nonce(&NONCE_SECRET, made));
    }
    case
}

/// Claims as text with each number of ten digits, which is a time, moved.
fn time_moved(claims: &str, by: i64) -> String {
    let mut text = String::new();
    let mut rest = claims;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
        let (digits, after) = from.split_at(end);
        text += before;
        match digits.parse::<i64>() {
            Ok(time) if end == 10 => text += &(time + by).to_string(),
            _ => text += digits,
        }
        rest = after;
    }
    text + rest
}

/// When a nonce of the table was made, in milliseconds, if it is one of ours.
fn time_of(text: &str) -> Option<u64> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let time = u64::from_be_bytes(*bytes.first_chunk()?);
    (nonce(&NONCE_SECRET, time) == text).then_some(time)
}

fn request(case: &Value) -> Request {
    let fields = fields(case);
    let pseudo =
        |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()).expect("it is there");
    let request = Request::new(pseudo(":method"), pseudo(":path")).authority(pseudo(":authority"));
    let others = fields.iter().filter(|(name, _)| !name.starts_with(':'));
    let request = others.fold(request, |request, (name, value)| request.header(name, value));
    match body_of(case) {
        Some(pieces) => request.body(pieces.concat()),
        None => request,
    }
}

/// Plays the table `text`; how many of its cases were played.
fn play(text: &str) -> usize {
    let table: Value = serde_json::from_str(text).expect("a table");
    let mut by_configuration: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for case in table["cases"].as_array().expect("cases") {
        let name = case["name"].as_str().expect("a name");
        if ELSEWHERE.iter().any(|(beginning, _)| name.starts_with(beginning)) {
            continue;
        }
        let case = with_keys(&merged(&table["defaults"], case));
        by_configuration.entry(case["config"].to_string()).or_default().push(case);
    }
    let (upstream, server, mut p) = (Upstream::start(), Server::start(), Problems::new());
    let setup = |filter: &str| {
        let setup = Setup::new(Some(Configuration::Text(filter.to_owned())), upstream.address);
        let setup = setup.stop_iteration(true).ecds().cluster("es", server.address);
        let secrets = table["defaults"]["environment"].as_object().into_iter().flatten();
        let setup = secrets
            .fold(setup, |setup, (name, value)| setup.environment(name, value.as_str().expect("a secret")));
        setup.environment("EEC_AUTHN_NONCE", &URL_SAFE_NO_PAD.encode(NONCE_SECRET))
    };
    let mut envoy: Option<Envoy> = None;
    let mut number = 0;
    for (filter, cases) in &by_configuration {
        match &mut envoy {
            Some(envoy) => match envoy.push(&setup(filter)) {
                Push::Live => {}
                Push::Refused(log) => panic!("{filter}: {log}"),
            },
            None => envoy = Some(Envoy::start(&setup(filter))),
        }
        let envoy = envoy.as_ref().expect("it runs");
        if filter.contains("nonce") {
            // Times of the table are whole seconds, and no nonce counts that is older than the memory of proofs.
            std::thread::sleep(Duration::from_millis(1_100));
        }
        for case in cases {
            number += 1;
            // Only HTTP/2 has methods in small letters.
            let small = case["method"].as_str().is_some_and(|method| method != method.to_ascii_uppercase());
            let protocol = if small { Protocol::H2 } else { BOTH[number % 2] };
            let name = format!("{} [{protocol:?}]", case["name"].as_str().expect("a name"));
            let case = moved(case, number);
            if case["answer"].is_object() {
                server.says(&case["answer"]);
            }
            let request = request(&case);
            for _ in 1..case["times"].as_u64().unwrap_or(1) {
                let again = Request { case: Request::new("GET", "/").case, ..request.clone() };
                protocol.exchange(envoy.address(), &again).expect("an answer");
            }
            let (decision, details) = decided(envoy, &upstream, protocol, &request, &case);
            p.equal(&name, "decision", &decision, &case["expect"]);
            let denied =
                case["expect"].as_str().filter(|code| *code != "pass" && !code.starts_with("shadow:"));
            let details = details.unwrap_or_default();
            let expected = denied.map_or("via_upstream".to_owned(), |code| format!("eec_authn.{code}"));
            p.equal(&name, "details", details, expected);
        }
    }
    let crashes = envoy.expect("it runs").stats("wasm.*vm_reload");
    p.check("Envoy", crashes.values().all(|n| *n == 0), || format!("the VM trapped: {crashes:?}"));
    p.finish();
    number
}

/// What became of the request, as the tables write it, and the details of the answer.
fn decided(
    envoy: &Envoy,
    upstream: &Upstream,
    protocol: Protocol,
    request: &Request,
    case: &Value,
) -> (Value, Option<String>) {
    if let Err(error) = protocol.exchange(envoy.address(), request) {
        return (json!(error), None);
    }
    let access = envoy.access(&request.case);
    let details = access.get("details");
    match access.get("decision") {
        Some(decision) if decision.starts_with("deny:") => {
            (json!(decision.trim_start_matches("deny:")), details)
        }
        Some(decision) => (json!(decision.replacen("shadow_deny:", "shadow:", 1)), details),
        None if case["expect"] == "pass" => (json!("pass"), details),
        None => {
            let received = upstream.records.wait_for(&request.case, |_| true);
            let identity = received.headers.iter().filter(|(name, _)| name.starts_with("x-eec-"));
            let mut seen: serde_json::Map<String, Value> =
                identity.map(|(name, value)| (name.clone(), json!(value))).collect();
            if received.path.as_bytes() != request.path {
                seen.insert(":path".into(), json!(received.path));
            }
            (Value::Object(seen), details)
        }
    }
}

#[test]
fn every_line_of_proof_of_possession() {
    let played = play(include_str!("../cases/possession.json"));
    assert!(played > 120, "{played}");
}

#[test]
fn every_line_of_ownership() {
    let played = play(include_str!("../cases/ownership.json"));
    assert!(played >= 40, "{played}");
}

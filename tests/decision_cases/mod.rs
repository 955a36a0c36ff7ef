//! Decision cases as JSON tables: configuration, request, time, expected decision. The same tables run natively and
//! on wasm32 in Node; nothing here needs a clock, files or an environment.
//!
//! In a configuration `"@x:1"` stands for the public key of seed 1. A token is `{"header", "claims", "key"}`, or a
//! text as it is; `claims_text` replaces the claims by JSON that serde would not write. `"@jkt:1"` stands for the RFC 7638
//! thumbprint of the key of seed 1. A `proof` is a token whose `ath` may be `"@"`, the hash of the request's token; `scheme` is that of the
//! Authorization header, `client_certificate` the base64url SHA-256 of one. With `times` the same request comes so often, and the last one counts. `environment` has more of
//! the VM's variables. Where the upstream gets another path, `:path` stands beside the identity headers.
//!
//! `wait` says what happens while an answer is under way: `long` (the body comes first), `given_up` (the client goes away).
//! `push` changes the configuration during that wait; `then` is the next request of the same plugin, as changes to the case.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_compact::{KeyPair, Seed};
use eec_authn::config;
use eec_authn::decision::{Check, DenyReason, Ending, Note};
use eec_authn::exchange::PendingIntrospection;
use eec_authn::exchange::rehearsal::{Decision, Rehearsal, Wait, play};
use eec_authn::introspection::{self, RawResponse, TokenStatus};
use eec_authn::keys::NoHost;
use eec_authn::plugin_state::PluginState;
use eec_authn::request::RequestView;
use eec_authn::time::UnixTime;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use std::cell::Cell;
use std::hash::RandomState;
use std::rc::Rc;

/// The tables.
pub(crate) const TABLES: &[(&str, &str)] = &[
    ("tokens", include_str!("../cases/tokens.json")),
    ("times", include_str!("../cases/times.json")),
    ("routes", include_str!("../cases/routes.json")),
    ("bodies", include_str!("../cases/bodies.json")),
    ("ownership", include_str!("../cases/ownership.json")),
    ("waits", include_str!("../cases/waits.json")),
    ("possession", include_str!("../cases/possession.json")),
];

/// Runs every table; panics with all that went wrong.
pub(crate) fn run_all() {
    run(TABLES);
}

/// Runs these tables; panics with all that went wrong.
pub(crate) fn run(tables: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (name, text) in tables {
        let table: Value = serde_json::from_str(text).unwrap_or_else(|e| panic!("{name}: {e}"));
        let cases = table["cases"].as_array().unwrap_or_else(|| panic!("{name} has no cases"));
        assert!(!cases.is_empty(), "{name} has no cases");
        for case in cases {
            count += 1;
            let case = merged(&table["defaults"], case);
            for (got, expected) in decide(&case) {
                if got != expected {
                    wrong.push(format!("{name}: {}: {got} instead of {expected}", case["name"]));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count} cases:\n{}", wrong.len(), wrong.join("\n"));
}

/// `changes` over `base`, member by member; null takes one away.
pub(crate) fn merged(base: &Value, changes: &Value) -> Value {
    match (base, changes) {
        (Value::Object(base), Value::Object(changes)) => {
            let mut result: Map<String, Value> = base.clone();
            for (name, change) in changes {
                match change {
                    Value::Null => drop(result.remove(name)),
                    change => {
                        let below = result.get(name).unwrap_or(&Value::Null);
                        result.insert(name.clone(), merged(below, change));
                    }
                }
            }
            Value::Object(result)
        }
        (_, change) => change.clone(),
    }
}

fn pair(seed: u64) -> KeyPair {
    KeyPair::from_seed(Seed::new([u8::try_from(seed).expect("a small seed"); 32]))
}

/// `value` with what stands for keys and thumbprints replaced.
pub(crate) fn with_keys(value: &Value) -> Value {
    let mut text = value.to_string();
    for seed in 1..=9 {
        if !text.contains('@') {
            break;
        }
        let x = URL_SAFE_NO_PAD.encode(pair(seed).pk.as_ref());
        let members = format!("{{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"{x}\"}}");
        let thumbprint = URL_SAFE_NO_PAD.encode(Sha256::digest(members));
        text = text.replace(&format!("@x:{seed}"), &x).replace(&format!("@jkt:{seed}"), &thumbprint);
    }
    serde_json::from_str(&text).expect("JSON as before")
}

/// The secret of nonces: 32 bytes of 1.
pub(crate) fn environment(name: &str) -> Option<String> {
    (name == "EEC_AUTHN_NONCE").then(|| URL_SAFE_NO_PAD.encode([1; 32]))
}

/// What is decided and what should be, for the case and for what comes `then`.
fn decide(case: &Value) -> Vec<(Value, Value)> {
    let case = &with_keys(case);
    let plugin = match load(&case["config"], &case["environment"]) {
        Ok(plugin) => plugin,
        Err(errors) => return vec![(errors, case["expect"].clone())],
    };
    let (first, plugin) = request(case, plugin);
    let mut decisions = vec![(first, case["expect"].clone())];
    if case["then"].is_object() {
        let next = merged(case, &case["then"]);
        decisions.push((request(&next, plugin).0, next["expect"].clone()));
    }
    decisions
}

fn load(configuration: &Value, own: &Value) -> Result<Rc<PluginState>, Value> {
    let variable = |name: &str| own[name].as_str().map(str::to_owned).or_else(|| environment(name));
    match config::parse(configuration.to_string().as_bytes(), &variable) {
        Ok(loaded) => Ok(Rc::new(PluginState::new(loaded.policy, RandomState::new()))),
        Err(errors) => Err(json!({"config": errors.iter().map(ToString::to_string).collect::<Vec<_>>()})),
    }
}

/// The header fields of a case's request, with tokens and proofs signed.
pub(crate) fn fields(case: &Value) -> Vec<(String, String)> {
    let text = |name: &str| case[name].as_str().unwrap_or_default().to_owned();
    let mut pairs: Vec<(String, String)> = vec![
        (":method".into(), text("method")),
        (":path".into(), text("path")),
        (":authority".into(), text("host")),
    ];
    let token = signed(&case["token"]);
    let scheme = case["scheme"].as_str().unwrap_or("Bearer");
    pairs.extend(token.iter().map(|token| ("authorization".into(), format!("{scheme} {token}"))));
    let ath = URL_SAFE_NO_PAD.encode(Sha256::digest(token.unwrap_or_default()));
    let mut proof = case["proof"].clone();
    if proof["claims"]["ath"] == "@" {
        proof["claims"]["ath"] = json!(ath);
    }
    pairs.extend(signed(&proof).map(|proof| ("dpop".into(), proof)));
    for header in case["headers"].as_array().into_iter().flatten() {
        let part = |n: usize| header[n].as_str().expect("a header is [name, value]").to_owned();
        pairs.push((part(0), part(1)));
    }
    pairs
}

/// Plays one request, and says which configuration holds after it.
fn request(case: &Value, plugin: Rc<PluginState>) -> (Value, Rc<PluginState>) {
    let pairs = fields(case);
    let pairs: Vec<(&[u8], &[u8])> = pairs.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect();
    let body = body_of(case);
    let pieces: Option<Vec<&[u8]>> = body.as_ref().map(|body| body.iter().map(String::as_bytes).collect());
    let trailers = case["trailers"].as_object().map(|trailers| {
        let bytes =
            |(name, value): (&'_ String, &'_ Value)| (name.clone(), value.as_str().expect("text").to_owned());
        trailers.iter().map(bytes).collect::<Vec<_>>()
    });
    let trailers: Option<Vec<(&[u8], &[u8])>> = trailers
        .as_ref()
        .map(|trailers| trailers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect());
    let pushed = Cell::new(None);
    let certificate = case["client_certificate"].as_str().map(|digest| {
        let digest = URL_SAFE_NO_PAD.decode(digest).expect("base64url");
        digest.try_into().expect("32 bytes")
    });
    let request =
        RequestView { client_certificate: certificate, ..RequestView::new(&pairs, pieces.is_none()) };
    let rehearsal = Rehearsal {
        request,
        body: pieces.as_deref(),
        trailers: trailers.as_deref(),
        answer: &|pending| {
            if case["push"].is_object() {
                pushed.set(Some(
                    load(&merged(&case["config"], &case["push"]), &case["environment"])
                        .expect("a good configuration"),
                ));
            }
            Some(answer(pending, &case["answer"]))
        },
        wait: wait(&case["wait"]),
    };
    let now = UnixTime::new(case["now"].as_f64().expect("now")).expect("a time");
    for _ in 1..case["times"].as_u64().unwrap_or(1) {
        play(&plugin, &rehearsal, now, &NoHost);
    }
    let outcome = play(&plugin, &rehearsal, now, &NoHost);
    let failed: Vec<_> = outcome.trace.endings(outcome.denial()).into_iter().filter_map(failed).collect();
    assert_eq!(
        failed,
        outcome.denial().map(|denial| denial.reason).into_iter().collect::<Vec<_>>(),
        "{case}"
    );
    let decision = match outcome.decision {
        Decision::Passed => json!("pass"),
        Decision::Denied(denial, _) => json!(denial.reason.code()),
        Decision::Recorded(denial) => json!(format!("shadow:{}", denial.reason.code())),
        Decision::Undecided => json!("undecided"),
        Decision::Allowed => {
            let headers = outcome.identity.iter().flat_map(|token| token.identity_headers());
            let path = outcome
                .target
                .iter()
                .map(|target| (":path".to_owned(), json!(String::from_utf8_lossy(target))));
            json!(headers.map(|(n, v)| (n.to_string(), json!(v))).chain(path).collect::<Map<_, _>>())
        }
    };
    (decision, pushed.take().unwrap_or(plugin))
}

fn wait(given: &Value) -> Wait {
    match given.as_str() {
        None => Wait::Short,
        Some("long") => Wait::Long,
        Some("given_up") => Wait::GivenUp,
        Some(other) => panic!("no such wait: {other}"),
    }
}

/// The one check of a trace that failed.
fn failed((_, ending, _): (Check, Ending, Option<&Note>)) -> Option<DenyReason> {
    match ending {
        Ending::Failed(reason) => Some(reason),
        Ending::Passed | Ending::NotReached | Ending::DoesNotApply => None,
    }
}

/// The body in its pieces: `body` is one text, `pieces` are several.
pub(crate) fn body_of(case: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    match (&case["body"], &case["pieces"]) {
        (Value::String(body), _) => Some(vec![body.clone()]),
        (_, Value::Array(pieces)) => Some(pieces.iter().map(text).collect()),
        _ => None,
    }
}

/// What the entitlement server answers: an object with status 200, a number as a bare status, nothing at all by default.
fn answer(pending: &PendingIntrospection, given: &Value) -> TokenStatus {
    let (status, body) = match given {
        Value::Object(_) => (Some(200), given.to_string()),
        given => (given.as_u64().and_then(|status| u16::try_from(status).ok()), String::new()),
    };
    let raw =
        RawResponse { status, by_proxy: false, content_types: &[b"application/json"], body: body.as_bytes() };
    introspection::read(&pending.asked.online.method, &raw).last_word()
}

fn signed(token: &Value) -> Option<String> {
    match token {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        parts => {
            let payload = match parts["claims_text"].as_str() {
                Some(text) => text.to_owned(),
                None => parts["claims"].to_string(),
            };
            let signed =
                [parts["header"].to_string(), payload].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
            let signature = pair(parts["key"].as_u64().expect("a seed")).sk.sign(&signed, None);
            Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref())))
        }
    }
}

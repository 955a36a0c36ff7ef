//! C2SP/x509-limbo: certificate paths, good and bad, as the chains of fetched keys (`docs/contract.md#fetched-keys`). What is asked
//! is whether the key may be used at the time of the case.

use super::{deviations, folder};
use crate::support::fixture;
use crate::support::foreign;
use crate::support::token::now;
use eec_authn::config;
use eec_authn::jwks_remote::{Answer, Moment, read};
use eec_authn::keys::NoHost;
use eec_authn::time::UnixTime;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The set's name in `deviations.txt`.
pub(crate) const SET: &str = "x509-limbo";

/// The base64 inside PEM.
fn base64(pem: &Value) -> String {
    pem.as_str().expect("PEM").lines().filter(|line| !line.starts_with('-')).collect()
}

fn texts(value: &Value) -> &[Value] {
    value.as_array().expect("certificates")
}

/// The name of the server, if a server can have it: hosts have names here, not addresses.
fn name(case: &Value) -> Option<&str> {
    let name = &case["expected_peer_name"];
    (name["kind"] == "DNS").then(|| name["value"].as_str()).flatten()
}

/// Whether the key of the case's first certificate is used, and if not why.
fn is_used(case: &Value, jwk: &Value, fqdn: &str) -> Result<(), String> {
    let mut key = jwk.clone();
    let chain = [&case["peer_certificate"]].into_iter().chain(texts(&case["untrusted_intermediates"]));
    key["x5c"] = chain.map(base64).collect();
    key["kid"] = json!("k");
    let mut filter = fixture::config(&[]);
    filter["entitlement_servers"] = json!([{
        "fqdn": fqdn,
        "keys": [{"jwks_remote": {"cluster": "es", "trust_anchors_pem": case["trusted_certs"]}}],
    }]);
    let loaded = config::parse(filter.to_string().as_bytes(), &|_| None)
        .map_err(|errors| errors.iter().map(|error| format!("{error}; ")).collect::<String>())?;
    let server = &loaded.policy.entitlement_servers[0];
    let remote = server.jwks_remote.as_ref().expect("it fetches");
    let seconds = case["validation_time"].as_str().map_or(now() as f64, seconds);
    let at = UnixTime::new(seconds).expect("a time");
    let body = json!({"keys": [key]}).to_string();
    let answer = Answer {
        status: Some(200),
        content_types: &[b"application/json"],
        content_encodings: &[],
        body: body.as_bytes(),
    };
    let moment = Moment { now: at, fetched_at: at, skew: 0.0, newest_issue: None };
    let set = read(server, remote, &answer, &moment, &NoHost).map_err(|failure| failure.because)?;
    if set.keys[0].window.contains(at) { Ok(()) } else { Err("outside its dates".into()) }
}

/// Seconds since 1970 of an RFC 3339 time in UTC.
fn seconds(text: &str) -> f64 {
    let text = text.replace("+00:00", "Z");
    let time = eec_authn::time::UnixTime::from_rfc3339(&text).unwrap_or_else(|| panic!("{text}"));
    time.seconds()
}

#[test]
#[ignore = "needs a corpora folder: make test-corpora"]
fn paths() {
    let text = std::fs::read(folder::entry("x509-limbo").join("limbo.json")).expect("the cases");
    let all: Value = serde_json::from_slice(&text).expect("JSON");
    let cases: Vec<(&Value, &str)> = all["testcases"]
        .as_array()
        .expect("cases")
        .iter()
        .filter_map(|case| Some((case, name(case)?)))
        .filter(|(case, _)| case["validation_kind"] == "SERVER")
        .collect();
    assert!(cases.len() >= 100, "it has shrunk: {} cases", cases.len());
    let certificates: Vec<&Value> = cases.iter().map(|(case, _)| &case["peer_certificate"]).collect();
    let keys = foreign::run("certificate_jwk.py", &json!(certificates));
    let (mut found, mut used) = (BTreeSet::new(), 0);
    for ((case, fqdn), jwk) in cases.iter().zip(texts(&keys)) {
        let result =
            if jwk.is_null() { Err("its key cannot be read".into()) } else { is_used(case, jwk, fqdn) };
        used += usize::from(result.is_ok());
        if result.is_ok() != (case["expected_result"] == "SUCCESS") {
            let id = case["id"].as_str().expect("an id");
            println!("{id}: {result:?}");
            found.insert((SET.to_owned(), id.to_owned()));
        }
    }
    assert!(used > 10, "only {used} are used");
    deviations().check(|name| name == SET, &found);
}

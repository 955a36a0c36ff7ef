//! Wycheproof's sets for JSON Web Signature and JSON Web Key, through our own verification. Their payloads are no
//! claims, so no token of theirs can pass as a whole; what is asked here is whether the signature would hold.

use super::{deviations, folder, walk};
use crate::support::fixture;
use crate::support::token::Key;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eec_authn::config::{self, ConfigError};
use eec_authn::decision::{DenyReason, Trace};
use eec_authn::json::{self, Json};
use eec_authn::keys::{KeyHint, NoHost};
use eec_authn::plugin_state::PluginState;
use eec_authn::token::UntrustedToken;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::hash::RandomState;
use std::rc::Rc;

/// The sets' names in `deviations.txt`.
pub(crate) const SETS: [&str; 3] = ["jws", "jws-base64", "jwk"];

/// The groups of a set, of which there are `tests` tests.
fn groups(file: &str, tests: usize) -> Vec<Value> {
    let text = std::fs::read(folder::entry("wycheproof-json-web").join(file)).expect("a set");
    let mut set: Value = serde_json::from_slice(&text).expect("JSON");
    let Value::Array(groups) = set["testGroups"].take() else { panic!("{file} has no groups") };
    let count: usize = groups.iter().map(|group| tests_of(group).len()).sum();
    assert!(count >= tests, "{file} has shrunk: {count} tests");
    groups
}

fn tests_of(group: &Value) -> &[Value] {
    group["tests"].as_array().expect("tests")
}

/// A configuration with this key, or set of keys, pinned for the one entitlement server.
fn pin(key: &Value) -> Result<Rc<PluginState>, Vec<ConfigError>> {
    let form = if key["keys"].is_array() { "jwks" } else { "jwk" };
    let mut filter = fixture::config(&[&Key::new(1)]);
    filter["entitlement_servers"][0]["keys"] = json!([{form: key}]);
    config::parse(filter.to_string().as_bytes(), &|_| None)
        .map(|loaded| Rc::new(PluginState::new(loaded.policy, RandomState::new())))
}

/// The key of a group as somebody would pin it. Symmetric keys have one form only.
fn key(group: &Value) -> &Value {
    ["public", "private"].iter().map(|half| &group[*half]).find(|key| key.is_object()).expect("a key")
}

/// What a test wants.
fn is_valid(test: &Value) -> bool {
    match test["result"].as_str() {
        Some("valid") => true,
        Some("invalid") => false,
        other => panic!("{other:?} in {test}"),
    }
}

/// The token of a test.
fn token(test: &Value) -> &str {
    test["jws"].as_str().expect("a JWS")
}

/// The three parts of a token that would be looked at if its payload were claims.
fn parts<'t>(plugin: &PluginState, token: &'t str) -> Option<[&'t str; 3]> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else { return None };
    // `e30` is `{}`. The payload takes the place of the signature: that may be any bytes, in base64url.
    let good = [signature, payload].iter().all(|part| {
        let token = format!("{header}.e30.{part}");
        walk::with_bearer(&token, |bearer| {
            UntrustedToken::parse(bearer, &plugin.policy.token, &mut Trace::off()).map(drop)
        })
        .is_ok()
    });
    good.then_some([header, payload, signature])
}

/// Whether a pinned key verifies the token, on the way of every token but for its claims.
fn verifies(plugin: &Rc<PluginState>, token: &str) -> bool {
    let Some([header, payload, signature]) = parts(plugin, token) else { return false };
    let decode = |part| URL_SAFE_NO_PAD.decode(part).expect("well-formed base64url");
    let object = json::parse(&decode(header)).expect("a well-formed header");
    let text = |name| object.get(name).and_then(Json::as_str);
    let hint = KeyHint {
        alg: text("alg").expect("a well-formed header"),
        kid: text("kid"),
        x5t_s256: text("x5t#S256"),
    };
    let server = &plugin.policy.entitlement_servers[0];
    let Ok(key) = server.keys.select(&hint, walk::now(), &mut Trace::off()) else { return false };
    key.key.verify(format!("{header}.{payload}").as_bytes(), &decode(signature), &NoHost)
}

/// Holds every test of a set against what it wants; `also` looks at each whose key can be pinned.
fn check(set: &str, groups: &[Value], also: impl Fn(&Rc<PluginState>, &Value, bool)) {
    let mut found = BTreeSet::new();
    let mut verified = 0;
    for group in groups {
        let plugin = pin(key(group)).ok();
        for test in tests_of(group) {
            let accepted = plugin.as_ref().is_some_and(|plugin| verifies(plugin, token(test)));
            if accepted != is_valid(test) {
                found.insert((set.to_owned(), test["tcId"].to_string()));
            }
            verified += usize::from(accepted);
            if let Some(plugin) = &plugin {
                also(plugin, test, accepted);
            }
        }
    }
    deviations().check(|name| name == set, &found);
    assert!(verified > 0, "{set}: nothing was verified at all");
}

#[test]
#[ignore = "needs a corpora folder: make test-corpora"]
fn signatures() {
    check("jws", &groups("json_web_signature_test.json", 401), |plugin, test, accepted| {
        // As a whole it is a token without the claims of one, however good the signature is.
        let reason = walk::refused(plugin, token(test), b"{}").unwrap_or_else(|| panic!("{test} is allowed"));
        let named = DenyReason::TokenRepeated..=DenyReason::SignatureInvalid;
        assert!(named.contains(&reason), "{reason:?}, verified: {accepted}: {test}");
    });
}

#[test]
#[ignore = "needs a corpora folder: make test-corpora"]
fn base64url_is_strict() {
    // The one key of these tests is symmetric and never pinned, so their tokens would be refused for that alone.
    let groups = groups("json_web_signature_test.json", 401);
    let group = groups.iter().find(|group| group["comment"] == "base64").expect("the group of base64");
    let plugin = pin(&Key::new(1).jwk()).expect("a good configuration");
    let other = |test: &&Value| parts(&plugin, token(test)).is_some() != is_valid(test);
    let found = tests_of(group).iter().filter(other);
    let found = found.map(|test| ("jws-base64".to_owned(), test["tcId"].to_string())).collect();
    deviations().check(|name| name == "jws-base64", &found);
}

#[test]
#[ignore = "needs a corpora folder: make test-corpora"]
fn keys() {
    check("jwk", &groups("json_web_key_test.json", 26), |_, test, accepted| {
        // These are tests of keys: what is wrong is found when they are pinned, not by a signature.
        assert!(accepted, "pinned, though nothing verifies: {test}");
    });
}

#[test]
#[ignore = "needs a corpora folder: make test-corpora"]
fn symmetric_and_private_keys_are_refused() {
    let all = [groups("json_web_signature_test.json", 401), groups("json_web_key_test.json", 26)].concat();
    let (mut symmetric, mut private) = (0, 0);
    for group in &all {
        let half = &group["private"];
        if !half.is_object() {
            continue;
        }
        let errors = pin(half).err().unwrap_or_else(|| panic!("pinned: {half}"));
        let text = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        if half.to_string().contains(r#""kty":"oct""#) {
            symmetric += 1;
            assert!(text.contains("symmetric"), "{text}");
        } else {
            private += 1;
            assert!(text.contains("private key material"), "{text}");
        }
    }
    assert!(symmetric >= 10 && private >= 20, "{symmetric} symmetric, {private} private");
}

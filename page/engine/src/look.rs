//! One look at everything that stands in the page.

use crate::decoded::decoded;
use crate::given::{self, text};
use crate::place::Places;
use crate::remedies::{code_of, look_at};
use crate::test_key::TestKey;
use eec_authn::config::{self, Absent, ConfigError, Loaded, Review};
use eec_authn::explanation::{first_operation, protection};
use eec_authn::json::Json;
use eec_authn::plugin_state::PluginState;
use eec_authn::policy::{GpsiMode, Policy};
use eec_authn::time::UnixTime;
use serde_json::{Value, json};
use std::hash::RandomState;
use std::rc::Rc;

/// How many mistakes are shown at once, and pieces of advice: of more, it is only said how many.
const MOST: usize = 100;

/// The configuration's mistakes, what the token says, how the walk ends, what is protected.
pub(crate) fn look(question: &Value) -> Value {
    let (config, now) = (text(question, "config"), given::now(question));
    let secret =
        |name: &str| question["secrets"][name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let Review { result, environment, missing } = config::review(config.as_bytes(), &secret, Absent::StandIn);
    let mut shown = json!({"environment": environment, "missing": missing, "secrets": secrets(config)});
    match result {
        Err(errors) => {
            let places = Places::of(config);
            shown["errors"] = listed(&places, &errors);
            shown["more_errors"] = json!(errors.len().saturating_sub(MOST));
            let (token, proof) = presented(question, None, &mut shown);
            drop((token, proof));
        }
        Ok(loaded) => {
            shown["errors"] = json!([]);
            let warnings = warnings(&loaded, now);
            shown["warnings"] = listed(&Places::of(config), &warnings);
            shown["more_warnings"] = json!(warnings.len().saturating_sub(MOST));
            shown["facts"] = facts(&loaded.policy);
            shown["protection"] = value(&protection(&loaded.policy));
            let (token, proof) = presented(question, Some(&loaded.policy), &mut shown);
            match explained(question, loaded.policy, token, proof, &missing, now) {
                Ok(explanation) => {
                    shown["explanation"] = value(&explanation);
                    shown["look_at"] = json!(code_of(&shown["explanation"]).and_then(look_at));
                }
                Err(because) => shown["trouble"] = json!(because),
            }
        }
    }
    shown
}

/// Token and proof, signed where they are made here, and what they say.
fn presented(
    question: &Value,
    policy: Option<&Policy>,
    shown: &mut Value,
) -> (Option<String>, Option<String>) {
    let token = given::signed(&question["token"], None);
    let ath = token.as_ref().ok().and_then(Option::as_deref).map(given::token_hash);
    let proof = given::signed(&question["proof"], ath.as_deref());
    let mut found = [None, None];
    for ((name, signed), found) in [("token", token), ("proof", proof)].into_iter().zip(&mut found) {
        let key = TestKey::read(&question[name]["key"]);
        let key = key.map(|key| json!({"jwk": key.jwk(), "thumbprint": key.thumbprint()}));
        shown[name] = match &signed {
            Ok(None) => Value::Null,
            Ok(Some(text)) => json!({"text": text, "decoded": decoded(text, policy), "key": key}),
            Err(because) => {
                json!({"text": "", "decoded": {"form": "broken", "because": because}, "key": key})
            }
        };
        *found = signed.ok().flatten();
    }
    let [token, proof] = found;
    (token, proof)
}

fn explained(
    question: &Value,
    policy: Policy,
    token: Option<String>,
    proof: Option<String>,
    missing: &[String],
    now: UnixTime,
) -> Result<Json, String> {
    let names = unknown_secrets(text(question, "config"), missing);
    let plugin = Rc::new(PluginState::new(policy, RandomState::new()));
    let asked = given::question(question, token, proof)?;
    match asked.put_to(&plugin, now) {
        Ok(explanation) => Ok(explanation.to_json(&names)),
        Err(unfit) => Err(format!("key set {}: {}", unfit.number.saturating_add(1), unfit.because)),
    }
}

/// The variables of `ownership.secret_env` that are not there.
fn unknown_secrets(config: &str, missing: &[String]) -> Vec<String> {
    let filter: Value = serde_json::from_str(config).unwrap_or_default();
    let names = filter["ownership"]["secret_env"].as_array().into_iter().flatten();
    let names = names.filter_map(Value::as_str).map(str::to_owned);
    names.filter(|name| missing.contains(name)).collect()
}

/// What becomes of each kind of secret here, where its variable is left empty.
fn secrets(config: &str) -> Vec<String> {
    let filter: Value = serde_json::from_str(config).unwrap_or_default();
    let servers = filter["entitlement_servers"].as_array().into_iter().flatten();
    let clients: Vec<&str> =
        servers.filter_map(|server| server["online"]["client_secret_env"].as_str()).collect();
    let names = |list: &Value| -> String {
        let names = list.as_array().into_iter().flatten().filter_map(Value::as_str);
        names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    let kinds = [
        (
            names(&filter["ownership"]["secret_env"]),
            "seals: left empty, a stand-in takes its place, and no seal of your deployment fits here.",
        ),
        (
            names(&filter["proof"]["dpop"]["nonce"]["secret_env"]),
            "nonces: left empty, a stand-in takes its place, and no nonce of your deployment is good here.",
        ),
        (
            names(&json!(clients)),
            "what the filter shows to the entitlement server: nobody is asked from here, so it changes nothing.",
        ),
    ];
    let named = kinds.into_iter().filter(|(names, _)| !names.is_empty());
    named.map(|(names, means)| format!("{names} is for {means}")).collect()
}

/// What the page asks for beside the request, and its defaults.
fn facts(policy: &Policy) -> Value {
    json!({
        "asks": policy.entitlement_servers.iter().any(|server| server.online.is_some()),
        "fetches": policy.fetching().map(|(server, _)| server.identity.as_str()).collect::<Vec<_>>(),
        "dpop": policy.dpop().is_some(),
        "certificate": policy.asks_for_certificate(),
        "gpsi": policy.gpsi != GpsiMode::Off,
        "first_operation": first_operation(policy),
        "host": policy.protects.realm,
        "plugin_options": config::plugin_options(policy),
    })
}

fn warnings(loaded: &Loaded, now: UnixTime) -> Vec<ConfigError> {
    let mut warnings = loaded.warnings.clone();
    warnings.extend(config::advice(&loaded.policy));
    warnings.extend(config::dates(&loaded.policy, now));
    warnings
}

fn listed(places: &Places, found: &[ConfigError]) -> Value {
    let one = |error: &ConfigError| {
        let at = places.place(&error.path);
        json!({"path": error.path, "message": error.message, "at": [at.start, at.end]})
    };
    found.iter().take(MOST).map(one).collect()
}

/// The core's JSON as serde's.
fn value(json: &Json) -> Value {
    serde_json::from_str(&json.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// With a look at the text for each mistake this takes minutes.
    #[test]
    fn of_very_many_mistakes_some_are_shown_and_the_rest_is_counted() {
        let members: Vec<String> =
            (0..20_000).map(|number| format!("\"member{number}\": {number}")).collect();
        let config = format!("{{{}}}", members.join(",\n"));
        let seen = look(&json!({"config": config}));
        let errors = seen["errors"].as_array().expect("errors");
        // Two members that must be there are not.
        assert_eq!((errors.len(), &seen["more_errors"]), (100, &json!(19_902)));
        let last = errors
            .iter()
            .rfind(|error| error["path"].as_str().is_some_and(|path| path.starts_with("member")));
        let (path, at) = last.map(|error| (&error["path"], &error["at"])).expect("a member");
        let [start, end] = [0, 1].map(|part| at[part].as_u64().expect("a place") as usize);
        let name = path.as_str().expect("text");
        assert!(config[start..end].starts_with(&format!("\"{name}\": ")), "{name}: {}", &config[start..end]);
    }

    #[test]
    fn a_key_set_counts_for_its_server_even_where_no_other_is_given() {
        let server = |fqdn: &str| json!({"fqdn": fqdn, "keys": [{"jwks_remote": {"cluster": "c"}}]});
        let config = json!({
            "protects": {"role": "ees", "fqdns": ["ees1.edge.example.net"]},
            "entitlement_servers": [server("one.example.org"), server("two.example.org")],
        });
        let key = TestKey::new("EdDSA", &[7; 32]).expect("a key");
        let mut jwk = key.jwk();
        jwk["kid"] = json!("k");
        let claims = json!({"iss": "two.example.org", "sub": "eec-1", "aud": "ees1.edge.example.net", "iat": 1000, "exp": 2000});
        let question = json!({
            "config": config.to_string(), "now": 1500, "method": "POST", "path": "/eees-eecregistration/v1/registrations",
            "host": "ees1.edge.example.net", "headers": [["content-type", "application/json"]], "body": "{\"eecId\": \"eec-1\"}",
            "token": {"text": key.sign("{\"alg\":\"EdDSA\",\"kid\":\"k\"}", &claims.to_string())},
            "sets": ["", json!({"keys": [jwk]}).to_string()],
        });
        let seen = look(&question);
        assert_eq!(seen["explanation"]["decision"], "allowed", "{seen:#}");
    }

    #[test]
    fn headers_are_refused_in_the_words_of_the_command_line() {
        let mut question = crate::examples::example("a-good-registration").expect("an example");
        for (header, because) in [
            (json!(["connection"]), "the header \"connection\": give a header as `NAME: VALUE`"),
            (json!(["a b", "c"]), "the header \"a b: c\": that is no name of a header"),
            (json!(["", "c"]), "the header \": c\": that is no name of a header"),
            (json!([":path", "/x"]), "the header \":path: /x\": that is no name of a header"),
            (json!(["é", "c"]), "the header \"é: c\": that is no name of a header"),
            (
                json!(["x", "a\u{1}b"]),
                "the header \"x: a\\u0001b\": that is no value of a header: it has a control character",
            ),
        ] {
            question["headers"] = json!([["content-type", "application/json"], header]);
            let seen = look(&question);
            assert_eq!(seen["trouble"], because);
            assert_eq!(seen["explanation"], Value::Null);
        }
    }

    #[test]
    fn what_each_secret_is_for_is_said_of_those_that_there_are() {
        let config = json!({
            "ownership": {"secret_env": ["SEAL", "OLD"]},
            "entitlement_servers": [{"online": {"client_secret_env": "CLIENT"}}, {}],
        });
        let said = secrets(&config.to_string());
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].starts_with("`SEAL`, `OLD` is for seals: "), "{said:?}");
        assert!(
            said[1].starts_with("`CLIENT` is for what the filter shows to the entitlement server: "),
            "{said:?}"
        );
        assert_eq!(secrets(r#"{"proof": {"dpop": {"nonce": {"secret_env": ["N"]}}}}"#).len(), 1);
        assert_eq!(secrets("{"), Vec::<String>::new());
    }
}

//! One look at everything that stands in the page.

use crate::decoded::decoded;
use crate::given::{self, text};
use crate::place::place;
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

/// The configuration's mistakes, what the token says, how the walk ends, what is protected.
pub(crate) fn look(question: &Value) -> Value {
    let (config, now) = (text(question, "config"), given::now(question));
    let secret =
        |name: &str| question["secrets"][name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let Review { result, environment, missing } = config::review(config.as_bytes(), &secret, Absent::StandIn);
    let mut shown = json!({"environment": environment, "missing": missing});
    match result {
        Err(errors) => {
            shown["errors"] = listed(config, &errors);
            let (token, proof) = presented(question, None, &mut shown);
            drop((token, proof));
        }
        Ok(loaded) => {
            shown["errors"] = json!([]);
            shown["warnings"] = listed(config, &warnings(&loaded, now));
            shown["facts"] = facts(&loaded.policy);
            shown["protection"] = value(&protection(&loaded.policy));
            let (token, proof) = presented(question, Some(&loaded.policy), &mut shown);
            match explained(question, loaded.policy, token, proof, &missing, now) {
                Ok(explanation) => shown["explanation"] = value(&explanation),
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

fn listed(config: &str, found: &[ConfigError]) -> Value {
    let one = |error: &ConfigError| {
        let at = place(config, &error.path).map(|place| [place.start, place.end]);
        json!({"path": error.path, "message": error.message, "at": at})
    };
    found.iter().map(one).collect()
}

/// The core's JSON as serde's.
fn value(json: &Json) -> Value {
    serde_json::from_str(&json.to_string()).unwrap_or_default()
}

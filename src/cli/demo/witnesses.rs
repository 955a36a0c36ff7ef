//! What Envoy itself recorded, compared with the story.

use super::names;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A request that came through Envoy.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recorded {
    /// At the listener of the edge ECS, whose statistics have a name.
    pub(super) at_ecs: bool,
    pub(super) status: u16,
    /// Why it was refused, if it was.
    pub(super) code: Option<&'static str>,
}

/// Lines of one record, and what is not as told.
pub(super) struct Witness {
    /// As Envoy shows them.
    pub(super) lines: Vec<String>,
    /// What is not as told.
    pub(super) faults: Vec<String>,
}

/// The counters of decisions must add up to the story.
pub(super) fn statistics(statistics: &[(String, u64)], story: &[Recorded]) -> Witness {
    let mut expected = BTreeMap::<String, u64>::new();
    for step in story {
        let name = step.code.map_or_else(|| "allowed".to_owned(), |code| format!("denied.{code}"));
        let name = if step.at_ecs { format!("ecs.{name}") } else { name };
        let count = expected.entry(name).or_default();
        *count = count.saturating_add(1);
    }
    let is_decision = |name: &str| {
        let name = name.strip_prefix("ecs.").unwrap_or(name);
        name == "allowed" || name.starts_with("denied.")
    };
    let counted: BTreeMap<String, u64> =
        statistics.iter().filter(|(name, count)| is_decision(name) && *count > 0).cloned().collect();
    let lines =
        statistics.iter().map(|(name, value)| format!("wasmcustom.eec_authn.{name}: {value}")).collect();
    let fault = || format!("the story gives {expected:?}");
    Witness { lines, faults: (counted != expected).then(fault).into_iter().collect() }
}

/// One line for each step, in order, with details and filter state of a refusal, or the verified EEC ID.
pub(super) fn access_log(lines: Vec<String>, story: &[Recorded]) -> Witness {
    let mut faults = Vec::new();
    if lines.len() != story.len() {
        faults.push(format!("{} lines for {} steps", lines.len(), story.len()));
    }
    for (line, step) in lines.iter().zip(story) {
        let status = step.status;
        let expected = match step.code {
            None => {
                json!({"status": status, "details": "via_upstream", "decision": null, "eec_id": names::EEC_ID})
            }
            Some(code) => {
                // Once the token is good, the log says whose it is, though the body is another's.
                let eec_id = code.starts_with("binding_").then_some(names::EEC_ID);
                json!({"status": status, "details": format!("eec_authn.{code}"), "decision": format!("deny:{code}"), "eec_id": eec_id})
            }
        };
        let logged: Value = serde_json::from_str(line).unwrap_or_default();
        let differs = |(name, value): (&String, &Value)| logged.get(name).unwrap_or(&Value::Null) != value;
        if expected.as_object().into_iter().flatten().any(differs) {
            faults.push(format!("`{line}` should have {expected}"));
        }
    }
    Witness { lines, faults }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MISSING: Recorded = Recorded { at_ecs: false, status: 401, code: Some("token_missing") };
    const STORY: [Recorded; 3] = [MISSING, Recorded { at_ecs: true, status: 201, code: None }, MISSING];

    fn counters(counters: &[(&str, u64)]) -> Vec<String> {
        let counters: Vec<_> = counters.iter().map(|(name, value)| (name.to_string(), *value)).collect();
        statistics(&counters, &STORY).faults
    }

    #[test]
    fn counters_must_add_up_to_the_story() {
        assert!(
            counters(&[("denied.token_missing", 2), ("ecs.allowed", 1), ("config.generation", 7)]).is_empty()
        );
        assert_eq!(counters(&[]).len(), 1);
        assert_eq!(counters(&[("denied.token_missing", 2), ("allowed", 1)]).len(), 1, "at another listener");
        assert_eq!(counters(&[("denied.token_missing", 3), ("ecs.allowed", 1)]).len(), 1);
        assert_eq!(
            counters(&[("denied.token_missing", 2), ("ecs.allowed", 1), ("denied.key_unknown", 1)]).len(),
            1
        );
    }

    #[test]
    fn the_log_must_follow_the_story() {
        let refused =
            json!({"method": "POST", "path": "/x", "status": 401, "details": "eec_authn.token_missing",
            "decision": "deny:token_missing", "eec_id": null})
            .to_string();
        let allowed = json!({"status": 201, "details": "via_upstream", "eec_id": names::EEC_ID}).to_string();
        let faults =
            |lines: &[&String]| access_log(lines.iter().map(|l| l.to_string()).collect(), &STORY).faults;
        assert!(faults(&[&refused, &allowed, &refused]).is_empty());
        assert_eq!(faults(&[&refused, &allowed]).len(), 1);
        assert_eq!(faults(&[&allowed, &refused, &refused]).len(), 2);
    }
}

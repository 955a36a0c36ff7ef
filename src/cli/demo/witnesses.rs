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
    /// One of several clients at once: the access log has neighbours of this kind in any order.
    pub(super) in_crowd: bool,
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

/// One line for each step, in order (of a crowd in any), with details and filter state of a refusal, or the verified EEC ID.
pub(super) fn access_log(lines: Vec<String>, story: &[Recorded]) -> Witness {
    let mut faults = Vec::new();
    if lines.len() != story.len() {
        faults.push(format!("{} lines for {} steps", lines.len(), story.len()));
    }
    let mut shown = Vec::new();
    let mut rest = lines.into_iter();
    for act in story.chunk_by(|step, next| step.in_crowd == next.in_crowd) {
        let (mut act, mut lines) = (act.to_vec(), rest.by_ref().take(act.len()).collect::<Vec<_>>());
        if act.iter().any(|step| step.in_crowd) {
            act.sort_by_key(|step| step.status);
            lines.sort_by_key(|line| logged(line)["status"].as_u64());
            shown.push(format!("… {} lines of several clients at once …", lines.len()));
        } else {
            shown.extend(lines.iter().cloned());
        }
        faults.extend(act.iter().zip(&lines).filter_map(|(step, line)| fault(step, line)));
    }
    shown.extend(rest);
    Witness { lines: shown, faults }
}

fn logged(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_default()
}

/// What a line has otherwise than the step.
fn fault(step: &Recorded, line: &str) -> Option<String> {
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
    let logged = logged(line);
    let differs = |(name, value): (&String, &Value)| logged.get(name).unwrap_or(&Value::Null) != value;
    let any = expected.as_object().into_iter().flatten().any(differs);
    any.then(|| format!("`{line}` should have {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MISSING: Recorded =
        Recorded { at_ecs: false, status: 401, code: Some("token_missing"), in_crowd: false };
    const MADE: Recorded = Recorded { at_ecs: true, status: 201, code: None, in_crowd: false };
    const STORY: [Recorded; 3] = [MISSING, MADE, MISSING];

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

    #[test]
    fn a_crowd_comes_in_any_order_and_only_among_itself() {
        let line = |status: u16| {
            json!({"status": status, "details": "via_upstream", "eec_id": names::EEC_ID}).to_string()
        };
        let one = |status, in_crowd| Recorded { status, in_crowd, ..MADE };
        let story = [one(201, false), one(200, true), one(204, true), one(200, false)];
        let faults = |statuses: [u16; 4]| access_log(statuses.map(line).to_vec(), &story).faults.len();
        assert_eq!(faults([201, 200, 204, 200]), 0);
        assert_eq!(faults([201, 204, 200, 200]), 0);
        assert_eq!(faults([201, 204, 204, 200]), 1);
        assert_eq!(faults([204, 201, 200, 200]), 2, "not beyond the crowd");
        let shown = access_log([201, 200, 204, 200].map(line).to_vec(), &story).lines;
        assert_eq!((shown.len(), &shown[2]), (3, &line(200)));
    }
}

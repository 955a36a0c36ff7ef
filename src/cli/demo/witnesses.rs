//! What Envoy itself recorded, compared with the story.

use super::expected::Expected;
use super::names;
use std::collections::BTreeMap;

/// Lines of one record, and what is not as told.
pub(super) struct Witness {
    /// As Envoy shows them.
    pub(super) lines: Vec<String>,
    /// What is not as told.
    pub(super) faults: Vec<String>,
}

/// The counters of decisions must add up to the story.
pub(super) fn statistics(statistics: &[(String, u64)], story: &[Expected]) -> Witness {
    let mut expected = BTreeMap::<String, u64>::new();
    for step in story {
        let name = match step {
            Expected::Registered | Expected::Deregistered => "allowed".to_owned(),
            Expected::Refused(_, code) => format!("denied.{code}"),
        };
        let count = expected.entry(name).or_default();
        *count = count.saturating_add(1);
    }
    let is_decision = |name: &str| name == "allowed" || name.starts_with("denied.");
    let counted: BTreeMap<String, u64> =
        statistics.iter().filter(|(name, count)| is_decision(name) && *count > 0).cloned().collect();
    let lines =
        statistics.iter().map(|(name, value)| format!("wasmcustom.eec_authn.{name}: {value}")).collect();
    let fault = || format!("the story gives {expected:?}");
    Witness { lines, faults: (counted != expected).then(fault).into_iter().collect() }
}

/// One line for each step, in order, with details and filter state of a refusal, or the verified EEC ID.
pub(super) fn access_log(lines: Vec<String>, story: &[Expected]) -> Witness {
    let mut faults = Vec::new();
    if lines.len() != story.len() {
        faults.push(format!("{} lines for {} steps", lines.len(), story.len()));
    }
    for (line, step) in lines.iter().zip(story) {
        let end = match step {
            Expected::Registered => format!(" 201 via_upstream decision=- eec={}", names::EEC_ID),
            Expected::Deregistered => format!(" 204 via_upstream decision=- eec={}", names::EEC_ID),
            Expected::Refused(status, code) => {
                // Once the token is good, the log says whose it is, though the body is another's.
                let eec = if code.starts_with("binding_") { names::EEC_ID } else { "-" };
                format!(" {status} eec_authn.{code} decision=deny:{code} eec={eec}")
            }
        };
        if !line.ends_with(&end) {
            faults.push(format!("`{line}` should end in `{end}`"));
        }
    }
    Witness { lines, faults }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORY: [Expected; 3] = [
        Expected::Refused(401, "token_missing"),
        Expected::Registered,
        Expected::Refused(401, "token_missing"),
    ];

    fn counters(counters: &[(&str, u64)]) -> Vec<String> {
        let counters: Vec<_> = counters.iter().map(|(name, value)| (name.to_string(), *value)).collect();
        statistics(&counters, &STORY).faults
    }

    #[test]
    fn counters_must_add_up_to_the_story() {
        assert!(
            counters(&[("denied.token_missing", 2), ("allowed", 1), ("config.generation", 7)]).is_empty()
        );
        assert_eq!(counters(&[]).len(), 1);
        assert_eq!(counters(&[("denied.token_missing", 3), ("allowed", 1)]).len(), 1);
        assert_eq!(
            counters(&[("denied.token_missing", 2), ("allowed", 1), ("denied.key_unknown", 1)]).len(),
            1
        );
    }

    #[test]
    fn the_log_must_follow_the_story() {
        let refused = "POST /x 401 eec_authn.token_missing decision=deny:token_missing eec=-".to_owned();
        let allowed = format!("POST /x 201 via_upstream decision=- eec={}", names::EEC_ID);
        let faults =
            |lines: &[&String]| access_log(lines.iter().map(|l| l.to_string()).collect(), &STORY).faults;
        assert!(faults(&[&refused, &allowed, &refused]).is_empty());
        assert_eq!(faults(&[&refused, &allowed]).len(), 1);
        assert_eq!(faults(&[&allowed, &refused, &refused]).len(), 2);
    }
}

//! The story: who comes to the EES, with what, and how it ends.

use super::environment::Environment;
use super::expected::Expected;
use super::lived;
use super::names::{EEC_ID, GPSI, NO_OPERATION, OTHER_EEC_ID, OTHER_EES, REGISTRATIONS};
use super::result::PlayResult;
use super::rotation;
use super::step::{Action, ProofBy, Step};
use super::witnesses;
use crate::cli::Output;
use crate::cli::failure::Failure;
use serde_json::json;
use std::time::Duration;

fn steps() -> Vec<Step> {
    let good = json!({"eec_id": EEC_ID, "gpsi": GPSI});
    let step = |what, token, expected| Step {
        what,
        token,
        proof: None,
        revoked: false,
        headers: &[],
        body_eec_id: EEC_ID,
        action: Action::Post(REGISTRATIONS),
        expected,
    };
    vec![
        step("no token", None, Expected::Refused(401, "token_missing")),
        step("a good token", Some(good.clone()), Expected::Registered),
        step(
            "a token for another EES",
            Some(json!({"eec_id": EEC_ID, "gpsi": GPSI, "audience": OTHER_EES})),
            Expected::Refused(401, "audience_mismatch"),
        ),
        step(
            "an expired token",
            Some(json!({"eec_id": EEC_ID, "gpsi": GPSI, "lifetime_seconds": -3600})),
            Expected::Refused(401, "token_expired"),
        ),
        step(
            "a forged token: the right kid, another key",
            Some(json!({"eec_id": EEC_ID, "gpsi": GPSI, "forged": true})),
            Expected::Refused(401, "signature_invalid"),
        ),
        Step {
            revoked: true,
            ..step(
                "a good token, revoked at the entitlement server",
                Some(good.clone()),
                Expected::Refused(401, "token_inactive"),
            )
        },
        Step {
            body_eec_id: OTHER_EEC_ID,
            ..step(
                "a good token, but another client's eecId",
                Some(good.clone()),
                Expected::Refused(403, "binding_mismatch"),
            )
        },
        Step {
            headers: &[("x-eec-id", OTHER_EEC_ID), ("X_EEC_GPSI", "msisdn-447700900999")],
            ..step("a good token, and spoofed x-eec-id, x_eec_gpsi", Some(good.clone()), Expected::Registered)
        },
        Step {
            proof: Some(ProofBy::Client),
            ..step(
                "a token bound to the client's key, with its proof",
                Some(good.clone()),
                Expected::Registered,
            )
        },
        Step {
            proof: Some(ProofBy::Thief),
            ..step(
                "a stolen token, with a proof by the thief's key",
                Some(good.clone()),
                Expected::Refused(401, "confirmation_failed"),
            )
        },
        Step {
            action: Action::Post(NO_OPERATION),
            ..step(
                "a good token, for an unknown path",
                Some(good.clone()),
                Expected::Refused(403, "route_unmatched"),
            )
        },
        Step {
            action: Action::Deregister,
            ..step(
                "another client's good token, to DELETE what was made",
                Some(json!({"eec_id": OTHER_EEC_ID, "gpsi": GPSI})),
                Expected::Refused(403, "ownership_mismatch"),
            )
        },
        Step {
            action: Action::Deregister,
            ..step("its own, to DELETE it", Some(good), Expected::Deregistered)
        },
    ]
}

/// Has a client live its life, plays every step, rotates the key, then asks Envoy's statistics and access log whether they saw the same.
pub(super) async fn play(environment: &Environment, output: Output) -> Result<PlayResult, Failure> {
    let mut result = PlayResult::default();
    let mut recorded = Vec::new();
    result.open("a client's life, with a key of its own", output)?;
    let mut client = lived::client(environment)?;
    for step in client.life() {
        let lived = lived::step(&mut client, step).await;
        recorded.extend(lived.recorded());
        let faults = lived.faults(environment);
        result.lived(&lived, faults, output)?;
    }
    let steps = steps();
    let mut made = String::new();
    if !output.json {
        output.line("")?;
    }
    result.open("a request to the EES, with", output)?;
    for step in &steps {
        let observed = step.play(environment, &made).await?;
        if let Expected::Registered = step.expected {
            made = observed.location_path();
        }
        recorded.push(step.expected.recorded());
        let faults = step.expected.faults(&observed, environment);
        result.add(step, &observed, faults, output)?;
    }
    recorded.extend(rotation::play(environment, &mut result, output).await?);
    let mut statistics = witnesses::statistics(&environment.envoy.statistics().await?, &recorded);
    // The filter hands its counters over a moment later.
    for _ in 0..100 {
        if statistics.faults.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        statistics = witnesses::statistics(&environment.envoy.statistics().await?, &recorded);
    }
    result.witness("Envoy's statistics", statistics, output)?;
    let access_log = witnesses::access_log(environment.envoy.access_log(recorded.len()).await, &recorded);
    result.witness("Envoy's access log", access_log, output)?;
    Ok(result)
}

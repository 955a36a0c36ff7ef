//! A client's life through both listeners, by the code of `eec-authn eec`: what must come of each step.

use super::environment::Environment;
use super::names;
use super::witnesses::Recorded;
use crate::cli::eec::{Client, Identity, Outcome, Possession, Report, Step};
use crate::cli::failure::Failure;
use eec_authn::policy::Role;
use serde_json::{Value, json};
use std::sync::Arc;

/// A step of the life, and what came of it.
pub(super) struct Lived {
    pub(super) report: Report,
    /// If it went to a server behind the filter, whether that is the edge ECS.
    pub(super) at_ecs: Option<bool>,
    /// What must come of it.
    pub(super) expected: &'static [u16],
}

/// A client with a key of its own.
pub(super) fn client(environment: &Environment) -> Result<Client, Failure> {
    let identity = Identity { eec_id: names::EEC_ID.to_owned(), ue_id: Some(names::GPSI.to_owned()) };
    let possession = Arc::new(Possession::new(None)?);
    Ok(Client::new(Arc::clone(&environment.surroundings), identity, Some(possession)))
}

/// Does one step.
pub(super) async fn step(client: &mut Client, step: Step) -> Lived {
    let report = client.perform(step).await;
    let (at_ecs, expected) = match step {
        Step::Token(_) => (None, &[200][..]),
        Step::Operation(operation) => (Some(operation.role == Role::Ecs), operation.success),
    };
    Lived { report, at_ecs, expected }
}

impl Lived {
    /// As Envoy must have recorded it, if it went through it.
    pub(super) fn recorded(&self) -> Option<Recorded> {
        // What was not answered at all is a fault by itself.
        let status = self.report.status.unwrap_or_default();
        let sent = self.at_ecs.filter(|_| self.report.sent_to.is_some());
        sent.map(|at_ecs| Recorded { at_ecs, status, code: None, in_crowd: false })
    }

    /// The step, as the story prints it.
    pub(super) fn what(&self) -> String {
        let server = self.report.server.as_ref().map(|server| format!(" for {server}"));
        format!("{}{}", self.report.step, server.unwrap_or_default())
    }

    /// As the story prints it.
    pub(super) fn expected_text(&self) -> String {
        self.expected.iter().map(u16::to_string).collect::<Vec<_>>().join(" or ")
    }

    /// What came of it, as the story prints it.
    pub(super) fn text(&self) -> String {
        self.report.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string())
    }

    /// The identity that the server behind the filter saw.
    pub(super) fn seen(&self) -> Option<&Value> {
        self.report.received.as_ref()?.get("seen")
    }

    /// All that is not as told.
    pub(super) fn faults(&self, environment: &Environment) -> Vec<String> {
        if self.report.outcome != Outcome::Done {
            return self.report.ended().into_iter().collect();
        }
        let mut faults = Vec::new();
        let token = self.report.token.as_ref();
        if let Some(seen) = self.seen() {
            let identity = json!({
                "x-eec-id": names::EEC_ID,
                "x-eec-gpsi": names::GPSI,
                "x-eec-issuer": environment.issuer,
                "x-eec-token-id": token.map(|token| token["jti"].clone()),
            });
            if *seen != identity {
                faults.push(format!("the server should have seen {identity}"));
            }
        }
        if token.is_none_or(|token| token["scheme"] != "DPoP") || !self.report.proof {
            faults.push("no proof of possession came with it".to_owned());
        }
        if let Some(made) = &self.report.made
            && made.rsplit_once('.').is_none_or(|(_, seal)| seal.len() != names::SEAL)
        {
            faults.push(format!("no seal is behind what was made: {made}"));
        }
        faults
    }
}

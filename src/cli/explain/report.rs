//! What `explain` found, for people and for machines.

use super::facts::Facts;
use crate::cli::failure::Failure;
use crate::cli::{Exit, Output};
use eec_authn::decision::{Denial, DenyReason};
use eec_authn::engine::Decision;
use eec_authn::policy::{Mode, Policy};
use eec_authn::reply::Reply;
use serde_json::{Map, Value, json};

/// The checks, and what they come to.
pub(super) struct Report<'a> {
    checks: Vec<(DenyReason, &'static str, String)>,
    verdict: String,
    denied: Option<&'a Denial>,
    reply: Option<Reply>,
    /// What goes upstream about the client.
    identity: Vec<(String, String)>,
    /// What is only recorded, and why the request goes on.
    shadow: Option<(&'a Denial, &'static str)>,
}

impl<'a> Report<'a> {
    pub(super) fn new(
        policy: &Policy,
        decision: &'a Decision,
        facts: &Facts<'_>,
        has_body: bool,
        is_head: bool,
    ) -> Report<'a> {
        let denied = match decision {
            // The body was not given, so that it is empty decides nothing.
            Decision::Deny(denial) if denial.reason == DenyReason::BodyRequired && !has_body => None,
            Decision::Deny(denial) => Some(denial),
            Decision::Allow(_) | Decision::Pass => None,
        };
        let state = |reason: DenyReason| match denied {
            Some(denial) if denial.reason == reason => "failed",
            Some(denial) if denial.reason < reason => "not reached",
            _ if !facts.applies(reason, has_body)
                || matches!(decision, Decision::Pass) && reason > DenyReason::RouteDenied =>
            {
                "does not apply"
            }
            _ => "passed",
        };
        let verdict = match (denied, decision) {
            (Some(denial), _) => format!("denied: {}", denial.reason.code()),
            (None, Decision::Pass) => "passes without a token".into(),
            (None, _) if !has_body && facts.needs_body() => "allowed, if its body is (give --body)".into(),
            (None, _) => "allowed".into(),
        };
        let grant = match decision {
            Decision::Allow(grant) => Some(grant),
            Decision::Deny(_) | Decision::Pass => None,
        };
        let identity = grant.into_iter().flat_map(|grant| grant.token().identity_headers());
        let whole = denied.filter(|_| policy.mode == Mode::Shadow).map(|denial| {
            (denial, "the filter is in shadow mode: the request would go on, and this would be recorded")
        });
        let rule = grant.and_then(|grant| grant.noted()).map(|denial| {
            (denial, "the rule is in shadow mode: the request would go on, and this would be recorded")
        });
        Report {
            checks: DenyReason::ALL
                .iter()
                .map(|reason| (*reason, state(*reason), facts.of(*reason)))
                .collect(),
            verdict,
            denied,
            reply: denied.map(|denial| Reply::to_denial(denial, &policy.protects.realm, is_head)),
            identity: identity.map(|(name, value)| (name.to_string(), value.to_string())).collect(),
            shadow: whole.or(rule),
        }
    }

    /// Prints it, and says how the verb ends.
    pub(super) fn print(&self, output: Output) -> Result<Exit, Failure> {
        if output.json {
            output.line(self.for_machines())?
        } else {
            self.for_people(output)?
        }
        Ok(if self.denied.is_some() { Exit::Denied } else { Exit::Fine })
    }

    fn for_machines(&self) -> Value {
        let checks: Vec<Value> = self
            .checks
            .iter()
            .map(|(reason, state, fact)| json!({"check": reason.code(), "state": state, "facts": fact}))
            .collect();
        let reply = self.reply.as_ref().map(|reply| {
            let headers: Map<String, Value> =
                reply.headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
            let body: Value = serde_json::from_str(&reply.body).unwrap_or_default();
            json!({"status": reply.status, "headers": headers, "body": body})
        });
        let identity: Map<String, Value> =
            self.identity.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let shadow = self.shadow.map(
            |(denial, note)| json!({"code": denial.reason.code(), "because": denial.because, "note": note}),
        );
        json!({
            "checks": checks, "decision": self.verdict, "because": self.denied.map(|denial| denial.because),
            "reply": reply, "identity_headers": identity, "shadow": shadow,
        })
    }

    fn for_people(&self, output: Output) -> Result<(), Failure> {
        for (reason, state, fact) in &self.checks {
            let mark = match *state {
                "passed" => '✓',
                "failed" => '✗',
                _ => '·',
            };
            let fact = if *state == "does not apply" || *state == "not reached" { *state } else { fact };
            output.line(format_args!("{mark} {:<24} {fact}", reason.code()))?;
        }
        output.line(format_args!("\n{}", self.verdict))?;
        if let Some(denial) = self.denied {
            output.line(format_args!("because {}", denial.because))?;
        }
        if let Some(reply) = &self.reply {
            output.line(format_args!("\nHTTP {}", reply.status))?;
            for (name, value) in &reply.headers {
                output.line(format_args!("{name}: {value}"))?;
            }
            output.line(format_args!("\n{}", reply.body))?;
        }
        for (name, value) in &self.identity {
            output.line(format_args!("{name}: {value}"))?;
        }
        if let Some((denial, note)) = self.shadow {
            output.line(format_args!("{note}: {}, because {}", denial.reason.code(), denial.because))?;
        }
        Ok(())
    }
}

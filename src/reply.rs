//! The answer to a refused request (`docs/contract.md#replies`): RFC 6750 challenge and ProblemDetails (TS 29.122).

use crate::decision::{Challenge, Denial, DenyReason, Hint, Scheme};
use crate::json::Json;
use crate::policy::{Policy, ProofRules};

/// A reply, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Response headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty for HEAD.
    pub body: String,
    /// For `%RESPONSE_CODE_DETAILS%`.
    pub details: String,
}

impl Reply {
    /// The reply to `denial` of a request that brought its token under `scheme`. The client gets the code and nothing else about why.
    pub fn to_denial(denial: &Denial, policy: &Policy, scheme: Scheme, is_head: bool) -> Reply {
        let reason = denial.reason;
        let mut headers = vec![("cache-control", "no-store".to_owned())];
        headers.extend(challenges(denial, policy, scheme).map(|challenge| ("www-authenticate", challenge)));
        if reason == DenyReason::EntitlementUnavailable {
            headers.push(("retry-after", "1".to_owned()));
        }
        match &denial.hint {
            Hint::Accept { patch, coding } => {
                let patches = "application/merge-patch+json, application/json";
                headers.extend(patch.then(|| ("accept-patch", patches.to_owned())));
                headers.extend(coding.then(|| ("accept-encoding", "identity".to_owned())));
            }
            Hint::Nonce(nonce) => headers.push(("dpop-nonce", nonce.to_string())),
            Hint::None | Hint::Member(_) | Hint::Scope(_) => {}
        }
        let mut body = String::new();
        if !is_head {
            headers.push(("content-type", "application/problem+json".to_owned()));
            body = problem(denial);
        }
        Reply {
            status: reason.status().code(),
            headers,
            body,
            details: format!("eec_authn.{}", reason.code()),
        }
    }
}

/// The challenges, each for a field of its own. The error stands in that of the scheme which the request used.
fn challenges(denial: &Denial, policy: &Policy, used: Scheme) -> impl Iterator<Item = String> {
    let reason = denial.reason;
    let error = match reason.challenge() {
        Challenge::None => None,
        Challenge::Plain => Some(None),
        Challenge::Error(error) => Some(Some(error)),
    };
    // A request without a token, or with several, has used no scheme in particular.
    let is_used = move |scheme| scheme == used && reason > DenyReason::TokenMissing;
    let offered = [Scheme::Bearer, Scheme::Dpop].into_iter().filter(move |scheme| match policy.dpop() {
        None => *scheme == Scheme::Bearer,
        Some(_) => is_used(*scheme) || may_succeed(*scheme, policy.proof.as_ref()),
    });
    error.into_iter().flat_map(move |error| {
        let error = move |scheme| error.filter(|_| is_used(scheme) || reason == DenyReason::TokenRepeated);
        offered.clone().map(move |scheme| challenge(scheme, error(scheme), denial, policy))
    })
}

/// Whether some good request has this scheme, where there is `DPoP` at all.
fn may_succeed(scheme: Scheme, rules: Option<&ProofRules>) -> bool {
    match scheme {
        Scheme::Bearer => rules.is_none_or(|rules| !rules.required || rules.client_certificate),
        Scheme::Dpop => true,
    }
}

fn challenge(scheme: Scheme, error: Option<&str>, denial: &Denial, policy: &Policy) -> String {
    let mut challenge = format!("{} realm=\"{}\"", scheme.name(), policy.protects.realm);
    if let Some(metadata) = &policy.protects.resource_metadata {
        challenge.push_str(&format!(", resource_metadata=\"{metadata}\""));
    }
    if let (Scheme::Dpop, Some(rules)) = (scheme, policy.dpop()) {
        challenge.push_str(&format!(", algs=\"{}\"", rules.algorithm_names()));
    }
    if let Some(error) = error {
        let code = denial.reason.code();
        challenge.push_str(&format!(", error=\"{error}\", error_description=\"{code}\""));
        if let Hint::Scope(scope) = denial.hint {
            challenge.push_str(&format!(", scope=\"{scope}\""));
        }
    }
    challenge
}

fn problem(denial: &Denial) -> String {
    let reason = denial.reason;
    let (code, status) = (reason.code(), reason.status());
    let invalid_params = match &denial.hint {
        Hint::Member(pointer) => Some(Json::Array(vec![Json::object([("param", Json::from(&**pointer))])])),
        Hint::None | Hint::Accept { .. } | Hint::Nonce(_) | Hint::Scope(_) => None,
    };
    let mut members =
        vec![("cause", Json::String(code.to_ascii_uppercase().into())), ("detail", code.into())];
    members.extend(invalid_params.map(|params| ("invalidParams", params)));
    members.push(("status", Json::Number(status.code().to_string().into())));
    members.push(("title", status.title().into()));
    Json::Object(members.into_iter().map(|(name, value)| (name.into(), value)).collect()).to_string()
}

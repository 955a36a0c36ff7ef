//! One step of the story: a request through Envoy, and what came of it.

use super::environment::Environment;
use super::expected::Expected;
use super::names;
use super::observed::Observed;
use crate::cli::failure::Failure;
use crate::cli::http;
use crate::cli::proof;
use crate::cli::signing_key::{Algorithm, SigningKey};
use axum::body::Bytes;
use eec_authn::decision::Scheme;
use http_body_util::Full;
use hyper::Request;
use serde_json::{Value, json};

/// What is tried.
pub(super) struct Step {
    /// The request in a few words.
    pub(super) what: &'static str,
    /// What the entitlement server is asked for; without it the request has no token.
    pub(super) token: Option<Value>,
    /// Whether the token is bound to a key, and whose key makes the proof that comes with it.
    pub(super) proof: Option<ProofBy>,
    /// Whether the entitlement server has revoked the token by the time it is used.
    pub(super) revoked: bool,
    /// Headers that the client adds.
    pub(super) headers: &'static [(&'static str, &'static str)],
    /// The `eecId` in the body.
    pub(super) body_eec_id: &'static str,
    /// What the client does.
    pub(super) action: Action,
    /// What must come of it.
    pub(super) expected: Expected,
}

/// Whose key makes the proof that comes with a bound token.
#[derive(Clone, Copy)]
pub(super) enum ProofBy {
    /// The client's that the token was issued to.
    Client,
    /// A thief's, who has the token and not the key.
    Thief,
}

/// What a client does.
#[derive(Clone, Copy)]
pub(super) enum Action {
    /// POST to this path, with a body.
    Post(&'static str),
    /// DELETE of the registration that was made last, as its `Location` names it.
    Deregister,
}

impl Step {
    /// Gets the token, and sends the request through Envoy; `made` is where the last registration is.
    pub(super) async fn play(&self, environment: &Environment, made: &str) -> Result<Observed, Failure> {
        let client = self.proof.map(|_| SigningKey::generate(Algorithm::Es256)).transpose()?;
        let token = match &self.token {
            Some(wish) => Some(environment.token(wish, client.as_ref()).await?),
            None => None,
        };
        if let (true, Some(token)) = (self.revoked, &token) {
            environment.revoke(token).await?;
        }
        let scheme = if client.is_some() { Scheme::Dpop } else { Scheme::Bearer };
        let (method, path) = match self.action {
            Action::Post(path) => ("POST", path),
            Action::Deregister => ("DELETE", made),
        };
        let mut request = Request::builder().method(method).uri(path).header("host", &environment.ees_fqdn);
        if let Action::Post(_) = self.action {
            request = request.header("content-type", "application/json");
        }
        if let Some(token) = &token {
            request = request.header("authorization", format!("{} {token}", scheme.name()));
            let url = format!("http://{}{}", environment.ees_fqdn, path);
            if let Some(proof) = self.proof_for(client, (method, &url), token)? {
                request = request.header("dpop", proof);
            }
        }
        for (name, value) in self.headers {
            request = request.header(*name, *value);
        }
        let body = match self.action {
            Action::Post(_) => json!({"eecId": self.body_eec_id, "ueId": names::GPSI}).to_string(),
            Action::Deregister => String::new(),
        };
        let request = request.body(Full::new(Bytes::from(body))).map_err(Failure::because(self.what))?;
        let visits = environment.ees.visits();
        let answer = http::send(environment.envoy.listener(), request).await?;
        let body = serde_json::from_slice(answer.body()).unwrap_or(Value::Null);
        Ok(Observed { answer, body, reached_ees: environment.ees.visits() != visits, token, scheme })
    }

    /// The proof that comes with the token of `client`, if any does.
    fn proof_for(
        &self,
        client: Option<SigningKey>,
        (method, url): (&str, &str),
        token: &str,
    ) -> Result<Option<String>, Failure> {
        let key = match (self.proof, client) {
            (Some(ProofBy::Client), Some(client)) => client,
            (Some(ProofBy::Thief), _) => SigningKey::generate(Algorithm::Es256)?,
            (Some(ProofBy::Client), None) | (None, _) => return Ok(None),
        };
        Ok(Some(key.sign(&key.proof_header(), &proof::claims(method, url, Some(token))?)))
    }
}

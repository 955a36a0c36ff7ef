//! One step of the story: a request through Envoy, and what came of it.

use super::environment::Environment;
use super::expected::Expected;
use super::names;
use super::observed::Observed;
use crate::cli::failure::Failure;
use crate::cli::http;
use axum::body::Bytes;
use http_body_util::Full;
use hyper::Request;
use serde_json::{Value, json};

/// What is tried.
pub(super) struct Step {
    /// The request in a few words.
    pub(super) what: &'static str,
    /// What the entitlement server is asked for; without it the request has no token.
    pub(super) token: Option<Value>,
    /// Whether the entitlement server has revoked the token by the time it is used.
    pub(super) revoked: bool,
    /// Headers that the client adds.
    pub(super) headers: &'static [(&'static str, &'static str)],
    /// The `eecId` in the body.
    pub(super) body_eec_id: &'static str,
    /// Where the client POSTs.
    pub(super) path: &'static str,
    /// What must come of it.
    pub(super) expected: Expected,
}

impl Step {
    /// Gets the token, and sends the request through Envoy.
    pub(super) async fn play(&self, environment: &Environment) -> Result<Observed, Failure> {
        let token = match &self.token {
            Some(wish) => Some(environment.token(wish).await?),
            None => None,
        };
        if let (true, Some(token)) = (self.revoked, &token) {
            environment.revoke(token).await?;
        }
        let mut request = Request::post(self.path)
            .header("host", &environment.ees_fqdn)
            .header("content-type", "application/json");
        if let Some(token) = &token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in self.headers {
            request = request.header(*name, *value);
        }
        let body = json!({"eecId": self.body_eec_id, "ueId": names::GPSI}).to_string();
        let request = request.body(Full::new(Bytes::from(body))).map_err(Failure::because(self.what))?;
        let visits = environment.visits.count();
        let answer = http::send(environment.envoy.listener(), request).await?;
        let body = serde_json::from_slice(answer.body()).unwrap_or(Value::Null);
        Ok(Observed { answer, body, reached_ees: environment.visits.count() != visits, token })
    }
}

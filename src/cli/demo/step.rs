//! One step of the story: a request through Envoy, and what came of it.

use super::environment::Environment;
use super::expected::Expected;
use super::names;
use super::observed::Observed;
use crate::cli::eec::{Call, Connection, Possession, Token};
use crate::cli::failure::Failure;
use eec_authn::decision::Scheme;
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
        let key = |wanted: bool| wanted.then(|| Possession::new(None)).transpose();
        let client = key(self.proof.is_some())?;
        let thief = key(matches!(self.proof, Some(ProofBy::Thief)))?;
        let token = match &self.token {
            Some(wish) => Some(environment.token(wish, client.as_ref()).await?),
            None => None,
        };
        if let (true, Some(token)) = (self.revoked, &token) {
            environment.revoke(token).await?;
        }
        let root = environment.ees_root()?;
        let (method, url) = match self.action {
            Action::Post(path) => ("POST", root.below(path)),
            Action::Deregister => ("DELETE", root.below(made)),
        };
        let body = json!({"eecId": self.body_eec_id, "ueId": names::GPSI}).to_string();
        let headers: Vec<(String, String)> =
            self.headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let call = Call {
            method,
            url: &url,
            token: token.as_ref(),
            possession: thief.as_ref().or(client.as_ref()),
            headers: &headers,
            body: matches!(self.action, Action::Post(_)).then_some(("application/json", body)),
        };
        let visits = environment.ees.visits();
        let network = &environment.surroundings.network;
        let called = call.send(network, &mut Connection::default()).await.map_err(Failure::new)?;
        let body = serde_json::from_slice(called.answer.body()).unwrap_or(Value::Null);
        let reached_ees = environment.ees.visits() != visits;
        let scheme = token.as_ref().map_or(Scheme::Bearer, Token::scheme);
        Ok(Observed { answer: called.answer, body, reached_ees, token, scheme })
    }
}

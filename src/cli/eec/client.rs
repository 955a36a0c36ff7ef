//! An Edge Enabler Client: what it has, and what it does next.

use super::call::{Call, Called};
use super::connection::Connection;
use super::follow;
use super::identity::Identity;
use super::network::Network;
use super::operations::{AT_EES, Item, Operation, PROVISION};
use super::possession::Possession;
use super::provisioning;
use super::report::{Outcome, Report};
use super::token::Token;
use super::token_source::TokenSource;
use super::url::Url;
use axum::body::Bytes;
use eec_authn::decision::Scheme;
use eec_authn::policy::Role;
use hyper::Response;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::time::Instant;

/// What all clients of a run share.
pub(crate) struct Surroundings {
    pub(crate) network: Network,
    pub(crate) source: TokenSource,
    /// The root of the edge ECS, where the EES is to be found there.
    pub(crate) ecs: Option<Url>,
    /// The root of the EES, where it is known.
    pub(crate) ees: Option<Url>,
    /// Further hosts that may be sent a token for them.
    pub(crate) accepted: Vec<String>,
}

/// A client.
pub(crate) struct Client {
    surroundings: Arc<Surroundings>,
    identity: Identity,
    possession: Option<Arc<Possession>>,
    connection: Connection,
    /// By the host that they are for.
    tokens: BTreeMap<String, Token>,
    /// The EES that it has found, or was told.
    ees: Option<Url>,
    /// Where what it has made is, by collection.
    made: BTreeMap<String, Url>,
}

/// What a client can do.
#[derive(Clone, Copy)]
pub(crate) enum Step {
    /// Get a token for its edge ECS or EES.
    Token(Role),
    /// Ask a server for something.
    Operation(&'static Operation),
}

/// Why a step cannot go on, and what the one that was asked said.
type Stopped = (Outcome, Option<Called>);

impl Client {
    pub(crate) fn new(
        surroundings: Arc<Surroundings>,
        identity: Identity,
        possession: Option<Arc<Possession>>,
    ) -> Client {
        let ees = surroundings.ees.clone();
        Client {
            surroundings,
            identity,
            possession,
            connection: Connection::default(),
            tokens: BTreeMap::new(),
            ees,
            made: BTreeMap::new(),
        }
    }

    /// The steps of a client's life: to its EES by way of the edge ECS, if there is one, and all that it does there.
    pub(crate) fn life(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.surroundings.ecs.is_some() {
            steps.extend([Step::Token(Role::Ecs), Step::Operation(&PROVISION)]);
        }
        steps.push(Step::Token(Role::Ees));
        steps.extend(AT_EES.iter().map(Step::Operation));
        steps
    }

    /// The steps that take away what is there.
    pub(crate) fn leave(&self) -> Vec<Step> {
        let there = |operation: &&Operation| {
            operation.item == Item::TakenAway && self.made.contains_key(&operation.path())
        };
        AT_EES.iter().filter(there).map(Step::Operation).collect()
    }

    /// Whether a step would do nothing: a token that is there and fresh need not be got again.
    pub(crate) fn is_needless(&self, step: Step) -> bool {
        let Step::Token(role) = step else { return false };
        let token = self.root(role).and_then(|root| self.tokens.get(root.host()));
        token.is_some_and(Token::is_fresh)
    }

    /// Has no token any more: what a server refuses need not be tried again.
    pub(crate) fn forget_tokens(&mut self) {
        self.tokens.clear();
    }

    /// Does one step.
    pub(crate) async fn perform(&mut self, step: Step) -> Report {
        let began = Instant::now();
        let mut report = match step {
            Step::Token(role) => self.get_token(role).await,
            Step::Operation(operation) => self.ask(operation).await,
        };
        report.took = began.elapsed();
        // Whatever a server puts where: no token is told.
        report
            .struck(|text| self.tokens.values().fold(text.to_owned(), |text, token| token.struck_from(&text)))
    }

    async fn get_token(&mut self, role: Role) -> Report {
        let Some(host) = self.root(role).map(|root| root.host().to_owned()) else {
            return no_server(Report::new("token"));
        };
        let mut report = Report { server: Some(host.clone()), ..Report::new("token") };
        if let Err((outcome, called)) = self.fetch_token(&host, &mut report).await {
            report.outcome = outcome;
            report.received = called.and_then(|called| problem(&called.answer));
        }
        report
    }

    /// Gets a token for `host`, in place of the one that was there.
    async fn fetch_token(&mut self, host: &str, report: &mut Report) -> Result<Token, Stopped> {
        let surroundings = Arc::clone(&self.surroundings);
        let token = match surroundings.source.request(&self.identity, host) {
            Err(given) => given,
            Ok(request) => {
                report.sent_to = Some(("POST", request.url.to_string()));
                report.sent = Some(request.shown.clone());
                report.proof = self.possession.is_some();
                let possession = self.possession.as_deref();
                let called = request.send(&surroundings.network, &mut self.connection, possession).await;
                let called = called.map_err(|why| (Outcome::Failed(why), None))?;
                note_nonce(&called, report);
                let status = called.answer.status().as_u16();
                report.status = Some(status);
                if status != 200 {
                    return Err((refused_or_failed(status, called.answer.body()), Some(called)));
                }
                let token = serde_json::from_slice(called.answer.body())
                    .map_err(|error| format!("the answer is not JSON: {error}"))
                    .and_then(|answer| Token::from_answer(&answer));
                // The body may hold a token all the same: it is not shown.
                token.map_err(|why| (Outcome::Failed(why), None))?
            }
        };
        if self.possession.is_some() && token.scheme() != Scheme::Dpop {
            let why = "the token is not bound to the client's key: who issues it knows no proofs (RFC 9449)";
            return Err((Outcome::Failed(why.into()), None));
        }
        if self.possession.is_none() && token.scheme() == Scheme::Dpop {
            let why = "the token is bound to a key; name that key by --dpop-key";
            return Err((Outcome::Failed(why.into()), None));
        }
        report.token = Some(token.shown());
        self.tokens.insert(host.to_owned(), token.clone());
        Ok(token)
    }

    async fn ask(&mut self, operation: &'static Operation) -> Report {
        let mut report = Report::new(operation.name);
        let url = match operation.item {
            Item::None | Item::Made => self.root(operation.role).map(|root| root.below(&operation.path())),
            Item::Kept | Item::TakenAway => self.made.get(&operation.path()).cloned(),
        };
        let Some(url) = url else { return no_server(report) };
        if let Err((outcome, called)) = self.ask_at(operation, url, &mut report).await {
            report.outcome = outcome;
            report.received = called.and_then(|called| shown(&called.answer)).or(report.received);
        }
        report
    }

    /// Asks at `url`, and wherever that leads.
    async fn ask_at(
        &mut self,
        operation: &'static Operation,
        mut url: Url,
        report: &mut Report,
    ) -> Result<(), Stopped> {
        let surroundings = Arc::clone(&self.surroundings);
        let body = operation.body(&self.identity);
        for _ in 0..=follow::MOST_REDIRECTS {
            let token = match self.tokens.get(url.host()).filter(|token| token.is_fresh()) {
                Some(token) => token.clone(),
                None => {
                    let mut fetched = Report::new("token");
                    let token =
                        self.fetch_token(url.host(), &mut fetched).await.map_err(|(outcome, called)| {
                            report.notes.push(format!("no token for {}", url.host()));
                            (outcome, called)
                        })?;
                    report.notes.push(format!("a token for {} was got first", url.host()));
                    token
                }
            };
            report.sent_to = Some((operation.method, url.to_string()));
            report.sent = body.clone();
            report.token = Some(token.shown());
            let possession = self.possession.as_deref().filter(|_| token.scheme() == Scheme::Dpop);
            report.proof = possession.is_some();
            let sent = body.as_ref().map(|body| (operation.media_type(), body.to_string()));
            let call = Call {
                method: operation.method,
                url: &url,
                token: Some(&token),
                possession,
                headers: &[("accept".to_owned(), "application/json, application/problem+json".to_owned())],
                body: sent,
            };
            let called = call.send(&surroundings.network, &mut self.connection).await;
            let called = called.map_err(|why| (Outcome::Failed(why), None))?;
            note_nonce(&called, report);
            let answer = &called.answer;
            let status = answer.status().as_u16();
            report.status = Some(status);
            if operation.redirected && matches!(status, 307 | 308) {
                let led = follow::redirect(&url, answer.headers(), &self.accepted());
                url = led.map_err(|why| (Outcome::Failed(format!("{status}: {why}")), None))?;
                report.notes.push(format!("{status} to {url}"));
                continue;
            }
            if !operation.success.contains(&status) {
                return Err((refused_or_failed(status, answer.body()), Some(called)));
            }
            report.received = shown(answer);
            return self.take(operation, &url, answer, report).map_err(|why| (Outcome::Failed(why), None));
        }
        Err((Outcome::Failed(format!("led on more than {} times", follow::MOST_REDIRECTS)), None))
    }

    /// What is learnt from an answer that means success.
    fn take(
        &mut self,
        operation: &Operation,
        url: &Url,
        answer: &Response<Bytes>,
        report: &mut Report,
    ) -> Result<(), String> {
        match operation.item {
            Item::Made => {
                let made = follow::made(url, answer.headers(), &self.accepted());
                let made =
                    made.map_err(|why| format!("{}, so what was made cannot be changed or taken away", why))?;
                report.made = Some(made.to_string());
                self.made.insert(operation.path(), made);
            }
            Item::TakenAway => drop(self.made.remove(&operation.path())),
            Item::Kept => {}
            Item::None if operation.role == Role::Ecs => {
                if answer.status().as_u16() == 204 {
                    return Err("the edge ECS has no EES for this client".into());
                }
                let ees = provisioning::ees(answer.body())?;
                // The edge ECS is whom a client asks where to go: its EES may have a token, but one for that EES alone.
                let ees = follow::may_go(url, ees.clone(), &[ees.host()])?;
                report.notes.push(format!("its EES is {ees}"));
                self.ees = Some(ees);
            }
            Item::None => {}
        }
        Ok(())
    }

    fn root(&self, role: Role) -> Option<&Url> {
        match role {
            Role::Ecs => self.surroundings.ecs.as_ref(),
            Role::Ees => self.ees.as_ref(),
        }
    }

    /// The hosts that an answer may lead to.
    fn accepted(&self) -> Vec<&str> {
        let servers = [Role::Ecs, Role::Ees].into_iter().filter_map(|role| self.root(role));
        servers.map(Url::host).chain(self.surroundings.accepted.iter().map(String::as_str)).collect()
    }
}

fn no_server(report: Report) -> Report {
    Report { outcome: Outcome::Failed("there is nothing to ask for it".into()), ..report }
}

fn note_nonce(called: &Called, report: &mut Report) {
    if called.nonce_asked {
        report.notes.push("sent again with the nonce that the server asked for".into());
    }
}

/// 4xx is a refusal; what is no answer of this operation is a failure.
fn refused_or_failed(status: u16, body: &[u8]) -> Outcome {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    // `ProblemDetails` (TS 29.122), and the errors of RFC 6749.
    let cause = ["cause", "error", "title"].iter().find_map(|name| body.get(*name).and_then(Value::as_str));
    match (status, cause) {
        (400..500, cause) => Outcome::Refused(status, cause.map(str::to_owned)),
        (_, Some(cause)) => Outcome::Failed(format!("answered {status} {cause}")),
        (_, None) => Outcome::Failed(format!("answered {status}")),
    }
}

/// A body; as a text where it is not JSON.
fn shown(answer: &Response<Bytes>) -> Option<Value> {
    let body = answer.body();
    let text = || json!(String::from_utf8_lossy(body));
    (!body.is_empty()).then(|| serde_json::from_slice(body).unwrap_or_else(|_| text()))
}

/// What a token endpoint says of a problem, and nothing else: a token may stand in any answer of it.
fn problem(answer: &Response<Bytes>) -> Option<Value> {
    const TOLD: [&str; 6] = ["error", "error_description", "title", "status", "detail", "cause"];
    let mut body: Value = serde_json::from_slice(answer.body()).ok()?;
    body.as_object_mut()?.retain(|name, _| TOLD.contains(&name.as_str()));
    Some(body)
}

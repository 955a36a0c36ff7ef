//! An Edge Enabler Client: what it has, and what it does next.

use super::answers::{Stopped, note_nonce, problem, refused_or_failed, shown};
use super::call::Call;
use super::connection::Connection;
use super::follow;
use super::identity::Identity;
use super::operations::{AT_EES, Item, Operation, PROVISION};
use super::possession::Possession;
use super::provisioning;
use super::report::{Outcome, Report};
use super::surroundings::Surroundings;
use super::token::Token;
use super::tokens::Tokens;
use super::url::Url;
use axum::body::Bytes;
use eec_authn::decision::Scheme;
use eec_authn::policy::Role;
use hyper::Response;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::time::Instant;

/// A client.
pub(crate) struct Client {
    surroundings: Arc<Surroundings>,
    identity: Identity,
    possession: Option<Arc<Possession>>,
    connection: Connection,
    tokens: Tokens,
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
            tokens: Tokens::default(),
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
        self.root(role).is_some_and(|root| self.tokens.fresh(root.host()).is_some())
    }

    /// Has no token any more: what a server refuses need not be tried again.
    pub(crate) fn forget_tokens(&mut self) {
        self.tokens.forget();
    }

    /// Does one step.
    pub(crate) async fn perform(&mut self, step: Step) -> Report {
        let began = Instant::now();
        let mut report = match step {
            Step::Token(role) => self.get_token(role).await,
            Step::Operation(operation) => self.ask(operation).await,
        };
        report.took = began.elapsed();
        // Whatever a server puts where: no token and no secret is told.
        let source = &self.surroundings.source;
        report.struck(&|text: &str| source.struck_from(&self.tokens.struck_from(text)))
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
        let Client { surroundings, identity, possession, connection, tokens, .. } = self;
        tokens.fetch(host, surroundings, identity, possession.as_deref(), connection, report).await
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

    /// A token that a step needs and that is not there: the answer that leads to another host may ask for it.
    async fn token_on_the_way(&mut self, host: &str, report: &mut Report) -> Result<Token, Stopped> {
        let mut fetched = Report::new("token");
        match self.fetch_token(host, &mut fetched).await {
            Ok(token) => {
                report.notes.extend(fetched.sent_to.map(|_| format!("a token for {host} was got first")));
                Ok(token)
            }
            // What the token endpoint says of it may have a token in it.
            Err((outcome, _)) => {
                report.notes.push(format!("no token for {host}"));
                Err((outcome, None))
            }
        }
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
            let token = match self.tokens.fresh(url.host()) {
                Some(token) => token.clone(),
                None => self.token_on_the_way(url.host(), report).await?,
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

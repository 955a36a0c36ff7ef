//! The whole figure, up and its parts knowing each other: Envoy before an EES and an edge ECS, and the entitlement server.

use super::envoy::{Envoy, Plan};
use super::names;
use super::workspace::Workspace;
use crate::cli::Output;
use crate::cli::dev_edge_server::{self, Edge};
use crate::cli::dev_entitlement_server::{self as entitlement_server, Entitlement};
use crate::cli::eec::{
    Connection, Network, Place, Possession, Surroundings, Token, TokenRequest, TokenSource, Url,
};
use crate::cli::failure::Failure;
use crate::cli::http;
use crate::cli::random::random;
use axum::Router;
use axum::body::Bytes;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_body_util::Full;
use hyper::{Request, StatusCode};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::ffi::OsStr;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

const FILTER: &str = include_str!("../../../envoy/demo/filter.json.in");
const ECS_FILTER: &str = include_str!("../../../envoy/demo/ecs-filter.json.in");
/// Where the key goes that signs the entitlement server's key set.
const JWK: &str = "${JWK}";
/// Nothing may hang.
const PATIENCE: Duration = Duration::from_secs(30);

/// All that runs. The order of the fields is the order in which they go.
pub(super) struct Environment {
    pub(super) envoy: Envoy,
    /// What the sample EES keeps and counts.
    pub(super) ees: Edge,
    /// The entitlement server's address.
    pub(super) entitlement: SocketAddr,
    /// The EES's name, which tokens must name.
    pub(super) ees_fqdn: String,
    /// The edge ECS's.
    pub(super) ecs_fqdn: String,
    /// The entitlement server's name.
    pub(super) issuer: String,
    /// Where clients find all this.
    pub(super) surroundings: Arc<Surroundings>,
    servers: JoinSet<Infallible>,
    _workspace: Workspace,
}

impl Environment {
    /// Starts everything, pinning the key that signs the entitlement server's key set.
    pub(super) async fn start(envoy: &OsStr, wasm: &Path, output: Output) -> Result<Environment, Failure> {
        let wasm =
            wasm.canonicalize().map_err(Failure::because(format!("the filter `{}`", wasm.display())))?;
        let ees_fqdn = configured(FILTER, "/protects/fqdns/0")?;
        let ecs_fqdn = configured(ECS_FILTER, "/protects/fqdns/0")?;
        let issuer = configured(FILTER, "/entitlement_servers/0/fqdn")?;

        let workspace = Workspace::new()?;
        let mut servers = JoinSet::new();
        let ees = Edge::default();
        let ees_address = start(&mut servers, dev_edge_server::ees(ees.clone())).await?;
        let ecs = dev_edge_server::ecs(Edge::default(), root(&ees_fqdn)?.to_string());
        let ecs_address = start(&mut servers, ecs).await?;
        let server = Entitlement::new(issuer.clone(), vec![ees_fqdn.clone()], 3600)?;
        let entitlement = start(&mut servers, entitlement_server::router(Arc::new(server))).await?;

        // All that is pinned: the keys themselves come and go in the set.
        let key = ask(entitlement, "GET", "/jwks/signer", String::new()).await?.to_string();
        let [filter_json, ecs_filter_json] = [FILTER, ECS_FILTER].map(|text| text.replace(JWK, &key));
        if !output.json {
            output.lines(format_args!(
                "The filter's configuration before the EES, with the key that signs the entitlement server's key set:\n\n{filter_json}\n\
                 and before the edge ECS:\n\n{ecs_filter_json}"
            ))?;
        }
        let secret = URL_SAFE_NO_PAD.encode(random::<32>()?);
        let plan = Plan {
            wasm: &wasm,
            filter_json: &filter_json,
            ecs_filter_json: &ecs_filter_json,
            secret: &secret,
            ees: ees_address,
            ecs: ecs_address,
            entitlement,
        };
        let envoy = Envoy::start(envoy, plan, &workspace).await?;
        if !output.json {
            output.lines(format_args!(
                "Envoy {} in front of the EES `{ees_fqdn}` {ees_address}\nEnvoy {} in front of the edge ECS `{ecs_fqdn}` {ecs_address}\n\
                 entitlement server `{issuer}` {entitlement}\n",
                envoy.ees(),
                envoy.ecs()
            ))?;
        }
        let places = vec![Place::new(&ees_fqdn, envoy.ees()), Place::new(&ecs_fqdn, envoy.ecs())];
        let surroundings = Surroundings {
            network: Network::new(places, None, false, PATIENCE),
            source: TokenSource::Entitlement(root(&entitlement.to_string())?),
            ecs: Some(root(&ecs_fqdn)?),
            ees: None,
            accepted: Vec::new(),
        };
        let surroundings = Arc::new(surroundings);
        let _workspace = workspace;
        Ok(Environment {
            envoy,
            ees,
            entitlement,
            ees_fqdn,
            ecs_fqdn,
            issuer,
            surroundings,
            servers,
            _workspace,
        })
    }

    /// The EES as its clients name it.
    pub(super) fn ees_root(&self) -> Result<Url, Failure> {
        root(&self.ees_fqdn)
    }

    /// A token for the story, asked for as a phone would after its authentication; bound to the client's key, if it has one.
    pub(super) async fn token(&self, wish: &Value, client: Option<&Possession>) -> Result<Token, Failure> {
        let request = TokenRequest::wish(&root(&self.entitlement.to_string())?, wish.clone());
        let network = &self.surroundings.network;
        let called = request.send(network, &mut Connection::default(), client).await.map_err(Failure::new)?;
        let answer = serde_json::from_slice(called.answer.body()).unwrap_or_default();
        Token::from_answer(&answer).map_err(|why| Failure::new(format!("no token: {why}")))
    }

    /// Takes a token back at the entitlement server (RFC 7009); the filter's configuration stays as it is.
    pub(super) async fn revoke(&self, token: &Token) -> Result<(), Failure> {
        ask(self.entitlement, "POST", "/revoke", json!({ "token": token.text() }).to_string()).await.map(drop)
    }

    /// Has the entitlement server sign tokens with a new key; those of the old one are good still.
    pub(super) async fn rotate(&self) -> Result<(), Failure> {
        ask(self.entitlement, "POST", "/rotate", json!({"keep": true}).to_string()).await.map(drop)
    }

    /// Has it take the old key out of its set.
    pub(super) async fn retire(&self) -> Result<(), Failure> {
        ask(self.entitlement, "POST", "/retire", String::new()).await.map(drop)
    }

    /// Ends everything, and waits until Envoy is gone: it may still hold files of the workspace.
    pub(super) async fn clear(mut self) {
        self.envoy.stop().await;
        self.servers.shutdown().await;
    }
}

/// A string of a filter JSON.
fn configured(filter: &str, pointer: &str) -> Result<String, Failure> {
    let filter: Value =
        serde_json::from_str(&filter.replace(JWK, "null")).map_err(Failure::because(names::FILTER_JSON))?;
    let text = filter.pointer(pointer).and_then(Value::as_str);
    text.map(str::to_owned).ok_or_else(|| Failure::new(format!("{}: no {pointer}", names::FILTER_JSON)))
}

fn root(authority: &str) -> Result<Url, Failure> {
    Url::parse_root(&format!("http://{authority}")).map_err(Failure::new)
}

async fn start(servers: &mut JoinSet<Infallible>, router: Router) -> Result<SocketAddr, Failure> {
    let listener = http::listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    let address = listener.local_addr().map_err(Failure::because("the listening socket has no address"))?;
    servers.spawn(http::serve(listener, router));
    Ok(address)
}

async fn ask(server: SocketAddr, method: &str, path: &str, body: String) -> Result<Value, Failure> {
    let request = Request::builder().method(method).uri(path).header("host", server.to_string());
    let request = request.header("content-type", "application/json").body(Full::new(Bytes::from(body)));
    let answer = http::send(server, request.map_err(Failure::because(path))?).await?;
    if answer.status() != StatusCode::OK {
        let text = String::from_utf8_lossy(answer.body());
        return Err(Failure::new(format!(
            "the entitlement server answers {path} with {}: {text}",
            answer.status()
        )));
    }
    // RFC 7009 answers with nothing.
    if answer.body().is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(answer.body()).map_err(Failure::because(format!("the answer to {path}")))
}

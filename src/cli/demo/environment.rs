//! Envoy, the entitlement server and the sample EES, up and knowing each other.

use super::envoy::{Envoy, Plan};
use super::workspace::Workspace;
use crate::cli::Output;
use crate::cli::dev_edge_server::{self, Edge};
use crate::cli::dev_entitlement_server::{self as entitlement_server, Entitlement};
use crate::cli::failure::Failure;
use crate::cli::http;
use crate::cli::proof;
use crate::cli::random::random;
use crate::cli::signing_key::SigningKey;
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
use tokio::task::JoinSet;

const FILTER: &str = include_str!("../../../envoy/demo/filter.json.in");
/// Where the key goes.
const JWK: &str = "${JWK}";

/// All that runs. The order of the fields is the order in which they go.
pub(super) struct Environment {
    pub(super) envoy: Envoy,
    /// What the sample EES keeps and counts.
    pub(super) ees: Edge,
    /// The entitlement server's address.
    pub(super) entitlement: SocketAddr,
    /// The EES's name, which tokens must name.
    pub(super) ees_fqdn: String,
    /// The entitlement server's name.
    pub(super) issuer: String,
    servers: JoinSet<Infallible>,
    _workspace: Workspace,
}

impl Environment {
    /// Starts everything, pinning the entitlement server's key in the filter's configuration.
    pub(super) async fn start(envoy: &OsStr, wasm: &Path, output: Output) -> Result<Environment, Failure> {
        let wasm =
            wasm.canonicalize().map_err(Failure::because(format!("the filter `{}`", wasm.display())))?;
        let filter: Value = serde_json::from_str(&FILTER.replace(JWK, "null"))
            .map_err(Failure::because("the demo's filter JSON"))?;
        let name =
            |pointer| filter.pointer(pointer).and_then(Value::as_str).map(str::to_owned).unwrap_or_default();
        let [ees_fqdn, issuer] = [name("/protects/fqdns/0"), name("/entitlement_servers/0/fqdn")];

        let workspace = Workspace::new()?;
        let mut servers = JoinSet::new();
        let ees = Edge::default();
        let ees_address = start(&mut servers, dev_edge_server::ees(ees.clone())).await?;
        let server = Entitlement::new(issuer.clone(), vec![ees_fqdn.clone()], 3600)?;
        let entitlement = start(&mut servers, entitlement_server::router(Arc::new(server))).await?;

        let filter_json = FILTER.replace(JWK, &pinned_key(entitlement).await?.to_string());
        if !output.json {
            output.line(format_args!(
                "The filter's configuration, with the entitlement server's key:\n\n{filter_json}"
            ))?;
        }
        let secret = URL_SAFE_NO_PAD.encode(random::<32>()?);
        let plan =
            Plan { wasm: &wasm, filter_json: &filter_json, secret: &secret, ees: ees_address, entitlement };
        let envoy = Envoy::start(envoy, plan, &workspace).await?;
        if !output.json {
            output.line(format_args!(
                "Envoy {} in front of the EES `{ees_fqdn}` {ees_address}; entitlement server `{issuer}` {entitlement}\n",
                envoy.listener()
            ))?;
        }
        Ok(Environment { envoy, ees, entitlement, ees_fqdn, issuer, servers, _workspace: workspace })
    }

    /// A token for the story, asked for as a phone would after its authentication; bound to the client's key, if it has one.
    pub(super) async fn token(&self, wish: &Value, client: Option<&SigningKey>) -> Result<String, Failure> {
        let proof = match client {
            Some(key) => {
                let claims = proof::claims("POST", &format!("http://{}/token", self.entitlement), None)?;
                Some(key.sign(&key.proof_header(), &claims))
            }
            None => None,
        };
        let answer = ask_with(self.entitlement, "POST", "/token", wish.to_string(), proof).await?;
        let token = answer.get("access_token").and_then(Value::as_str);
        token.map(str::to_owned).ok_or_else(|| Failure::new(format!("no token in {answer}")))
    }

    /// Takes a token back at the entitlement server (RFC 7009); the filter's configuration stays as it is.
    pub(super) async fn revoke(&self, token: &str) -> Result<(), Failure> {
        ask(self.entitlement, "POST", "/revoke", json!({ "token": token }).to_string()).await.map(|_| ())
    }

    /// Ends everything, and waits until Envoy is gone: it may still hold files of the workspace.
    pub(super) async fn clear(mut self) {
        self.envoy.stop().await;
        self.servers.shutdown().await;
    }
}

async fn start(servers: &mut JoinSet<Infallible>, router: Router) -> Result<SocketAddr, Failure> {
    let listener = http::listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    let address = listener.local_addr().map_err(Failure::because("the listening socket has no address"))?;
    servers.spawn(http::serve(listener, router));
    Ok(address)
}

/// The key as an operator gets it: from the entitlement server's key set.
async fn pinned_key(entitlement: SocketAddr) -> Result<Value, Failure> {
    let mut jwks = ask(entitlement, "GET", "/jwks", String::new()).await?;
    jwks.pointer_mut("/keys/0")
        .map(Value::take)
        .ok_or_else(|| Failure::new("the entitlement server has no key"))
}

async fn ask(server: SocketAddr, method: &str, path: &str, body: String) -> Result<Value, Failure> {
    ask_with(server, method, path, body, None).await
}

async fn ask_with(
    server: SocketAddr,
    method: &str,
    path: &str,
    body: String,
    proof: Option<String>,
) -> Result<Value, Failure> {
    let mut request = Request::builder().method(method).uri(path).header("host", server.to_string());
    if let Some(proof) = proof {
        request = request.header("dpop", proof);
    }
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

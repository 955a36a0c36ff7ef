//! `eec-authn dev-entitlement-server`: an entitlement server for tests and the demo.

mod authority;
mod client;
mod client_key;
mod disturbance;
mod entitlement;
mod fault;
mod fault_answers;
mod faults;
mod introspect;
mod issue;
mod issued_tokens;
mod keys;
mod revoke;
mod ts43;

pub(crate) use entitlement::Entitlement;

use super::failure::Failure;
use super::help::long_help;
use super::output::complain;
use super::stop_signal::StopSignal;
use super::{Exit, Output, http};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use client::Client;
use eec_authn::fqdn::Fqdn;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;

const RESOURCES: &str = "\
Resources (bodies are forms or JSON):
  POST /token               a token for `eec_id`; may have `gpsi`, `audience`, `lifetime_seconds`
                            (0 or less: expired), `format` (jwt, opaque), `forged`, `kid`, and,
                            in JSON, `header` and `claims` (null takes one away); bound to a key
                            by a proof in the header `DPoP`, to a certificate by `x5t#S256`
  POST /revoke              revokes `token` (RFC 7009)
  GET  /jwks                the key set, to pin or to fetch
  GET  /jwks/signed         the same as a JWS; GET /jwks/signer: the key that signs it
  GET  /jwks/chained        the set with certificate chains; GET /jwks/anchor: where they lead, in PEM
  POST /rotate              a new key for tokens; `keep` leaves the old ones in the set,
                            POST /retire takes them out
  POST /oauth2/introspect   token introspection (RFC 7662)
  POST /ts43, GET /ts43     ValidateOperatorToken (TS.43)
  POST /faults              disturbs answers to questions about tokens, and key sets: `kind` (none, status, answer,
                            garbage, huge, half, redirect, wrong_media_type, reset), `delay_ms`,
                            `times`, `method`; `status`; `media_type` and `body` for `answer`
  GET  /faults              the fault that holds, and how many questions were asked
  DELETE /faults            ends it
  GET  /healthz             204 when it is up";

/// Issues tokens to anybody who asks: for tests and the demo, never for production.
///
/// It makes an Ed25519 key at start, keeps everything in memory, and speaks plain HTTP. It prints where it listens, and
/// serves until a signal ends it.
#[derive(clap::Args)]
#[command(after_long_help = format!("{RESOURCES}\n\n{}", long_help! {
    examples {
        "On a port of one's choice" =>
            "eec-authn dev-entitlement-server --listen 127.0.0.1:8080 \\\n    \
             --audience ees1.edge.example.net",
        "Then, in another shell: a token" =>
            "curl http://127.0.0.1:8080/token -d eec_id=eec-1",
    }
    exit_codes {
        0 => "A signal ended it",
        1 => "Wrong usage, an address in use, or a secret that is not there",
    }
}))]
pub(crate) struct Args {
    /// Where to listen; port 0 takes a free one. Anything but loopback gives tokens to the whole network.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0", value_parser = address)]
    listen: SocketAddr,
    /// The entitlement server's name: `iss` of its tokens.
    #[arg(long, value_parser = fqdn, default_value = "aes.mnc001.mcc001.pub.3gppnetwork.org")]
    fqdn: String,
    /// `aud` of tokens that are asked for without an audience; may be repeated.
    #[arg(long, value_name = "FQDN")]
    audience: Vec<String>,
    /// Lifetime in seconds of tokens that are asked for without one.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = lifetime)]
    lifetime: i64,
    /// Answer questions of this client only: HTTP Basic for introspection, `client_id` for ValidateOperatorToken.
    #[arg(long, value_name = "ID", requires = "client_secret_env")]
    client_id: Option<String>,
    /// The environment variable that has the client's secret.
    #[arg(long, value_name = "VARIABLE", requires = "client_id")]
    client_secret_env: Option<String>,
}

fn fqdn(text: &str) -> Result<String, String> {
    match Fqdn::parse(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err("not a host name of letters, digits and hyphens".to_owned()),
    }
}

fn lifetime(text: &str) -> Result<i64, String> {
    let seconds = super::clock::seconds(text)?;
    if seconds >= 1 { Ok(seconds) } else { Err("give at least 1".into()) }
}

/// Serves until a signal ends it.
pub(crate) fn run(args: Args, output: Output) -> Result<Exit, Failure> {
    let mut entitlement = Entitlement::new(args.fqdn, args.audience, args.lifetime)?;
    if let (Some(id), Some(variable)) = (args.client_id, args.client_secret_env) {
        entitlement = entitlement.asked_by(Client::from_environment(id, &variable)?);
    }
    let entitlement = Arc::new(entitlement);
    super::block_on(async move {
        let mut stop = StopSignal::catch()?;
        let listener = http::listen(args.listen).await?;
        let address =
            listener.local_addr().map_err(Failure::because("the listening socket has no address"))?;
        announce(address, &entitlement, output)?;
        tokio::select! {
            never = http::serve(listener, router(entitlement)) => match never {},
            () = stop.wait() => Ok(Exit::Fine),
        }
    })
}

/// The server's HTTP interface.
pub(crate) fn router(entitlement: Arc<Entitlement>) -> Router {
    let questions = Router::new()
        .route("/oauth2/introspect", post(introspect::introspect))
        .route("/ts43", get(ts43::get).post(ts43::post))
        .route("/jwks", get(keys::jwks))
        .route("/jwks/signed", get(keys::signed))
        .route("/jwks/chained", get(keys::chained))
        .layer(from_fn_with_state(Arc::clone(&entitlement), disturbance::disturb));
    Router::new()
        .merge(questions)
        .route("/healthz", get(StatusCode::NO_CONTENT))
        .route("/jwks/signer", get(keys::signer))
        .route("/jwks/anchor", get(keys::anchor))
        .route("/rotate", post(keys::rotate))
        .route("/retire", post(keys::retire))
        .route("/token", post(issue::token))
        .route("/revoke", post(revoke::revoke))
        .route("/faults", post(disturbance::order).get(disturbance::show).delete(disturbance::end))
        .fallback(|| async {
            http::Problem::new(StatusCode::NOT_FOUND, "no such resource; `--help` lists them")
        })
        .layer(DefaultBodyLimit::max(64 * 1024))
        .with_state(entitlement)
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "give an IP address and a port, such as 127.0.0.1:8080 or [::1]:8080".into())
}

/// The address goes to standard output, on a line of its own, for scripts; what is for people to standard error.
fn announce(address: SocketAddr, entitlement: &Entitlement, output: Output) -> Result<(), Failure> {
    if !address.ip().is_loopback() {
        output
            .warn(format_args!("`{address}` is not loopback: whoever reaches it gets tokens for any EEC ID"));
    }
    let url = format!("http://{address}");
    if output.json {
        let fqdn = entitlement.issuer();
        output.line(json!({"url": url, "fqdn": fqdn, "jwk": entitlement.key().public_jwk()}))
    } else {
        let (server, key) = (entitlement.issuer(), entitlement.key());
        complain(format_args!("entitlement server `{server}`, key `{}`", key.kid()));
        output.line(url)
    }
}

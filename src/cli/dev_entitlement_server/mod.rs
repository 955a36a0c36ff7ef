//! `eec-authn dev-entitlement-server`: an entitlement server for tests and the demo.

mod entitlement;
mod issue;
mod keys;

pub(crate) use entitlement::Entitlement;

use super::failure::Failure;
use super::stop_signal::StopSignal;
use super::{Exit, Output, http};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::{get, post};
use eec_authn::fqdn::Fqdn;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;

/// Issues tokens to anybody who asks: for tests and the demo, never for production.
///
/// It makes an Ed25519 key at start, keeps everything in memory, and speaks plain HTTP:
/// POST /token issues a token, GET /jwks has the key to pin, GET /healthz answers when it is up.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where to listen; port 0 takes a free one. Anything but loopback gives tokens to the whole network.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The entitlement server's name: `iss` of its tokens.
    #[arg(long, value_parser = fqdn, default_value = "aes.mnc001.mcc001.pub.3gppnetwork.org")]
    fqdn: String,
    /// `aud` of tokens that are asked for without an audience; may be repeated.
    #[arg(long, value_name = "FQDN")]
    audience: Vec<String>,
    /// Lifetime in seconds of tokens that are asked for without one.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = clap::value_parser!(i64).range(1..))]
    lifetime: i64,
}

fn fqdn(text: &str) -> Result<String, String> {
    match Fqdn::parse(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err("not a host name of letters, digits and hyphens".to_owned()),
    }
}

/// Serves until a signal ends it.
pub(crate) fn run(args: Args, output: Output) -> Result<Exit, Failure> {
    let entitlement = Arc::new(Entitlement::new(args.fqdn, args.audience, args.lifetime)?);
    super::block_on(async move {
        let mut stop = StopSignal::catch()?;
        let listener = http::listen(args.listen).await?;
        let address = listener.local_addr().map_err(Failure::because("the listening socket has no address"))?;
        announce(address, &entitlement, output)?;
        tokio::select! {
            never = http::serve(listener, router(entitlement)) => match never {},
            () = stop.wait() => Ok(Exit::Fine),
        }
    })
}

/// The server's HTTP interface.
pub(crate) fn router(entitlement: Arc<Entitlement>) -> Router {
    Router::new()
        .route("/healthz", get(StatusCode::NO_CONTENT))
        .route("/jwks", get(keys::jwks))
        .route("/token", post(issue::token))
        .fallback(|| async { http::Problem::new(StatusCode::NOT_FOUND, "no such resource; `--help` lists them") })
        .layer(DefaultBodyLimit::max(64 * 1024))
        .with_state(entitlement)
}

/// The address goes to standard output, on a line of its own, for scripts; what is for people to standard error.
fn announce(address: SocketAddr, entitlement: &Entitlement, output: Output) -> Result<(), Failure> {
    if !address.ip().is_loopback() {
        eprintln!("warning: `{address}` is not loopback: whoever reaches it gets tokens for any EEC ID");
    }
    let url = format!("http://{address}");
    if output.json {
        let fqdn = entitlement.issuer();
        output.line(json!({"url": url, "fqdn": fqdn, "jwk": entitlement.key().public_jwk()}))
    } else {
        eprintln!("entitlement server `{}`, key `{}`", entitlement.issuer(), entitlement.key().kid());
        output.line(url)
    }
}

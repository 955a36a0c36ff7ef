//! `eec-authn dev-edge-server`: an EES or an edge ECS for tests and the demo.

mod edge;
mod resources;

pub(crate) use edge::{Edge, ecs, ees};

use super::eec::Url;
use super::failure::Failure;
use super::help::long_help;
use super::stop_signal::StopSignal;
use super::{Exit, Output, http};
use serde_json::json;
use std::net::SocketAddr;

/// Serves as an EES or an edge ECS behind the filter: for tests and the demo, never for production.
///
/// It keeps registrations and subscriptions in memory, counts their identifiers up, compares no owners, checks no token, and says in
/// each answer (`seen`) which identity headers the request had. So what it shows of clients and owners is what the proxy in front of
/// it does. It speaks plain HTTP, prints where it listens, and serves until a signal ends it.
#[derive(clap::Args)]
#[command(after_long_help = long_help! {
    examples {
        "An EES" => "eec-authn dev-edge-server --role ees --listen 127.0.0.1:8082",
        "An edge ECS that names it, as its clients reach it" =>
            "eec-authn dev-edge-server --role ecs --listen 127.0.0.1:8083 \\\n    \
             --ees https://ees1.edge.example.net",
    }
    exit_codes {
        0 => "A signal ended it",
        1 => "Wrong usage, or an address in use",
    }
})]
pub(crate) struct Args {
    /// What it is.
    #[arg(long, value_enum)]
    role: Role,
    /// The root of the EES that an edge ECS names to its clients.
    #[arg(long, value_name = "URL", required_if_eq("role", "ecs"), value_parser = Url::parse_root)]
    ees: Option<Url>,
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

/// The two kinds of edge servers.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Role {
    /// An Edge Enabler Server: EDGE-1.
    Ees,
    /// An edge Configuration Server: EDGE-4.
    Ecs,
}

/// Serves until a signal ends it.
pub(crate) fn run(args: Args, output: Output) -> Result<Exit, Failure> {
    let router = match args.role {
        Role::Ees => ees(Edge::default()),
        Role::Ecs => ecs(Edge::default(), args.ees.map(|ees| ees.to_string()).unwrap_or_default()),
    };
    super::block_on(async move {
        let mut stop = StopSignal::catch()?;
        let listener = http::listen(args.listen).await?;
        let address =
            listener.local_addr().map_err(Failure::because("the listening socket has no address"))?;
        let url = format!("http://{address}");
        if output.json {
            output.line(json!({"url": url}))?
        } else {
            output.line(url)?
        }
        tokio::select! {
            never = http::serve(listener, router) => match never {},
            () = stop.wait() => Ok(Exit::Fine),
        }
    })
}

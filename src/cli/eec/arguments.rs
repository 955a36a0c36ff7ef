//! The options of `eec`, and what they come to.

use super::identity::Identity;
use super::network::{Network, Place};
use super::schedule::{self, Schedule};
use super::surroundings::Surroundings;
use super::token::Token;
use super::token_source::{Credentials, Parameter, TokenSource};
use super::url::Url;
use crate::cli::failure::Failure;
use crate::cli::help::long_help;
use crate::cli::output::complain;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Acts as an Edge Enabler Client: gets a token, finds its EES, registers, discovers, subscribes, and leaves.
///
/// It asks for a token for each server, lets the edge ECS say which EES is its own (EDGE-4), and lives a client's life there (EDGE-1,
/// TS 24.558): register, discover, subscribe, update, change the subscription, unsubscribe, deregister. Each step is printed: what was
/// sent and what came back, the token by its identifiers alone. The first step that does not end well is the last, but what was made
/// is taken away. Tokens and secrets come from files or the environment, never from arguments.
#[derive(clap::Args)]
#[command(after_long_help = long_help! {
    examples {
        "Against an EES, with tokens of a development entitlement server" =>
            "eec-authn eec --entitlement-server http://127.0.0.1:8080 \\\n    \
             --ees https://ees1.edge.example.net --eec-id eec-1",
        "By way of the edge ECS, with tokens of an OAuth server, bound to a fresh key" =>
            "eec-authn eec --token-endpoint https://as.example.org/token \\\n    \
             --client-id eec-1 --client-secret-env EEC_SECRET \\\n    \
             --token-parameter 'audience={audience}' --dpop \\\n    \
             --ecs https://ecs1.edge.example.net --eec-id eec-1",
        "A token of one's own, and a server that only this machine calls so" =>
            "eec-authn eec --token-file token.txt --ees http://ees1.edge.example.net \\\n    \
             --connect ees1.edge.example.net=127.0.0.1:10000 --eec-id eec-1",
        "A thousand clients for a minute, and how long the answers take" =>
            "eec-authn eec --entitlement-server http://127.0.0.1:8080 \\\n    \
             --ecs https://ecs1.edge.example.net --eec-id 'eec-{number}' \\\n    \
             --clients 1000 --rate 200 --for 60s",
    }
    exit_codes {
        0 => "Every step went as it should; of a crowd, every step of every client",
        1 => "Wrong usage, or a file or variable that cannot be read",
        2 => "A server refused a step (4xx)",
        4 => "A server could not be reached, or gave no answer to go on with",
    }
})]
#[command(group = clap::ArgGroup::new("tokens").required(true))]
#[command(group = clap::ArgGroup::new("servers").required(true))]
pub(crate) struct Args {
    /// The development entitlement server to get tokens from.
    #[arg(long, value_name = "URL", group = "tokens", value_parser = Url::parse_root)]
    entitlement_server: Option<Url>,
    /// The token endpoint to get tokens from (RFC 6749, client credentials).
    #[arg(long, value_name = "URL", group = "tokens", value_parser = Url::parse)]
    token_endpoint: Option<Url>,
    /// The file with the token for everything.
    #[arg(long, value_name = "FILE", group = "tokens")]
    token_file: Option<PathBuf>,
    /// The environment variable with the token for everything.
    #[arg(long, value_name = "VARIABLE", group = "tokens")]
    token_env: Option<String>,
    /// The client's name at the token endpoint.
    #[arg(long, value_name = "ID", requires = "token_endpoint", requires = "secret")]
    client_id: Option<String>,
    /// The environment variable with the client's secret.
    #[arg(long, value_name = "VARIABLE", group = "secret", requires = "client_id")]
    client_secret_env: Option<String>,
    /// The file with the client's secret.
    #[arg(long, value_name = "FILE", group = "secret", requires = "client_id")]
    client_secret_file: Option<PathBuf>,
    /// A parameter of token requests, such as `audience`, `resource` or `scope`; `{audience}`, `{eec_id}`, `{ue_id}` stand for what is
    /// asked for. May be repeated.
    #[arg(long, value_name = "NAME=VALUE", requires = "token_endpoint", value_parser = Parameter::parse)]
    token_parameter: Vec<Parameter>,
    /// The edge ECS, which names the EES.
    #[arg(long, value_name = "URL", group = "servers", value_parser = Url::parse_root)]
    ecs: Option<Url>,
    /// The EES, where no edge ECS is to be asked.
    #[arg(long, value_name = "URL", group = "servers", value_parser = Url::parse_root)]
    ees: Option<Url>,
    /// A host that an answer may lead to (`Location` of a redirect or of what was made), beside the servers themselves. May be
    /// repeated.
    #[arg(long, value_name = "FQDN")]
    accept_host: Vec<String>,
    /// Where a name is reached, if not where the system says; names in requests, tokens and certificates stay. May be repeated.
    #[arg(long, value_name = "NAME=HOST:PORT", value_parser = Place::parse)]
    connect: Vec<Place>,
    /// The certificate authorities to trust, in PEM; default: those of the system.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Speak plain HTTP to what is not loopback, too: in closed test networks, since whoever listens there gets the tokens.
    #[arg(long)]
    allow_http: bool,
    /// The client's EEC ID; of a crowd with `{number}` in it, which stands for the client's number.
    #[arg(long, value_name = "ID", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    eec_id: String,
    /// The UE ID: a GPSI such as msisdn-447700900123; `{number}` may be in it, too.
    #[arg(long, value_name = "GPSI", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    ue_id: Option<String>,
    /// Have the tokens bound to a fresh key, and prove possession of it with every request (RFC 9449).
    #[arg(long)]
    dpop: bool,
    /// The same with this key, as `keygen` writes it.
    #[arg(long, value_name = "FILE")]
    dpop_key: Option<PathBuf>,
    /// Be a crowd of so many clients, each with an EEC ID, tokens and, with --dpop, a key of its own.
    #[arg(long, value_name = "N", requires_all = ["rate", "duration"], conflicts_with_all = ["dpop_key", "token_file", "token_env"],
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    clients: Option<u32>,
    /// The requests a second of the whole crowd, evenly apart, whether or not the ones before have been answered: 0.001 to
    /// 1000000.
    #[arg(long, value_name = "N", requires = "clients", value_parser = schedule::rate)]
    rate: Option<f64>,
    /// For how long: 60s, 5m, 1h, at most 168h. Then everybody leaves.
    #[arg(long = "for", id = "duration", value_name = "TIME", requires = "clients", value_parser = schedule::duration)]
    duration: Option<Duration>,
    /// Seconds to wait for an answer.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=300))]
    timeout: u64,
}

/// What is to be done.
pub(super) struct Order {
    pub(super) surroundings: Arc<Surroundings>,
    pub(super) identity: Identity,
    pub(super) dpop: bool,
    pub(super) dpop_key: Option<PathBuf>,
    pub(super) crowd: Option<Schedule>,
}

impl Args {
    /// Reads what lies in files and the environment.
    pub(super) fn resolve(self) -> Result<Order, Failure> {
        if self.allow_http {
            complain("warning: --allow-http: whoever listens on the way gets the tokens");
        }
        let crowd = self.crowd()?;
        let dpop = self.dpop || self.dpop_key.is_some();
        let source = self.source(dpop)?;
        let network = Network::new(self.connect, self.ca, self.allow_http, Duration::from_secs(self.timeout));
        let surroundings =
            Surroundings { network, source, ecs: self.ecs, ees: self.ees, accepted: self.accept_host };
        Ok(Order {
            surroundings: Arc::new(surroundings),
            identity: Identity { eec_id: self.eec_id, ue_id: self.ue_id },
            dpop,
            dpop_key: self.dpop_key,
            crowd,
        })
    }

    fn crowd(&self) -> Result<Option<Schedule>, Failure> {
        let (Some(clients), Some(rate), Some(duration)) = (self.clients, self.rate, self.duration) else {
            return Ok(None);
        };
        if clients > 1 && !self.eec_id.contains("{number}") {
            return Err(Failure::new(
                "--eec-id: a crowd needs `{number}` in it, so that each client has its own",
            ));
        }
        let clients = usize::try_from(clients).unwrap_or(usize::MAX);
        Ok(Some(Schedule { clients, rate, duration }))
    }

    fn source(&self, dpop: bool) -> Result<TokenSource, Failure> {
        if let Some(root) = &self.entitlement_server {
            return Ok(TokenSource::Entitlement(root.clone()));
        }
        if let Some(endpoint) = &self.token_endpoint {
            let secret = secret(self.client_secret_env.as_deref(), self.client_secret_file.as_deref())?;
            let client = self.client_id.clone().zip(secret).map(|(id, secret)| Credentials { id, secret });
            let (endpoint, parameters) = (endpoint.clone(), self.token_parameter.clone());
            return Ok(TokenSource::OAuth { endpoint, client, parameters });
        }
        let text = secret(self.token_env.as_deref(), self.token_file.as_deref())?;
        let text = text.ok_or_else(|| Failure::new("no token"))?;
        let token = Token::given(&text, dpop);
        Ok(TokenSource::Given(token.map_err(Failure::new)?))
    }
}

/// A secret out of a variable of the environment, or out of a file, without the end of its line.
#[allow(clippy::disallowed_methods, reason = "the command line is where the environment comes from")]
fn secret(variable: Option<&str>, file: Option<&Path>) -> Result<Option<String>, Failure> {
    let text = match (variable, file) {
        (Some(variable), _) => {
            std::env::var(variable).map_err(Failure::because(format!("the variable `{variable}`")))?
        }
        (None, Some(file)) => std::fs::read_to_string(file)
            .map_err(Failure::because(format!("cannot read {}", file.display())))?,
        (None, None) => return Ok(None),
    };
    Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
}

//! `eec-authn explain`: every check in order, and why a request is allowed or denied.

mod report;

use super::clock;
use super::failure::Failure;
use super::filter_file::{FilterFile, Secrets};
use super::help::long_help;
use super::input;
use super::{Exit, Output};
use eec_authn::explanation::{Body, Question, Said, UnfitSet, certificate_digest, header};
use eec_authn::plugin_state::PluginState;
use eec_authn::time::UnixTime;
use report::Report;
use serde_json::Value;
use std::hash::RandomState;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Explains a decision: every check in order, passed or failed, with what was expected and found.
///
/// It runs the same code as the filter, and ends in the decision: with the reply that a client would get, or with the
/// headers that the upstream would get about the client. What shadow mode only records is said, too. Without `--path`
/// the request is the first operation of the role.
///
/// Seals of `ownership` are judged by the secrets in the environment of this command, under the same names as in the VM's.
///
/// Values of the token are shown: keep the output to yourself. The entitlement server is not asked; where the filter
/// would ask, `--answer` says what it is taken to answer. A proof counts as one that has not been used before; nonces are
/// good if the secrets are in the environment.
#[derive(clap::Args)]
#[command(after_long_help = long_help! {
    examples {
        "A registration, with its body" =>
            "eec-authn explain --config filter.json --token @token.txt --body body.json",
        "Another request" =>
            "eec-authn explain --config filter.json --token @token.txt \\\n    \
             --method DELETE --path /eees-eecregistration/v1/registrations/r1",
        "The same token at another time" =>
            "eec-authn explain --config filter.json --token @token.txt \\\n    \
             --now 2026-11-01T00:00:00Z",
    }
    exit_codes {
        0 => "The request would be allowed, or pass without a token",
        1 => "Wrong usage, or a file that cannot be read",
        2 => "The request would be denied, or in shadow mode be recorded as denied",
        3 => "The configuration has errors",
        5 => "Undecided without a --body, or without an --answer",
    }
})]
pub(crate) struct Args {
    /// The filter JSON.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The token: the text itself, `@FILE`, or `-` for standard input. Without it, the request has none.
    #[arg(long, value_name = "TEXT|@FILE|-")]
    token: Option<String>,
    /// The DPoP proof that comes with the token, which then stands under `DPoP`: the text itself, or `@FILE`.
    #[arg(long, value_name = "TEXT|@FILE|-", requires = "token")]
    proof: Option<String>,
    /// The proof has been used before.
    #[arg(long, requires = "proof")]
    used_proof: bool,
    /// The client certificate of the connection, in PEM.
    #[arg(long, value_name = "FILE")]
    client_certificate: Option<PathBuf>,
    /// The method.
    #[arg(long, default_value = "POST")]
    method: String,
    /// The path; default: the first operation of the role.
    #[arg(long)]
    path: Option<String>,
    /// The host; default: the first of `protects.fqdns`.
    #[arg(long)]
    host: Option<String>,
    /// The request's body; without it, what depends on it stays undecided.
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// The request has no body.
    #[arg(long, conflicts_with = "body")]
    no_body: bool,
    /// The body's media type.
    #[arg(long, value_name = "TYPE", default_value = "application/json")]
    content_type: String,
    /// Another header of the request. May be repeated.
    #[arg(long, value_name = "NAME: VALUE", value_parser = header)]
    header: Vec<(String, String)>,
    /// The time: RFC 3339 in UTC, or seconds since 1970; default: now.
    #[arg(long, value_name = "TIME", value_parser = clock::time)]
    now: Option<UnixTime>,
    /// The entitlement server's answer, as JSON; default: it says nothing against a token that a pinned key has verified. What depends
    /// on it otherwise, as all of an opaque token does, stays undecided.
    #[arg(long, value_name = "FILE")]
    answer: Option<PathBuf>,
    /// The entitlement server gives no answer.
    #[arg(long, conflicts_with = "answer")]
    no_answer: bool,
    /// What a server with `jwks_remote` is taken to answer when its keys are fetched: the body. May be repeated, one for each such
    /// server in the order of the configuration; without it, there are no fetched keys.
    #[arg(long, value_name = "FILE")]
    jwks: Vec<PathBuf>,
}

pub(crate) fn run(args: Args, output: Output) -> Result<Exit, Failure> {
    let file = FilterFile::read_with(&args.config, Secrets::IfThere)?;
    let unknown_secrets = unknown_secrets(&file);
    let Some(loaded) = file.loaded(&args.config, output)? else { return Ok(Exit::ConfigurationInvalid) };
    let now = clock::or_now(args.now)?;
    let read = |path: &PathBuf| input::bytes(path);
    let mut headers = vec![("content-type".to_owned(), args.content_type)];
    headers.extend(args.header);
    let certificate = args.client_certificate.as_deref().map(certificate).transpose()?;
    let body = match &args.body {
        Some(path) => Body::Given(read(path)?),
        None if args.no_body => Body::None,
        // What depends on it is left open.
        None => Body::NotShown,
    };
    let said = match &args.answer {
        Some(path) => Said::Answer(read(path)?),
        None if args.no_answer => Said::NoAnswer,
        None => Said::NothingAgainst,
    };
    let question = Question {
        method: args.method,
        path: args.path,
        host: args.host,
        headers,
        token: args.token.as_deref().map(input::token).transpose()?,
        proof: args.proof.as_deref().map(input::token).transpose()?,
        is_proof_used: args.used_proof,
        client_certificate: certificate,
        body,
        said,
        sets: args.jwks.iter().map(|path| read(path).map(Some)).collect::<Result<Vec<_>, _>>()?,
    };
    let plugin = Rc::new(PluginState::new(loaded.policy, RandomState::new()));
    let explanation = question.put_to(&plugin, now).map_err(|UnfitSet { number, because }| {
        let path = args.jwks.get(number).map(|path| path.display().to_string()).unwrap_or_default();
        Failure::new(format!("{path}: {because}"))
    })?;
    Report::new(explanation, unknown_secrets).print(output)
}

/// The variables of `ownership.secret_env` that are not there.
fn unknown_secrets(file: &FilterFile) -> Vec<String> {
    let filter: Value = serde_json::from_slice(&file.bytes).unwrap_or_default();
    let names = filter.pointer("/ownership/secret_env").and_then(Value::as_array).into_iter().flatten();
    let names = names.filter_map(Value::as_str).map(str::to_owned);
    names.filter(|name| file.missing.contains(name)).collect()
}

/// The SHA-256 of the DER of the certificate in a file.
fn certificate(path: &Path) -> Result<[u8; 32], Failure> {
    let digest = certificate_digest(&input::file(path)?);
    digest.ok_or_else(|| Failure::new(format!("no certificate in {}", path.display())))
}

//! `eec-authn explain`: every check in order, and why a request is allowed or denied.

mod report;

use super::clock;
use super::failure::Failure;
use super::filter_file::{FilterFile, Secrets};
use super::help::long_help;
use super::input::{self, text};
use super::{Exit, Output};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use eec_authn::exchange::PendingIntrospection;
use eec_authn::exchange::rehearsal::{Rehearsal, Wait, play};
use eec_authn::introspection::{self, RawResponse, TokenStatus};
use eec_authn::jwks_remote::{self, Answer, Moment, StoredSet};
use eec_authn::keys::NoHost;
use eec_authn::plugin_state::PluginState;
use eec_authn::policy::online::Method;
use eec_authn::policy::{EntitlementServer, Policy, Role};
use eec_authn::request::RequestView;
use eec_authn::time::UnixTime;
use report::Report;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::hash::RandomState;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

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
        5 => "It depends on the body, and there is no --body, or on an answer, and there is no --answer",
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
    /// The body's media type.
    #[arg(long, value_name = "TYPE", default_value = "application/json")]
    content_type: String,
    /// The time: RFC 3339 in UTC, or seconds since 1970; default: now.
    #[arg(long, value_name = "TIME", value_parser = clock::time)]
    now: Option<UnixTime>,
    /// The entitlement server's answer, as JSON; default: it says nothing against a token that a pinned key has verified. What depends
    /// on it otherwise, as all of an opaque token does, stays undecided.
    #[arg(long, value_name = "FILE")]
    answer: Option<PathBuf>,
    /// What a server with `jwks_remote` is taken to answer when its keys are fetched: the body. May be repeated, one for each such
    /// server in the order of the configuration; without it, there are no fetched keys.
    #[arg(long, value_name = "FILE")]
    jwks: Vec<PathBuf>,
}

pub(crate) fn run(args: Args, output: Output) -> Result<Exit, Failure> {
    let file = FilterFile::read_with(&args.config, Secrets::IfThere)?;
    let unknown_secrets = unknown_secrets(&file);
    let Some(loaded) = file.loaded(&args.config, output)? else { return Ok(Exit::ConfigurationInvalid) };
    let policy = loaded.policy;
    let now = clock::or_now(args.now)?;
    let token = args.token.as_deref().map(text).transpose()?.map(|token| token.trim().to_owned());
    let path = args.path.unwrap_or_else(|| first_operation(&policy));
    let host = args.host.unwrap_or_else(|| policy.protects.realm.to_string());
    let read = |path: &PathBuf| input::bytes(path);
    let body = args.body.as_ref().map(read).transpose()?;
    let answer = args.answer.as_ref().map(read).transpose()?;
    let proof = args.proof.as_deref().map(text).transpose()?.map(|proof| proof.trim().to_owned());
    let scheme = if proof.is_some() { "DPoP" } else { "Bearer" };
    let authorization = token.as_ref().map(|token| format!("{scheme} {token}"));
    let mut pairs: Vec<(&[u8], &[u8])> = vec![
        (b":method", args.method.as_bytes()),
        (b":path", path.as_bytes()),
        (b":authority", host.as_bytes()),
        (b"content-type", args.content_type.as_bytes()),
    ];
    pairs.extend(authorization.as_ref().map(|value| (&b"authorization"[..], value.as_bytes())));
    pairs.extend(proof.as_ref().map(|proof| (&b"dpop"[..], proof.as_bytes())));
    // Without a body to look at, what depends on it is left open.
    let mut request = RequestView::new(&pairs, false);
    request.client_certificate = args.client_certificate.as_deref().map(certificate_digest).transpose()?;
    let pieces = body.as_deref().map(|body| [body]);
    let rehearsal = Rehearsal {
        request,
        body: pieces.as_ref().map(|pieces| &pieces[..]),
        trailers: None,
        answer: &|pending| answered(pending, answer.as_deref()),
        wait: Wait::Short,
    };
    let sets = args.jwks.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let plugin = Rc::new(PluginState::new(policy, RandomState::new()));
    for (n, (body, path)) in sets.iter().zip(&args.jwks).enumerate() {
        take_set(&plugin, n, body, now)
            .map_err(|because| Failure::new(format!("{}: {because}", path.display())))?;
    }
    Report::new(play(&plugin, &rehearsal, now, &NoHost), unknown_secrets).print(output)
}

/// The variables of `ownership.secret_env` that are not there.
fn unknown_secrets(file: &FilterFile) -> Vec<String> {
    let filter: Value = serde_json::from_slice(&file.bytes).unwrap_or_default();
    let names = filter.pointer("/ownership/secret_env").and_then(Value::as_array).into_iter().flatten();
    let names = names.filter_map(Value::as_str).map(str::to_owned);
    names.filter(|name| file.missing.contains(name)).collect()
}

/// Takes `body` for the set of the `number`th server that fetches keys.
fn take_set(plugin: &PluginState, number: usize, body: &[u8], now: UnixTime) -> Result<(), String> {
    let fetching = |server: &&Arc<EntitlementServer>| server.jwks_remote.is_some();
    let server = plugin.policy.entitlement_servers.iter().filter(fetching).nth(number);
    let Some((server, remote)) = server.and_then(|server| Some((server, server.jwks_remote.as_deref()?)))
    else {
        return Err("no server in the configuration has a `jwks_remote` for it".into());
    };
    let media_types = [StoredSet::media_type(remote)];
    let answer = Answer { status: Some(200), content_types: &media_types, content_encodings: &[], body };
    let skew = plugin.policy.token.clock_skew_seconds;
    let moment = Moment { now, fetched_at: now, skew, newest_issue: None };
    let set =
        jwks_remote::read(server, remote, &answer, &moment, &NoHost).map_err(|failure| failure.because)?;
    plugin.take_set(server, 1, now, set);
    Ok(())
}

/// What the entitlement server is taken to say; nothing of a token that no key has verified, of which only its answer tells.
fn answered(pending: &PendingIntrospection, given: Option<&[u8]>) -> Option<TokenStatus> {
    if given.is_none() && !pending.is_verified() {
        return None;
    }
    let online = &pending.asked.online;
    let nothing_against: &[u8] = match online.method {
        Method::Rfc7662 { .. } => b"{\"active\":true}",
        Method::Ts43 { .. } => b"{\"OperatorTokenValidity\":1}",
    };
    let body = given.unwrap_or(nothing_against);
    let raw = RawResponse { status: Some(200), by_proxy: false, content_types: &[b"application/json"], body };
    Some(introspection::read(&online.method, &raw).last_word())
}

/// The SHA-256 of the DER of the certificate in a file.
fn certificate_digest(path: &Path) -> Result<[u8; 32], Failure> {
    let text = input::file(path)?;
    let base64 =
        text.split("-----BEGIN CERTIFICATE-----").nth(1).and_then(|rest| rest.split("-----END").next());
    let base64: String = base64.unwrap_or_default().split_whitespace().collect();
    let der = STANDARD.decode(base64).map_err(Failure::because("the certificate is not PEM"))?;
    if der.is_empty() {
        return Err(Failure::new(format!("no certificate in {}", path.display())));
    }
    Ok(Sha256::digest(der).into())
}

fn first_operation(policy: &Policy) -> String {
    let (api, resource) = match policy.protects.role {
        Role::Ees => ("eees-eecregistration", "/registrations"),
        Role::Ecs => ("eecs-serviceprovisioning", "/request"),
    };
    format!("{}/v1{resource}", policy.protects.api_root.join(api))
}

//! `eec-authn dpop`: a proof for tests, and for people at a shell.

use super::amend::Changes;
use super::failure::Failure;
use super::help::long_help;
use super::input;
use super::signing_key::SigningKey;
use super::{Exit, Output, proof};
use serde_json::json;
use std::path::PathBuf;

/// Makes a DPoP proof (RFC 9449) for one request, with a key of `keygen`.
///
/// It goes into the request's `DPoP` header; the token goes under `Authorization: DPoP`. Each proof is good once. Claims and
/// header parameters can be added, replaced and taken away, also so that the proof is one that the filter must refuse.
#[derive(clap::Args)]
#[command(after_long_help = long_help! {
    examples {
        "A client's key, a token bound to it, and a proof for a request with it" =>
            "eec-authn keygen --alg ES256 --out client.json > client-entry.json &&\n  \
             eec-authn mint --key key.json --iss aes.example.org --sub eec-1 \\\n    \
             --aud ees1.edge.example.net --dpop-key client.json > token.txt &&\n  \
             eec-authn dpop --key client.json --token @token.txt \\\n    \
             --url https://ees1.edge.example.net/eees-eecregistration/v1/registrations",
    }
    exit_codes {
        0 => "The proof is printed",
        1 => "Wrong usage, or the key cannot be read",
    }
})]
pub(crate) struct Args {
    /// The client's private key, as `keygen` writes it.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The token: the text itself, `@FILE`, or `-` for standard input.
    #[arg(long, value_name = "TEXT|@FILE|-")]
    token: String,
    /// The request's URL; a query and a fragment are left out (`htu`).
    #[arg(long, value_parser = url)]
    url: String,
    /// The request's method (`htm`).
    #[arg(long, default_value = "POST")]
    method: String,
    /// The nonce that the filter has asked for, in the header `DPoP-Nonce` of its answer.
    #[arg(long)]
    nonce: Option<String>,
    #[command(flatten)]
    changes: Changes,
}

pub(crate) fn run(args: Args, output: Output) -> Result<Exit, Failure> {
    let key = SigningKey::read(&args.key)?;
    let token = input::token(&args.token)?;
    let mut claims = proof::claims(&args.method, &args.url, Some(&token))?;
    if let Some(nonce) = args.nonce {
        claims["nonce"] = json!(nonce);
    }
    let mut header = key.proof_header();
    args.changes.amend(&mut header, &mut claims);
    let proof = key.sign(&header, &claims);
    output.line(if output.json {
        json!({"proof": proof, "header": header, "claims": claims}).to_string()
    } else {
        proof
    })?;
    Ok(Exit::Fine)
}

/// A URL of HTTP; by `--claims` a proof can have any other `htu`.
fn url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    if rest.is_some_and(|rest| !rest.starts_with(['/', '?', '#']) && !rest.is_empty()) {
        return Ok(text.to_owned());
    }
    Err("give the request's whole URL, such as https://ees1.edge.example.net/path".into())
}

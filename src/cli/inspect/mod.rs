//! `eec-authn inspect`: what a token, a certificate, a key or a key set says. Without a configuration nothing is verified.

mod checked_with;
mod for_people;
mod key_set;

use super::clock;
use super::failure::Failure;
use super::filter_file::FilterFile;
use super::help::long_help;
use super::input;
use super::{Exit, Output};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eec_authn::json::{self, Json};
use eec_authn::keys::{Certificate, Jwk, PublicKey};
use eec_authn::time::UnixTime;
use for_people::{dated, faults};
use key_set::Set;
use serde_json::{Value, json as object};
use std::path::PathBuf;

/// Shows what a token, a DPoP proof, a certificate, a PEM key, a JWK or a key set says. It verifies nothing: `explain` does.
///
/// Of a token: header, claims and times; of a proof also its key's thumbprint. Of a key: algorithm and RFC 7638 thumbprint; of a certificate also names, dates
/// and `x5t#S256`. Values of the token are shown: keep the output to yourself.
///
/// Of a key set, plain or signed: each key, with the certificates in its `x5c`. With `--config` also whether the servers that fetch
/// their keys (`jwks_remote`) would use the set and each of its keys, or why not.
///
/// For a token, `--config` says which entitlement server and which pinned key of that configuration it would be
/// checked with, or why with none. A set that is fetched (`jwks_remote`) is not known here: `explain --jwks` takes one.
#[derive(clap::Args)]
#[command(after_long_help = long_help! {
    examples {
        "A token in a file, or from a pipe" => "eec-authn inspect @token.txt && eec-authn inspect - < token.txt",
        "Which pinned key is it for?" => "eec-authn inspect --config filter.json @token.txt",
        "A certificate, before it is pinned" => "eec-authn inspect @certificate.pem",
        "A key set, before it is fetched" => "eec-authn inspect @jwks.json",
    }
    exit_codes {
        0 => "It is shown",
        1 => "Wrong usage, a file that cannot be read, or a text that is none of these",
        2 => "With --config: no key fits the token, or nobody would use the set",
        3 => "With --config: the configuration has errors",
    }
})]
pub(crate) struct Args {
    /// The text itself, `@FILE`, or `-` for standard input.
    #[arg(value_name = "TEXT|@FILE|-")]
    what: String,
    /// For a token: also the entitlement server and key of this filter JSON that it would be checked with; for a key set: what
    /// would be used of it.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// With `--config`, the time: RFC 3339 in UTC, or seconds since 1970; default: now.
    #[arg(long, value_name = "TIME", value_parser = clock::time, requires = "config")]
    now: Option<UnixTime>,
}

const PRIVATE: &str =
    "this is private key material, which is nobody's business here; give the public key or the certificate";

pub(crate) fn run(args: Args, output: Output) -> Result<Exit, Failure> {
    let text = &*input::token(&args.what)?;
    let set = Set::read(text)?;
    let (shown, exit) = match &args.config {
        None => (set.map_or_else(|| show(text), |set| Ok(set.shown()))?, Exit::Fine),
        Some(config) => {
            let Some(loaded) = FilterFile::read(config)?.loaded(config, output)? else {
                return Ok(Exit::ConfigurationInvalid);
            };
            let now = clock::or_now(args.now)?;
            if let Some(set) = set {
                let (shown, exit) = set.shown_for(&loaded.policy, now)?;
                return print(&shown, exit, output);
            }
            if text.contains("-----BEGIN") || text.starts_with('{') {
                return Err(Failure::new(
                    "`--config` tells of tokens and key sets, and this is a key or a certificate",
                ));
            }
            let checked = checked_with::checked_with(&loaded.policy, text, now);
            // An opaque token says nothing itself, but the configuration says who is asked.
            let mut shown = token(text).unwrap_or_else(|_| object!({"kind": "not a JWT"}));
            shown["checked_with"] = checked.shown(&loaded.policy);
            (shown, if checked.is_denied() { Exit::Denied } else { Exit::Fine })
        }
    };
    print(&shown, exit, output)
}

fn print(shown: &Value, exit: Exit, output: Output) -> Result<Exit, Failure> {
    let printed = serde_json::to_string_pretty(shown).map_err(Failure::because("cannot print"))?;
    if output.json {
        output.line(shown)?
    } else {
        output.lines(printed)?
    }
    Ok(exit)
}

fn show(text: &str) -> Result<Value, Failure> {
    if text.contains("PRIVATE KEY-----") {
        return Err(Failure::new(PRIVATE));
    }
    if text.contains("-----BEGIN CERTIFICATE") {
        return certificate(text);
    }
    if text.contains("-----BEGIN") {
        let key = PublicKey::from_pem(text, None).map_err(faults)?;
        return Ok(
            object!({"kind": "public key", "alg": key.algorithm().name(), "thumbprint": key.thumbprint()}),
        );
    }
    if text.starts_with('{') {
        let jwk = json::parse(text.as_bytes()).map_err(Failure::because("not a JWK"))?;
        if ["d", "k"].iter().any(|secret| jwk.get(secret).is_some()) {
            return Err(Failure::new(PRIVATE));
        }
        let jwk = Jwk::parse(&jwk).map_err(faults)?;
        let (alg, thumbprint) = (jwk.key.algorithm().name(), jwk.key.thumbprint());
        return Ok(object!({"kind": "JWK", "alg": alg, "kid": jwk.kid, "thumbprint": thumbprint}));
    }
    token(text)
}

fn certificate(text: &str) -> Result<Value, Failure> {
    let certificate = Certificate::from_pem(text, None).map_err(faults)?;
    let time = |time: Option<UnixTime>| time.map(|t| dated(t.seconds()));
    Ok(object!({
        "kind": "certificate",
        "alg": certificate.key.algorithm().name(),
        "dns_names": certificate.dns_names,
        "not_before": time(certificate.window.not_before),
        "not_after": time(certificate.window.not_after),
        "x5t#S256": certificate.x5t_s256,
        "thumbprint": certificate.key.thumbprint(),
    }))
}

fn token(text: &str) -> Result<Value, Failure> {
    let parts: Vec<&str> = text.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else {
        return Err(Failure::new(
            "neither a JWT (three parts), nor PEM, nor a JWK or a set of them; an opaque token says nothing, and @FILE reads a file",
        ));
    };
    let (header, claims) = (decoded(header, "header")?, decoded(payload, "payload")?);
    let times: serde_json::Map<String, Value> = ["iat", "nbf", "exp"]
        .iter()
        .filter_map(|name| Some((name.to_string(), object!(dated(claims.get(name)?.as_f64()?)))))
        .collect();
    let signature = URL_SAFE_NO_PAD.decode(signature).map_or(0, |bytes| bytes.len());
    if header.get("typ").and_then(Value::as_str) == Some("dpop+jwt") {
        return Ok(object!({
            "kind": "DPoP proof, not verified", "header": header, "claims": claims, "times": times,
            "thumbprint": presented_thumbprint(&header), "signature_bytes": signature,
        }));
    }
    Ok(object!({
        "kind": "JWT, not verified", "header": header, "claims": claims, "times": times,
        "signature_bytes": signature,
    }))
}

/// The RFC 7638 thumbprint of the key in a proof's header: what `cnf.jkt` of its token must be.
fn presented_thumbprint(header: &Value) -> Value {
    let key = header.get("jwk").and_then(|jwk| json::parse(jwk.to_string().as_bytes()).ok());
    let key = key.map(|jwk| PublicKey::from_jwk(&jwk));
    match key {
        None => Value::Null,
        Some(Ok(key)) => object!(key.thumbprint()),
        Some(Err(errors)) => object!(faults(errors).to_string()),
    }
}

fn decoded(part: &str, name: &str) -> Result<Value, Failure> {
    let bytes =
        URL_SAFE_NO_PAD.decode(part).map_err(Failure::because(format!("the {name} is not base64url")))?;
    serde_json::from_slice(&bytes)
        // What the filter reads is shown in any case: a number without bounds, for one, which stays the text that it is.
        .or_else(|error| json::parse(&bytes).map(|value| as_far_as_it_goes(&value)).map_err(|_| error))
        .map_err(Failure::because(format!("the {name} is not JSON")))
}

fn as_far_as_it_goes(value: &Json) -> Value {
    match value {
        Json::Array(items) => items.iter().map(as_far_as_it_goes).collect(),
        Json::Object(members) => {
            let members = members.iter();
            Value::Object(members.map(|(name, value)| (name.to_string(), as_far_as_it_goes(value))).collect())
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {
            let text = value.to_string();
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        }
    }
}

//! `eec-authn mint`: a token for tests.

use super::amend::Changes;
use super::clock;
use super::failure::Failure;
use super::help::long_help;
use super::random::random_name;
use super::signing_key::SigningKey;
use super::{Exit, Output};
use serde_json::json;
use std::path::PathBuf;

/// Signs a token with a key of `keygen`, for tests.
///
/// It has `iat`, `exp` and a `jti` of its own, and the `alg` and `kid` of the key. Claims and header parameters can be
/// added, replaced and taken away, also so that the token is one that the filter must refuse.
#[derive(clap::Args)]
#[command(after_long_help = long_help! {
    examples {
        "A token for an EES" =>
            "eec-authn mint --key key.json --iss aes.example.org \\\n    \
             --sub eec-1 --aud ees1.edge.example.net > token.txt",
        "One that has expired, without `jti`, and with a scope" =>
            "eec-authn mint --key key.json --iss aes.example.org \\\n    \
             --sub eec-1 --aud ees1.edge.example.net --lifetime -60 \\\n    \
             --claims '{\"jti\": null, \"scope\": \"eees-easdiscovery\"}'",
    }
    exit_codes {
        0 => "The token is printed",
        1 => "Wrong usage, or the key cannot be read",
    }
})]
pub(crate) struct Args {
    /// The private key, as `keygen` writes it.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// `iss`: the entitlement server's FQDN.
    #[arg(long, value_name = "FQDN")]
    iss: String,
    /// `sub`: the EEC ID.
    #[arg(long, value_name = "ID")]
    sub: String,
    /// `aud`: the edge server's FQDN; may be repeated.
    #[arg(long, value_name = "FQDN", required = true)]
    aud: Vec<String>,
    /// `gpsi`; may be repeated.
    #[arg(long)]
    gpsi: Vec<String>,
    /// Seconds from now to `exp`; 0 or less makes a token that has expired.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, allow_negative_numbers = true, value_parser = clock::seconds)]
    lifetime: i64,
    /// A client's key, as `keygen` writes it: the token is bound to it (`cnf.jkt`), and good only with proofs of `dpop`.
    #[arg(long, value_name = "FILE")]
    dpop_key: Option<PathBuf>,
    #[command(flatten)]
    changes: Changes,
}

pub(crate) fn run(args: Args, output: Output) -> Result<Exit, Failure> {
    let key = SigningKey::read(&args.key)?;
    let now = clock::now();
    let one_or_many =
        |mut texts: Vec<String>| if texts.len() == 1 { json!(texts.remove(0)) } else { json!(texts) };
    let mut claims = json!({
        "iss": args.iss, "sub": args.sub, "aud": one_or_many(args.aud),
        "iat": now, "exp": now.saturating_add(args.lifetime), "jti": random_name()?,
    });
    if !args.gpsi.is_empty() {
        claims["gpsi"] = one_or_many(args.gpsi);
    }
    if let Some(client) = &args.dpop_key {
        claims["cnf"] = json!({"jkt": SigningKey::read(client)?.thumbprint()});
    }
    let mut header = json!({"alg": key.alg(), "typ": "JWT", "kid": key.kid()});
    args.changes.amend(&mut header, &mut claims);
    let token = key.sign(&header, &claims);
    if output.json {
        output.line(json!({"token": token, "header": header, "claims": claims}))?;
    } else {
        output.line(token)?;
    }
    Ok(Exit::Fine)
}

//! `eec-authn keygen`: a key pair for tests.

use super::failure::Failure;
use super::help::long_help;
use super::signing_key::{Algorithm, SigningKey};
use super::{Exit, Output};
use serde_json::json;
use std::fs::{OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::PathBuf;

/// Makes a key pair for tests: the private JWK goes to a file, the public one is printed.
///
/// What is printed is an entry for `keys` of an entitlement server in the filter JSON. The `kid` is the key's RFC 7638
/// thumbprint. Keys for production belong into the entitlement server, which need not be this program.
#[derive(clap::Args)]
#[command(after_long_help = long_help! {
    examples {
        "A key, and its entry for the filter JSON" => "eec-authn keygen --out key.json > entry.json",
        "One of another kind, to rehearse a rotation" =>
            "eec-authn keygen --alg ES256 --out next.json > next-entry.json",
    }
    exit_codes {
        0 => "The key is written",
        1 => "Wrong usage, or the file is there already or cannot be written",
    }
})]
pub(crate) struct Args {
    /// Where the private key goes; only its owner can read the file.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The algorithm of its tokens.
    #[arg(long, value_enum, ignore_case = true, default_value = "EdDSA")]
    alg: Algorithm,
    /// Overwrite a file that is there.
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: Args, output: Output) -> Result<Exit, Failure> {
    let key = SigningKey::generate(args.alg)?;
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    if args.force {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    let mut file = options.open(&args.out).map_err(|error| {
        let remedy = match error.kind() {
            _ if args.out.is_dir() => "; it is a directory, name a file",
            ErrorKind::AlreadyExists => "; --force overwrites it",
            _ => "",
        };
        Failure::new(format!("cannot write {}: {error}{remedy}", args.out.display()))
    })?;
    // The mode above is for a file that is new; one that was there may be open to others.
    file.set_permissions(Permissions::from_mode(0o600))
        .map_err(Failure::because("cannot protect the key"))?;
    let private = key.private_jwk();
    file.write_all(format!("{private}\n").as_bytes()).map_err(Failure::because("cannot write the key"))?;
    output.line(json!({"jwk": key.public_jwk()}))?;
    Ok(Exit::Fine)
}

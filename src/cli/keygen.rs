//! `eec-authn keygen`: a key pair for tests.

use super::failure::Failure;
use super::help::long_help;
use super::signing_key::{Algorithm, SigningKey};
use super::whole_file::{self, Readers};
use super::{Exit, Output};
use clap::builder::{EnumValueParser, PossibleValue, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Command, ValueEnum};
use serde_json::json;
use std::ffi::OsStr;
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
    /// Where the private key goes: a file that only its owner can read, never a device or pipe.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The algorithm of its tokens.
    #[arg(long, value_parser = ByName, ignore_case = true, default_value = "EdDSA")]
    alg: Algorithm,
    /// Put it in the place of a file that is there, in one step.
    #[arg(long)]
    force: bool,
}

/// Reads an algorithm's name, and says of MACs why there is none.
#[derive(Clone)]
struct ByName;

impl TypedValueParser for ByName {
    type Value = Algorithm;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Algorithm, clap::Error> {
        let taken = EnumValueParser::<Algorithm>::new().parse_ref(command, arg, value);
        taken.map_err(|error| {
            if !value.to_string_lossy().to_ascii_uppercase().starts_with("HS") {
                return error;
            }
            let names: Vec<&str> = Algorithm::value_variants().iter().map(|alg| alg.name()).collect();
            let message = format!(
                "`{}` is a MAC, and no tokens by it are taken: whoever can check them can make them; use one of {}\n",
                value.to_string_lossy(),
                names.join(", ")
            );
            clap::Error::raw(ErrorKind::InvalidValue, message).with_cmd(command)
        })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Algorithm::value_variants().iter().filter_map(ValueEnum::to_possible_value)))
    }
}

pub(crate) fn run(args: Args, output: Output) -> Result<Exit, Failure> {
    let key = SigningKey::generate(args.alg)?;
    let private = format!("{}\n", key.private_jwk());
    let write = if args.force { whole_file::replace } else { whole_file::create };
    write(&args.out, private.as_bytes(), Readers::Owner)?;
    output.line(json!({"jwk": key.public_jwk()}))?;
    Ok(Exit::Fine)
}

//! `eec-authn unseal`: whether a seal is a client's for a resource.

use super::failure::Failure;
use super::help::long_help;
use super::seal::{Known, Resource};
use super::{Exit, Output};
use serde_json::json;

/// Says whether a path has the seal of its owner, and what the upstream gets instead (`ownership` of the filter JSON).
///
/// A seal does not tell whose it is: it fits a client, a host and a resource, or not. The secrets come from the environment of this
/// command, under the names that `ownership.secret_env` has; each of them opens.
#[derive(clap::Args)]
#[command(after_long_help = long_help! {
    examples {
        "Is it this client's?" =>
            "eec-authn unseal --config filter.json --eec-id eec-0001.example.com \\\n    \
             /eees-eecregistration/v1/registrations/r1.3q2-7w0123456789abcdeA",
    }
    exit_codes {
        0 => "The seal fits; the path without it is printed",
        1 => "Wrong usage, a file that cannot be read, or no path of such a resource",
        2 => "The client would be refused: there is no seal, or it does not fit",
        3 => "The configuration has errors, or a secret is not there",
    }
})]
pub(crate) struct Args {
    #[command(flatten)]
    resource: Resource,
}

pub(crate) fn run(args: Args, output: Output) -> Result<Exit, Failure> {
    let Some(known) = args.resource.find(output)? else { return Ok(Exit::ConfigurationInvalid) };
    let opened = opened(&known, &args.resource.eec_id);
    let is_sealed = known.subject.sealed().is_some();
    if output.json {
        let (path, secret) = opened.clone().unzip();
        output
            .line(json!({"fits": opened.is_some(), "sealed": is_sealed, "path": path, "secret": secret}))?;
    } else {
        match &opened {
            Some((path, secret)) => {
                output.line(path)?;
                output.line(format_args!("sealed by ownership.secret_env[{secret}]"))?;
            }
            None if is_sealed => output.line("the seal is not this client's for this resource")?,
            None => output.line("the identifier has no seal")?,
        }
    }
    Ok(if opened.is_some() { Exit::Fine } else { Exit::Denied })
}

/// The path without its seal, and the number of the secret that made it.
fn opened(known: &Known, eec_id: &str) -> Option<(String, usize)> {
    let keys = &known.policy.ownership.as_ref()?.keys;
    let (id, seal) = known.subject.sealed()?;
    let owner = known.subject.owner(&known.policy, &known.server()?.identity, eec_id);
    let number = owner.opens(keys, id, seal)?;
    Some((String::from_utf8(known.subject.unsealed_target()?).ok()?, number))
}

//! `eec-authn seal`: the path of a resource as its owner has to name it. Also what `unseal` shares with it.

use super::failure::Failure;
use super::filter_file::{FilterFile, Secrets};
use super::help::long_help;
use super::{Exit, Output};
use eec_authn::ownership::Subject;
use eec_authn::policy::{EntitlementServer, Policy, path};
use eec_authn::request::RequestView;
use serde_json::json;
use std::path::PathBuf;

/// Puts the seal of its owner behind the identifier of a resource (`ownership` of the filter JSON).
///
/// For support: a client that has lost the `Location` of its registration or subscription gets it again. Whoever has this path and
/// a token of that client can change the resource, so make sure whose it is. The secrets come from the environment of this command,
/// under the names that `ownership.secret_env` has; the first one seals.
#[derive(clap::Args)]
#[command(after_long_help = long_help! {
    examples {
        "The registration r1 of a client" =>
            "eec-authn seal --config filter.json --eec-id eec-0001.example.com \\\n    \
             /eees-eecregistration/v1/registrations/r1",
    }
    exit_codes {
        0 => "The path with the seal is printed",
        1 => "Wrong usage, a file that cannot be read, or no path of such a resource",
        3 => "The configuration has errors, or a secret is not there",
    }
})]
pub(crate) struct Args {
    #[command(flatten)]
    pub(super) resource: Resource,
}

/// A resource and its owner.
#[derive(clap::Args)]
pub(super) struct Resource {
    /// The filter JSON.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The EEC ID of the owner.
    #[arg(long, value_name = "ID")]
    pub(super) eec_id: String,
    /// The `iss` of the owner's tokens; default: the only entitlement server.
    #[arg(long, value_name = "ISSUER")]
    issuer: Option<String>,
    /// The host that the resource is named at; default: the first of `protects.fqdns`.
    #[arg(long)]
    host: Option<String>,
    /// The path of the resource.
    pub(super) path: String,
}

/// What is known of a resource.
pub(super) struct Known {
    pub(super) policy: Policy,
    pub(super) subject: Subject,
    /// Which entitlement server vouches for the owner.
    server: usize,
}

impl Known {
    /// Who vouches for the owner.
    pub(super) fn server(&self) -> Option<&EntitlementServer> {
        self.policy.entitlement_servers.get(self.server).map(|server| &**server)
    }
}

impl Resource {
    /// Reads the configuration and finds the resource by it; `None` if the configuration has errors, which are printed.
    pub(super) fn find(&self, output: Output) -> Result<Option<Known>, Failure> {
        let file = FilterFile::read_with(&self.config, Secrets::Environment)?;
        let Some(loaded) = file.loaded(&self.config, output)? else { return Ok(None) };
        let policy = loaded.policy;
        if policy.ownership.is_none() {
            return Err(Failure::new("the configuration has no `ownership`: nothing is sealed"));
        }
        if self.path.contains("://") {
            let message = "is a URL; give its path alone, and its host by --host where that is not the first of `protects.fqdns`";
            return Err(Failure::new(format!("`{}` {message}", self.path)));
        }
        let server = self.server(&policy)?;
        let host = self.host.clone().unwrap_or_else(|| policy.protects.realm.to_string());
        if policy.protects.check_host
            && !policy.protects.fqdns.iter().any(|fqdn| fqdn.is_authority(host.as_bytes()))
        {
            return Err(Failure::new(format!("`{host}` is not one of `protects.fqdns`")));
        }
        let pairs: [(&[u8], &[u8]); 3] =
            [(b":method", b"DELETE"), (b":path", self.path.as_bytes()), (b":authority", host.as_bytes())];
        let request = RequestView::new(&pairs, true);
        let is_normal = path::is_normal(path::without_query(request.target));
        let subject = Some(()).filter(|()| is_normal).and_then(|()| Subject::new(&policy, &request, None));
        let subject = subject.ok_or_else(|| {
            Failure::new(format!("`{}` is no registration or subscription of this role", self.path))
        })?;
        Ok(Some(Known { policy, subject, server }))
    }

    /// The number of the entitlement server.
    fn server(&self, policy: &Policy) -> Result<usize, Failure> {
        let servers = &policy.entitlement_servers;
        match &self.issuer {
            None if servers.len() == 1 => Ok(0),
            None => {
                let names: Vec<&str> = servers.iter().map(|server| server.identity.canonical()).collect();
                let names = names.join(", ");
                Err(Failure::new(format!(
                    "there are several entitlement servers; say which by --issuer: {names}"
                )))
            }
            Some(issuer) => {
                let number = servers.iter().position(|server| server.identity.matches(issuer));
                number.ok_or_else(|| Failure::new(format!("no entitlement server is named `{issuer}`")))
            }
        }
    }
}

pub(crate) fn run(args: Args, output: Output) -> Result<Exit, Failure> {
    let Some(known) = args.resource.find(output)? else { return Ok(Exit::ConfigurationInvalid) };
    if is_sealed(&known, &args.resource.eec_id) {
        let message =
            "the path has this owner's seal already; `eec-authn unseal` says what stands without it";
        return Err(Failure::new(message));
    }
    let sealed = sealed(&known, &args.resource.eec_id).ok_or_else(|| Failure::new("nothing to seal with"))?;
    if output.json {
        output.line(json!({"path": sealed}))?;
    } else {
        output.line(sealed)?;
    }
    Ok(Exit::Fine)
}

fn sealed(known: &Known, eec_id: &str) -> Option<String> {
    let key = known.policy.ownership.as_ref()?.keys.first()?;
    let owner = known.subject.owner(&known.policy, &known.server()?.identity, eec_id);
    let target = known.subject.sealed_target(&owner.seal(key, known.subject.segment()))?;
    String::from_utf8(target).ok()
}

/// Whether the owner's seal is there already: a second one would make it an identifier that no server knows.
fn is_sealed(known: &Known, eec_id: &str) -> bool {
    let (Some(ownership), Some(server)) = (&known.policy.ownership, known.server()) else { return false };
    let owner = known.subject.owner(&known.policy, &server.identity, eec_id);
    known.subject.sealed().is_some_and(|(id, seal)| owner.opens(&ownership.keys, id, seal).is_some())
}

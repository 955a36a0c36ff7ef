//! `eec-authn check`: the errors that Envoy would report, and what is legal but unwise.

use super::clock;
use super::failure::Failure;
use super::filter_file::{FilterFile, listed};
use super::help::long_help;
use super::output::complain;
use super::{Exit, Output};
use eec_authn::config::{self, ConfigError, Loaded};
use eec_authn::policy::Policy;
use eec_authn::time::UnixTime;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Checks filter configurations: the errors that Envoy would report, and warnings.
///
/// Prints each error with its JSON path and what to do. Warnings are about what is legal but unwise: keys that end soon,
/// rules that are never reached, what is only recorded. It also lists the variables that must be in the VM's
/// environment (`vm_config.environment_variables`), and the plugin option that `body.hold_headers` needs.
///
/// Every file is checked, also after one that is wrong or cannot be read. A file holds the filter JSON by itself, not
/// the Envoy or Istio file around it.
#[derive(clap::Args)]
#[command(after_long_help = long_help! {
    examples {
        "Before a push" => "eec-authn check filter.json && echo good",
        "In a pipeline" => "eec-authn --json check filter.json > report.json",
        "But for what is known" => "eec-authn check --strict --accept gpsi --accept ownership.unsealed filter.json",
        "All that go into one Envoy" => "eec-authn check ees.json ecs.json",
    }
    exit_codes {
        0 => "Every configuration is valid, whatever the warnings",
        1 => "Wrong usage, or a file that cannot be read; the others were checked",
        3 => "A configuration has errors, or with --strict warnings",
    }
})]
pub(crate) struct Args {
    /// Takes warnings for errors: exit code 3.
    #[arg(long)]
    strict: bool,
    /// Warnings about this member, and what is in it, are known: they pass --strict, and are listed as accepted. May be repeated.
    #[arg(long, value_name = "MEMBER")]
    accept: Vec<String>,
    /// Files with filter JSON; `-` for standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// What became of a file.
struct Checked {
    path: PathBuf,
    /// Nothing, if the file has errors.
    policy: Option<Policy>,
    errors: Vec<ConfigError>,
    warnings: Vec<ConfigError>,
    environment: Vec<String>,
    was_read: bool,
}

pub(crate) fn run(args: Args, output: Output) -> Result<Exit, Failure> {
    let now = clock::or_now(None)?;
    let mut all: Vec<Checked> = args.files.iter().map(|path| checked(path, now)).collect();
    names_that_merge(&mut all);
    let (mut all_good, mut for_machines) = (true, Vec::new());
    let mut unused = args.accept.clone();
    for file in &mut all {
        let (accepted, warnings): (Vec<_>, Vec<_>) =
            std::mem::take(&mut file.warnings).into_iter().partition(|w| accepts(&args.accept, &w.path));
        unused.retain(|member| !accepted.iter().any(|w: &ConfigError| is_of(&w.path, member)));
        let report = Report { file, warnings, accepted };
        all_good &= report.file.errors.is_empty() && (report.warnings.is_empty() || !args.strict);
        if output.json {
            for_machines.push(report.for_machines());
        } else {
            report.print(output)?;
        }
    }
    if output.json {
        output.line(Value::from(for_machines))?;
    }
    for member in unused {
        complain(format_args!("--accept {member}: no warning is about `{member}`; take it out"));
    }
    Ok(match (all.iter().all(|file| file.was_read), all_good) {
        (false, _) => Exit::Failure,
        (true, false) => Exit::ConfigurationInvalid,
        (true, true) => Exit::Fine,
    })
}

fn accepts(members: &[String], path: &str) -> bool {
    members.iter().any(|member| is_of(path, member))
}

/// Whether a path is that of `member` or of something in it.
fn is_of(path: &str, member: &str) -> bool {
    path.strip_prefix(member).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

fn checked(path: &Path, now: UnixTime) -> Checked {
    let file = |policy, errors, warnings, environment| Checked {
        path: path.to_owned(),
        policy,
        errors,
        warnings,
        environment,
        was_read: true,
    };
    match FilterFile::read(path) {
        Ok(FilterFile { result: Ok(loaded), environment, .. }) => {
            let warnings = warnings(&loaded, now);
            file(Some(loaded.policy), Vec::new(), warnings, environment)
        }
        Ok(FilterFile { result: Err(errors), environment, .. }) => {
            file(None, errors, Vec::new(), environment)
        }
        // The other files are checked all the same.
        Err(failure) => {
            let unread = ConfigError { path: "file".into(), message: failure.to_string() };
            Checked { was_read: false, ..file(None, vec![unread], Vec::new(), Vec::new()) }
        }
    }
}

/// Files for different servers, in one call, may be for one Envoy, where what has one name has one statistic. Two
/// versions of one file are for the same server.
fn names_that_merge(all: &mut [Checked]) {
    for later in 1..all.len() {
        let (before, rest) = all.split_at_mut(later);
        let Some(Checked { policy: Some(policy), warnings, .. }) = rest.first_mut() else { continue };
        let other = before.iter().find(|file| {
            file.policy.as_ref().is_some_and(|other| {
                other.name == policy.name
                    && (other.protects.role != policy.protects.role
                        || other.protects.fqdns != policy.protects.fqdns)
            })
        });
        if let Some(other) = other {
            let has = if policy.name.is_some() { "is also that of" } else { "is missing, as in" };
            let message = format!(
                "{has} {}: in one Envoy their statistics would be one, and their gauges those of whichever came last; give each its own",
                other.path.display()
            );
            warnings.push(ConfigError { path: "name".into(), message });
        }
    }
}

/// What is told of a file.
struct Report<'a> {
    file: &'a Checked,
    warnings: Vec<ConfigError>,
    /// Warnings that the caller knows of.
    accepted: Vec<ConfigError>,
}

impl Report<'_> {
    fn for_machines(&self) -> Value {
        json!({
            "file": self.file.path.display().to_string(),
            "valid": self.file.errors.is_empty(),
            "errors": listed(&self.file.errors),
            "warnings": listed(&self.warnings),
            "accepted": listed(&self.accepted),
            "environment": self.file.environment,
            "plugin_options": self.options(),
        })
    }

    fn print(&self, output: Output) -> Result<(), Failure> {
        let path = self.file.path.display();
        let kinds = [("error", &self.file.errors), ("warning", &self.warnings), ("accepted", &self.accepted)];
        for (kind, found) in kinds {
            for one in found {
                output.line(format_args!("{path}: {kind}: {one}"))?;
            }
        }
        for needed in needs(&self.file.environment, self.options()) {
            output.line(format_args!("{path}: needs {needed}"))?;
        }
        match self.file.errors.len() {
            0 => output.line(format_args!("{path}: valid, {}", counted(self.warnings.len(), "warning"))),
            n => output.line(format_args!("{path}: invalid, {}", counted(n, "error"))),
        }
    }

    fn options(&self) -> &'static [&'static str] {
        self.file.policy.as_ref().map_or(&[], config::plugin_options)
    }
}

/// What has to be around the filter JSON.
fn needs(environment: &[String], options: &[&str]) -> Vec<String> {
    let variables = environment.iter().map(|name| format!("the environment variable {name}"));
    let options = options.iter().map(|name| {
        format!(
            "the plugin option {name} for `body.hold_headers` (Envoy 1.35 or later, by an EnvoyFilter in Istio, not in Envoy \
             Gateway): without it, requests with a body hang"
        )
    });
    variables.chain(options).collect()
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn warnings(loaded: &Loaded, now: UnixTime) -> Vec<ConfigError> {
    let mut warnings = loaded.warnings.clone();
    warnings.extend(config::advice(&loaded.policy));
    warnings.extend(config::dates(&loaded.policy, now));
    warnings
}

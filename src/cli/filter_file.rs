//! A filter configuration in a file, read with the parser that Envoy runs.

use super::failure::Failure;
use super::input;
use super::output::{Output, complain};
use eec_authn::config::{self, Absent, ConfigError, Loaded, Review};
use serde_json::{Value, json};
use std::path::Path;

/// Where secrets come from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Secrets {
    /// Nowhere: whatever variable is asked for is there, and well-formed.
    StandIn,
    /// This process's environment, as far as they are there.
    IfThere,
    /// This process's environment; what is not there is an error.
    Environment,
}

/// What became of a file.
pub(crate) struct FilterFile {
    /// The bytes, as Envoy would get them.
    pub(crate) bytes: Vec<u8>,
    /// The policy, or every mistake.
    pub(crate) result: Result<Loaded, Vec<ConfigError>>,
    /// Variables that the VM's environment must have.
    pub(crate) environment: Vec<String>,
    /// Those of them that have been replaced by a stand-in.
    pub(crate) missing: Vec<String>,
}

impl FilterFile {
    /// Reads and compiles `path`, without any secret.
    pub(crate) fn read(path: &Path) -> Result<FilterFile, Failure> {
        FilterFile::read_with(path, Secrets::StandIn)
    }

    /// The same with secrets.
    pub(crate) fn read_with(path: &Path, secrets: Secrets) -> Result<FilterFile, Failure> {
        let bytes = input::bytes(path)?;
        let secret = |name: &str| if secrets == Secrets::StandIn { None } else { variable(name) };
        let absent = if secrets == Secrets::Environment { Absent::Error } else { Absent::StandIn };
        let Review { result, environment, missing } = config::review(&bytes, &secret, absent);
        Ok(FilterFile { bytes, result, environment, missing })
    }

    /// The policy. If there is none, the mistakes go to standard error, or for machines to where they look for results.
    pub(crate) fn loaded(self, path: &Path, output: Output) -> Result<Option<Loaded>, Failure> {
        match self.result {
            Ok(loaded) => Ok(Some(loaded)),
            Err(errors) if output.json => {
                output.line(json!({"errors": listed(&errors)}))?;
                Ok(None)
            }
            Err(errors) => {
                for error in errors {
                    complain(format_args!("{}: error: {error}", path.display()));
                }
                Ok(None)
            }
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "the command line is where the environment comes from")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|secret| !secret.is_empty())
}

/// Errors and warnings for machines.
pub(crate) fn listed(errors: &[ConfigError]) -> Value {
    errors.iter().map(|e| json!({"path": e.path, "message": e.message})).collect()
}

//! A filter configuration in a file, read with the parser that Envoy runs.

use super::failure::Failure;
use super::input;
use super::output::{Output, complain};
use eec_authn::config::{self, ConfigError, Loaded};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;

/// Instead of every secret: good base64url of 32 bytes, which is also a password.
const STAND_IN: &str = "c3RhbmQtaW4gc3RhbmQtaW4gc3RhbmQtaW4gc3RhbmQ";

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
        let (environment, missing) = (RefCell::new(BTreeSet::new()), RefCell::new(BTreeSet::new()));
        let result = config::parse(&bytes, &|name| {
            environment.borrow_mut().insert(name.to_owned());
            let value = if secrets == Secrets::StandIn { None } else { variable(name) };
            if value.is_some() || secrets == Secrets::Environment {
                return value;
            }
            missing.borrow_mut().insert(name.to_owned());
            Some(STAND_IN.to_owned())
        });
        let [environment, missing] =
            [environment, missing].map(|names| names.into_inner().into_iter().collect());
        let result = result.map_err(|mut errors| {
            errors.extend(wrapped(&bytes));
            errors
        });
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

/// Says so if the file looks like one that only contains the filter JSON.
fn wrapped(bytes: &[u8]) -> Option<ConfigError> {
    let text = std::str::from_utf8(bytes).ok()?;
    // As YAML, and as JSON: none of these is a member of the filter JSON.
    let marks = ["static_resources", "apiVersion", "typed_config", "pluginConfig"];
    let marked = |mark: &&str| text.contains(&format!("{mark}:")) || text.contains(&format!("\"{mark}\""));
    marks.iter().any(marked).then(|| ConfigError {
        path: "configuration".into(),
        message: "looks like a file of Envoy or Istio; give the filter JSON in it by itself".into(),
    })
}

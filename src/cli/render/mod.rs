//! `eec-authn render`: the filter JSON wrapped for the platform that loads the filter.

mod envoy;
mod kubernetes;

use super::failure::Failure;
use super::filter_file::FilterFile;
use super::help::long_help;
use super::{Exit, Output};
use std::path::PathBuf;

/// Wraps the filter JSON for Envoy, Istio or Envoy Gateway, and prints YAML.
///
/// The filter JSON stays as it was written. What it needs around it is put there: the variables of the VM's
/// environment, and for `body.hold_headers` the option `allow_on_headers_stop_iteration`. A configuration with errors is
/// not wrapped; the errors are printed instead.
#[derive(clap::Args)]
#[command(after_long_help = long_help! {
    examples {
        "An entry of `http_filters`" =>
            "eec-authn render envoy --config filter.json > http_filter.yaml",
        "A WasmPlugin, by the image's digest" =>
            "eec-authn render istio --config filter.json \\\n    \
             --image oci://registry.example.net/eec-authn:0.1.0 --sha256 0a1b2c",
        "An EnvoyExtensionPolicy for one Gateway" =>
            "eec-authn render envoy-gateway --config filter.json --target edge-gateway",
    }
    exit_codes {
        0 => "It is printed",
        1 => "Wrong usage, or a file that cannot be read",
        3 => "The configuration has errors",
    }
})]
pub(crate) struct Args {
    /// The platform.
    #[arg(value_enum)]
    platform: Platform,
    /// The filter JSON.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Envoy: where the module is.
    #[arg(long, value_name = "PATH", default_value = "/etc/envoy/eec_authn.wasm")]
    wasm: String,
    /// Istio and Envoy Gateway: the image with the module.
    #[arg(long, value_name = "URL", default_value = "oci://registry.example.net/eec-authn:0.1.0")]
    image: String,
    /// Istio and Envoy Gateway: the digest of the image (dist/oci.sha256), not that of the module.
    #[arg(long, value_name = "HEX")]
    sha256: Option<String>,
    /// Istio and Envoy Gateway: the namespace.
    #[arg(long, default_value = "edge")]
    namespace: String,
    /// Istio: the label `app` of the pods; Envoy Gateway: the name of the Gateway.
    #[arg(long, default_value = "ees")]
    target: String,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Platform {
    /// An HTTP filter for an Envoy configuration.
    Envoy,
    /// A WasmPlugin, and what it needs beside it.
    Istio,
    /// An EnvoyExtensionPolicy.
    EnvoyGateway,
}

/// What is wrapped.
struct Wrapped<'a> {
    /// The filter JSON, as it was written.
    json: &'a str,
    /// Variables that the VM's environment needs.
    environment: &'a [String],
    /// Whether the plugin option `allow_on_headers_stop_iteration` is needed.
    holds_headers: bool,
}

pub(crate) fn run(args: Args, output: Output) -> Result<Exit, Failure> {
    let file = FilterFile::read(&args.config)?;
    let (bytes, environment) = (file.bytes.clone(), file.environment.clone());
    let Some(loaded) = file.loaded(&args.config, output)? else { return Ok(Exit::ConfigurationInvalid) };
    let json = std::str::from_utf8(&bytes).map_err(Failure::because("the configuration is not text"))?;
    let wrapped = Wrapped { json, environment: &environment, holds_headers: loaded.policy.body.hold_headers };
    let yaml = match args.platform {
        Platform::Envoy => envoy::http_filter(&wrapped, &args.wasm),
        Platform::Istio => kubernetes::istio(&wrapped, &args),
        Platform::EnvoyGateway => kubernetes::envoy_gateway(&wrapped, &args),
    };
    if output.json {
        output.line(serde_json::json!({"yaml": yaml.trim_end()}))?;
    } else {
        output.line(yaml.trim_end())?;
    }
    Ok(Exit::Fine)
}

/// `text` with each line moved right; JSON is YAML, so it can stand in it as it is.
fn indented(text: &str, by: usize) -> String {
    // YAML takes no tabs for indentation, and in JSON they can only be that.
    let lines = text.trim().lines().map(|line| format!("{:by$}{}", "", line.replace('\t', "  ")));
    lines.collect::<Vec<_>>().join("\n")
}

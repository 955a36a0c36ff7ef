//! `eec-authn render`: the filter JSON wrapped for the platform that loads the filter.

mod envoy;
mod envoy_gateway;
mod istio;
mod names;
mod options;
mod platform;
mod wrapped;
mod yaml;

use super::failure::Failure;
use super::filter_file::FilterFile;
use super::help::long_help;
use super::whole_file::{self, Readers};
use super::{Exit, Output};
use options::Options;
use platform::Platform;
use std::path::PathBuf;
use wrapped::{Rendered, Wrapped};

/// Wraps the filter JSON for Envoy, Istio or Envoy Gateway, and prints YAML.
///
/// The filter JSON stays as it was written. What it needs around it is put there: the variables of the VM's
/// environment, and for `body.hold_headers` the option `allow_on_headers_stop_iteration`. A configuration with errors is
/// not wrapped; the errors go to standard error, and nothing is printed or written.
///
/// `--ecds` makes it the file of Envoy's extension configuration discovery. Its `version_info` is a digest of what it
/// says, so Envoy's statistic `version_text` tells whether it runs this very one; with `--out` that version is printed.
#[derive(clap::Args)]
#[command(after_long_help = long_help! {
    examples {
        "An entry of `http_filters`" =>
            "eec-authn render envoy --config filter.json > http_filter.yaml",
        "A push: the file that Envoy watches, replaced at once as a whole" =>
            "eec-authn render envoy --config filter.json --ecds --out eec_authn.yaml",
        "A WasmPlugin, by the image's digest (dist/oci.sha256)" =>
            "eec-authn render istio --config filter.json \\\n    \
             --image oci://registry.example.net/eec-authn:0.2.0 --sha256 \\\n    \
             0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0",
        "An EnvoyExtensionPolicy for one Gateway" =>
            "eec-authn render envoy-gateway --config filter.json \\\n    \
             --target edge-gateway \\\n    \
             --image registry.example.net/eec-authn:0.2.0 --sha256 \\\n    \
             0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0",
    }
    exit_codes {
        0 => "It is printed, or written",
        1 => "Wrong usage, a file that cannot be read or written",
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
    /// Write this file instead of printing: all of it or nothing, whoever reads it meanwhile. A link stays, and what it leads to is
    /// replaced; a device or pipe is written into.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    options: Options,
}

pub(crate) fn run(args: Args, output: Output) -> Result<Exit, Failure> {
    let Args { platform, config, out, options } = args;
    options.fit(platform)?;
    let file = FilterFile::read(&config)?;
    let (bytes, environment) = (file.bytes.clone(), file.environment.clone());
    let Some(loaded) = file.loaded(&config, output)? else { return Ok(Exit::ConfigurationInvalid) };
    let text = std::str::from_utf8(&bytes).map_err(Failure::because("the configuration is not text"))?;
    let holds_headers = loaded.policy.body.hold_headers;
    let wrapped = Wrapped { json: yaml::json(text), environment, holds_headers };
    let rendered = match platform {
        Platform::Envoy => envoy::render(&wrapped, &options),
        Platform::Istio => Rendered { yaml: istio::render(&wrapped, &options)?, version: None },
        Platform::EnvoyGateway => Rendered { yaml: envoy_gateway::render(&wrapped, &options), version: None },
    };
    if platform != Platform::Envoy && options.image.is_none() {
        output
            .warn("without --image it names a placeholder: an image that cannot be had denies every request");
    }
    if options.names_a_tag() {
        output.warn("without --sha256 the registry says what is run, whatever was verified; dist/oci.sha256 has the digest");
    }
    if platform == Platform::EnvoyGateway && holds_headers {
        output.warn("`body.hold_headers` does not work here: requests with a body would hang; make it false");
    }
    if let Some(path) = &out {
        whole_file::replace(path, rendered.yaml.as_bytes(), Readers::AsBefore)?;
    }
    match (&out, output.json) {
        (_, true) => {
            let yaml = rendered.yaml.trim_end();
            output.line(serde_json::json!({"yaml": yaml, "version": rendered.version}))?;
        }
        (None, false) => output.document(rendered.yaml.trim_end())?,
        (Some(_), false) => rendered.version.iter().try_for_each(|version| output.line(version))?,
    }
    Ok(Exit::Fine)
}

//! The filter for Envoy: an entry of `http_filters`, or the file of extension configuration discovery (ECDS).

use super::options::Options;
use super::wrapped::{Rendered, Wrapped};
use super::yaml::{indented, quoted};
use sha2::{Digest as _, Sha256};

pub(super) fn render(wrapped: &Wrapped, options: &Options) -> Rendered {
    let name = quoted(options.name.as_deref().unwrap_or("eec_authn"));
    let filter = indented(&typed_config(wrapped, &name, options), 2);
    if options.ecds {
        return discovery(&name, &filter);
    }
    let before_the_router = "# Goes into `http_filters` of the HTTP connection manager, before the router.";
    Rendered { yaml: format!("{before_the_router}\n- name: {name}\n{filter}\n"), version: None }
}

/// The version is a digest of the rest, so that it tells one file from another and nothing else.
fn discovery(name: &str, filter: &str) -> Rendered {
    let resources = format!(
        "\
resources:
- \"@type\": type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig
  name: {name}
{filter}
"
    );
    let digest = Sha256::digest(&resources);
    let version: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let yaml = format!(
        "\
# For extension configuration discovery. Replace this file by renaming another one over it; by the version, Envoy's
# statistic `version_text` tells which one it runs.
version_info: \"{version}\"
{resources}"
    );
    Rendered { yaml, version: Some(version) }
}

fn typed_config(wrapped: &Wrapped, name: &str, options: &Options) -> String {
    let stop = if wrapped.holds_headers {
        "    # `body.hold_headers` needs it (Envoy 1.35 or later); without it such requests would hang.\n    \
         allow_on_headers_stop_iteration: true\n"
    } else {
        ""
    };
    let environment = if wrapped.environment.is_empty() {
        String::new()
    } else {
        format!(
            "      # From the environment of Envoy itself; never into this file.\n      \
             environment_variables: {{host_env_keys: [{}]}}\n",
            wrapped.variables()
        )
    };
    let words = wrapped.environment.iter().map(String::as_str).chain(options.revision.as_deref());
    let words: Vec<&str> = words.collect();
    // Up to Envoy 1.38 a VM keeps the environment that it began with.
    let revision = if words.is_empty() {
        String::new()
    } else {
        format!(
            "      # The filter does not read it: what changes here makes a new VM, which sees a new environment.\n      \
             configuration: {{\"@type\": type.googleapis.com/google.protobuf.StringValue, value: {}}}\n",
            quoted(&words.join(" "))
        )
    };
    format!(
        "\
typed_config:
  \"@type\": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
  config:
    name: {name}
    root_id: eec_authn
    # A trap costs one request (503); the default would leave the worker at 503.
    failure_policy: FAIL_RELOAD
    reload_config: {{backoff: {{base_interval: 0.1s, max_interval: 5s}}}}
{stop}    vm_config:
      vm_id: eec_authn
      runtime: envoy.wasm.runtime.v8
      code: {{local: {{filename: {}}}}}
{environment}{revision}    configuration:
      \"@type\": type.googleapis.com/google.protobuf.StringValue
      value: |
{}",
        quoted(options.wasm.as_deref().unwrap_or("/etc/envoy/eec_authn.wasm")),
        indented(&wrapped.json, 8),
    )
}

//! The filter as an entry of `http_filters`.

use super::{Wrapped, indented};

pub(super) fn http_filter(wrapped: &Wrapped<'_>, wasm: &str) -> String {
    let json = indented(wrapped.json, 10);
    let stop = if wrapped.holds_headers {
        "      # `body.hold_headers` needs it (Envoy 1.35 or later); without it such requests would hang.\n      \
         allow_on_headers_stop_iteration: true\n"
    } else {
        ""
    };
    let environment = if wrapped.environment.is_empty() {
        String::new()
    } else {
        let keys: Vec<String> = wrapped.environment.iter().map(|name| format!("\"{name}\"")).collect();
        format!(
            "        # From the environment of Envoy itself.\n        environment_variables: {{ host_env_keys: [{}] }}\n",
            keys.join(", ")
        )
    };
    format!(
        "\
# Goes into `http_filters` of the HTTP connection manager, before the router.
- name: eec_authn
  typed_config:
    \"@type\": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
    config:
      name: eec_authn
      root_id: eec_authn
      # A trap costs one request, not the worker.
      failure_policy: FAIL_RELOAD
{stop}      configuration:
        \"@type\": type.googleapis.com/google.protobuf.StringValue
        value: |
{json}
      vm_config:
        vm_id: eec_authn
        runtime: envoy.wasm.runtime.v8
{environment}        code:
          local:
            filename: {wasm}
"
    )
}

//! The filter for Istio and for Envoy Gateway.

use super::{Args, Wrapped, indented};

pub(super) fn istio(wrapped: &Wrapped<'_>, args: &Args) -> String {
    if wrapped.holds_headers {
        return istio_holding_headers(wrapped, args);
    }
    let Args { image, namespace, target, .. } = args;
    let json = indented(wrapped.json, 4);
    let sha256 = args.sha256.as_ref().map(|hex| format!("  sha256: \"{hex}\"\n")).unwrap_or_default();
    let environment = if wrapped.environment.is_empty() {
        String::new()
    } else {
        let entry = |name: &String| format!("    - name: {name}\n      valueFrom: HOST\n");
        format!("  vmConfig:\n    env:\n{}", wrapped.environment.iter().map(entry).collect::<String>())
    };
    format!(
        "\
# `phase: AUTHN` puts the filter before AuthorizationPolicy, which can then read the identity headers.
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata:
  name: eec-authn
  namespace: {namespace}
spec:
  selector:
    matchLabels:
      app: {target}
  # What comes in alone: the server's own calls carry no token.
  match:
    - mode: SERVER
  url: {image}
{sha256}  phase: AUTHN
  failStrategy: FAIL_CLOSE
{environment}  pluginConfig:
{json}
"
    )
}

/// Istio takes no patch of what it makes of a WasmPlugin, so an EnvoyFilter brings the whole filter.
fn istio_holding_headers(wrapped: &Wrapped<'_>, args: &Args) -> String {
    let Args { image, namespace, target, .. } = args;
    let json = indented(wrapped.json, 18);
    let sha256 = args
        .sha256
        .as_ref()
        .map(|hex| format!("                    sha256: \"{hex}\"\n"))
        .unwrap_or_default();
    let environment = if wrapped.environment.is_empty() {
        String::new()
    } else {
        let keys: Vec<String> = wrapped.environment.iter().map(|name| format!("\"{name}\"")).collect();
        format!("                environment_variables: {{ host_env_keys: [{}] }}\n", keys.join(", "))
    };
    format!(
        "\
# `body.hold_headers` needs a plugin option that a WasmPlugin cannot set; without it such requests would hang.
# So this EnvoyFilter stands in for the WasmPlugin; the sidecar's agent fetches the image just the same.
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata:
  name: eec-authn
  namespace: {namespace}
spec:
  workloadSelector:
    labels:
      app: {target}
  configPatches:
    - applyTo: HTTP_FILTER
      match:
        context: SIDECAR_INBOUND
        listener: {{filterChain: {{filter: {{name: envoy.filters.network.http_connection_manager}}}}}}
      patch:
        operation: INSERT_FIRST
        value:
          name: {namespace}.eec-authn
          config_discovery:
            config_source: {{ads: {{}}, initial_fetch_timeout: 0s, resource_api_version: V3}}
            type_urls: [type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm]
    - applyTo: EXTENSION_CONFIG
      match:
        context: SIDECAR_INBOUND
      patch:
        operation: ADD
        value:
          name: {namespace}.eec-authn
          typed_config:
            \"@type\": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
            config:
              name: {namespace}.eec-authn
              root_id: eec_authn
              failure_policy: FAIL_RELOAD
              allow_on_headers_stop_iteration: true
              vm_config:
                runtime: envoy.wasm.runtime.v8
{environment}                code:
                  remote:
                    http_uri: {{uri: \"{image}\", timeout: 30s}}
{sha256}              configuration:
                \"@type\": type.googleapis.com/google.protobuf.StringValue
                value: |
{json}
"
    )
}

pub(super) fn envoy_gateway(wrapped: &Wrapped<'_>, args: &Args) -> String {
    let Args { image, namespace, target, .. } = args;
    let json = indented(wrapped.json, 8);
    let image = image.strip_prefix("oci://").unwrap_or(image);
    let sha256 = args.sha256.as_ref().map(|hex| format!("          sha256: \"{hex}\"\n")).unwrap_or_default();
    let environment = if wrapped.environment.is_empty() {
        String::new()
    } else {
        format!("      env:\n        hostKeys: [{}]\n", wrapped.environment.join(", "))
    };
    let warning = if wrapped.holds_headers {
        "# `body.hold_headers` needs the plugin option `allow_on_headers_stop_iteration`, which this resource cannot set:\n\
         # use `hold_headers: false` here, or patch it in with an EnvoyPatchPolicy.\n"
    } else {
        ""
    };
    format!(
        "\
{warning}apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyExtensionPolicy
metadata:
  name: eec-authn
  namespace: {namespace}
spec:
  targetRefs:
    - group: gateway.networking.k8s.io
      kind: Gateway
      name: {target}
  wasm:
    - name: eec_authn
      rootID: eec_authn
      failOpen: false
{environment}      code:
        type: Image
        image:
          url: {image}
{sha256}      config:
{json}
"
    )
}

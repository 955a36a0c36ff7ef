//! The filter for Istio and for Envoy Gateway.

use super::{Args, Wrapped, indented};

pub(super) fn istio(wrapped: &Wrapped<'_>, args: &Args) -> String {
    let Args { image, namespace, target, .. } = args;
    let json = indented(wrapped.json, 4);
    let sha256 = args.sha256.as_ref().map(|hex| format!("  sha256: {hex}\n")).unwrap_or_default();
    let environment = if wrapped.environment.is_empty() {
        String::new()
    } else {
        let entry = |name: &String| format!("    - name: {name}\n      valueFrom: HOST\n");
        format!("  vmConfig:\n    env:\n{}", wrapped.environment.iter().map(entry).collect::<String>())
    };
    let mut yaml = format!(
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
  url: {image}
{sha256}  phase: AUTHN
  failStrategy: FAIL_CLOSE
{environment}  pluginConfig:
{json}
"
    );
    if wrapped.holds_headers {
        yaml.push_str(&format!(
            "\
---
# `body.hold_headers` needs a plugin option that a WasmPlugin cannot set; without it such requests would hang.
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata:
  name: eec-authn-hold-headers
  namespace: {namespace}
spec:
  workloadSelector:
    labels:
      app: {target}
  configPatches:
    - applyTo: EXTENSION_CONFIG
      match:
        context: SIDECAR_INBOUND
      patch:
        operation: MERGE
        value:
          name: {namespace}.eec-authn
          typed_config:
            \"@type\": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
            config:
              allow_on_headers_stop_iteration: true
"
        ));
    }
    yaml
}

pub(super) fn envoy_gateway(wrapped: &Wrapped<'_>, args: &Args) -> String {
    let Args { image, namespace, target, .. } = args;
    let json = indented(wrapped.json, 8);
    let image = image.strip_prefix("oci://").unwrap_or(image);
    let sha256 = args.sha256.as_ref().map(|hex| format!("          sha256: {hex}\n")).unwrap_or_default();
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

//! The filter for Envoy Gateway: an EnvoyExtensionPolicy.

use super::options::Options;
use super::wrapped::Wrapped;
use super::yaml::{indented, quoted};

pub(super) fn render(wrapped: &Wrapped, options: &Options) -> String {
    let sha256 = options.sha256.as_ref();
    let sha256 = sha256.map(|hex| format!("          sha256: \"{hex}\"\n")).unwrap_or_default();
    let secret = options.pull_secret.as_deref().map(quoted);
    let secret =
        secret.map(|name| format!("          pullSecretRef: {{name: {name}}}\n")).unwrap_or_default();
    let environment = if wrapped.environment.is_empty() {
        String::new()
    } else {
        format!(
            "      env:\n        # From the environment of the Envoy container (EnvoyProxy, `envoyDeployment.container.env`).\n        \
             hostKeys: [{}]\n",
            wrapped.variables()
        )
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
  name: {}
  namespace: {}
spec:
  targetRefs:
    - group: gateway.networking.k8s.io
      kind: Gateway
      name: {}
  wasm:
    - name: eec_authn
      rootID: eec_authn
      # Without the module there is no way past it.
      failOpen: false
{environment}      code:
        type: Image
        image:
          url: {}
{sha256}{secret}        pullPolicy: IfNotPresent
      config:
{}
",
        quoted(options.resource()),
        quoted(options.namespace()),
        quoted(options.target.as_deref().unwrap_or("edge")),
        quoted(options.image()),
        indented(&wrapped.json, 8),
    )
}

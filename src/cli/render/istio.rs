//! The filter for Istio: a WasmPlugin, its successor TrafficExtension, or an EnvoyFilter where a plugin option is needed
//! that neither can set.

use super::names;
use super::options::Options;
use super::wrapped::Wrapped;
use super::yaml::{indented, quoted};
use crate::cli::failure::Failure;

pub(super) fn render(wrapped: &Wrapped, options: &Options) -> Result<String, Failure> {
    if !wrapped.holds_headers {
        return Ok(plugin(wrapped, options));
    }
    let lost = [
        ("--traffic-extension", options.traffic_extension),
        ("--pull-secret", options.pull_secret.is_some()),
    ];
    match lost.iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(Failure::new(format!(
            "{option}: `body.hold_headers` needs an EnvoyFilter here, which cannot have it; leave the option away, or make \
             `hold_headers` false"
        ))),
        None => Ok(holding_headers(wrapped, options)),
    }
}

/// The labels of the pods, as a line of YAML.
fn label(options: &Options) -> String {
    let label = options.target.as_deref().and_then(|target| names::label(target).ok());
    let (key, value) = label.unwrap_or(("app", "ees"));
    format!("{}: {}", quoted(key), quoted(value))
}

fn plugin(wrapped: &Wrapped, options: &Options) -> String {
    let (known, kind) = if options.traffic_extension {
        ("TrafficExtension is known from Istio 1.30 on.", "TrafficExtension")
    } else {
        ("FAIL_RELOAD is known from Istio 1.27 on; before, take FAIL_CLOSE.", "WasmPlugin")
    };
    let ports =
        options.port.map(|port| format!("      ports:\n        - number: {port}\n")).unwrap_or_default();
    let head = format!(
        "\
# {known}
apiVersion: extensions.istio.io/v1alpha1
kind: {kind}
metadata:
  name: {}
  namespace: {}
spec:
  selector:
    matchLabels:
      {}
  # What comes in alone: the server's own calls carry no token.
  match:
    - mode: SERVER
{ports}  # Before AuthorizationPolicy, which can then read the identity headers.
  phase: AUTHN
",
        quoted(options.resource()),
        quoted(options.namespace()),
        label(options),
    );
    if options.traffic_extension {
        format!("{head}  wasm:\n{}\n", indented(&module(wrapped, options), 4))
    } else {
        format!("{head}{}\n", indented(&module(wrapped, options), 2))
    }
}

/// What a WasmPlugin has in `spec`, and a TrafficExtension in `spec.wasm`.
fn module(wrapped: &Wrapped, options: &Options) -> String {
    let sha256 = options.sha256.as_ref().map(|hex| format!("sha256: \"{hex}\"\n")).unwrap_or_default();
    let secret = options.pull_secret.as_deref().map(quoted);
    let secret = secret.map(|name| format!("imagePullSecret: {name}\n")).unwrap_or_default();
    let environment = if wrapped.environment.is_empty() {
        String::new()
    } else {
        let entry = |name: &String| format!("    - name: {}\n      valueFrom: HOST\n", quoted(name));
        format!(
            "vmConfig:\n  env:\n    # From the environment of the container istio-proxy, never from this resource.\n{}",
            wrapped.environment.iter().map(entry).collect::<String>()
        )
    };
    format!(
        "\
url: {}
{sha256}imagePullPolicy: IfNotPresent
{secret}# Without the module there is no way past it; a trap costs one request.
failStrategy: FAIL_RELOAD
pluginName: eec_authn
{environment}pluginConfig:
{}",
        quoted(&format!("oci://{}", options.image())),
        indented(&wrapped.json, 2),
    )
}

/// Istio takes no patch of what it makes of a WasmPlugin, so an EnvoyFilter brings the whole filter.
fn holding_headers(wrapped: &Wrapped, options: &Options) -> String {
    let name = quoted(&format!("{}.{}", options.namespace(), options.resource()));
    let sha256 = options.sha256.as_ref();
    let sha256 = sha256.map(|hex| format!("                    sha256: \"{hex}\"\n")).unwrap_or_default();
    let port = options.port.map(|port| format!("portNumber: {port}, ")).unwrap_or_default();
    let environment = if wrapped.environment.is_empty() {
        String::new()
    } else {
        format!(
            "                # From the environment of the container istio-proxy, never from this resource.\n                \
             environment_variables: {{host_env_keys: [{}]}}\n",
            wrapped.variables()
        )
    };
    format!(
        "\
# `body.hold_headers` needs a plugin option that a WasmPlugin cannot set; without it such requests would hang.
# So this EnvoyFilter stands in for the WasmPlugin; the sidecar's agent fetches the image just the same.
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata:
  name: {}
  namespace: {}
spec:
  workloadSelector:
    labels:
      {}
  configPatches:
    - applyTo: HTTP_FILTER
      match:
        context: SIDECAR_INBOUND
        listener: {{{port}filterChain: {{filter: {{name: envoy.filters.network.http_connection_manager}}}}}}
      patch:
        # Before jwt_authn and AuthorizationPolicy.
        operation: INSERT_FIRST
        value:
          name: {name}
          config_discovery:
            # Requests wait for the filter; they never pass without it.
            config_source: {{ads: {{}}, initial_fetch_timeout: 0s, resource_api_version: V3}}
            type_urls: [type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm]
    - applyTo: EXTENSION_CONFIG
      match:
        context: SIDECAR_INBOUND
      patch:
        operation: ADD
        value:
          name: {name}
          typed_config:
            \"@type\": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
            config:
              name: {name}
              root_id: eec_authn
              failure_policy: FAIL_RELOAD
              allow_on_headers_stop_iteration: true
              vm_config:
                runtime: envoy.wasm.runtime.v8
{environment}                code:
                  remote:
                    http_uri: {{uri: {}, timeout: 30s}}
{sha256}              configuration:
                \"@type\": type.googleapis.com/google.protobuf.StringValue
                value: |
{}
",
        quoted(options.resource()),
        quoted(options.namespace()),
        label(options),
        quoted(&format!("oci://{}", options.image())),
        indented(&wrapped.json, 18),
    )
}

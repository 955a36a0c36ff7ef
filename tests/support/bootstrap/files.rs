//! The files that make an Envoy of a [`Setup`].

use super::{Configuration, Setup};
use crate::support::token::Key;
use crate::support::{find, fixture};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;

const WASM: &str = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";

/// The bootstrap of an Envoy that finds clusters and listeners in files of `directory`.
pub(in crate::support) fn dynamic(directory: &Path) -> Value {
    let mut bootstrap = beginning();
    bootstrap["dynamic_resources"] = json!({
        "cds_config": file_source(&directory.join("cds.json")),
        "lds_config": file_source(&directory.join("lds.json")),
    });
    bootstrap
}

/// The VM that is there for as long as its process, and the name of its statistics: nobody else's have the same names.
pub(in crate::support) const KEEPER: &str = "keeper";

/// The same for an Envoy that has the module in a VM of its own for as long as it runs: V8 compiles a module once for all VMs of a
/// process, while one of them has it.
pub(in crate::support) fn with_module(directory: &Path) -> Value {
    let mut bootstrap = dynamic(directory);
    let mut quiet = fixture::config(&[&Key::new(1)]);
    quiet["name"] = json!(KEEPER);
    let quiet = Configuration::Text(quiet.to_string());
    let keeper = Setup::new(Some(quiet), SocketAddr::from(([127, 0, 0, 1], 0))).vm_id(KEEPER).plugin();
    bootstrap["bootstrap_extensions"] = json!([{"name": "envoy.bootstrap.wasm", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.wasm.v3.WasmService", "singleton": true, "config": keeper["config"],
    }}]);
    bootstrap
}

/// A bootstrap with all in it, for `--mode validate`.
pub(in crate::support) fn whole(setup: &Setup, directory: &Path) -> Value {
    let mut bootstrap = beginning();
    bootstrap["static_resources"] =
        json!({"clusters": setup.clusters(), "listeners": [setup.listener(directory)]});
    bootstrap
}

fn beginning() -> Value {
    json!({
        "node": {"id": "test", "cluster": "test"},
        "admin": {"address": loopback(0)},
        "stats_flush_interval": "1s",
    })
}

/// A file of clusters or listeners without any.
pub(in crate::support) fn nothing() -> Value {
    answer("", 0, Vec::new())
}

fn answer(of: &str, version: usize, mut resources: Vec<Value>) -> Value {
    for resource in &mut resources {
        resource["@type"] = json!(format!("type.googleapis.com/{of}"));
    }
    json!({"version_info": version.to_string(), "resources": resources})
}

impl Setup {
    /// The CDS answer.
    pub(in crate::support) fn cds(&self, version: usize) -> Value {
        answer("envoy.config.cluster.v3.Cluster", version, self.clusters())
    }

    /// The LDS answer with the listener, and the one beside it.
    pub(in crate::support) fn lds(&self, directory: &Path, version: usize) -> Value {
        let mut listeners = vec![self.listener(directory)];
        if let Some(configuration) = &self.beside {
            let mut other =
                Setup { configuration: Some(configuration.clone()), ..self.clone() }.listener(directory);
            other["name"] = json!("beside");
            listeners.push(other);
        }
        answer("envoy.config.listener.v3.Listener", version, listeners)
    }

    /// The ECDS answer with the filter.
    pub(in crate::support) fn ecds_file(&self, version: usize) -> Value {
        let extension = json!({"name": "eec_authn", "typed_config": self.plugin()});
        answer("envoy.config.core.v3.TypedExtensionConfig", version, vec![extension])
    }

    fn clusters(&self) -> Vec<Value> {
        let mut clusters = vec![cluster("upstream", self.upstream, self.upstream_h2)];
        clusters.extend(self.clusters.iter().map(|(name, address)| cluster(name, *address, false)));
        clusters.extend(self.whole_clusters.iter().cloned());
        clusters
    }

    fn listener(&self, directory: &Path) -> Value {
        let mut filters = self.filters_before.clone();
        if self.configuration.is_some() && self.ecds {
            let source = file_source(&directory.join("ecds.json"));
            filters.push(json!({"name": "eec_authn", "config_discovery": {"config_source": source, "type_urls": [WASM]}}));
        } else if self.configuration.is_some() {
            filters.push(json!({"name": "eec_authn", "typed_config": self.plugin()}));
        }
        filters.extend(self.filters.iter().cloned());
        filters.push(json!({"name": "envoy.filters.http.router", "typed_config":
            {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}));
        let upstream = json!({"match": {"prefix": "/"}, "route": {"cluster": "upstream", "timeout": self.route_timeout}});
        let routes: Vec<&Value> = self.routes.iter().chain([&upstream]).collect();
        let manager = json!({
            "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "ingress",
            "codec_type": "AUTO",
            "max_request_headers_kb": self.max_headers_kb,
            "http_protocol_options": {"accept_http_10": true, "enable_trailers": true},
            "access_log": [access_log(&directory.join("access.log"))],
            "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}]},
            "normalize_path": self.normalize_path,
            "upgrade_configs": if self.websockets { json!([{"upgrade_type": "websocket"}]) } else { json!([]) },
            "http_filters": filters,
        });
        let mut listener = json!({
            "name": "eec",
            "address": loopback(0),
            "filter_chains": [{"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}],
        });
        if let Some(common) = &self.tls {
            listener["filter_chains"][0]["transport_socket"] = json!({
                "name": "envoy.transport_sockets.tls",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
                    "common_tls_context": common,
                },
            });
        }
        if let Some(bytes) = self.buffer_limit_bytes {
            listener["per_connection_buffer_limit_bytes"] = json!(bytes);
        }
        listener
    }

    fn plugin(&self) -> Value {
        let configuration = match &self.configuration {
            Some(Configuration::Text(text)) => {
                json!({"@type": "type.googleapis.com/google.protobuf.StringValue", "value": text})
            }
            Some(Configuration::Struct(value)) => {
                json!({"@type": "type.googleapis.com/google.protobuf.Struct", "value": value})
            }
            None => Value::Null,
        };
        let environment: serde_json::Map<String, Value> =
            self.environment.iter().map(|(n, v)| (n.clone(), json!(v))).collect();
        let mut plugin = json!({
            "name": "eec_authn",
            "root_id": "eec_authn",
            "configuration": configuration,
            "failure_policy": "FAIL_RELOAD",
            "reload_config": {"backoff": {"base_interval": "0.01s", "max_interval": "0.1s"}},
            "vm_config": {
                "vm_id": self.vm_id,
                "runtime": "envoy.wasm.runtime.v8",
                "code": {"local": {"filename": self.module.as_deref().unwrap_or_else(|| find::module())}},
                "environment_variables": {"key_values": environment},
            },
        });
        if let Some(allow) = self.stop_iteration {
            plugin["allow_on_headers_stop_iteration"] = json!(allow);
        }
        json!({"@type": WASM, "config": plugin})
    }
}

fn loopback(port: u16) -> Value {
    json!({"socket_address": {"address": "127.0.0.1", "port_value": port}})
}

fn file_source(path: &Path) -> Value {
    json!({"path_config_source": {"path": path}, "resource_api_version": "V3", "initial_fetch_timeout": "0s"})
}

fn cluster(name: &str, address: SocketAddr, h2: bool) -> Value {
    let protocol = if h2 {
        json!({"http2_protocol_options": {}})
    } else {
        json!({"http_protocol_options": {"enable_trailers": true}})
    };
    json!({
        "name": name,
        "type": "STATIC",
        "connect_timeout": "20s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": loopback(address.port())}}]}]},
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": protocol,
        }},
    })
}

/// JSON lines: hostile paths cannot break the format.
fn access_log(path: &Path) -> Value {
    json!({"name": "envoy.access_loggers.file", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
        "path": path,
        "log_format": {"json_format": {
            "method": "%REQ(:METHOD)%",
            "path": "%REQ(:PATH)%",
            "status": "%RESPONSE_CODE%",
            "details": "%RESPONSE_CODE_DETAILS%",
            "decision": "%FILTER_STATE(wasm.eec_authn.decision:PLAIN)%",
            "reason": "%FILTER_STATE(wasm.eec_authn.reason:PLAIN)%",
            "rule": "%FILTER_STATE(wasm.eec_authn.rule:PLAIN)%",
            "issuer": "%FILTER_STATE(wasm.eec_authn.issuer:PLAIN)%",
            "denied_eec_id": "%FILTER_STATE(wasm.eec_authn.eec_id:PLAIN)%",
            "denied_token_id": "%FILTER_STATE(wasm.eec_authn.token_id:PLAIN)%",
            "eec_id": "%REQ(X-EEC-ID)%",
            "case": "%REQ(X-CASE)%",
            "flags": "%RESPONSE_FLAGS%",
            "protocol": "%PROTOCOL%",
        }},
    }})
}

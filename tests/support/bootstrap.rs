//! Envoy's configuration files: static clusters, listeners by LDS, and if wanted the filter by ECDS.

use super::find;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

const WASM: &str = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";

/// The filter JSON in one of the two shapes in which Envoy hands it over.
#[derive(Debug, Clone)]
pub enum Configuration {
    /// `google.protobuf.StringValue`: the text as it is.
    Text(String),
    /// `google.protobuf.Struct`: what YAML in an Envoy file becomes.
    Struct(Value),
}

/// What Envoy is to run; see the methods for the defaults.
#[derive(Debug, Clone)]
pub struct Setup {
    pub configuration: Option<Configuration>,
    module: Option<PathBuf>,
    filters: Vec<Value>,
    upstream: SocketAddr,
    upstream_h2: bool,
    stop_iteration: Option<bool>,
    environment: Vec<(String, String)>,
    pub(super) concurrency: u32,
    pub(super) drain_seconds: u32,
    clusters: Vec<(String, SocketAddr)>,
    whole_clusters: Vec<Value>,
    pub(super) ecds: bool,
    max_headers_kb: u32,
    buffer_limit_bytes: Option<u32>,
    route_timeout: String,
    tls: Option<Value>,
    filters_before: Vec<Value>,
    routes: Vec<Value>,
    normalize_path: bool,
    beside: Option<Configuration>,
}

impl Setup {
    /// The filter before `upstream`, or no filter at all.
    pub fn new(configuration: Option<Configuration>, upstream: SocketAddr) -> Self {
        Self {
            configuration,
            module: None,
            filters: Vec::new(),
            upstream,
            upstream_h2: false,
            stop_iteration: None,
            environment: Vec::new(),
            concurrency: 1,
            drain_seconds: 1,
            clusters: Vec::new(),
            whole_clusters: Vec::new(),
            ecds: false,
            max_headers_kb: 96,
            buffer_limit_bytes: None,
            route_timeout: "15s".to_owned(),
            tls: None,
            filters_before: Vec::new(),
            routes: Vec::new(),
            normalize_path: false,
            beside: None,
        }
    }

    /// Another module than the filter as it was built.
    pub fn module(mut self, path: &Path) -> Self {
        self.module = Some(path.to_owned());
        self
    }

    /// Another HTTP filter, behind ours if that is there.
    pub fn filter(mut self, name: &str, config: Value) -> Self {
        self.filters.push(json!({"name": name, "typed_config": config}));
        self
    }

    /// Another upstream than the fixture's own.
    pub fn upstream(mut self, address: SocketAddr) -> Self {
        self.upstream = address;
        self
    }

    /// The upstream speaks HTTP/2.
    pub fn upstream_h2(mut self) -> Self {
        self.upstream_h2 = true;
        self
    }

    /// Sets the plugin option `allow_on_headers_stop_iteration` (absent by default).
    pub fn stop_iteration(mut self, allow: bool) -> Self {
        self.stop_iteration = Some(allow);
        self
    }

    /// Adds an environment variable of the VM.
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Worker threads; one by default.
    pub fn concurrency(mut self, workers: u32) -> Self {
        self.concurrency = workers;
        self
    }

    /// How long connections of a replaced listener may go on; one second by default.
    pub fn drain_seconds(mut self, seconds: u32) -> Self {
        self.drain_seconds = seconds;
        self
    }

    /// Adds an HTTP/1.1 cluster.
    pub fn cluster(mut self, name: &str, address: SocketAddr) -> Self {
        self.clusters.push((name.to_owned(), address));
        self
    }

    /// Adds a cluster as it stands.
    pub fn whole_cluster(mut self, cluster: Value) -> Self {
        self.whole_clusters.push(cluster);
        self
    }

    /// The filter's configuration comes by extension configuration discovery.
    pub fn ecds(mut self) -> Self {
        self.ecds = true;
        self
    }

    /// How large all headers of a request may be, in KiB; 96 by default, so that the filter sees 60 KB.
    pub fn max_headers_kb(mut self, kb: u32) -> Self {
        self.max_headers_kb = kb;
        self
    }

    /// The connection's buffer limit (`per_connection_buffer_limit_bytes`), 1 MiB by default.
    pub fn buffer_limit_bytes(mut self, bytes: u32) -> Self {
        self.buffer_limit_bytes = Some(bytes);
        self
    }

    /// The route's time-out, `15s` by default.
    pub fn route_timeout(mut self, timeout: &str) -> Self {
        self.route_timeout = timeout.to_owned();
        self
    }

    /// The listener speaks TLS, with this `common_tls_context`.
    pub fn tls(mut self, common: Value) -> Self {
        self.tls = Some(common);
        self
    }

    /// This filter of Envoy's before ours.
    pub fn filter_before(mut self, name: &str, config: Value) -> Self {
        self.filters_before.push(json!({"name": name, "typed_config": config}));
        self
    }

    /// This route before the one to the upstream.
    pub fn route(mut self, route: Value) -> Self {
        self.routes.push(route);
        self
    }

    /// Envoy decodes escapes that need not be, and removes dot segments, before any filter sees the path.
    pub fn normalize_path(mut self) -> Self {
        self.normalize_path = true;
        self
    }

    /// A second listener, `beside`, which differs in the filter's configuration alone.
    pub fn beside(mut self, configuration: Configuration) -> Self {
        self.beside = Some(configuration);
        self
    }

    /// The bootstrap. `listeners` is the LDS file; with `None` the listener is part of it (for `--mode validate`).
    pub(super) fn bootstrap(&self, directory: &Path, lds: bool) -> Value {
        let mut clusters = vec![cluster("upstream", self.upstream, self.upstream_h2)];
        clusters.extend(self.clusters.iter().map(|(name, address)| cluster(name, *address, false)));
        clusters.extend(self.whole_clusters.iter().cloned());
        let mut bootstrap = json!({
            "node": {"id": "test", "cluster": "test"},
            "admin": {"address": loopback(0)},
            "static_resources": {"clusters": clusters},
            "stats_flush_interval": "1s",
        });
        if lds {
            bootstrap["dynamic_resources"] = json!({"lds_config": file_source(&directory.join("lds.json"))});
        } else {
            bootstrap["static_resources"]["listeners"] = json!([self.listener(directory)]);
        }
        bootstrap
    }

    /// The LDS answer with the listener, and the one beside it.
    pub(super) fn lds(&self, directory: &Path, version: usize) -> Value {
        let mut listeners = vec![self.listener(directory)];
        if let Some(configuration) = &self.beside {
            let mut other =
                Setup { configuration: Some(configuration.clone()), ..self.clone() }.listener(directory);
            other["name"] = json!("beside");
            listeners.push(other);
        }
        for listener in &mut listeners {
            listener["@type"] = json!("type.googleapis.com/envoy.config.listener.v3.Listener");
        }
        json!({"version_info": version.to_string(), "resources": listeners})
    }

    /// The ECDS answer with the filter.
    pub(super) fn ecds_file(&self, version: usize) -> Value {
        let extension = json!({
            "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
            "name": "eec_authn",
            "typed_config": self.plugin(),
        });
        json!({"version_info": version.to_string(), "resources": [extension]})
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
                "vm_id": "eec_authn",
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
        "connect_timeout": "5s",
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

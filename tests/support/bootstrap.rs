//! What an Envoy of the tests is to run, and its configuration [`files`]: clusters by CDS, listeners by LDS, and if wanted the filter by ECDS.

pub(super) mod files;

use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

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
    websockets: bool,
    beside: Option<Configuration>,
    pub(super) vm_id: String,
    alone: bool,
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
            websockets: false,
            beside: None,
            vm_id: "eec_authn".to_owned(),
            alone: false,
        }
    }

    /// With the filter, or with another configuration of it.
    pub fn configuration(mut self, filter: Value) -> Self {
        self.configuration = Some(Configuration::Text(filter.to_string()));
        self
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

    /// Requests may become websockets.
    pub fn websockets(mut self) -> Self {
        self.websockets = true;
        self
    }

    /// A second listener, `beside`, which differs in the filter's configuration alone.
    pub fn beside(mut self, configuration: Configuration) -> Self {
        self.beside = Some(configuration);
        self
    }

    /// The VM, and with it its shared data, under another name than the filter's.
    pub(super) fn vm_id(mut self, id: &str) -> Self {
        self.vm_id = id.to_owned();
        self
    }

    /// In a process that no other test has used or will: for its memory, and for all the statistics that it has.
    pub fn alone(mut self) -> Self {
        self.alone = true;
        self
    }

    /// Whether a process that has served another test may run this.
    pub(super) fn may_share(&self) -> bool {
        self.configuration.is_some() && self.module.is_none() && self.drain_seconds == 1 && !self.alone
    }
}

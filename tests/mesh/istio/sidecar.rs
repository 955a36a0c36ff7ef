//! A sidecar: Istio's agent, which starts a stock Envoy, for a pod with an address of its own; or, in the same way, a gateway.

use super::options::{DISCOVERY, Kind, Options, SECURE};
use super::resources;
use crate::cluster::file;
use crate::fixture::shipped::read;
use crate::harness::Run;
use crate::harness::namespaces::POD_NETWORK;
use crate::harness::part::Part;
use crate::support::request::{Request, Response};
use crate::support::{find, h1};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

/// A running sidecar.
pub struct Sidecar {
    part: Part,
    admin: SocketAddr,
    agent: SocketAddr,
    /// Where clients connect.
    pub address: SocketAddr,
}

/// The same as a gateway, and the certificates of its surroundings.
pub struct Gateway {
    pub proxy: Sidecar,
    pub made: Value,
}

impl Sidecar {
    /// Starts it and waits until its Envoy serves the port.
    pub fn start(run: &Run, options: &Options) -> Sidecar {
        let sidecar = Self::launch(run, options);
        sidecar.serves();
        sidecar
    }

    /// Waits until its Envoy serves the port.
    pub fn serves(&self) {
        self.part.wait("a live listener", || {
            let state = self.admin_get("/server_info");
            let listeners = self.admin_get("/listeners?format=json");
            let port = format!("\"port_value\": {}", self.address.port());
            (state.contains("\"state\": \"LIVE\"") && listeners.contains(&port)).then_some(())
        });
    }

    /// Starts it.
    pub fn launch(run: &Run, options: &Options) -> Sidecar {
        let home = run.folder.join(&options.name);
        fs::create_dir_all(&home).expect("a folder");
        let ports = |base: u16| base + u16::from(options.number) * 100;
        let mut config = resources::proxy_config(&read("envoy/istio/mesh.yaml"));
        for (name, value) in json!({
            "binaryPath": find::envoy(),
            "proxyBootstrapTemplatePath": file("istio-bootstrap.json"),
            "configPath": home.join("envoy"),
            "proxyAdminPort": ports(16000),
            "statusPort": ports(16020),
            "concurrency": 1,
        })
        .as_object()
        .expect("settings")
        {
            config[name] = value.clone();
        }
        let (role, port, identity, mode) = match &options.kind {
            Kind::Sidecar => ("sidecar", 8080, None, "NONE"),
            Kind::Redirected(identity) => ("sidecar", 15006, Some(identity), "REDIRECT"),
            Kind::Gateway(identity) => ("router", 8090, Some(identity), "REDIRECT"),
        };
        config["interceptionMode"] = json!(mode);
        config["discoveryAddress"] = json!(if identity.is_some() { SECURE } else { DISCOVERY });
        match identity {
            Some(identity) => identity.write(&home.join("var/run/secrets")),
            None => config["controlPlaneAuthPolicy"] = json!("NONE"),
        }
        let metadata = config["proxyMetadata"].as_object().cloned().unwrap_or_default();
        let metadata =
            metadata.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())));
        let address = format!("{POD_NETWORK}.{}", options.number);
        let mut command = Command::new("unshare");
        // The agent keeps modules in this one place: each pod has its own.
        command
            .args(["--mount", "sh", "-c", "mount -t tmpfs tmpfs /var/lib/istio/data && exec \"$0\" \"$@\""])
            .arg(crate::cluster::tool("pilot-agent"))
            .args(["proxy", role, "--domain", "edge.svc.cluster.local"])
            .args(["--proxyLogLevel=warning", "--proxyComponentLogLevel=misc:error,wasm:info"])
            .env("PROXY_CONFIG", config.to_string())
            .env("INSTANCE_IP", &address)
            .env("POD_NAME", &options.name)
            .env("POD_NAMESPACE", "edge")
            .env("SERVICE_ACCOUNT", &options.account)
            .env("ISTIO_METAJSON_LABELS", json!(options.labels).to_string())
            .env("ISTIO_META_CLUSTER_ID", "Kubernetes")
            .env("ISTIO_META_INTERCEPTION_MODE", mode)
            .env("WASM_INSECURE_REGISTRIES", options.registry.to_string())
            .env("ENVOY_STATUS_PORT", ports(16021).to_string())
            .env("ENVOY_PROMETHEUS_PORT", ports(16090).to_string())
            // As the injector does.
            .envs(metadata)
            .envs(options.environment.iter().cloned())
            .current_dir(&home);
        let part = Part::start(run, &options.name, &mut command);
        let [admin, agent] = [16000, 16020].map(|base| SocketAddr::from(([127, 0, 0, 1], ports(base))));
        Sidecar { part, admin, agent, address: format!("{address}:{port}").parse().expect("an address") }
    }

    /// Ends its Envoy too, which a killed agent leaves behind.
    pub fn quit(self) {
        let _ = h1::exchange(self.admin, &Request::new("POST", "/quitquitquit"));
        while TcpStream::connect(self.admin).is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What the admin interface answers.
    pub fn admin_get(&self, path: &str) -> String {
        let response = h1::exchange(self.admin, &Request::new("GET", path));
        response.map(|r| String::from_utf8_lossy(&r.body).into_owned()).unwrap_or_default()
    }

    /// Counters and gauges whose names match the regular expression.
    pub fn stats(&self, filter: &str) -> BTreeMap<String, u64> {
        let text = self.admin_get(&format!("/stats?filter={filter}"));
        let pairs = text.lines().filter_map(|line| line.rsplit_once(": "));
        pairs.filter_map(|(name, value)| Some((name.to_owned(), value.trim().parse().ok()?))).collect()
    }

    /// How many modules the agent keeps.
    pub fn kept_modules(&self) -> Option<u64> {
        let response = h1::exchange(self.agent, &Request::new("GET", "/stats/prometheus")).ok()?;
        let text = String::from_utf8_lossy(&response.body).into_owned();
        text.lines()
            .find_map(|line| line.strip_prefix("istio_agent_wasm_cache_entries ")?.trim().parse().ok())
    }

    /// Their sum.
    pub fn sum(&self, filter: &str) -> u64 {
        self.stats(filter).values().sum()
    }

    /// What extension discovery has brought, by name.
    pub fn extensions(&self) -> Vec<Value> {
        let dump: Value =
            serde_json::from_str(&self.admin_get("/config_dump?resource=ecds_filters")).unwrap_or_default();
        let filters = dump["configs"].as_array().cloned().unwrap_or_default();
        filters.into_iter().map(|filter| filter["ecds_filter"].clone()).collect()
    }

    /// The filter JSON that it runs; `None` where there is none or it is replaced by another filter.
    pub fn configuration(&self) -> Option<Value> {
        let text = self.of_our_filter("/configuration/value")?;
        serde_json::from_str(&text).ok()
    }

    /// The file of the module that it runs, which the agent names by the digest of the image.
    pub fn module(&self) -> String {
        self.of_our_filter("/vm_config/code/local/filename").unwrap_or_default()
    }

    fn of_our_filter(&self, pointer: &str) -> Option<String> {
        let listeners = self.listeners();
        // What a listener does not name any more stays there for a while.
        let named = |filter: &Value| {
            filter["name"].as_str().is_some_and(|name| listeners.contains(&format!("\"{name}\"")))
        };
        let ours = self.extensions().into_iter().find(|filter| is_ours(filter) && named(filter))?;
        Some(ours.pointer(&format!("/typed_config/config{pointer}"))?.as_str()?.to_owned())
    }

    /// Whether no listener names the filter any more.
    pub fn has_no_filter(&self) -> bool {
        let listeners = self.listeners();
        listeners.contains("inbound") && !listeners.contains("eec-authn")
    }

    /// The listeners that serve, as text; nothing while another is about to take the place of one.
    pub fn listeners(&self) -> String {
        let dump: Value = serde_json::from_str(&self.admin_get("/config_dump?resource=dynamic_listeners"))
            .unwrap_or_default();
        let all = dump["configs"].as_array().cloned().unwrap_or_default();
        if all.iter().any(|listener| !listener["warming_state"].is_null()) {
            return String::new();
        }
        all.iter().map(|listener| listener["active_state"].to_string()).collect()
    }

    /// Sends a request on a connection of its own.
    pub fn send(&self, request: &Request) -> Response {
        self.part.send(self.address, request)
    }

    /// Polls until there is an answer.
    pub fn wait<T>(&self, what: &str, ask: impl FnMut() -> Option<T>) -> T {
        self.part.wait(what, ask)
    }

    /// What agent and Envoy have logged.
    pub fn log(&self) -> String {
        self.part.log()
    }
}

fn is_ours(filter: &Value) -> bool {
    filter["name"].as_str().is_some_and(|name| name.contains("eec-authn"))
}

//! An Envoy of the gateway, started as its Deployment says: arguments, environment, Secrets and ConfigMaps.

use super::system::{SYSTEM, secret};
use crate::cluster::kubernetes::Kubernetes;
use crate::harness::Run;
use crate::harness::part::Part;
use crate::support::request::{Request, Response};
use crate::support::{find, h1};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::process::Command;

/// Ports that the controller has on this machine, which is a pod of its own elsewhere.
const MOVED: [(&str, &str); 3] = [("19000", "29000"), ("19001", "29001"), ("19003", "29003")];

/// The running Envoy.
pub struct Proxy {
    part: Part,
    admin: SocketAddr,
    /// The listener `http`.
    pub address: SocketAddr,
    /// The listener `https`.
    pub https: SocketAddr,
}

impl Proxy {
    /// Starts it and waits until it serves.
    pub fn start(run: &Run, kubernetes: &Kubernetes, deployment: &Value) -> Proxy {
        let pod = &deployment["spec"]["template"]["spec"];
        let containers = pod["containers"].as_array().expect("containers");
        let container = containers.iter().find(|c| c["name"] == "envoy").expect("the Envoy");
        let home = run.folder.join("envoy");
        for folder in ["certs", "sds"] {
            fs::create_dir_all(home.join(folder)).expect("a folder");
        }
        for (name, value) in secret(kubernetes, "envoy") {
            fs::write(home.join("certs").join(name), value).expect("a file");
        }
        let volumes = pod["volumes"].as_array().expect("volumes").iter();
        let named = volumes.clone().find(|volume| volume["name"] == "sds").expect("a volume");
        let name = named["configMap"]["name"].as_str().expect("a name");
        let map = kubernetes.get("configmap", SYSTEM, name).expect("a ConfigMap");
        for (name, value) in map["data"].as_object().expect("data") {
            fs::write(home.join("sds").join(name), value.as_str().expect("text")).expect("a file");
        }

        let mut environment: BTreeMap<String, String> = BTreeMap::new();
        for variable in container["env"].as_array().expect("variables") {
            environment
                .insert(variable["name"].as_str().expect("a name").to_owned(), value(kubernetes, variable));
        }
        let arguments = container["args"].as_array().expect("arguments").iter();
        let mut arguments: Vec<String> =
            arguments.map(|a| filled(a.as_str().expect("text"), &environment)).collect();
        let bootstrap = arguments.iter().position(|a| a == "--config-yaml").expect("a bootstrap") + 1;
        for (theirs, own) in MOVED {
            arguments[bootstrap] = arguments[bootstrap].replace(theirs, own);
        }
        // The C library finds a name of the hosts file without the dot alone.
        arguments[bootstrap] = arguments[bootstrap].replace("svc.cluster.local.", "svc.cluster.local");
        arguments.retain(|a| a != "--cpuset-threads");
        let mut command = Command::new("unshare");
        command
            .args([
                "--mount",
                "sh",
                "-c",
                "mount --bind \"$PWD/certs\" /certs && mount --bind \"$PWD/sds\" /sds && exec \"$0\" \"$@\"",
            ])
            .arg(find::envoy())
            .args(arguments)
            .args(["--concurrency", "1", "--disable-hot-restart", "--file-flush-interval-msec", "10"])
            .envs(environment)
            .current_dir(&home);
        let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let (admin, address, https) = (loopback(29000), loopback(8880), loopback(8443));
        let part = Part::start(run, "envoy", &mut command);
        let proxy = Proxy { part, admin, address, https };
        proxy.part.wait("its listeners", || {
            let live = proxy.admin_get("/server_info").contains("\"state\": \"LIVE\"");
            let listeners = proxy.admin_get("/listeners?format=json");
            let both =
                ["8880", "8443"].iter().all(|port| listeners.contains(&format!("\"port_value\": {port}")));
            (live && both).then_some(())
        });
        proxy
    }

    /// What the admin interface answers.
    pub fn admin_get(&self, path: &str) -> String {
        let response = h1::exchange(self.admin, &Request::new("GET", path));
        response.map(|r| String::from_utf8_lossy(&r.body).into_owned()).unwrap_or_default()
    }

    /// A counter or gauge; 0 if Envoy does not know it.
    pub fn stat(&self, name: &str) -> u64 {
        let text = self.admin_get(&format!("/stats?filter=^{name}$"));
        text.trim().rsplit_once(": ").and_then(|(_, value)| value.parse().ok()).unwrap_or(0)
    }

    /// The filter JSON of each active listener that has the filter.
    pub fn configurations(&self) -> Vec<Value> {
        let mut found = Vec::new();
        let dump: Value = serde_json::from_str(&self.admin_get("/config_dump?resource=dynamic_listeners"))
            .unwrap_or_default();
        for listener in dump["configs"].as_array().into_iter().flatten() {
            // What is being drained is told by `draining_state`, what is not ready yet by `warming_state`.
            let active =
                if listener["warming_state"].is_null() { &listener["active_state"] } else { &Value::Null };
            filters(active, &mut found);
        }
        found
    }

    /// Sends a request on a connection of its own, to the listener `http`.
    pub fn send(&self, request: &Request) -> Response {
        self.part.send(self.address, request)
    }

    /// Polls until there is an answer.
    pub fn wait<T>(&self, what: &str, ask: impl FnMut() -> Option<T>) -> T {
        self.part.wait(what, ask)
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        self.part.log()
    }
}

/// Filter JSONs anywhere below.
fn filters(value: &Value, found: &mut Vec<Value>) {
    if value["vm_config"].is_object()
        && let Some(text) = value["configuration"]["value"].as_str()
    {
        found.extend(serde_json::from_str(text).ok());
        return;
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| filters(item, found)),
        Value::Object(members) => members.values().for_each(|member| filters(member, found)),
        _ => {}
    }
}

/// The value of a variable as the kubelet finds it: in the namespace of the Deployment.
fn value(kubernetes: &Kubernetes, variable: &Value) -> String {
    if let Some(text) = variable["value"].as_str() {
        return text.to_owned();
    }
    let from = &variable["valueFrom"];
    if let Some(name) = from["secretKeyRef"]["name"].as_str() {
        let kept = secret(kubernetes, name);
        let key = from["secretKeyRef"]["key"].as_str().expect("a key");
        let found = kept.into_iter().find(|(own, _)| own == key).expect("the key is there");
        return String::from_utf8(found.1).expect("text");
    }
    match from["fieldRef"]["fieldPath"].as_str() {
        Some("metadata.namespace") => SYSTEM.to_owned(),
        Some("metadata.name") => "envoy-edge-1".to_owned(),
        _ => "none".to_owned(),
    }
}

/// `$(NAME)` as the kubelet replaces it.
fn filled(text: &str, environment: &BTreeMap<String, String>) -> String {
    environment.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("$({name})"), value))
}

//! The mesh: istiod on Kubernetes' API, one sidecar before a server, and what the shipped resources name beside it.

use super::options::{DISCOVERY, Identity, Options};
use super::resources;
use super::sidecar::{Gateway, Sidecar};
use crate::cluster::images::Images;
use crate::cluster::kubernetes::Kubernetes;
use crate::cluster::{file, filled, tool};
use crate::fixture::shipped::{documents, read};
use crate::fixture::tls::{self, certificates};
use crate::harness::part::Part;
use crate::harness::{Run, namespaces};
use crate::support::fixture::{FQDN, ISSUER};
use crate::support::request::{Request, Response};
use crate::support::token::{Key, now};
use crate::support::upstream::Upstream;
use crate::support::{foreign, h1};
use serde_json::{Value, json};
use std::fs;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::OnceLock;

/// Another name of the registry: one of those at which TLS is expected.
pub const REGISTRY: &str = "registry.test";

/// A running mesh.
pub struct Mesh {
    pub kubernetes: Kubernetes,
    /// The control plane.
    pub istiod: Part,
    pub images: Images,
    /// The server that is protected, on the port that the sidecar forwards to.
    pub upstream: Upstream,
    /// Its sidecar, with the label `app: ees`.
    pub sidecar: Sidecar,
    /// Started by the first story that needs it.
    pub gateway: OnceLock<Gateway>,
    /// Where the filter asks about tokens; it calls every token that of `eec-7`.
    pub entitlement_server: foreign::Server,
    /// The key that is pinned in place of the shipped one.
    pub key: Key,
    pub run: Run,
}

/// The kinds of which one brings the filter, and where in each the filter JSON is.
const KINDS: [(&str, &str); 3] = [
    ("WasmPlugin", "/spec/pluginConfig"),
    ("TrafficExtension", "/spec/wasm/pluginConfig"),
    ("EnvoyFilter", "/spec/configPatches/1/patch/value/typed_config/config/configuration/value"),
];

impl Mesh {
    /// Starts everything and waits until the sidecar serves.
    pub fn start(run: &Run) -> Mesh {
        namespaces::name_is_here(&run.folder, &["istiod.istio-system.svc", REGISTRY]);
        let images = Images::start(run);
        let kubernetes = Kubernetes::start(run);
        kubernetes.define(&fs::read_to_string(file("istio-crds.yaml")).expect("the definitions"));
        kubernetes.define(&gateway_api());
        run.progress("the resources of Istio and Gateway API are defined");

        let upstream = Upstream::start();
        let made = certificates(&[FQDN, ISSUER]);
        let ca = run.folder.join("entitlement-server-ca.pem");
        fs::write(&ca, made["ca"].as_str().expect("PEM")).expect("a file");
        let opaque = json!({"active": true, "sub": "eec-7", "aud": FQDN, "exp": now() + 3600});
        let entitlement_server = tls::entitlement_server(&made["certificates"][ISSUER], &opaque);
        kubernetes.apply(resources::SURROUNDINGS);
        for resource in resources::entitlement_server(entitlement_server.address, &ca) {
            kubernetes.apply(&resource.to_string());
        }
        kubernetes.apply(&resources::pod("ees-1", 1, upstream.address));

        let istiod = start_istiod(run, &kubernetes);
        run.progress("istiod is ready");
        let sidecar = Sidecar::start(run, &Options::new("ees-1", 1, images.address));
        run.progress("the sidecar serves");
        Mesh {
            kubernetes,
            istiod,
            images,
            upstream,
            sidecar,
            gateway: OnceLock::new(),
            entitlement_server,
            key: Key::new(1),
            run: run.clone(),
        }
    }

    /// A shipped resource, filled in.
    pub fn shipped(&self, path: &str) -> Value {
        documents(&filled::text(path, &self.images, &self.key))[0].clone()
    }

    /// One that names neither image nor key.
    pub fn shipped_without_image(&self, path: &str) -> Value {
        documents(&read(path))[0].clone()
    }

    /// Applies the resource that brings the filter, in place of the one before, and waits until the sidecar runs it.
    pub fn install(&self, resource: &Value) {
        self.install_text(resource, &resource.to_string());
    }

    /// The same with the resource as text.
    pub fn install_text(&self, resource: &Value, text: &str) {
        self.replace(resource, text);
        self.runs(&self.sidecar, &filter_json(resource));
    }

    /// Applies it in place of the one before.
    pub fn replace(&self, resource: &Value, text: &str) {
        let name = resource["metadata"]["name"].as_str().expect("a name");
        for (kind, _) in KINDS {
            for other in self.kubernetes.list(kind) {
                let (other_kind, other_name) = (&other["kind"], &other["metadata"]["name"]);
                let same = *other_kind == resource["kind"] && *other_name == name;
                if !same && other_name.as_str().is_some_and(|n| n.starts_with("eec-authn")) {
                    self.kubernetes.delete(kind, "edge", other_name.as_str().expect("a name"));
                    // Two at once would be two filters, and one of the other's name is told from this one by its configuration alone.
                    self.sidecar.wait("no filter", || self.sidecar.has_no_filter().then_some(()));
                }
            }
        }
        self.kubernetes.apply(text);
    }

    /// What the kubelet and istiod would put into a pod of this service account of `edge`.
    pub fn identity(&self, account: &str) -> Identity {
        let output = self
            .kubernetes
            .kubectl(&["create", "token", account, "-n", "edge", "--audience", "istio-ca"], None);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let token = String::from_utf8(output.stdout).expect("text").trim().to_owned();
        let root = self.istiod.wait("its root certificate", || {
            let map = self.kubernetes.get("configmap", "edge", "istio-ca-root-cert")?;
            Some(map["data"]["root-cert.pem"].as_str()?.to_owned())
        });
        Identity { token, root }
    }

    /// Waits until this sidecar runs this configuration.
    pub fn runs(&self, sidecar: &Sidecar, filter: &Value) {
        sidecar.wait("the configuration that was applied", || {
            (sidecar.configuration().as_ref() == Some(filter)).then_some(())
        });
    }
}

/// The definitions of Gateway API without those of Envoy Gateway, which lie beside them.
fn gateway_api() -> String {
    let all = fs::read_to_string(file("gateway-crds.yaml")).expect("the definitions");
    let own = all.split("\n---\n").filter(|text| text.contains("gateway.networking.k8s.io/bundle-version"));
    own.collect::<Vec<_>>().join("\n---\n")
}

/// The filter JSON of a resource.
pub fn filter_json(resource: &Value) -> Value {
    let (_, pointer) = KINDS.iter().find(|(kind, _)| resource["kind"] == *kind).expect("a kind");
    match resource.pointer(pointer).expect("a filter JSON") {
        Value::String(text) => serde_json::from_str(text).expect("JSON"),
        value => value.clone(),
    }
}

/// Status and code of an answer.
pub fn code(response: &Response) -> (u16, String) {
    let problem: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    (response.status, problem["detail"].as_str().unwrap_or_default().to_owned())
}

fn start_istiod(run: &Run, kubernetes: &Kubernetes) -> Part {
    let file = run.folder.join("mesh.yaml");
    fs::write(&file, resources::mesh_config(&read("envoy/istio/mesh.yaml"))).expect("a file");
    let folder = run.folder.join("istiod");
    fs::create_dir_all(&folder).expect("a folder");
    let mut command = Command::new(tool("pilot-discovery"));
    command
        .arg("discovery")
        .arg("--kubeconfig")
        .arg(&kubernetes.kubeconfig)
        .arg("--meshConfig")
        .arg(&file)
        .args(["--httpAddr=127.0.0.1:15100", "--httpsAddr=", "--secureGRPCAddr=127.0.0.1:15012"])
        .args([&format!("--grpcAddr={DISCOVERY}"), "--monitoringAddr=127.0.0.1:15014"])
        .env("POD_NAMESPACE", "istio-system")
        // Stock Envoy has not the filters that these would bring.
        .env("PILOT_ENABLE_METADATA_EXCHANGE", "false")
        .env("PILOT_ENABLE_ALPN_FILTER", "false")
        .current_dir(folder);
    let istiod = Part::start(run, "istiod", &mut command);
    let ready = SocketAddr::from(([127, 0, 0, 1], 15100));
    istiod.wait("readiness", || {
        let response = h1::exchange(ready, &Request::new("GET", "/ready")).ok()?;
        (response.status == 200).then_some(())
    });
    istiod
}

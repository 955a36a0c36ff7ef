//! The Gateway `edge` of the shipped resources: the controller, one of its Envoys, and what the resources name beside it.

use super::proxy::Proxy;
use super::system::{SYSTEM, secret};
use crate::cluster::images::Images;
use crate::cluster::kubernetes::Kubernetes;
use crate::cluster::{file, filled, tool};
use crate::fixture::shipped::{documents, read};
use crate::fixture::tls::{self, Client, certificates};
use crate::harness::part::Part;
use crate::harness::{Run, namespaces};
use crate::support::fixture::{FQDN, ISSUER};
use crate::support::foreign;
use crate::support::request::Request;
use crate::support::seal::{SECRET, in_environment};
use crate::support::token::{Key, now};
use crate::support::upstream::Upstream;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

/// Who has a certificate.
pub const PHONE: &str = "phone.example.net";

/// The running gateway.
pub struct Edge {
    pub kubernetes: Kubernetes,
    controller: Mutex<Option<Part>>,
    pub images: Images,
    /// The server that is protected.
    pub upstream: Upstream,
    /// One of its Envoys.
    pub proxy: Proxy,
    /// A client of the listener `https`.
    pub client: Client,
    /// Certificates, and the CA that has signed them.
    pub made: Value,
    /// Where the filter asks about tokens; it calls every token that of `eec-7`.
    pub entitlement_server: foreign::Server,
    /// The key that is pinned in place of the shipped one.
    pub key: Key,
    pub folder: PathBuf,
    run: Run,
}

impl Edge {
    /// Starts everything, with the shipped EnvoyProxy and ClientTrafficPolicy, and waits until the Envoy serves.
    pub fn start(run: &Run) -> Edge {
        let system = format!("envoy-gateway.{SYSTEM}.svc.cluster.local");
        namespaces::name_is_here(&run.folder, &[&system, "envoy-gateway", "ees.test", "aes.test"]);
        let images = Images::start(run);
        let kubernetes = Kubernetes::start(run);
        kubernetes.define(&fs::read_to_string(file("gateway-crds.yaml")).expect("the definitions"));
        run.progress("the resources of Gateway API and Envoy Gateway are defined");

        let controller = start_controller(run, &kubernetes);
        run.progress("Envoy Gateway is ready");
        let upstream = Upstream::start();
        let made = certificates(&[FQDN, ISSUER, PHONE]);
        let opaque = json!({"active": true, "sub": "eec-7", "aud": FQDN, "exp": now() + 3600});
        let entitlement_server = tls::entitlement_server(&made["certificates"][ISSUER], &opaque);
        let text = include_str!("../resources/gateway-surroundings.yaml")
            .replace("${OWNERSHIP}", &in_environment(&SECRET))
            .replace("${FQDN}", FQDN)
            .replace("${UPSTREAM}", &upstream.address.port().to_string());
        kubernetes.apply(&text);
        for mut resource in documents(&read("envoy/envoy-gateway/entitlement-server.yaml")) {
            if resource["kind"] == "Backend" {
                // By name: an address of loopback is refused.
                let here = json!({"hostname": "aes.test", "port": entitlement_server.address.port()});
                resource["spec"]["endpoints"][0]["fqdn"] = here;
            }
            kubernetes.apply(&resource.to_string());
        }
        let pair = &made["certificates"][FQDN];
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
            "metadata": {"name": "ees1", "namespace": "edge"},
            "stringData": {"tls.crt": pair["certificate"], "tls.key": pair["key"]}});
        let ca = json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "entitlement-server-ca", "namespace": "edge"}, "data": {"ca.crt": made["ca"]}});
        for resource in [secret, ca] {
            kubernetes.apply(&resource.to_string());
        }
        for path in ["envoy/envoy-gateway/envoyproxy.yaml", "envoy/envoy-gateway/clienttrafficpolicy.yaml"] {
            kubernetes.apply(&read(path));
        }
        let deployment = controller.wait("a Deployment of its Envoys", || {
            let all = kubernetes.list("deployment");
            all.into_iter().find(|found| {
                found["metadata"]["labels"]["gateway.envoyproxy.io/owning-gateway-name"] == "edge"
            })
        });
        run.progress("Envoy Gateway has written the Deployment of its Envoys");
        let proxy = Proxy::start(run, &kubernetes, &deployment);
        run.progress("its Envoy serves");
        let client = Client::new(proxy.https, &made);
        Edge {
            kubernetes,
            controller: Mutex::new(Some(controller)),
            images,
            upstream,
            proxy,
            client,
            made,
            entitlement_server,
            key: Key::new(1),
            folder: run.folder.clone(),
            run: run.clone(),
        }
    }

    /// Another controller in the place of the one that runs, as after the loss of its node: it has no module.
    pub fn restart_the_controller(&self) {
        let mut controller = self.controller.lock().expect("the controller");
        drop(controller.take());
        *controller = Some(run_controller(&self.run, &self.kubernetes));
    }

    /// A shipped resource, filled in.
    pub fn shipped(&self, path: &str) -> Value {
        documents(&filled::text(path, &self.images, &self.key))[0].clone()
    }

    /// Applies the policy and waits until the Envoy runs its filter JSON.
    pub fn install(&self, policy: &Value) {
        self.install_text(policy, &policy.to_string());
    }

    /// The same with the policy as text.
    pub fn install_text(&self, policy: &Value, text: &str) {
        let filter = &policy["spec"]["wasm"][0]["config"];
        let has_it = || {
            let all = self.proxy.configurations();
            (!all.is_empty() && all.iter().all(|found| found == filter)).then_some(all.len())
        };
        let created = || self.proxy.stat("listener_manager.listener_create_success");
        let (known, before) = (has_it().is_some(), created());
        self.kubernetes.apply(text);
        let listeners = self.proxy.wait("the configuration that was applied", has_it);
        // The worker takes the listeners later than the main thread.
        if !known {
            let all = before + u64::try_from(listeners).expect("a few");
            self.proxy.wait("the worker's listeners", || (created() >= all).then_some(()));
        }
        // The first time the worker may go on with a listener of before: nobody is let in without a token once the filter is there.
        self.proxy.wait("the filter", || {
            (self.proxy.send(&Request::register("eec-1")).status == 401).then_some(())
        });
    }
}

fn controller(kubernetes: &Kubernetes) -> Command {
    let mut command = Command::new(tool("envoy-gateway"));
    command.env("KUBECONFIG", &kubernetes.kubeconfig).env("ENVOY_GATEWAY_NAMESPACE", SYSTEM);
    command
}

fn start_controller(run: &Run, kubernetes: &Kubernetes) -> Part {
    kubernetes.apply(&format!("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {SYSTEM}\n"));
    let output =
        controller(kubernetes).args(["certgen", "--disable-topology-injector"]).stdin(Stdio::null()).output();
    let output = output.expect("envoy-gateway starts");
    assert!(output.status.success(), "certgen: {}", String::from_utf8_lossy(&output.stderr));
    for (name, value) in secret(kubernetes, "envoy-gateway") {
        fs::write(Path::new("/certs").join(name), value).expect("a file");
    }
    run_controller(run, kubernetes)
}

fn run_controller(run: &Run, kubernetes: &Kubernetes) -> Part {
    let config = run.folder.join("envoy-gateway.yaml");
    fs::write(&config, include_str!("../resources/envoy-gateway.yaml")).expect("a file");
    let mut command = controller(kubernetes);
    let controller =
        Part::start(run, "envoy-gateway", command.arg("server").arg("--config-path").arg(config));
    controller.wait("readiness", || {
        let address = "127.0.0.1:8081".parse().expect("an address");
        let ready = crate::support::h1::exchange(address, &Request::new("GET", "/readyz"));
        (ready.ok()?.status == 200).then_some(())
    });
    controller
}

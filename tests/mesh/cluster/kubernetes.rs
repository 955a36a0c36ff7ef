//! Kubernetes as far as control planes need it: etcd and the API server, without nodes, scheduler or controllers; and `kubectl`.

use super::tool;
use crate::fixture::tls::certificates;
use crate::harness::Run;
use crate::harness::part::Part;
use serde_json::Value;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

const TOKEN: &str = "mesh";

/// A running API server.
pub struct Kubernetes {
    etcd: Part,
    server: Part,
    /// How its clients reach it.
    pub kubeconfig: PathBuf,
    home: PathBuf,
}

impl Kubernetes {
    /// Starts it empty and waits until it is ready.
    pub fn start(run: &Run) -> Kubernetes {
        let folder = run.folder.join("kubernetes");
        fs::create_dir_all(&folder).expect("a folder");
        let mut etcd = Command::new("etcd");
        etcd.arg("--data-dir").arg("/var/lib/etcd-of-the-mesh").args([
            "--logger",
            "zap",
            "--log-level",
            "warn",
        ]);
        let etcd = Part::start(run, "etcd", &mut etcd);

        let made = certificates(&["service-account"]);
        let account = &made["certificates"]["service-account"];
        let files = [
            ("ca.pem", &made["ca"]),
            ("account.key", &account["key"]),
            ("account.crt", &account["certificate"]),
        ];
        for (name, text) in files {
            fs::write(folder.join(name), text.as_str().expect("PEM")).expect("a file");
        }
        fs::write(folder.join("tokens.csv"), format!("{TOKEN},admin,admin,system:masters\n"))
            .expect("a file");
        let kubeconfig = folder.join("config");
        let text = include_str!("../resources/kubeconfig.yaml").replace("${TOKEN}", TOKEN);
        fs::write(&kubeconfig, text).expect("a file");
        let mut server = Command::new(tool("kube-apiserver"));
        server
            .args(["--etcd-servers=http://127.0.0.1:2379", "--secure-port=6443", "--bind-address=127.0.0.1"])
            .args(["--advertise-address=10.1.0.9", "--service-cluster-ip-range=10.2.0.0/24"])
            .args(["--cert-dir=serving", "--client-ca-file=ca.pem", "--token-auth-file=tokens.csv"])
            .args([
                "--service-account-key-file=account.crt",
                "--service-account-signing-key-file=account.key",
            ])
            .args([
                "--service-account-issuer=https://kubernetes.default.svc",
                "--authorization-mode=AlwaysAllow",
            ])
            // There is no controller that would make the accounts.
            .args(["--disable-admission-plugins=ServiceAccount", "--enable-priority-and-fairness=false"])
            .current_dir(&folder);
        let server = Part::start(run, "kube-apiserver", &mut server);
        let kubernetes = Kubernetes { etcd, server, kubeconfig, home: folder };
        kubernetes.server.wait("readiness", || {
            assert!(kubernetes.etcd.runs(), "etcd ended:\n{}", kubernetes.etcd.log());
            let output = kubernetes.kubectl(&["get", "--raw", "/readyz"], None);
            output.status.success().then_some(())
        });
        run.progress("etcd and the API server are ready");
        kubernetes
    }

    /// Makes or changes resources, in the strict way: what the server does not know is an error.
    pub fn try_apply(&self, text: &str) -> Result<(), String> {
        let output = self.kubectl(&["apply", "--validate=strict", "-f", "-"], Some(text));
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// The same; panics where it is refused.
    pub fn apply(&self, text: &str) {
        self.try_apply(text).unwrap_or_else(|error| panic!("kubectl apply: {error}\n{text}"));
    }

    /// Makes definitions of resources and waits until they are served. They are too large to be applied by a client.
    pub fn define(&self, text: &str) {
        let output = self.kubectl(&["apply", "--server-side", "-f", "-"], Some(text));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let wait = ["wait", "--for=condition=Established", "--timeout=180s", "crd", "--all"];
        let output = self.kubectl(&wait, None);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Takes a resource away, if it is there.
    pub fn delete(&self, kind: &str, namespace: &str, name: &str) {
        let arguments = ["delete", kind, name, "-n", namespace, "--ignore-not-found", "--wait=true"];
        let output = self.kubectl(&arguments, None);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// A resource as it is kept; `None` if there is none.
    pub fn get(&self, kind: &str, namespace: &str, name: &str) -> Option<Value> {
        let output = self.kubectl(&["get", kind, name, "-n", namespace, "-o", "json"], None);
        output.status.success().then(|| serde_json::from_slice(&output.stdout).expect("JSON"))
    }

    /// All resources of a kind.
    pub fn list(&self, kind: &str) -> Vec<Value> {
        let output = self.kubectl(&["get", kind, "-A", "-o", "json"], None);
        let list: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        list["items"].as_array().cloned().unwrap_or_default()
    }

    /// Runs `kubectl`.
    pub fn kubectl(&self, arguments: &[&str], input: Option<&str>) -> Output {
        let mut child = Command::new(tool("kubectl"))
            .args(arguments)
            .env("KUBECONFIG", &self.kubeconfig)
            .env("HOME", &self.home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("kubectl starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        let input = input.unwrap_or_default().to_owned();
        let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
        let output = child.wait_with_output().expect("it ends");
        writer.join().expect("the writer");
        output
    }
}

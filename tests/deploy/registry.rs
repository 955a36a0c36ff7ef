//! A real image registry on loopback (Debian's `docker-registry`), and `skopeo`, which copies to and from it.

use crate::support::{find, h1, request::Request};
use serde_json::Value;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A running registry; ended on drop.
pub struct Registry {
    process: Child,
    directory: TempDir,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Registry {
    /// Starts it empty, on a free port.
    pub fn start() -> Self {
        let directory = TempDir::with_prefix("eec-authn-registry-").expect("a temporary directory");
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = free.local_addr().expect("its address");
        drop(free);
        let config = format!(
            "version: 0.1\nlog: {{level: warn}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: \"{address}\"}}\n",
            directory.path().join("storage").display()
        );
        let file = directory.path().join("config.yml");
        fs::write(&file, config).expect("a file");
        let log = fs::File::create(directory.path().join("log")).expect("a file");
        let process = Command::new("docker-registry")
            .arg("serve")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .spawn()
            .unwrap_or_else(|e| panic!("docker-registry: {e}; run `make oci-tools`"));
        let mut registry = Self { process, directory, address };
        let start = Instant::now();
        while TcpStream::connect(address).is_err() {
            let ended = registry.process.try_wait().expect("its state");
            let log = fs::read_to_string(registry.directory.path().join("log")).unwrap_or_default();
            assert!(
                ended.is_none() && start.elapsed() < Duration::from_secs(60),
                "no registry ({ended:?}): {log}"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        registry
    }

    /// Copies an image with `skopeo`; `from` and `to` are its addresses.
    pub fn copy(&self, from: &str, to: &str) {
        let output = Command::new("skopeo")
            .args([
                "copy",
                "--quiet",
                "--insecure-policy",
                "--src-tls-verify=false",
                "--dest-tls-verify=false",
            ])
            .args(["--preserve-digests", from, to])
            .env("HOME", self.directory.path())
            .output()
            .unwrap_or_else(|e| panic!("skopeo: {e}; run `make oci-tools`"));
        assert!(output.status.success(), "{from} to {to}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// The manifest under this tag as the registry sends it: digest, media type, text.
    pub fn manifest(&self, name: &str, tag: &str) -> (String, String, Value) {
        let request = Request::new("GET", format!("/v2/{name}/manifests/{tag}"))
            .header("accept", "application/vnd.oci.image.manifest.v1+json");
        let response = h1::exchange(self.address, &request).expect("an answer");
        assert_eq!(response.status, 200, "{}", String::from_utf8_lossy(&response.body));
        let header = |name: &str| response.one(name).unwrap_or_default().to_owned();
        let text = serde_json::from_slice(&response.body).expect("JSON");
        (header("docker-content-digest"), header("content-type"), text)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs `scripts/oci.py` on a module; the digest that it prints.
pub fn layout(module: &Path, version: &str, directory: &Path) -> String {
    let output = Command::new("python3")
        .arg(find::root().join("scripts/oci.py"))
        .args([module.as_os_str(), version.as_ref(), directory.as_os_str()])
        .output()
        .expect("python3 starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

//! An Envoy that runs a shipped configuration in a directory of its own; ended on drop.

use crate::support::{find, h1, request::Request};
use serde_json::Value;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A bound against hanging, never a measure.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running Envoy.
pub struct Running {
    process: Child,
    /// Where `envoy.yaml` and the rest are.
    pub directory: TempDir,
    admin: SocketAddr,
    /// Where clients connect.
    pub address: SocketAddr,
}

impl Running {
    /// Starts Envoy on `envoy.yaml` in `directory`; its standard output goes to `access.log`.
    pub fn start(directory: TempDir, environment: &[(&str, &str)]) -> Self {
        let dir = directory.path();
        let out = File::create(dir.join("access.log")).expect("a file");
        let log = File::create(dir.join("envoy.log")).expect("a file");
        let process = Command::new(find::envoy())
            .args(["-c", "envoy.yaml", "--disable-hot-restart", "--concurrency", "1", "-l", "warning"])
            .args(["--admin-address-path", "admin.txt", "--file-flush-interval-msec", "10"])
            .envs(environment.iter().copied())
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(log)
            .spawn()
            .expect("Envoy starts");
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut running = Self { process, directory, admin: nowhere, address: nowhere };
        running.admin = running
            .wait("its admin address", |e| fs::read_to_string(e.file("admin.txt")).ok()?.trim().parse().ok());
        running.address = running.wait("a live listener", |e| {
            e.admin_get("/server_info").contains("\"state\": \"LIVE\"").then_some(())?;
            let listeners: Value = serde_json::from_str(&e.admin_get("/listeners?format=json")).ok()?;
            let port = listeners
                .pointer("/listener_statuses/0/local_address/socket_address/port_value")?
                .as_u64()?;
            (port != 0).then(|| SocketAddr::from(([127, 0, 0, 1], u16::try_from(port).expect("a port"))))
        });
        running
    }

    /// Replaces a file by one rename, as a deployment does.
    pub fn replace(&self, name: &str, text: &str) {
        let next = self.file(&format!("{name}.next"));
        fs::write(&next, text).expect("a file");
        fs::rename(next, self.file(name)).expect("a rename");
    }

    /// The value of a counter or gauge; 0 if Envoy does not know it.
    pub fn stat(&self, name: &str) -> u64 {
        let text = self.admin_get(&format!("/stats?filter=^{name}$"));
        text.trim().rsplit_once(": ").and_then(|(_, value)| value.parse().ok()).unwrap_or(0)
    }

    /// Waits until the counter or gauge has at least this value.
    pub fn wait_for_stat(&mut self, name: &str, value: u64) {
        self.wait(&format!("{name} {value}"), |e| (e.stat(name) >= value).then_some(()));
    }

    /// The access log line whose `field` is `value`.
    pub fn access(&mut self, field: &str, value: &str) -> Value {
        self.wait(&format!("an access log line with {field} {value}"), |e| {
            let text = fs::read_to_string(e.file("access.log")).ok()?;
            text.lines()
                .filter_map(|l| serde_json::from_str::<Value>(l).ok())
                .find(|line| line[field] == value)
        })
    }

    /// Everything Envoy has logged.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.file("envoy.log")).unwrap_or_default()).into_owned()
    }

    /// What the admin interface answers.
    pub fn admin_get(&self, path: &str) -> String {
        let response = h1::exchange(self.admin, &Request::new("GET", path));
        response.map(|r| String::from_utf8_lossy(&r.body).into_owned()).unwrap_or_default()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Polls until there is an answer; panics if Envoy died or takes too long.
    pub fn wait<T>(&mut self, what: &str, mut ask: impl FnMut(&Self) -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(answer) = ask(self) {
                return answer;
            }
            let ended = self.process.try_wait().expect("its state");
            assert!(ended.is_none(), "Envoy ended ({ended:?}) before {what}:\n{}", self.log());
            assert!(start.elapsed() < PATIENCE, "Envoy never came to {what}:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

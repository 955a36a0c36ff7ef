//! The process of an Envoy, in a directory of its own: started, asked by its admin interface, killed on drop.

use crate::support::bootstrap::{Setup, files};
use crate::support::request::Request;
use crate::support::{find, h1};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long Envoy may take for anything; a bound against hanging, never a measure.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs what it is given, and ends it, with its directory, when the tests end: then its standard input does. Nobody drops what
/// lies in a `static`, and who is killed drops nothing.
const UNTIL_THE_TESTS_END: &str = r#"
exec 3<&0 </dev/null
"$@" 3<&- &
envoy=$!
echo "$envoy" >envoy.pid
{ read -r _ <&3; rm -rf "$PWD"; kill -9 "$envoy"; } 2>/dev/null &
watcher=$!
wait "$envoy"
status=$?
kill "$watcher" 2>/dev/null
exit "$status"
"#;

pub(super) struct Process {
    shell: Mutex<Child>,
    directory: TempDir,
    admin: SocketAddr,
}

impl Process {
    /// Starts Envoy with these clusters and listeners, and waits for its main loop.
    pub(super) fn start(
        setup: &Setup,
        bootstrap: impl FnOnce(&Path) -> Value,
        clusters: &Value,
        listeners: &Value,
    ) -> Self {
        let directory = TempDir::with_prefix("eec-authn-envoy-").expect("a temporary directory");
        let dir = directory.path();
        write(&dir.join("bootstrap.json"), &bootstrap(dir));
        write(&dir.join("cds.json"), clusters);
        write(&dir.join("lds.json"), listeners);
        let log = File::create(dir.join("envoy.log")).expect("a log file");
        let shell = Command::new("sh")
            .args(["-c", UNTIL_THE_TESTS_END, "sh"])
            .arg(find::envoy())
            .args(["-c", "bootstrap.json", "--disable-hot-restart", "--admin-address-path", "admin.txt"])
            .args(["-l", "info", "--file-flush-interval-msec", "10", "--parent-shutdown-time-s", "2"])
            .args(["--drain-time-s", &setup.drain_seconds.to_string()])
            .args(["--concurrency", &setup.concurrency.to_string()])
            .current_dir(dir)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .spawn()
            .expect("a shell starts");
        let admin = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut process = Self { shell: Mutex::new(shell), directory, admin };
        process.admin = process
            .wait("its admin address", |p| fs::read_to_string(p.file("admin.txt")).ok()?.trim().parse().ok());
        process.wait("the main loop", |p| {
            p.admin_get("/server_info").contains("\"state\": \"LIVE\"").then_some(())
        });
        process
    }

    pub(super) fn admin(&self) -> SocketAddr {
        self.admin
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes its file of clusters or listeners anew.
    pub(super) fn rewrite(&self, name: &str, value: &Value) {
        rewrite(&self.file(name), value);
    }

    /// Everything it has logged.
    pub(super) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.file("envoy.log")).unwrap_or_default()).into_owned()
    }

    /// Statistics whose names match the regular expression, of all types, or of one (`Counters`, `Gauges`).
    pub(super) fn stats(&self, filter: &str, of: &str) -> BTreeMap<String, u64> {
        let text = self.admin_get(&format!("/stats?filter={filter}&type={of}"));
        let pairs = text.lines().filter_map(|l| l.split_once(": "));
        pairs.filter_map(|(n, v)| Some((n.to_owned(), v.trim().parse().ok()?))).collect()
    }

    pub(super) fn gauge(&self, name: &str) -> u64 {
        self.stats(&format!("^{name}$"), "Gauges").remove(name).unwrap_or(0)
    }

    pub(super) fn admin_get(&self, path: &str) -> String {
        let request = Request::new("GET", path);
        let response = h1::exchange(self.admin, &request);
        response.map(|r| String::from_utf8_lossy(&r.body).into_owned()).unwrap_or_default()
    }

    /// What Linux has about it in a file of `/proc`.
    pub(super) fn proc(&self, name: &str) -> String {
        let id = fs::read_to_string(self.file("envoy.pid")).expect("its number");
        fs::read_to_string(format!("/proc/{}/{name}", id.trim())).expect("it runs")
    }

    /// How it ended, if it did.
    pub(super) fn ended(&self) -> Option<String> {
        let status = self.shell.lock().expect("the shell").try_wait().expect("its state");
        status.map(|status| status.to_string())
    }

    /// Polls until there is an answer; panics if Envoy died or takes too long.
    pub(super) fn wait<T>(&self, what: &str, mut ask: impl FnMut(&Self) -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(answer) = ask(self) {
                return answer;
            }
            if let Some(status) = self.ended() {
                panic!("Envoy ended ({status}) while the test waited for {what}:\n{}", self.log());
            }
            assert!(start.elapsed() < PATIENCE, "Envoy never came to {what}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let shell = self.shell.get_mut().unwrap_or_else(|poisoned| poisoned.into_inner());
        drop(shell.stdin.take());
        let _ = shell.wait();
    }
}

pub(super) fn write(path: &Path, value: &Value) {
    fs::write(path, value.to_string()).expect("a file in the temporary directory");
}

/// Writes a file anew by a rename, which is what Envoy looks for.
pub(super) fn rewrite(path: &Path, value: &Value) {
    let next = path.with_extension("next");
    write(&next, value);
    fs::rename(next, path).expect("a rename");
}

/// Runs `envoy --mode validate` on the same configuration; the exit code and everything it printed.
pub fn validate(setup: &Setup) -> (Option<i32>, String) {
    let directory = TempDir::with_prefix("eec-authn-validate-").expect("a temporary directory");
    write(&directory.path().join("bootstrap.json"), &files::whole(setup, directory.path()));
    let output = Command::new(find::envoy())
        .args(["--mode", "validate", "-c", "bootstrap.json", "--disable-hot-restart"])
        .current_dir(directory.path())
        .stdin(Stdio::null())
        .output()
        .expect("Envoy starts");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

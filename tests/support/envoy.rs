//! One Envoy process in a directory of its own: started, reconfigured by rename, read out, killed on drop.

use super::bootstrap::Setup;
use super::request::Request;
use super::{find, h1};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long Envoy may take for anything; a bound against hanging, never a measure.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running Envoy.
pub struct Envoy {
    process: Mutex<Child>,
    directory: TempDir,
    admin: SocketAddr,
    listener: Option<SocketAddr>,
    version: usize,
    /// The setup that was pushed last, accepted or not.
    setup: Setup,
}

/// What became of a pushed configuration.
#[derive(Debug)]
pub enum Push {
    /// New connections (LDS) or requests (ECDS) use it.
    Live,
    /// Envoy kept the old one; this is what it logged meanwhile.
    Refused(String),
}

/// One line of the access log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access(BTreeMap<String, Value>);

impl Access {
    /// A field as text; `None` if Envoy had no value for it.
    pub fn get(&self, field: &str) -> Option<String> {
        match self.0.get(field)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }
}

impl Envoy {
    /// Starts Envoy; panics with its log unless the listener becomes live.
    pub fn start(setup: &Setup) -> Self {
        match Self::try_start(setup) {
            (envoy, Push::Live) => envoy,
            (_, Push::Refused(log)) => panic!("Envoy refused the configuration:\n{log}"),
        }
    }

    /// Starts Envoy and says whether it took the configuration; without a listener it runs on.
    pub fn try_start(setup: &Setup) -> (Self, Push) {
        let directory = TempDir::with_prefix("eec-authn-envoy-").expect("a temporary directory");
        let dir = directory.path();
        write(&dir.join("bootstrap.json"), &setup.bootstrap(dir, true));
        write(&dir.join("lds.json"), &setup.lds(dir, 0));
        write(&dir.join("ecds.json"), &setup.ecds_file(0));
        let log = File::create(dir.join("envoy.log")).expect("a log file");
        let process = Command::new(find::envoy())
            .args([
                "-c",
                "bootstrap.json",
                "--disable-hot-restart",
                "--admin-address-path",
                "admin.txt",
                "-l",
                "info",
            ])
            .args([
                "--file-flush-interval-msec",
                "10",
                "--drain-time-s",
                &setup.drain_seconds.to_string(),
                "--parent-shutdown-time-s",
                "2",
            ])
            .args(["--concurrency", &setup.concurrency.to_string()])
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .spawn()
            .expect("Envoy starts");
        let admin = SocketAddr::from(([127, 0, 0, 1], 0));
        let process = Mutex::new(process);
        let mut envoy = Self { process, directory, admin, listener: None, version: 0, setup: setup.clone() };
        envoy.admin = envoy
            .wait("its admin address", |e| fs::read_to_string(e.file("admin.txt")).ok()?.trim().parse().ok());
        envoy.wait("the main loop", |e| {
            (e.admin_get("/server_info").contains("\"state\": \"LIVE\"")).then_some(())
        });
        let outcome = envoy.outcome("listener_manager.lds", 0, 0, 0);
        let outcome = match outcome {
            Push::Live if setup.ecds && setup.configuration.is_some() => {
                envoy.outcome("extension_config_discovery", 0, 0, 0)
            }
            outcome => outcome,
        };
        if matches!(outcome, Push::Live) {
            envoy.listener = Some(envoy.bound("eec"));
        }
        (envoy, outcome)
    }

    /// Replaces the configuration by one rename and waits for Envoy's verdict.
    pub fn push(&mut self, setup: &Setup) -> Push {
        assert_eq!(setup.ecds, self.setup.ecds, "one way of discovery per Envoy");
        let mark = self.log().len();
        self.version += 1;
        let (file, prefix, text) = if setup.ecds {
            ("ecds.json", "extension_config_discovery", setup.ecds_file(self.version))
        } else {
            ("lds.json", "listener_manager.lds", setup.lds(self.directory.path(), self.version))
        };
        let before = self.counts(prefix);
        let created = self.stat("listener_manager.listener_create_success").unwrap_or(0);
        write(&self.file("next.json"), &text);
        fs::rename(self.file("next.json"), self.file(file)).expect("a rename");
        self.setup = setup.clone();
        let outcome = match self.outcome(prefix, before.0, before.1, mark) {
            // The workers take the new listener one by one.
            Push::Live if !setup.ecds => {
                let all = created + u64::from(setup.concurrency);
                self.wait("the workers", |e| {
                    (e.stat("listener_manager.listener_create_success")? >= all).then_some(Push::Live)
                })
            }
            outcome => outcome,
        };
        if matches!(outcome, Push::Live) {
            self.listener = Some(self.bound("eec"));
        }
        outcome
    }

    fn outcome(&self, prefix: &str, accepted: u64, refused: u64, mark: usize) -> Push {
        self.wait("a verdict on the configuration", |e| match e.counts(prefix) {
            (_, r) if r > refused => Some(Push::Refused(e.log().get(mark..).unwrap_or_default().to_owned())),
            (a, _) if a > accepted => Some(Push::Live),
            _ => None,
        })
    }

    /// How many updates were accepted and refused so far.
    fn counts(&self, prefix: &str) -> (u64, u64) {
        let stats = self.stats(prefix);
        let sum = |ends: &[&str]| {
            stats.iter().filter(|(n, _)| ends.iter().any(|e| n.ends_with(e))).map(|(_, v)| v).sum()
        };
        match prefix {
            "extension_config_discovery" => (sum(&[".config_reload"]), sum(&[".config_fail"])),
            _ => (sum(&[".update_success"]), sum(&[".update_rejected", ".update_failure"])),
        }
    }

    /// The address that a listener got.
    pub fn bound(&self, name: &str) -> SocketAddr {
        self.wait("a bound listener", |e| {
            let listeners: Value = serde_json::from_str(&e.admin_get("/listeners?format=json")).ok()?;
            let listener = listeners["listener_statuses"].as_array()?.iter().find(|l| l["name"] == name)?;
            let port = listener.pointer("/local_address/socket_address/port_value")?.as_u64()?;
            (port != 0).then(|| SocketAddr::from(([127, 0, 0, 1], u16::try_from(port).expect("a port"))))
        })
    }

    /// Where the admin interface is.
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// Where clients connect; panics if no configuration was accepted yet.
    pub fn address(&self) -> SocketAddr {
        self.listener.expect("a live listener")
    }

    /// Envoy's resident memory in KiB, as Linux counts it.
    pub fn memory_kib(&self) -> u64 {
        let id = self.process.lock().expect("the process").id();
        let status = fs::read_to_string(format!("/proc/{id}/status")).expect("its status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|text| text.trim().trim_end_matches(" kB").parse().ok()).expect("its memory")
    }

    /// What the VMs have for their modules, in KiB. V8 keeps eight GiB of addresses for each, of which a module gets the front.
    pub fn vm_memory_kib(&self) -> u64 {
        let id = self.process.lock().expect("the process").id();
        let maps = fs::read_to_string(format!("/proc/{id}/maps")).expect("its mappings");
        let mappings: Vec<(u64, &str)> = maps
            .lines()
            .filter_map(|line| {
                let (addresses, rest) = line.split_once(' ')?;
                let (start, end) = addresses.split_once('-')?;
                let [start, end] = [start, end].map(|text| u64::from_str_radix(text, 16));
                Some(((end.ok()? - start.ok()?) / 1024, rest.get(..4)?))
            })
            .collect();
        let of_vms = mappings.windows(2).filter(|pair| {
            let [(own, access), (rest, no_access)] = pair else { return false };
            *access == "rw-p" && *no_access == "---p" && own + rest >= 8 * 1024 * 1024
        });
        of_vms.map(|pair| pair[0].0).sum()
    }

    /// Empties the access log, which Envoy goes on appending to: for tests that run long.
    pub fn empty_access_log(&self) {
        let log = fs::OpenOptions::new().write(true).open(self.file("access.log")).expect("the access log");
        log.set_len(0).expect("it is emptied");
    }

    /// Everything Envoy has logged.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.file("envoy.log")).unwrap_or_default()).into_owned()
    }

    /// The access log line of the request with this `x-case`; waits until it is flushed.
    pub fn access(&self, case: &str) -> Access {
        self.wait(&format!("the access log line of {case}"), |e| {
            let text = String::from_utf8_lossy(&fs::read(e.file("access.log")).ok()?).into_owned();
            let mut lines = text.lines().rev().filter_map(|l| serde_json::from_str(l).ok().map(Access));
            lines.find(|a| a.get("case").as_deref() == Some(case))
        })
    }

    /// Envoy's counters and gauges whose names match the regular expression.
    pub fn stats(&self, filter: &str) -> BTreeMap<String, u64> {
        if filter.contains("wasmcustom") { self.settled(filter) } else { self.read_stats(filter) }
    }

    /// The filter tells Envoy what it has counted within a tenth of a second: what stays the same for longer is whole. Under load
    /// nothing does.
    fn settled(&self, filter: &str) -> BTreeMap<String, u64> {
        let mut stats = self.read_stats(filter);
        for _ in 0..5 {
            std::thread::sleep(Duration::from_millis(150));
            let again = self.read_stats(filter);
            if again == std::mem::replace(&mut stats, again.clone()) {
                break;
            }
        }
        stats
    }

    fn read_stats(&self, filter: &str) -> BTreeMap<String, u64> {
        let text = self.admin_get(&format!("/stats?filter={filter}"));
        let pairs = text.lines().filter_map(|l| l.split_once(": "));
        pairs.filter_map(|(n, v)| Some((n.to_owned(), v.trim().parse().ok()?))).collect()
    }

    /// One counter or gauge by its full name.
    pub fn stat(&self, name: &str) -> Option<u64> {
        self.stats(&format!("^{name}$")).remove(name)
    }

    /// One statistic of the filter; one that was never counted is 0.
    pub fn filter_stat(&self, name: &str) -> u64 {
        self.stat(&format!("wasmcustom.eec_authn.{name}")).unwrap_or(0)
    }

    /// The same as it is at this moment.
    pub fn filter_stat_now(&self, name: &str) -> u64 {
        let name = format!("wasmcustom.eec_authn.{name}");
        self.read_stats(&format!("^{name}$")).remove(&name).unwrap_or(0)
    }

    /// How many requests have come.
    pub fn requests(&self) -> u64 {
        self.stat("http.ingress.downstream_rq_total").unwrap_or(0)
    }

    /// Whether this is an Envoy of that minor version, such as `1.36`.
    pub fn is_of(&self, minor: &str) -> bool {
        let info: serde_json::Value = serde_json::from_str(&self.admin_get("/server_info")).expect("JSON");
        // `<commit>/1.36.4/Clean/RELEASE/BoringSSL`
        let version = info["version"].as_str().and_then(|text| text.split('/').nth(1)).expect("a version");
        version.strip_prefix(minor).is_some_and(|rest| rest.starts_with('.'))
    }

    fn admin_get(&self, path: &str) -> String {
        let request = Request::new("GET", path);
        let response = h1::exchange(self.admin, &request);
        response.map(|r| String::from_utf8_lossy(&r.body).into_owned()).unwrap_or_default()
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    /// Polls until there is an answer; panics if Envoy died or takes too long.
    pub fn wait<T>(&self, what: &str, mut ask: impl FnMut(&Self) -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(answer) = ask(self) {
                return answer;
            }
            let ended = self.process.lock().expect("the process").try_wait().expect("its state");
            assert!(ended.is_none(), "Envoy ended ({ended:?}) while the test waited for {what}");
            assert!(start.elapsed() < PATIENCE, "Envoy never came to {what}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        let process = self.process.get_mut().unwrap_or_else(|poisoned| poisoned.into_inner());
        let _ = process.kill();
        let _ = process.wait();
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            eprintln!("the end of Envoy's log:\n{}", lines[lines.len().saturating_sub(40)..].join("\n"));
        }
    }
}

fn write(path: &Path, value: &Value) {
    fs::write(path, value.to_string()).expect("a file in the temporary directory");
}

/// Runs `envoy --mode validate` on the same configuration; the exit code and everything it printed.
pub fn validate(setup: &Setup) -> (Option<i32>, String) {
    let directory = TempDir::with_prefix("eec-authn-validate-").expect("a temporary directory");
    write(&directory.path().join("bootstrap.json"), &setup.bootstrap(directory.path(), false));
    let output = Command::new(find::envoy())
        .args(["--mode", "validate", "-c", "bootstrap.json", "--disable-hot-restart"])
        .current_dir(directory.path())
        .stdin(Stdio::null())
        .output()
        .expect("Envoy starts");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

//! An Envoy for one test: started, reconfigured by rename, read out. Its [`process`] is its own, or one that has served tests before it
//! ([`pool`]), of which it sees nothing.

mod pool;
mod process;

pub use process::validate;

use self::pool::Lease;
use self::process::write;
use super::bootstrap::Setup;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::TempDir;

/// A running Envoy.
pub struct Envoy {
    process: Lease,
    /// What the test alone has: the access log, and the filter if it comes by ECDS.
    directory: TempDir,
    /// What its counters were, and how long its log, when the test began.
    counters_before: BTreeMap<String, u64>,
    log_before: usize,
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
        static NUMBER: AtomicUsize = AtomicUsize::new(1);
        // No two tests in a process have a VM of one name.
        let setup = setup.clone().vm_id(&format!("eec_authn-{}", NUMBER.fetch_add(1, Ordering::Relaxed)));
        let directory = TempDir::with_prefix("eec-authn-test-").expect("a temporary directory");
        write(&directory.path().join("ecds.json"), &setup.ecds_file(0));
        let process = Lease::take(&setup, directory.path());
        let mut envoy = Self {
            process,
            directory,
            counters_before: BTreeMap::new(),
            log_before: 0,
            listener: None,
            version: 0,
            setup: setup.clone(),
        };
        let mut outcome = if envoy.process.is_shared() {
            envoy.counters_before = envoy.process.stats("", "Counters");
            envoy.log_before = envoy.process.log().len();
            envoy.process.rewrite("cds.json", &setup.cds(0));
            envoy.wait("its clusters", |e| (e.stat("cluster_manager.cds.update_success")? > 0).then_some(()));
            envoy.push_listeners(&setup)
        } else {
            envoy.outcome("listener_manager.lds", 0, 0, 0)
        };
        if matches!(outcome, Push::Live) && setup.ecds && setup.configuration.is_some() {
            outcome = envoy.outcome("extension_config_discovery", 0, 0, 0);
        }
        if matches!(outcome, Push::Live) {
            envoy.listener = Some(envoy.bound("eec"));
        }
        (envoy, outcome)
    }

    /// Replaces the configuration by one rename and waits for Envoy's verdict.
    pub fn push(&mut self, setup: &Setup) -> Push {
        assert_eq!(setup.ecds, self.setup.ecds, "one way of discovery per Envoy");
        let setup = setup.clone().vm_id(&self.setup.vm_id);
        self.version += 1;
        let outcome = if setup.ecds {
            let (mark, before) = (self.log().len(), self.counts("extension_config_discovery"));
            process::rewrite(&self.directory.path().join("ecds.json"), &setup.ecds_file(self.version));
            self.outcome("extension_config_discovery", before.0, before.1, mark)
        } else {
            self.push_listeners(&setup)
        };
        self.setup = setup;
        if matches!(outcome, Push::Live) {
            self.listener = Some(self.bound("eec"));
        }
        outcome
    }

    fn push_listeners(&self, setup: &Setup) -> Push {
        let (mark, before) = (self.log().len(), self.counts("listener_manager.lds"));
        let created = self.stat("listener_manager.listener_create_success").unwrap_or(0);
        self.process.rewrite("lds.json", &setup.lds(self.directory.path(), self.version));
        let outcome = self.outcome("listener_manager.lds", before.0, before.1, mark);
        if matches!(outcome, Push::Live) {
            // The workers take the new listener one by one.
            let all = created + u64::from(setup.concurrency);
            self.wait("the workers", |e| {
                (e.stat("listener_manager.listener_create_success")? >= all).then_some(())
            });
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
            let listeners: Value =
                serde_json::from_str(&e.process.admin_get("/listeners?format=json")).ok()?;
            let listener = listeners["listener_statuses"].as_array()?.iter().find(|l| l["name"] == name)?;
            let port = listener.pointer("/local_address/socket_address/port_value")?.as_u64()?;
            (port != 0).then(|| SocketAddr::from(([127, 0, 0, 1], u16::try_from(port).expect("a port"))))
        })
    }

    /// Where the admin interface is.
    pub fn admin(&self) -> SocketAddr {
        self.process.admin()
    }

    /// Where clients connect; panics if no configuration was accepted yet.
    pub fn address(&self) -> SocketAddr {
        self.listener.expect("a live listener")
    }

    /// Envoy's resident memory in KiB, as Linux counts it.
    pub fn memory_kib(&self) -> u64 {
        let status = self.process.proc("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|text| text.trim().trim_end_matches(" kB").parse().ok()).expect("its memory")
    }

    /// What the VMs have for their modules, in KiB. V8 keeps eight GiB of addresses for each, of which a module gets the front.
    pub fn vm_memory_kib(&self) -> u64 {
        let maps = self.process.proc("maps");
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
        let log = fs::OpenOptions::new()
            .write(true)
            .open(self.directory.path().join("access.log"))
            .expect("the access log");
        log.set_len(0).expect("it is emptied");
    }

    /// Everything Envoy has logged since the test began.
    pub fn log(&self) -> String {
        self.process.log().get(self.log_before..).expect("it only grows").to_owned()
    }

    /// The access log line of the request with this `x-case`; waits until it is flushed.
    pub fn access(&self, case: &str) -> Access {
        self.wait(&format!("the access log line of {case}"), |e| {
            let text =
                String::from_utf8_lossy(&fs::read(e.directory.path().join("access.log")).ok()?).into_owned();
            // Most lines are of others, and reading them as JSON is most of the work.
            let lines = text.lines().rev().filter(|line| line.contains(case));
            let mut lines = lines.filter_map(|line| serde_json::from_str(line).ok().map(Access));
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
        let mut stats = self.process.stats(filter, "All");
        stats.retain(|name, _| !pool::is_of_the_process(name));
        for (name, value) in &mut stats {
            let before = self.counters_before.get(name).copied().unwrap_or(0);
            // One that is less has ended with what was before the test, and begun anew.
            *value = value.checked_sub(before).unwrap_or(*value);
        }
        stats
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

    /// Whether the process has ended by itself.
    pub fn has_ended(&self) -> bool {
        self.process.ended().is_some()
    }

    /// Whether this is an Envoy of that minor version, such as `1.36`.
    pub fn is_of(&self, minor: &str) -> bool {
        let info: serde_json::Value =
            serde_json::from_str(&self.process.admin_get("/server_info")).expect("JSON");
        // `<commit>/1.36.4/Clean/RELEASE/BoringSSL`
        let version = info["version"].as_str().and_then(|text| text.split('/').nth(1)).expect("a version");
        version.strip_prefix(minor).is_some_and(|rest| rest.starts_with('.'))
    }

    /// Polls until there is an answer; panics if Envoy died or takes too long.
    pub fn wait<T>(&self, what: &str, mut ask: impl FnMut(&Self) -> Option<T>) -> T {
        self.process.wait(what, |_| ask(self))
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            eprintln!("the end of Envoy's log:\n{}", lines[lines.len().saturating_sub(40)..].join("\n"));
        }
    }
}

//! Processes that serve one test after another. Most of what a test in a real Envoy costs is the processor time that V8 needs for
//! compiling the module, once for each process: two seconds, a hundred times as much as all the rest of a start.
//!
//! A test has nothing of those before it: its listeners, clusters and access log are its own, its VM and so its shared data has a name
//! of its own, and counters and the log begin where it began. A process is handed on only when the VMs before are gone, and the
//! statistics of all that tests bring: what is left of a gauge would be the next one's, and what is left of a counter until then
//! would be taken off its own. One that has ended by itself is no rest: the next test that looks for one says so.

use super::process::Process;
use crate::support::bootstrap::{Setup, files};
use std::ops::Deref;
use std::path::Path;
use std::sync::Mutex;

/// Those that are at rest, or will be soon.
static WAITING: Mutex<Vec<Shared>> = Mutex::new(Vec::new());
/// More with as many workers are not kept.
const MOST: usize = 16;
/// The VMs that a process has.
const VMS: &str = "wasm.envoy.wasm.runtime.v8.active";

/// Of what tests bring statistics: clusters, requests, filters.
const OF_TESTS: [&str; 4] = ["cluster.", "http.ingress.", "extension_config_discovery.", "wasmcustom."];

/// A process that tests share.
pub(super) struct Shared {
    process: Process,
    /// The test that had it last.
    last: String,
    /// How many worker threads it has.
    concurrency: u32,
    /// How many VMs it has without any test.
    vms_at_rest: u64,
}

impl Shared {
    /// One at rest; a new one if there is none.
    fn take(setup: &Setup) -> Self {
        Self::found(setup.concurrency).unwrap_or_else(|| {
            let process = Process::start(setup, files::with_module, &files::nothing(), &files::nothing());
            let vms_at_rest = process.gauge(VMS);
            Self { process, last: String::new(), concurrency: setup.concurrency, vms_at_rest }
        })
    }

    /// One at rest; panics if one has ended.
    fn found(concurrency: u32) -> Option<Self> {
        let mut waiting = WAITING.lock().expect("nobody panics here");
        let has_ended = |shared: &Self| shared.process.ended().is_some();
        let at = waiting.iter().position(|shared| {
            shared.concurrency == concurrency && (has_ended(shared) || shared.is_at_rest())
        });
        let found = waiting.swap_remove(at?);
        drop(waiting);
        found.assert_runs("after");
        Some(found)
    }

    /// Takes out what the test has put in, and keeps the process for another one; panics if it has ended.
    fn give_back(mut self) {
        self.last = std::thread::current().name().unwrap_or("a test").to_owned();
        self.assert_runs("in");
        self.process.rewrite("lds.json", &files::nothing());
        self.process.rewrite("cds.json", &files::nothing());
        let mut waiting = WAITING.lock().expect("nobody panics here");
        if waiting.iter().filter(|shared| shared.concurrency == self.concurrency).count() < MOST {
            waiting.push(self);
        }
    }

    fn assert_runs(&self, when: &str) {
        if let Some(status) = self.process.ended() {
            panic!("an Envoy ended by itself ({status}) {when} {}:\n{}", self.last, self.process.log());
        }
    }

    fn is_at_rest(&self) -> bool {
        let stats = self.process.stats("", "All");
        let is = |gauge, number| stats.get(gauge) == Some(&number);
        let of_a_test =
            |name: &String| OF_TESTS.iter().any(|of| name.starts_with(of)) && !is_of_the_process(name);
        is(VMS, self.vms_at_rest)
            && is("cluster_manager.active_clusters", 0)
            && is("listener_manager.total_listeners_active", 0)
            && !stats.keys().any(of_a_test)
    }
}

/// Whether a statistic is that of the filter which has the module for all.
pub(super) fn is_of_the_process(statistic: &str) -> bool {
    let of_keeper =
        statistic.strip_prefix("wasmcustom.eec_authn.").and_then(|rest| rest.strip_prefix(files::KEEPER));
    of_keeper.is_some_and(|rest| rest.starts_with('.'))
}

/// A process, for one test.
pub(super) enum Lease {
    /// It has served others, or will. Empty only at the end.
    Shared(Option<Shared>),
    Own(Process),
}

impl Lease {
    /// A process for `setup`, whose own files are in `directory`. One that is not shared has its listeners from the start.
    pub(super) fn take(setup: &Setup, directory: &Path) -> Self {
        if setup.may_share() {
            Self::Shared(Some(Shared::take(setup)))
        } else {
            Self::Own(Process::start(setup, files::dynamic, &setup.cds(0), &setup.lds(directory, 0)))
        }
    }

    pub(super) fn is_shared(&self) -> bool {
        matches!(self, Self::Shared(..))
    }
}

impl Deref for Lease {
    type Target = Process;

    fn deref(&self) -> &Process {
        match self {
            Self::Shared(shared) => &shared.as_ref().expect("it has not ended").process,
            Self::Own(process) => process,
        }
    }
}

impl Drop for Lease {
    /// What a test has failed in is not used again.
    fn drop(&mut self) {
        if let Self::Shared(shared) = self
            && let Some(shared) = shared.take()
            && !std::thread::panicking()
        {
            shared.give_back();
        }
    }
}

//! Processes that serve one test after another. Most of what a test in a real Envoy costs is the processor time that V8 needs for
//! compiling the module, once for each process: two seconds, a hundred times as much as all the rest of a start.
//!
//! A test has nothing of those before it: its listeners, clusters and access log are its own, its VM and so its shared data has a name
//! of its own, and counters and the log begin where it began. A process is handed on only when the VMs before are gone.

use super::process::Process;
use crate::support::bootstrap::{Setup, files};
use std::ops::Deref;
use std::path::Path;
use std::sync::Mutex;

/// Those that are at rest, or will be soon.
static WAITING: Mutex<Vec<Shared>> = Mutex::new(Vec::new());
/// More are not kept.
const MOST: usize = 16;
/// The VMs that a process has.
const VMS: &str = "wasm.envoy.wasm.runtime.v8.active";

/// A process that tests share.
pub(super) struct Shared {
    process: Process,
    /// How many worker threads it has.
    concurrency: u32,
    /// How many VMs it has without any test.
    vms_at_rest: u64,
}

impl Shared {
    /// One at rest; a new one if there is none.
    fn take(setup: &Setup) -> Self {
        let mut waiting = WAITING.lock().expect("nobody panics here");
        if let Some(at) =
            waiting.iter().position(|shared| shared.concurrency == setup.concurrency && shared.is_at_rest())
        {
            return waiting.swap_remove(at);
        }
        drop(waiting);
        let process = Process::start(setup, files::with_module, &files::nothing(), &files::nothing());
        let vms_at_rest = process.gauge(VMS);
        Self { process, concurrency: setup.concurrency, vms_at_rest }
    }

    /// Takes out what the test has put in, and keeps the process for another one.
    fn give_back(self) {
        self.process.rewrite("lds.json", &files::nothing());
        self.process.rewrite("cds.json", &files::nothing());
        let mut waiting = WAITING.lock().expect("nobody panics here");
        if waiting.len() < MOST {
            waiting.push(self);
        }
    }

    fn is_at_rest(&self) -> bool {
        let is_gone = |gauge| self.process.gauge(gauge) == 0;
        self.process.ended().is_none()
            && self.process.gauge(VMS) == self.vms_at_rest
            && is_gone("cluster_manager.active_clusters")
            && is_gone("listener_manager.total_listeners_active")
    }
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

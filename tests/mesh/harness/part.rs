//! A part of a cluster: a process with a log of its own, ended on drop.

use super::Run;
use crate::support::h1;
use crate::support::request::{Request, Response};
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// A bound against hanging, never a measure: two busy cores start four programs at once.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// A running part.
pub struct Part {
    name: String,
    process: Mutex<Child>,
    log: PathBuf,
}

impl Part {
    /// Starts it; standard output and error go to `<name>.log`.
    pub fn start(run: &Run, name: &str, command: &mut Command) -> Part {
        let log = run.folder.join(format!("{name}.log"));
        let file = File::options().create(true).append(true).open(&log).expect("a log");
        let process = command
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a second handle"))
            .stderr(file)
            .spawn()
            .unwrap_or_else(|e| panic!("{name}: {e}; run `make mesh-tools`"));
        Part { name: name.to_owned(), process: Mutex::new(process), log }
    }

    /// Polls until there is an answer; panics with the end of the log if the part ended or takes too long.
    pub fn wait<T>(&self, what: &str, ask: impl FnMut() -> Option<T>) -> T {
        self.wait_for(what, PATIENCE, ask)
    }

    /// The same with another bound.
    pub fn wait_for<T>(&self, what: &str, patience: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
        let begin = Instant::now();
        loop {
            if let Some(answer) = ask() {
                return answer;
            }
            let ended = self.process.lock().expect("the process").try_wait().expect("its state");
            let name = &self.name;
            assert!(ended.is_none(), "{name} ended ({ended:?}) before {what}:\n{}", self.end_of_log());
            assert!(begin.elapsed() < patience, "{name} never came to {what}:\n{}", self.end_of_log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends a request to one of its addresses, on a connection of its own.
    pub fn send(&self, address: SocketAddr, request: &Request) -> Response {
        h1::exchange(address, request).unwrap_or_else(|e| panic!("no answer: {e}\n{}", self.log()))
    }

    /// Whether it still runs.
    pub fn runs(&self) -> bool {
        self.process.lock().expect("the process").try_wait().expect("its state").is_none()
    }

    /// Its resident memory in bytes.
    pub fn resident(&self) -> u64 {
        let process = self.process.lock().expect("the process").id();
        let status = fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
    }

    /// Everything it has logged.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    fn end_of_log(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let process = self.process.get_mut().unwrap_or_else(|poisoned| poisoned.into_inner());
        let _ = process.kill();
        let _ = process.wait();
    }
}

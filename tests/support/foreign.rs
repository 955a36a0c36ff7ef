//! What others have written: tokens minted by another JOSE library, and servers of other frameworks.

use super::find;
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

/// How long a server may take to start or to end; a bound against hanging, never a measure.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the other library made of the orders; see the script for both shapes.
pub fn mint(orders: &Value) -> Value {
    run("mint.py", orders)
}

/// What a script in `tests/foreign` makes of the orders.
pub fn run(script: &str, orders: &Value) -> Value {
    run_command(
        Command::new(find::python()).arg(find::root().join("tests/foreign").join(script)),
        script,
        orders,
    )
}

/// The same for a script of Node's.
pub fn run_in_node(script: &str, orders: &Value) -> Value {
    run_command(&mut node(script), script, orders)
}

fn node(script: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(find::root().join("tests/foreign").join(script));
    command
}

fn run_command(command: &mut Command, script: &str, orders: &Value) -> Value {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("{script}: {e}"));
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(orders.to_string().as_bytes()).expect("orders are read");
    drop(stdin);
    let output = child.wait_with_output().expect("Python ends");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script} failed; run `make setup wasm`:\n{errors}");
    serde_json::from_slice(&output.stdout).expect("the script writes JSON")
}

/// A server that a script in `tests/foreign` runs, in a process of its own; killed on drop.
pub struct Server {
    process: Child,
    /// Where it listens, on loopback.
    pub address: SocketAddr,
    /// The line that it began with.
    pub first: Value,
    lines: Receiver<Value>,
    errors: File,
}

impl Server {
    /// Starts it and waits for the line with its port.
    pub fn start(script: &str) -> Self {
        Self::start_with(script, &Value::Null)
    }

    /// The same for a script that reads a line of orders first.
    pub fn start_with(script: &str, orders: &Value) -> Self {
        let script_file = find::root().join("tests/foreign").join(script);
        Self::run(Command::new(find::python()).arg(script_file), script, orders)
    }

    /// The same for a script of Node's.
    pub fn start_in_node(script: &str, arguments: &[&str]) -> Self {
        Self::run(node(script).args(arguments), script, &Value::Null)
    }

    fn run(command: &mut Command, script: &str, orders: &Value) -> Self {
        let errors = tempfile::tempfile().expect("a temporary file");
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors.try_clone().expect("a second handle"))
            .spawn()
            .unwrap_or_else(|e| panic!("{script}: {e}"));
        if !orders.is_null() {
            let mut input = process.stdin.as_ref().expect("a pipe");
            writeln!(input, "{orders}").expect("orders are read");
        }
        let output = BufReader::new(process.stdout.take().expect("a pipe"));
        let (say, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let value = serde_json::from_str(&line).unwrap_or(Value::String(line));
                if say.send(value).is_err() {
                    return;
                }
            }
        });
        let mut server = Self {
            process,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            first: Value::Null,
            lines,
            errors,
        };
        let first = server.lines.recv_timeout(PATIENCE).ok();
        let port = first.as_ref().and_then(|line| line["port"].as_u64()).and_then(|n| u16::try_from(n).ok());
        let port = port.unwrap_or_else(|| {
            panic!("{script} said {first:?}, not its port; run `make setup wasm`:\n{}", server.errors())
        });
        server.address.set_port(port);
        server.first = first.unwrap_or_default();
        server
    }

    /// The next line that it says; waits for it.
    pub fn line(&self) -> Value {
        self.lines.recv_timeout(PATIENCE).expect("a line")
    }

    /// Ends it, and everything it has said since it started.
    pub fn finish(mut self) -> Vec<Value> {
        drop(self.process.stdin.take());
        let start = Instant::now();
        while self.process.try_wait().expect("its state").is_none() {
            assert!(start.elapsed() < PATIENCE, "the server never ended:\n{}", self.errors());
            std::thread::sleep(Duration::from_millis(5));
        }
        self.lines.iter().collect()
    }

    /// What it wrote to its standard error.
    fn errors(&mut self) -> String {
        let mut text = String::new();
        let read = self.errors.rewind().and_then(|()| self.errors.read_to_string(&mut text));
        read.map_or_else(|e| e.to_string(), |_| text)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

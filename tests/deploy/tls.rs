//! TLS on both sides of a shipped configuration: certificates, a client and an entitlement server, by another TLS library.

use crate::support::{find, foreign, house};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

/// A CA and certificates by it, one for each name: see `tests/foreign/certificates.py`.
pub fn certificates(names: &[&str]) -> Value {
    foreign::run("certificates.py", &json!({"names": names}))
}

/// How a client connects.
pub struct Client {
    ca: Value,
    port: u16,
    /// What it offers.
    pub alpn: Vec<&'static str>,
    /// The newest version it offers, if not Python's newest.
    pub maximum: Option<&'static str>,
}

impl Client {
    /// A client of the protected server that trusts this CA and speaks HTTP/2.
    pub fn new(address: SocketAddr, made: &Value) -> Self {
        Self { ca: made["ca"].clone(), port: address.port(), alpn: vec!["h2"], maximum: None }
    }

    /// What came of one connection with these requests.
    pub fn send(&self, requests: &[Value]) -> Value {
        foreign::run(
            "https.py",
            &json!({"port": self.port, "ca": self.ca, "server_name": house::FQDN, "alpn": self.alpn,
                "maximum": self.maximum, "requests": requests}),
        )
    }

    /// The answer to one request; panics unless it came over HTTP/2.
    pub fn answer(&self, request: &Value) -> Value {
        let out = self.send(std::slice::from_ref(request));
        assert_eq!(out["alpn"], "h2", "{out}");
        out["responses"][0].clone()
    }
}

/// A request to the protected server, with a bearer token if there is one.
pub fn request(method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> Value {
    let mut headers = Vec::new();
    if let Some(token) = token {
        headers.push(json!(["authorization", format!("Bearer {token}")]));
    }
    if body.is_some() {
        headers.push(json!(["content-type", "application/json"]));
    }
    json!({"method": method, "path": path, "authority": house::FQDN, "headers": headers, "body": body.map(Value::to_string)})
}

/// An entitlement server behind TLS, which answers every question alike; ended on drop.
pub struct EntitlementServer {
    process: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    /// Where it listens, on loopback.
    pub port: u64,
}

impl EntitlementServer {
    /// Starts it with one of [`certificates`].
    pub fn start(certificate: &Value, answer: &Value) -> Self {
        let mut process = Command::new(find::python())
            .arg(find::root().join("tests/foreign/https_server.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let orders =
            json!({"certificate": certificate["certificate"], "key": certificate["key"], "answer": answer});
        // The pipe stays open: when it closes, the server ends.
        writeln!(process.stdin.as_mut().expect("a pipe"), "{orders}").expect("orders are read");
        let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let first = lines.next().expect("the port").expect("text");
        let port = serde_json::from_str::<Value>(&first).expect("JSON")["port"].as_u64().expect("a port");
        Self { process, lines, port }
    }

    /// The next question; waits for it.
    pub fn question(&mut self) -> Value {
        let line = self.lines.next().expect("a question").expect("text");
        serde_json::from_str(&line).expect("JSON")
    }
}

impl Drop for EntitlementServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

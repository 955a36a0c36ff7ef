//! `eec-authn eec` against servers that a test scripts.

mod crowd;
mod leads;
mod life;
mod secrets;
mod signals;

use crate::support::upstream::{Received, Upstream};
use serde_json::{Value, json};
use std::process::{Command, Output};

const REGISTRATIONS: &str = "/eees-eecregistration/v1/registrations";
const DISCOVERY: &str = "/eees-easdiscovery/v1/eas-profiles/request-discovery";
const SUBSCRIPTIONS: &str = "/eees-easdiscovery/v1/subscriptions";

/// The verb with these options, not yet started.
fn command(options: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eec-authn"));
    command.args(["--json", "eec", "--eec-id", "eec-1"]).args(options);
    command
}

/// What came of it.
struct Run {
    exit: i32,
    steps: Vec<Value>,
    /// Everything that was printed.
    printed: String,
}

impl Run {
    fn of(command: &mut Command) -> Run {
        let Output { status, stdout, stderr } = command.output().expect("the command runs");
        let told = String::from_utf8(stdout).expect("text");
        let errors = String::from_utf8_lossy(&stderr);
        let object = |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        Run {
            exit: status.code().expect("an exit code"),
            steps: told.lines().map(object).collect(),
            printed: format!("{told}{errors}"),
        }
    }

    fn with(options: &[&str]) -> Run {
        Run::of(&mut command(options))
    }

    /// Each step's name and status; 0 where there was no answer.
    fn statuses(&self) -> Vec<(&str, u64)> {
        let status = |step: &Value| step["status"].as_u64().unwrap_or(0);
        self.steps.iter().map(|step| (step["step"].as_str().expect("a step"), status(step))).collect()
    }

    fn last(&self) -> &Value {
        self.steps.last().unwrap_or_else(|| panic!("no step: {}", self.printed))
    }
}

/// A token endpoint: its tokens are opaque and name their audience, so that it shows which one goes where.
fn token_endpoint() -> Upstream {
    Upstream::saying(|received| {
        let audience = body(received)["audience"].as_str().unwrap_or("none").to_owned();
        let bound = if received.all("dpop").is_empty() { "Bearer" } else { "DPoP" };
        ok(&json!({"access_token": format!("t0ken-for-{audience}"), "token_type": bound, "expires_in": 600}))
    })
}

/// An EES with just this registration; its `Location` is as given. Other answers are as TS 24.558 has them.
fn ees(location: impl Fn(&Received) -> String + Send + Sync + 'static) -> Upstream {
    Upstream::saying(move |received| match (received.method.as_str(), received.path.as_str()) {
        ("POST", REGISTRATIONS | SUBSCRIPTIONS) => {
            format!(
                "HTTP/1.1 201 Created\r\nlocation: {}\r\ncontent-length: 2\r\n\r\n{{}}",
                location(received)
            )
        }
        ("POST", DISCOVERY) => ok(&json!({"discoveredEas": []})),
        ("PUT" | "PATCH" | "DELETE", _) => "HTTP/1.1 204 No Content\r\n\r\n".into(),
        _ => status("404 Not Found"),
    })
}

/// 200 with this JSON.
fn ok(body: &Value) -> String {
    let text = body.to_string();
    let length = text.len();
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{text}")
}

/// A status and perhaps header lines, without a body.
fn status(status: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n")
}

fn body(received: &Received) -> Value {
    serde_json::from_slice(&received.body).unwrap_or_default()
}

/// The URL of a server.
fn url(server: &Upstream) -> String {
    format!("http://{}", server.address)
}

/// All requests that arrived: method and path.
fn arrived(server: &Upstream) -> Vec<(String, String)> {
    let records = (0..server.records.count()).filter_map(|n| server.records.at(n));
    records.map(|received| (received.method, received.path)).collect()
}

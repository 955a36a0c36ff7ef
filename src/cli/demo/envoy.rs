//! Envoy as a child process that ends with its value.

use super::workspace::Workspace;
use crate::cli::failure::Failure;
use crate::cli::http;
use crate::cli::output::complain;
use axum::body::Bytes;
use http_body_util::Full;
use hyper::{Request, StatusCode};
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

const TEMPLATE: &str = include_str!("../../../envoy/demo/envoy.yaml.in");

/// Compiling the module takes Envoy a second or two; a loaded machine gets a minute.
const START_TIMEOUT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

/// A running Envoy with the filter.
pub(super) struct Envoy {
    process: Child,
    admin: SocketAddr,
    ees: SocketAddr,
    ecs: SocketAddr,
    access_log: PathBuf,
}

/// What the template is filled with.
pub(super) struct Plan<'a> {
    pub(super) wasm: &'a Path,
    pub(super) filter_json: &'a str,
    pub(super) ecs_filter_json: &'a str,
    /// What seals are made with (`ownership`).
    pub(super) secret: &'a str,
    pub(super) ees: SocketAddr,
    pub(super) ecs: SocketAddr,
    pub(super) entitlement: SocketAddr,
}

impl Envoy {
    /// Starts `binary` and waits until its listeners are up.
    pub(super) async fn start(
        binary: &OsStr,
        plan: Plan<'_>,
        workspace: &Workspace,
    ) -> Result<Envoy, Failure> {
        let access_log = workspace.file("access.log");
        let quoted = |path: &Path| json!(path.to_string_lossy()).to_string();
        // A JSON string is a YAML string.
        let config = TEMPLATE
            .replace("${ACCESS_LOG}", &quoted(&access_log))
            .replace("${WASM}", &quoted(plan.wasm))
            .replace("${SECRET}", plan.secret)
            .replace("${EES_PORT}", &plan.ees.port().to_string())
            .replace("${ECS_PORT}", &plan.ecs.port().to_string())
            .replace("${ECS_FILTER_JSON}", &json!(plan.ecs_filter_json).to_string())
            .replace("${ENTITLEMENT_PORT}", &plan.entitlement.port().to_string())
            .replace("${FILTER_JSON}", &json!(plan.filter_json).to_string());
        let log = workspace.file("envoy.log");
        let admin_address = workspace.file("admin-address");
        let mut process = Command::new(binary)
            .arg("--config-path")
            .arg(workspace.write("envoy.yaml", &config)?)
            .arg("--admin-address-path")
            .arg(&admin_address)
            .arg("--log-path")
            .arg(&log)
            // Without hot restart several can run on one machine.
            .args(["--disable-hot-restart", "--concurrency", "1", "--log-level", "warning"])
            // Each denial is a line with its reason in words.
            .args(["--component-log-level", "wasm:info"])
            .args(["--file-flush-interval-msec", "20"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(Failure::because(format!("cannot start `{}`", binary.to_string_lossy())))?;
        let up = async {
            loop {
                if let Ok(Some(status)) = process.try_wait() {
                    return Err(Failure::new(format!("Envoy ended at its start ({status})")));
                }
                // Until the admin answers, no answer means that it is too early, or that Envoy is ending.
                let admin = fs::read_to_string(&admin_address).ok().and_then(|text| text.trim().parse().ok());
                if let Some(admin) = admin
                    && let Ok((StatusCode::OK, _)) = ask(admin, "/ready").await
                {
                    return Ok((admin, listener(admin, "ees").await?, listener(admin, "ecs").await?));
                }
                tokio::time::sleep(POLL).await;
            }
        };
        let late = Failure::new(format!("Envoy was not ready in {} s", START_TIMEOUT.as_secs()));
        match tokio::time::timeout(START_TIMEOUT, up).await.unwrap_or(Err(late)) {
            Ok((admin, ees, ecs)) => Ok(Envoy { process, admin, ees, ecs, access_log }),
            Err(failure) => {
                last_lines(&log).iter().for_each(complain);
                Err(Failure::new(format!("{failure}; these are the last lines of its log")))
            }
        }
    }

    /// Where it takes the EECs' requests to the EES.
    pub(super) fn ees(&self) -> SocketAddr {
        self.ees
    }

    /// Where it takes those to the edge ECS.
    pub(super) fn ecs(&self) -> SocketAddr {
        self.ecs
    }

    /// Where its statistics are.
    pub(super) fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// The filter's statistics, by their names without the prefix; Envoy shows those that have been used.
    pub(super) async fn statistics(&self) -> Result<Vec<(String, u64)>, Failure> {
        let (_, text) = ask(self.admin, "/stats?usedonly&filter=^wasmcustom%5C.eec_authn%5C.").await?;
        let line = |line: &str| {
            let (name, value) = line.strip_prefix("wasmcustom.eec_authn.")?.split_once(": ")?;
            Some((name.to_owned(), value.parse().ok()?))
        };
        Ok(text.lines().filter_map(line).collect())
    }

    /// The access log once it has `lines` lines, or what it has after some seconds.
    pub(super) async fn access_log(&self, lines: usize) -> Vec<String> {
        let mut log = Vec::new();
        for _ in 0..250 {
            log =
                fs::read_to_string(&self.access_log).unwrap_or_default().lines().map(str::to_owned).collect();
            if log.len() >= lines {
                break;
            }
            tokio::time::sleep(POLL).await;
        }
        log
    }

    /// Kills it and waits until it is gone.
    pub(super) async fn stop(&mut self) {
        if let Err(error) = self.process.kill().await {
            complain(format_args!("warning: cannot stop Envoy: {error}"));
        }
    }

    /// Waits for its end, which nobody asked for.
    pub(super) async fn ended(&mut self) -> Failure {
        match self.process.wait().await {
            Ok(status) => Failure::new(format!("Envoy ended ({status})")),
            Err(error) => Failure::new(format!("Envoy is lost: {error}")),
        }
    }
}

async fn ask(admin: SocketAddr, path: &str) -> Result<(StatusCode, String), Failure> {
    let request = Request::get(path).header("host", admin.to_string()).body(Full::<Bytes>::default());
    let answer = http::send(admin, request.map_err(Failure::because(path))?).await?;
    Ok((answer.status(), String::from_utf8_lossy(answer.body()).into_owned()))
}

async fn listener(admin: SocketAddr, name: &str) -> Result<SocketAddr, Failure> {
    let (_, text) = ask(admin, "/listeners?format=json").await?;
    let listeners: Value =
        serde_json::from_str(&text).map_err(Failure::because("Envoy's list of listeners"))?;
    let statuses = listeners["listener_statuses"].as_array();
    let status = statuses.and_then(|statuses| statuses.iter().find(|status| status["name"] == name));
    let port = status.and_then(|status| status.pointer("/local_address/socket_address/port_value")?.as_u64());
    let port = port.and_then(|port| u16::try_from(port).ok());
    let port = port.ok_or_else(|| Failure::new(format!("Envoy has no listener `{name}`")))?;
    Ok(SocketAddr::new(admin.ip(), port))
}

fn last_lines(log: &Path) -> Vec<String> {
    let text = fs::read_to_string(log).unwrap_or_default();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.split_off(lines.len().saturating_sub(20))
}

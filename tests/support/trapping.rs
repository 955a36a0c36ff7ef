//! A module that traps on demand, made from the filter by `scripts/trapping_module.py`: nothing known makes the filter
//! itself trap.

use super::find;
use super::request::Request;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// How many headers make it trap: more than other requests here have, no more than the shipped files let pass.
const HEADERS: &str = "45-64";
/// How many bytes of a body make it trap.
const BODY: &str = "3900-4000";

/// The module; made once for each test process.
pub fn module() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let file =
            |suffix: &str| Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("trapping.wasm{suffix}"));
        let (own, shared) = (file(&format!(".{}", std::process::id())), file(""));
        let output = Command::new("python3")
            .arg(find::root().join("scripts/trapping_module.py"))
            .args([find::module(), &own])
            .args([format!("proxy_on_request_headers={HEADERS}"), format!("proxy_on_request_body={BODY}")])
            .output()
            .expect("python3 starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        // By renaming: another process may be reading it.
        fs::rename(own, &shared).expect("a rename");
        shared
    })
}

/// The headers that make it trap.
pub fn headers() -> impl Iterator<Item = (String, String)> {
    (0..45).map(|n| (format!("x-pad-{n}"), "x".to_owned()))
}

/// A request whose headers make it trap.
pub fn at_the_headers(request: Request) -> Request {
    headers().fold(request, |request, (name, value)| request.header(&name, value))
}

/// A body of the EEC that makes it trap when it is there.
pub fn body(eec: &str) -> String {
    let head = format!("{{\"eecId\":\"{eec}\",\"more\":\"");
    format!("{head}{}\"}}", "x".repeat(3950 - head.len() - 2))
}

//! Tokens minted by another JOSE library, through `tests/foreign/mint.py`.

use super::find;
use serde_json::Value;
use std::io::Write;
use std::process::{Command, Stdio};

/// What the other library made of the orders; see the script for both shapes.
pub fn mint(orders: &Value) -> Value {
    run("mint.py", orders)
}

/// What a script in `tests/foreign` makes of the orders.
pub fn run(script: &str, orders: &Value) -> Value {
    let mut child = Command::new(find::python())
        .arg(find::root().join("tests/foreign").join(script))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Python starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(orders.to_string().as_bytes()).expect("orders are read");
    drop(stdin);
    let output = child.wait_with_output().expect("Python ends");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script} failed; run `make setup wasm`:\n{errors}");
    serde_json::from_slice(&output.stdout).expect("the script writes JSON")
}

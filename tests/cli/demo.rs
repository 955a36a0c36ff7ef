//! `make demo`: the story is told in a real Envoy, and everything in it comes out as told.

use crate::support::find;
use std::process::Command;

#[test]
fn the_story_comes_out_as_told() {
    let demo = Command::new(env!("CARGO_BIN_EXE_eec-authn"))
        .args(["demo", "--envoy"])
        .arg(find::envoy())
        .arg("--wasm")
        .arg(find::module())
        .output()
        .expect("the demo starts");
    let told = String::from_utf8_lossy(&demo.stdout);
    assert!(demo.status.success(), "{told}{}", String::from_utf8_lossy(&demo.stderr));
    assert!(told.contains("15 as told") && !told.contains("\u{2717}"), "{told}");
}

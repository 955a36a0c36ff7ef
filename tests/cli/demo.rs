//! `make demo` and `make run`: the story is told in a real Envoy, everything in it comes out as told, and what is printed to be tried works.

use crate::support::find;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

fn demo(more: &[&str]) -> Command {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_eec-authn"));
    demo.args(["demo", "--envoy"]).arg(find::envoy()).arg("--wasm").arg(find::module()).args(more);
    demo
}

#[test]
fn the_story_comes_out_as_told() {
    let demo = demo(&[]).output().expect("the demo starts");
    let told = String::from_utf8_lossy(&demo.stdout);
    assert!(demo.status.success(), "{told}{}", String::from_utf8_lossy(&demo.stderr));
    assert!(told.contains("25 as told") && !told.contains("\u{2717}"), "{told}");
}

#[test]
fn the_client_that_it_offers_to_try_lives_its_life() {
    let mut kept = demo(&["--keep-running"]).stdout(Stdio::piped()).spawn().expect("the demo starts");
    let lines = BufReader::new(kept.stdout.take().expect("its output")).lines().map_while(Result::ok);
    let printed: Vec<String> = lines.take_while(|line| line != "Ctrl-C ends it.").collect();
    let order = printed.iter().skip_while(|line| !line.contains(" eec --entitlement-server"));
    let order: Vec<&str> = order.take(2).map(String::as_str).collect();
    let tried = Command::new("bash").args(["-c", &order.join("\n")]).output().expect("bash runs");
    // Its Envoy goes with it where it is asked to end.
    let ended = Command::new("kill").arg(kept.id().to_string()).status().expect("kill runs");
    assert!(ended.success() && kept.wait().expect("it ends").success());
    let told = String::from_utf8_lossy(&tried.stdout);
    assert!(tried.status.success() && told.contains("all 10 steps as they should be"), "{order:?}: {told}");
}

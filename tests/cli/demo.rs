//! `make demo` and `make run`: the story is told in a real Envoy, everything in it comes out as told, and what is printed to be tried works.

use crate::support::find;
use serde_json::Value;
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
    assert!(told.contains("30 as told") && !told.contains("\u{2717}"), "{told}");
}

/// The filters pin what signs the set, not a key of tokens; the old key's tokens are all that comes to be refused, once at each listener.
#[test]
fn a_rotation_refuses_no_good_request() {
    let demo = demo(&["--json"]).output().expect("the demo starts");
    let story: Value = serde_json::from_slice(&demo.stdout).expect("one JSON object");
    let steps = story["steps"].as_array().expect("steps");
    let rotation: Vec<_> = steps.iter().filter(|step| step["seen"].is_null()).rev().take(5).collect();
    let got: Vec<&str> = rotation.iter().rev().map(|step| step["got"].as_str().unwrap_or("?")).collect();
    let [new, both, old, ecs, ees] = got[..] else { panic!("{story}") };
    for none in [new, both, old] {
        let numbers = none.strip_prefix("none, of ").and_then(|none| none.split_once(" at the EES and "));
        let (at_ees, at_ecs) = numbers.unwrap_or_else(|| panic!("{none}"));
        let at_ecs = at_ecs.strip_suffix(" at the edge ECS").unwrap_or("?");
        assert!([at_ees, at_ecs].iter().all(|n| n.parse::<u64>().is_ok_and(|n| n > 0)), "{none}");
    }
    assert_eq!([ecs, ees], ["401 key_unknown"; 2]);

    let lines = |witness: &str| -> Vec<String> {
        let lines = story["witnesses"][witness]["lines"].as_array().expect("lines");
        lines.iter().map(|line| line.as_str().expect("a line").to_owned()).collect()
    };
    let statistics = lines("Envoy's statistics");
    for listener in ["", "ecs."] {
        for line in ["denied.key_unknown: 1", "jwks.keys.0: 1"] {
            let line = format!("wasmcustom.eec_authn.{listener}{line}");
            assert!(statistics.contains(&line), "{line}: {statistics:?}");
        }
    }
    let log = lines("Envoy's access log");
    let of_unknown_keys = log.iter().filter(|line| line.contains("\"deny:key_unknown\""));
    let paths: Vec<Value> = of_unknown_keys
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["path"].take())
        .collect();
    assert_eq!(paths, ["/eecs-serviceprovisioning/v1/request", "/eees-eecregistration/v1/registrations"]);
    assert_eq!(log.iter().filter(|line| line.contains("several clients at once")).count(), 2, "{log:?}");
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

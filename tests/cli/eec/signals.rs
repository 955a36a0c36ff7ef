//! Signals: the first one ends what goes on and has it taken away, the next one ends that.

use super::{REGISTRATIONS, command, status, token_endpoint, url};
use crate::support::upstream::Upstream;
use serde_json::{Value, json};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// An EES with a registration and nothing else: its answer to what `hangs` never comes. It tells when that has arrived.
fn hanging(hangs: &'static str) -> (Upstream, Receiver<()>) {
    let (reached, waits) = channel();
    let server = Upstream::saying(move |received| {
        if received.method == hangs {
            // Nobody may be left to hear of it.
            let _ = reached.send(());
            std::thread::sleep(Duration::from_secs(600));
        }
        match received.path.as_str() {
            REGISTRATIONS => status(&format!("201 Created\r\nlocation: {REGISTRATIONS}/7")),
            _ => status("403 Forbidden"),
        }
    });
    (server, waits)
}

fn started(tokens: &Upstream, server: &Upstream, options: &[&str]) -> Child {
    let mut command = command(&["--entitlement-server", &url(tokens), "--ees", &url(server)]);
    command.args(["--timeout", "300"]).args(options).stdout(Stdio::piped()).stderr(Stdio::null());
    command.spawn().expect("it starts")
}

fn signal(child: &Child, name: &str) {
    let killed = Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(killed.expect("kill runs").success());
}

/// The exit code and what was printed, of who ends well before anything that it waits for would.
fn ended(mut child: Child) -> (Option<i32>, Vec<Value>) {
    let begun = Instant::now();
    while child.try_wait().expect("a child").is_none() {
        if begun.elapsed() > Duration::from_secs(30) {
            child.kill().expect("it can be killed");
            panic!("it does not end");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output().expect("its output");
    let told = String::from_utf8(output.stdout).expect("text");
    let rows = told.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    (output.status.code(), rows)
}

#[test]
fn a_client_whose_server_hangs_at_the_end_is_ended_by_the_next_signal() {
    let (tokens, (server, waits)) = (token_endpoint(), hanging("DELETE"));
    let client = started(&tokens, &server, &[]);
    waits.recv().expect("it takes away what it has made, since it was refused then");
    signal(&client, "-INT");
    assert_eq!(ended(client).0, Some(1));
}

#[test]
fn a_crowd_that_sleeps_until_something_is_due_is_woken() {
    let (tokens, (server, _)) = (token_endpoint(), hanging("DELETE"));
    let crowd = ["--eec-id", "eec-{number}", "--clients", "1", "--rate", "0.01", "--for", "1h"];
    let mut order = Command::new(env!("CARGO_BIN_EXE_eec-authn"));
    order.args(["--json", "eec", "--entitlement-server", &url(&tokens), "--ees", &url(&server)]);
    let client = order.args(crowd).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    while tokens.records.count() == 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    signal(&client, "-TERM");
    let (exit, rows) = ended(client);
    assert_eq!((exit, &rows.last().expect("a row")["count"]), (Some(0), &json!(1)), "{rows:?}");
}

#[test]
fn a_crowd_whose_server_hangs_is_ended_by_two_signals_and_says_what_it_leaves() {
    let (tokens, (server, waits)) = (token_endpoint(), hanging("DELETE"));
    let client = started(&tokens, &server, &["--clients", "1", "--rate", "50", "--for", "1h"]);
    waits.recv().expect("it was refused, and takes away what it has made");
    signal(&client, "-TERM");
    // A signal that is still to be taken counts once, whatever comes meanwhile: so another until it has ended.
    let second = {
        let id = client.id().to_string();
        std::thread::spawn(move || {
            while Command::new("kill")
                .args(["-TERM", &id])
                .stderr(Stdio::null())
                .status()
                .expect("kill")
                .success()
            {
                std::thread::sleep(Duration::from_millis(50));
            }
        })
    };
    let (exit, rows) = ended(client);
    second.join().expect("a thread");
    assert_eq!((exit, &rows.last().expect("a row")["left_behind"]), (Some(4), &json!(1)), "{rows:?}");
}

#[test]
fn who_has_made_nothing_does_not_wait_for_its_turn_to_leave() {
    let (tokens, (server, _)) = (token_endpoint(), hanging("DELETE"));
    // At this rate, twenty clients would leave in 40 s.
    let crowd = ["--eec-id", "eec-{number}", "--clients", "20", "--rate", "1", "--for", "1s"];
    let mut order = Command::new(env!("CARGO_BIN_EXE_eec-authn"));
    order.args(["--json", "eec", "--entitlement-server", &url(&tokens), "--ees", &url(&server)]);
    let client = order.args(crowd).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    assert_eq!(ended(client).0, Some(0));
}

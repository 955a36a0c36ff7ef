//! A crowd: as many requests as were ordered, from as many clients, whatever the server does; and nothing left behind.

use super::{Run, command, ok, status, token_endpoint, url};
use crate::support::upstream::Upstream;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// An EES that keeps what is made, and of so many POST refuses one.
fn ees(refuse_every: usize) -> (Upstream, Arc<Mutex<BTreeSet<String>>>) {
    let items = Arc::new(Mutex::new(BTreeSet::new()));
    let (kept, count) = (Arc::clone(&items), AtomicUsize::new(1));
    let server = Upstream::saying(move |received| {
        let n = count.fetch_add(usize::from(received.method == "POST"), Ordering::Relaxed);
        if received.method == "POST" && n.is_multiple_of(refuse_every) {
            return status("403 Forbidden");
        }
        let mut items = kept.lock().expect("items");
        match received.method.as_str() {
            "POST" if received.path.ends_with("request-discovery") => ok(&json!({"discoveredEas": []})),
            "POST" => {
                let item = format!("{}/{n}", received.path);
                items.insert(item.clone());
                status(&format!("201 Created\r\nlocation: {item}"))
            }
            "DELETE" if items.remove(&received.path) => "HTTP/1.1 204 No Content\r\n\r\n".into(),
            "PUT" | "PATCH" if items.contains(&received.path) => "HTTP/1.1 204 No Content\r\n\r\n".into(),
            _ => status("404 Not Found"),
        }
    });
    (server, items)
}

fn crowd(tokens: &Upstream, server: &Upstream, options: [&str; 3]) -> Run {
    let [clients, rate, time] = options;
    let mut order = command(&["--entitlement-server", &url(tokens), "--ees", &url(server)]);
    // Its `--eec-id` takes the place of the one that all tests have.
    let args: Vec<String> =
        order.get_args().map(|arg| arg.to_string_lossy().replace("eec-1", "eec-{number}")).collect();
    order = std::process::Command::new(order.get_program());
    Run::of(order.args(args).args(["--clients", clients, "--rate", rate, "--for", time]))
}

fn row<'a>(run: &'a Run, step: &str) -> &'a Value {
    let row = run.steps.iter().find(|row| row["step"] == step);
    row.unwrap_or_else(|| panic!("no {step}: {}", run.printed))
}

#[test]
fn every_client_lives_its_own_life_and_nothing_is_left_behind() {
    let (tokens, (server, items)) = (token_endpoint(), ees(usize::MAX));
    let run = crowd(&tokens, &server, ["5", "12", "5s"]);
    assert_eq!(run.exit, 0, "{}", run.printed);
    // 60 requests in turns: 12 of each client, a token, 7 steps at the EES, and 4 of the next life.
    let all = row(&run, "all");
    assert_eq!((&all["count"], &all["done"]), (&json!(60), &json!(60)));
    for (step, count) in [
        ("token", 5),
        ("register", 10),
        ("discover", 10),
        ("subscribe", 10),
        ("update", 10),
        ("change", 5),
        ("deregister", 5),
    ] {
        assert_eq!(row(&run, step)["count"], json!(count), "{step}");
    }
    assert_eq!((&all["left_behind"], items.lock().expect("items").len()), (&json!(0), 0));
    let asked: BTreeSet<String> = (0..tokens.records.count())
        .filter_map(|n| tokens.records.at(n))
        .map(|received| super::body(&received)["eec_id"].as_str().expect("an ID").to_owned())
        .collect();
    assert_eq!(asked, (0..5).map(|n| format!("eec-{n}")).collect());
    assert!(row(&run, "register")["milliseconds"]["p99"].is_f64());
}

#[test]
fn refusals_are_counted_and_those_clients_begin_anew() {
    let (tokens, (server, items)) = (token_endpoint(), ees(5));
    let run = crowd(&tokens, &server, ["3", "12", "5s"]);
    let all = row(&run, "all");
    let refused = all["refused"].as_u64().expect("a number");
    assert_eq!((run.exit, &all["count"], &all["failed"]), (2, &json!(60), &json!(0)), "{}", run.printed);
    let reasons = all["reasons"].as_object().expect("reasons");
    assert!(
        refused > 1 && reasons.keys().all(|reason| reason.ends_with(": refused: 403")),
        "{}",
        run.printed
    );
    assert_eq!(reasons.values().filter_map(Value::as_u64).sum::<u64>(), refused);
    assert_eq!((&all["left_behind"], items.lock().expect("items").len()), (&json!(0), 0));
}

#[test]
fn a_slow_server_shows_and_what_is_due_is_not_sent_after_the_end() {
    let tokens = token_endpoint();
    let server = Upstream::saying(|_| {
        std::thread::sleep(Duration::from_millis(100));
        status("403 Forbidden")
    });
    // One client, 20 requests in a second, of which it can send some ten: the last of them half a second after it was due.
    let run = crowd(&tokens, &server, ["1", "20", "1s"]);
    let all = row(&run, "all");
    let times = &all["milliseconds"];
    let (count, not_sent) =
        (all["count"].as_u64().expect("a number"), all["not_sent"].as_u64().expect("one"));
    assert_eq!(count + not_sent, 20, "{}", run.printed);
    assert!((1..=12).contains(&count), "{}", run.printed);
    // By a client that counts from when it begins, no answer would have taken much more than 100 ms.
    assert!(times["max"].as_f64() >= Some(400.0), "{times}");
}

#[test]
fn who_hangs_does_not_prolong_it() {
    let tokens = token_endpoint();
    let server = Upstream::saying(|_| {
        std::thread::sleep(Duration::from_secs(60));
        String::new()
    });
    let begun = Instant::now();
    let mut order =
        command(&["--entitlement-server", &url(&tokens), "--ees", &url(&server), "--timeout", "1"]);
    let run = Run::of(order.args(["--clients", "1", "--rate", "50", "--for", "2s"]));
    let all = row(&run, "all");
    // A token, and two or three of the hundred: each waits for a second.
    let (count, not_sent) =
        (all["count"].as_u64().expect("a number"), all["not_sent"].as_u64().expect("one"));
    assert_eq!((count + not_sent, run.exit), (100, 4), "{}", run.printed);
    assert!(count <= 6 && begun.elapsed() < Duration::from_secs(30), "{}", run.printed);
}

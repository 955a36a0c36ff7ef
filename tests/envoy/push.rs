//! Configuration pushes under load, through LDS and ECDS from files, in a real Envoy with two workers: no good
//! request is refused, under ECDS none breaks off either, no bad one passes, and what is revoked or removed holds
//! from the push on.

use crate::support::bootstrap::{Configuration, Setup};
use crate::support::envoy::{Envoy, Push};
use crate::support::fixture::{FQDN, config};
use crate::support::h1::{self, H1};
use crate::support::request::Request;
use crate::support::token::{Key, claims, claims_with};
use crate::support::upstream::Upstream;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// How many pushes of each kind; more with `EEC_AUTHN_PUSHES`.
fn pushes() -> usize {
    #[allow(clippy::disallowed_methods, reason = "a test has an environment")]
    std::env::var("EEC_AUTHN_PUSHES").ok().and_then(|n| n.parse().ok()).unwrap_or(12)
}

fn setup(filter: &Value, upstream: &Upstream, ecds: bool) -> Setup {
    let setup = Setup::new(Some(Configuration::Text(filter.to_string())), upstream.address).concurrency(2);
    if ecds { setup.ecds() } else { setup }
}

pub(super) fn delete(token: &str) -> Request {
    Request::new("DELETE", "/eees-eecregistration/v1/registrations/r1").bearer(token)
}

/// Envoys whose V8 gives threads that are older than itself no right to read its code, where the processor has rights for that.
const DIES_OF_ITS_FIRST_FILTER: [&str; 2] = ["1.36", "1.37"];

/// `docs/limits.md`: an Envoy that has started without any Wasm filter, and gets its first one.
#[test]
fn the_first_filter_may_come_by_a_push() {
    let (key, upstream) = (Key::new(1), Upstream::start());
    let bare = Setup::new(None, upstream.address).concurrency(2);
    let mut envoy = Envoy::start(&bare);
    assert_eq!(h1::exchange(envoy.address(), &delete("")).expect("an answer").status, 201);
    let with_filter = bare.configuration(config(&[&key]));
    if DIES_OF_ITS_FIRST_FILTER.iter().any(|minor| envoy.is_of(minor)) && has_protection_keys() {
        let ended = catch_unwind(AssertUnwindSafe(|| drop(envoy.push(&with_filter))));
        assert!(ended.is_err() && envoy.has_ended(), "it lives: docs/limits.md says otherwise");
        return;
    }
    assert!(matches!(envoy.push(&with_filter), Push::Live));
    let answered = |token: &str| h1::exchange(envoy.address(), &delete(token)).expect("an answer").status;
    assert_eq!([answered(&key.token(&claims())), answered("bad")], [201, 401]);
}

/// Whether the processor has memory protection keys.
fn has_protection_keys() -> bool {
    let processor = std::fs::read_to_string("/proc/cpuinfo").expect("Linux");
    processor.split_whitespace().any(|flag| flag == "ospke")
}

/// Sends the same request again and again, each on a new connection, until it is told to stop.
pub(super) struct Load {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<(usize, Vec<String>)>,
}

impl Load {
    /// `may_break`: a listener that is replaced closes what has not been answered, and clients try again.
    pub(super) fn start(
        address: Arc<Mutex<SocketAddr>>,
        token: String,
        status: u16,
        may_break: bool,
    ) -> Load {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let (mut sent, mut wrong) = (0, Vec::new());
            while !stopped.load(Ordering::Relaxed) {
                // Whole cores are for the tests beside this one, too.
                std::thread::sleep(std::time::Duration::from_millis(5));
                let to = *address.lock().expect("the address");
                match h1::exchange(to, &delete(&token)) {
                    Ok(response) if response.status == status => {}
                    Ok(response) => wrong.push(format!("{} instead of {status}", response.status)),
                    Err(_) if may_break => continue,
                    Err(error) => wrong.push(error.to_string()),
                }
                sent += 1;
            }
            (sent, wrong)
        });
        Load { stop, thread }
    }

    pub(super) fn finish(self, name: &str) {
        self.stop.store(true, Ordering::Relaxed);
        let (sent, wrong) = self.thread.join().expect("the load ends");
        assert!(sent > 0, "{name}: nothing was sent");
        assert!(
            wrong.is_empty(),
            "{name}: {} of {sent} wrong: {:?}",
            wrong.len(),
            &wrong[..wrong.len().min(5)]
        );
    }
}

fn rotations_under_load(ecds: bool) {
    let upstream = Upstream::start();
    let (kept, forged) = (Key::new(1), Key::new(9));
    let with_keys = |n: usize| {
        let n = u8::try_from(n % 100).expect("small");
        let mut filter = config(&[&kept, &Key::new(100 + n), &Key::new(101 + n)]);
        filter["rules"] = json!([{"name": format!("push {n}"), "match": {"path": format!("/rule/{n}")}}]);
        filter
    };
    let mut envoy = Envoy::start(&setup(&with_keys(0), &upstream, ecds));
    let address = Arc::new(Mutex::new(envoy.address()));
    let good = kept.token(&claims_with(json!({"jti": "good"})));
    let bad = forged.token_with(&kept.header(), &claims_with(json!({})));
    let loads = [
        ("good", Load::start(Arc::clone(&address), good.clone(), 201, !ecds)),
        ("bad", Load::start(Arc::clone(&address), bad, 401, !ecds)),
    ];
    for n in 1..=pushes() {
        let mut filter = with_keys(n);
        if n % 4 == 3 {
            filter["nonsense"] = json!(n);
            let Push::Refused(log) = envoy.push(&setup(&filter, &upstream, ecds)) else {
                panic!("nonsense was taken")
            };
            assert!(log.contains("configuration refused: nonsense: "), "{log}");
            continue;
        }
        assert!(matches!(envoy.push(&setup(&filter, &upstream, ecds)), Push::Live), "push {n} was refused");
        *address.lock().expect("the address") = envoy.address();
        let newest = Key::new(101 + u8::try_from(n % 100).expect("small")).token(&claims_with(json!({})));
        let status = h1::exchange(envoy.address(), &delete(&newest)).expect("an answer").status;
        assert_eq!(status, 201, "push {n}: the new key");
    }
    loads.into_iter().for_each(|(name, load)| load.finish(name));
}

#[test]
fn rotations_by_listener_discovery() {
    rotations_under_load(false);
}

#[test]
fn rotations_by_extension_discovery() {
    rotations_under_load(true);
}

#[test]
fn by_extension_discovery_revocation_holds_at_once_on_old_connections_too() {
    let upstream = Upstream::start();
    let (key, other) = (Key::new(1), Key::new(2));
    let filter = config(&[&key, &other]);
    let mut envoy = Envoy::start(&setup(&filter, &upstream, true));
    let mut connection = H1::connect(envoy.address()).expect("a connection");
    let mut status = |token: &str| {
        let head = format!(
            "DELETE /eees-eecregistration/v1/registrations/r1 HTTP/1.1\r\nhost: {FQDN}\r\nauthorization: Bearer {token}\r\n\r\n"
        );
        connection.send(head.as_bytes()).expect("it is sent");
        connection.any_response(false).expect("an answer").status
    };
    let token = |key: &Key, sub: &str, jti: &str| key.token(&claims_with(json!({"sub": sub, "jti": jti})));
    let cases = [
        (json!({"token_ids": ["a"]}), token(&key, "eec-1", "a")),
        (json!({"eec_ids": ["eec-2"]}), token(&key, "eec-2", "b")),
        (json!({"key_ids": ["k2"]}), token(&other, "eec-1", "c")),
        (json!({"issued_before": "2039-01-01T00:00:00Z"}), token(&key, "eec-1", "d")),
    ];
    for (revoked, token) in cases {
        assert_eq!(status(&token), 201, "before {revoked}");
        assert_eq!(status(&token), 201, "from the cache, before {revoked}");
        let mut next = filter.clone();
        next["revoked"] = revoked.clone();
        assert!(matches!(envoy.push(&setup(&next, &upstream, true)), Push::Live));
        assert_eq!(status(&token), 401, "after {revoked}");
        assert!(matches!(envoy.push(&setup(&filter, &upstream, true)), Push::Live));
        assert_eq!(status(&token), 201, "{revoked} taken back");
    }
    let removed = token(&other, "eec-1", "e");
    assert_eq!(status(&removed), 201);
    assert!(matches!(envoy.push(&setup(&config(&[&key]), &upstream, true)), Push::Live));
    assert_eq!(status(&removed), 401, "the key is gone");
}

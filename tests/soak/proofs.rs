//! Good proofs in a row from a few clients, until long after their part of the replay memory is full: each passes once, and neither
//! Envoy nor its VMs grow any more. `EEC_AUTHN_SOAK_PROOFS` says how many; `make soak-proofs` sends a million.

use super::client::Client;
use super::support::bootstrap::{Configuration, Setup};
use super::support::envoy::Envoy;
use super::support::fixture::config;
use super::support::proof::{Client as Holder, Proof};
use super::support::request::Request;
use super::support::token::{Key, now};
use super::upstream::Upstream;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

const PATH: &str = "/eees-eecregistration/v1/registrations/r1";
/// Clients, each with a key, a token and a connection of its own.
const CLIENTS: u64 = 4;
/// Proofs of a client after which its part of the memory is full (`docs/contract.md#proof`), with some to spare.
const FULL: u64 = 1_100;
/// How far Envoy's resident memory may go up and down then: its allocator keeps pages. The proofs of a million would be 30 MiB.
const MAY_GROW_KIB: u64 = 8 * 1024;
/// Looks at the memory.
const LOOKS: u64 = 40;

fn proofs() -> u64 {
    #[allow(clippy::disallowed_methods, reason = "a test has an environment")]
    let number = std::env::var("EEC_AUTHN_SOAK_PROOFS").ok();
    number.map_or(8_000, |text| text.parse().expect("EEC_AUTHN_SOAK_PROOFS is a number"))
}

/// What one look has seen.
#[derive(Debug, Clone, Copy)]
struct Look {
    proofs: u64,
    resident_kib: u64,
    vms_kib: u64,
}

/// Makes a client's proofs ahead of those who send them. Each is of a later time than the one before, since a full part takes no other:
/// a tenth of a millisecond, so that those of a million stay within the skew.
fn make(holder: &Holder, eec_id: &str, number: u64, ready: &SyncSender<Request>) {
    let begin = f64::from(u32::try_from(now()).expect("this century"));
    for n in 0..number {
        let iat = begin + f64::from(u32::try_from(n).expect("so many")) / 1e4;
        let proof = Proof::new(&holder.key, "DELETE", PATH, &holder.token).claim("iat", iat);
        let request = holder.sends_with(Request::new("DELETE", PATH), &proof);
        let request = Request { case: format!("good {eec_id}"), ..request };
        if ready.send(request).is_err() {
            return;
        }
    }
}

/// Sends what is ready, and now and then something a second time; what went wrong.
fn send(address: SocketAddr, ready: &Receiver<Request>, sent: &AtomicU64, stop: &AtomicBool) -> Vec<String> {
    let (mut client, mut wrong, mut first) = (Client::new(address), Vec::new(), None);
    for (n, request) in (0_u64..).zip(ready) {
        let mut expect = |what: &str, request: &Request, code: Option<&str>| {
            if let Err(why) = client.send(request).is(code) {
                wrong.push(format!("{what} {n}: {why}"));
            }
        };
        expect("proof", &request, None);
        if n % 500 == 0 {
            expect("again, proof", &request, Some("proof_replayed"));
        }
        let oldest = first.get_or_insert_with(|| request.clone());
        if n == 2 * FULL {
            expect("what has been forgotten, at", oldest, Some("proof_invalid"));
        }
        sent.fetch_add(1, Ordering::Relaxed);
        if wrong.len() > 5 || stop.load(Ordering::Relaxed) {
            break;
        }
    }
    wrong
}

#[test]
fn a_flood_of_good_proofs_is_remembered_in_flat_memory() {
    let each = proofs().div_ceil(CLIENTS);
    assert!(each > 2 * FULL, "with less, no part of the memory is full");
    let (upstream, issuer) = (Upstream::start(), Key::new(1));
    let mut filter = config(&[&issuer]);
    // None ends by its age: the memory is as full as it gets, however long this takes.
    filter["proof"] = json!({"dpop": {"max_age_seconds": 80_000}});
    let setup =
        Setup::new(Some(Configuration::Text(filter.to_string())), upstream.address).concurrency(2).alone();
    let envoy = Envoy::start(&setup);
    let (address, stop) = (envoy.address(), AtomicBool::new(false));
    let sent: Vec<AtomicU64> = (0..CLIENTS).map(|_| AtomicU64::new(0)).collect();
    let (looks, wrong) = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..CLIENTS)
            .zip(&sent)
            .map(|(number, sent)| {
                let (ready, requests) = sync_channel(256);
                let (issuer, stop) = (&issuer, &stop);
                scope.spawn(move || {
                    let eec_id = format!("eec-{number}");
                    let seed = u8::try_from(10 + number).expect("few");
                    let lasts = json!({"sub": eec_id, "iat": now(), "exp": now() + 80_000});
                    make(&Holder::new(issuer, seed, lasts), &eec_id, each, &ready);
                });
                scope.spawn(move || send(address, &requests, sent, stop))
            })
            .collect();
        let mut looks = Vec::new();
        println!("{:>9} proofs: Envoy {} KiB, its VMs {} KiB", 0, envoy.memory_kib(), envoy.vm_memory_kib());
        let counted = || sent.iter().map(|sent| sent.load(Ordering::Relaxed)).collect::<Vec<u64>>();
        while !senders.iter().all(std::thread::ScopedJoinHandle::is_finished) {
            let counts = counted();
            let all: u64 = counts.iter().sum();
            let due = looks.last().map_or(0, |look: &Look| look.proofs) + each * CLIENTS / LOOKS;
            if counts.iter().all(|count| *count >= FULL) && (looks.is_empty() || all >= due) {
                let look =
                    Look { proofs: all, resident_kib: envoy.memory_kib(), vms_kib: envoy.vm_memory_kib() };
                println!(
                    "{:>9} proofs: Envoy {} KiB, its VMs {} KiB",
                    look.proofs, look.resident_kib, look.vms_kib
                );
                looks.push(look);
                envoy.empty_access_log();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let wrong = senders.into_iter().flat_map(|sender| sender.join().expect("a client ends"));
        (looks, wrong.collect::<Vec<_>>())
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(upstream.wrong(), Vec::<String>::new());
    assert_eq!(upstream.arrived(), each * CLIENTS);
    let refused = each.div_ceil(500) * CLIENTS;
    assert_eq!(envoy.filter_stat("denied.proof_replayed"), refused);
    assert_eq!(envoy.filter_stat("denied.proof_invalid"), CLIENTS);
    let [first, .., last] = looks[..] else { panic!("too few looks: {looks:?}") };
    let highest = looks.iter().map(|look| look.resident_kib).max().unwrap_or_default();
    assert!(first.vms_kib > 0, "no VM was found in Envoy's memory");
    assert!(highest <= first.resident_kib + MAY_GROW_KIB, "Envoy has grown: {looks:?}");
    assert_eq!(last.vms_kib, first.vms_kib, "the VMs have grown: {looks:?}");
}

//! `docs/contract.md#ownership` while secrets change: two Envoys with one secret, and pushes that rotate it under load. No good request is
//! refused, and no bad one passes.

use super::ownership::{REGISTRATIONS, SECRET_ENV, filter, path_of, request, token};
use crate::support::bootstrap::{Configuration, Setup};
use crate::support::ees::Ees;
use crate::support::envoy::{Envoy, Push};
use crate::support::fixture::{BOTH, Protocol};
use crate::support::h1;
use crate::support::seal::{EEC_1, in_environment};
use crate::support::token::Key;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// How many pushes; more with `EEC_AUTHN_PUSHES`.
fn pushes() -> usize {
    #[allow(clippy::disallowed_methods, reason = "a test has an environment")]
    std::env::var("EEC_AUTHN_PUSHES").ok().and_then(|n| n.parse().ok()).unwrap_or(12)
}

/// The secret of a number.
fn secret(number: usize) -> [u8; 32] {
    [u8::try_from(number % 250).expect("small"); 32]
}

/// Envoy before `ees` with the variables `names`, each of which holds the secret of its number, in one environment.
fn setup(key: &Key, ees: &Ees, names: &[usize], last: usize) -> Setup {
    let name = |number: &usize| format!("{SECRET_ENV}_{number}");
    let filter = filter(key, |filter| {
        filter["ownership"]["secret_env"] = json!(names.iter().map(name).collect::<Vec<_>>());
    });
    let setup =
        Setup::new(Some(Configuration::Text(filter.to_string())), ees.upstream.address).ecds().concurrency(2);
    (0..=last)
        .fold(setup, |setup, number| setup.environment(&name(&number), &in_environment(&secret(number))))
}

#[test]
fn replicas_with_one_secret_accept_each_others_seals() {
    let key = Key::new(1);
    let ees = Ees::start();
    let [first, second] = [0, 1].map(|_| Envoy::start(&setup(&key, &ees, &[0], 0)));
    let stranger = Envoy::start(&setup(&key, &ees, &[1], 1));
    let (own, others) = (token(&key, "eec-1"), token(&key, "eec-2"));
    for protocol in BOTH {
        for (made_at, used_at) in [(&first, &second), (&second, &first)] {
            let send = |envoy: &Envoy, request| {
                Protocol::exchange(protocol, envoy.address(), &request).expect("an answer")
            };
            let sealed = path_of(&send(made_at, request("POST", REGISTRATIONS, "eec-1", &own)));
            assert_eq!(send(used_at, request("PUT", &sealed, "eec-2", &others)).status, 403);
            assert_eq!(send(&stranger, request("PUT", &sealed, "eec-1", &own)).status, 403);
            assert_eq!(send(used_at, request("PUT", &sealed, "eec-1", &own)).status, 200);
            assert_eq!(send(used_at, request("DELETE", &sealed, "eec-1", &own)).status, 204);
        }
    }
}

/// A rotation is two pushes: the new secret comes behind the other, so that everybody knows it, and then before it, so that it seals. With
/// one push a worker that has it would make seals which another does not know yet, and so would a replica.
#[test]
fn secrets_rotate_under_load() {
    let key = Key::new(1);
    let ees = Ees::start();
    let last = pushes() / 2 + 2;
    let known = |push: usize| [push / 2, push / 2 + 1];
    let rotated = |push: usize| {
        let [older, newer] = known(push);
        setup(&key, &ees, &if push.is_multiple_of(2) { [older, newer] } else { [newer, older] }, last)
    };
    let mut envoy = Envoy::start(&rotated(0));
    let address = envoy.address();
    let (own, others) = (token(&key, "eec-1"), token(&key, "eec-2"));
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let load = {
        let (own, others, stop, rounds) = (own.clone(), others.clone(), Arc::clone(&stop), Arc::clone(&done));
        std::thread::spawn(move || {
            let mut wrong = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let mut status = |method, path: &str, eec_id, token: &str, expected: u16| match h1::exchange(
                    address,
                    &request(method, path, eec_id, token),
                ) {
                    Ok(response) if response.status == expected => Some(response),
                    other => {
                        wrong.push(format!("{method} {path} by {eec_id}: {other:?} instead of {expected}"));
                        None
                    }
                };
                // A client that uses what it was given at once, another that tries to.
                let Some(made) = status("POST", REGISTRATIONS, "eec-1", &own, 201) else { continue };
                let sealed = path_of(&made);
                status("PUT", &sealed, "eec-2", &others, 403);
                status("PUT", sealed.split('.').next().unwrap_or_default(), "eec-2", &others, 403);
                status("PUT", &sealed, "eec-1", &own, 200);
                status("DELETE", &sealed, "eec-1", &own, 204);
                rounds.fetch_add(1, Ordering::Relaxed);
            }
            wrong
        })
    };
    for push in 1..=pushes() {
        // No client meets two pushes between its POST and its DELETE: a secret stays for longer than that.
        let before = done.load(Ordering::Relaxed);
        envoy.wait("two rounds of the load", |_| (done.load(Ordering::Relaxed) >= before + 2).then_some(()));
        assert!(matches!(envoy.push(&rotated(push)), Push::Live), "push {push} was refused");
        let status = |number: usize| {
            let path = format!("{REGISTRATIONS}/x{}", EEC_1.seal(&secret(number), "x"));
            h1::exchange(address, &request("DELETE", &path, "eec-1", &own)).expect("an answer").status
        };
        let [older, newer] = known(push);
        let got = [newer + 1, newer, older].map(status);
        assert_eq!(got, [403, 404, 404], "push {push}: those that are known, and not the next one");
        if let Some(gone) = older.checked_sub(1) {
            assert_eq!(status(gone), 403, "push {push}: not the one before");
        }
    }
    stop.store(true, Ordering::Relaxed);
    let wrong = load.join().expect("the load ends");
    let rounds = done.load(Ordering::Relaxed);
    assert!(rounds > 10, "{rounds} rounds, {wrong:?}");
    assert!(wrong.is_empty(), "{} of {rounds} rounds wrong: {:?}", wrong.len(), &wrong[..wrong.len().min(5)]);
    for counter in ["unsealed", "unsealable"] {
        assert_eq!(envoy.filter_stat(&format!("ownership.{counter}")), 0);
    }
}

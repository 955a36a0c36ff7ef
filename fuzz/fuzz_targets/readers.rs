//! What lenient readers make of a body, beside what the binding makes of it: whatever passes says `eec-1` to each of them.
#![no_main]

mod lenient;

use eec_authn::json;
use eec_authn::policy::binding::{Client, check_operation};
use eec_authn::policy::{GpsiMode, Identities, Identity};
use lenient::{Node, READERS, resolve};
use libfuzzer_sys::fuzz_target;

/// The identities that name the client, where, and what must stand there.
const BOUND: [(Identity, &[&str], &str); 5] = [
    (Identity::EecId, &["eecId"], "eec-1"),
    (Identity::EecId, &["ueId"], "m1"),
    (Identity::RequestorObject, &["requestorId", "eecId"], "eec-1"),
    (Identity::RequestorString, &["requestorId"], "eec-1"),
    (Identity::OwnUeId, &["ueId"], "m1"),
];

/// Where nothing may be at all.
const ABSENT: [(Identity, &[&str]); 3] = [
    (Identity::RequestorObject, &["requestorId", "easId"]),
    (Identity::RequestorObject, &["requestorId", "eesId"]),
    (Identity::OwnUeId, &["ipAddr"]),
];

fn compare(body: &[u8]) {
    let Ok(ours) = json::parse(body) else { return };
    // A number that no double can hold is read as one by nobody.
    let Ok(theirs) = serde_json::from_slice::<Node>(body) else { return };
    let client = Client { eec_id: "eec-1", gpsis: &["m1".into()] };
    let passing: Vec<Identity> = IDENTITIES.with(|identities| {
        let passes = |identity: &Identity| {
            check_operation(identities.of(*identity), GpsiMode::Required, &client, &ours).is_ok()
        };
        [Identity::EecId, Identity::RequestorObject, Identity::RequestorString, Identity::OwnUeId]
            .into_iter()
            .filter(passes)
            .collect()
    });
    for (name, reader) in READERS.iter().filter(|_| !passing.is_empty()) {
        for (_, path, expected) in BOUND.into_iter().filter(|(identity, ..)| passing.contains(identity)) {
            for found in resolve(&theirs, path, *reader) {
                assert_eq!(*found, Node::Text(expected.into()), "{name} at {path:?}");
            }
        }
        for (_, path) in ABSENT.into_iter().filter(|(identity, _)| passing.contains(identity)) {
            assert!(resolve(&theirs, path, *reader).is_empty(), "{name} at {path:?}");
        }
    }
}

thread_local! {
    static IDENTITIES: Identities = Identities::default();
}

fuzz_target!(|data: &[u8]| {
    compare(data);
    // The same bytes as a name beside the real one, at each place.
    let name = serde_json::to_string(&String::from_utf8_lossy(data)).expect("a string");
    for (good, at) in [
        (r#""eecId":"eec-1","ueId":"m1""#, ("{", "}")),
        (r#""requestorId":{"eecId":"eec-1"}"#, ("{", "}")),
        (r#""eecId":"eec-1""#, ("{\"requestorId\":{", "}}")),
        (r#""ueId":"m1""#, ("{", "}")),
    ] {
        compare(format!("{}{good},{name}:\"evil\"{}", at.0, at.1).as_bytes());
        compare(format!("{}{name}:\"evil\",{good}{}", at.0, at.1).as_bytes());
    }
});

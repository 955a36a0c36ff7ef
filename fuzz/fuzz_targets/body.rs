//! Any body: whatever passes the binding says `eec-1` to serde_json as well.
#![no_main]

use eec_authn::json;
use eec_authn::policy::binding::{Client, check_operation};
use eec_authn::policy::{GpsiMode, Identities, Identity};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let Ok(body) = json::parse(data) else { return };
    let identities = Identities::default();
    let client = Client { eec_id: "eec-1", gpsis: &["m1".into()] };
    let passes =
        |identity| check_operation(identities.of(identity), GpsiMode::IfPresent, &client, &body).is_ok();
    // A number that no double can hold is read as one by nobody.
    let Ok(theirs) = serde_json::from_slice::<Value>(data) else { return };
    if passes(Identity::EecId) {
        assert_eq!(theirs["eecId"], "eec-1");
        assert!(theirs.get("ueId").is_none_or(|ue| ue == "m1"));
    }
    if passes(Identity::RequestorObject) {
        assert_eq!(theirs["requestorId"]["eecId"], "eec-1");
    }
    if passes(Identity::RequestorString) {
        assert_eq!(theirs["requestorId"], "eec-1");
    }
    if passes(Identity::OwnUeId) {
        assert_eq!(theirs["ueId"], "m1");
    }
});

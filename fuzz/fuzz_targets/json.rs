//! Whatever our reader accepts, serde_json accepts with the same meaning (numbers beyond a double aside).
#![no_main]

use eec_authn::json::{self, Json};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fn same(ours: &Json, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Json::Null, Value::Null) => true,
        (Json::Bool(a), Value::Bool(b)) => a == b,
        (Json::Number(_), Value::Number(b)) => ours.as_finite() == b.as_f64(),
        (Json::String(a), Value::String(b)) => **a == **b,
        (Json::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Json::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(&**name).is_some_and(|b| same(a, b)))
        }
        _ => false,
    }
}

fuzz_target!(|data: &[u8]| {
    if let Ok(ours) = json::parse(data) {
        match serde_json::from_slice::<Value>(data) {
            Ok(theirs) => assert!(same(&ours, &theirs), "two meanings"),
            Err(error) => assert!(error.to_string().contains("number out of range"), "{error}"),
        }
    }
});

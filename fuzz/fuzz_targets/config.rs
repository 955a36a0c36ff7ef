//! Any bytes as configuration: a policy, or at least one error with a path; never a panic.
#![no_main]

use eec_authn::config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Err(errors) = config::parse(data, &|_| None) {
        assert!(!errors.is_empty());
        assert!(errors.iter().all(|error| !error.path.is_empty() && !error.message.is_empty()));
    }
});

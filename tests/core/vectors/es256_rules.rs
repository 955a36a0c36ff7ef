//! Our ES256 against the crate p256. `EEC_AUTHN_ES256_CASES` sets the number of random signatures; the seed is fixed.

use crate::es256_cases;

#[expect(clippy::disallowed_methods, reason = "the core takes no environment, this test does")]
fn cases() -> usize {
    match std::env::var("EEC_AUTHN_ES256_CASES") {
        Ok(text) => text.parse().expect("EEC_AUTHN_ES256_CASES is a number"),
        Err(_) => 1_000,
    }
}

#[test]
fn wycheproof_with_tables() {
    es256_cases::wycheproof(4);
}

#[test]
fn random_and_altered_signatures() {
    es256_cases::random_and_altered(cases());
}

#[test]
fn keys_that_collide_with_the_base_point() {
    es256_cases::colliding_keys();
}

#[test]
fn r_and_s_at_their_ends() {
    es256_cases::ends_of_r_and_s();
}

//! Randomness, from the operating system.

use super::exit::Exit;
use super::failure::Failure;
use super::output::complain;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rsa::rand_core::{self, CryptoRng, RngCore};

/// Random bytes from the operating system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(Failure::because("no randomness from the system"))?;
    Ok(bytes)
}

/// A random name of 128 bits, safe in URLs: for `jti` and opaque tokens.
pub(crate) fn random_name() -> Result<String, Failure> {
    Ok(URL_SAFE_NO_PAD.encode(random::<16>()?))
}

/// The same for libraries that draw as much as they need.
pub(crate) struct SystemRandom;

impl RngCore for SystemRandom {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        if getrandom::fill(bytes).is_err() {
            // There is no way to say so to the library, and no key without it.
            complain("error: no randomness from the system");
            std::process::exit(Exit::Failure as i32);
        }
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for SystemRandom {}

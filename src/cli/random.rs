//! Randomness, from the operating system.

use super::failure::Failure;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

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

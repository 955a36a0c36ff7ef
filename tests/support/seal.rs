//! Seals as `docs/contract.md#ownership` defines them, made without the code under test.

use super::names::{FQDN, ISSUER};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// Whose a resource is, and where.
#[derive(Clone, Copy)]
pub struct Owner<'a> {
    pub fqdn: &'a str,
    pub api_root: &'a str,
    pub api: &'a str,
    pub issuer: &'a str,
    pub eec_id: &'a str,
}

/// The client of [`super::token::claims`] with a registration at the fixture.
pub const EEC_1: Owner<'static> =
    Owner { fqdn: FQDN, api_root: "", api: "eees-eecregistration", issuer: ISSUER, eec_id: "eec-1" };

impl Owner<'_> {
    /// The dot and the seal behind `id`, which is in one spelling.
    pub fn seal(&self, secret: &[u8], id: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length");
        for part in ["eec_authn seal 1", self.fqdn, self.api_root, self.api, self.issuer, self.eec_id, id] {
            mac.update(&u32::try_from(part.len()).expect("short").to_be_bytes());
            mac.update(part.as_bytes());
        }
        format!(".{}", URL_SAFE_NO_PAD.encode(&mac.finalize().into_bytes()[..16]))
    }
}

/// The secret that tests use, and its form in the environment.
pub const SECRET: [u8; 32] = [0x5e; 32];

/// A secret as an operator puts it into the environment.
pub fn in_environment(secret: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(secret)
}

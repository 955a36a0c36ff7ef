//! JWK thumbprints.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Base64url as JOSE has it: without padding, and with one text for any bytes (RFC 7515, section 2).
pub(super) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The base64url SHA-256 thumbprint of RFC 7638: `members` are the required ones of the key type, in
/// the order of their names, and none of the values needs escaping.
pub(super) fn thumbprint(members: &[(&str, &str)]) -> Box<str> {
    let body: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
    base64url(&Sha256::digest(format!("{{{}}}", body.join(",")))).into_boxed_str()
}
